using System.Net;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Edits;

/// <summary>An edit is in its place whole or not at all: whatever the disk does, whoever else edits, and whenever the service ends.</summary>
public sealed class RegistryDeskTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string _configuration = "";
    private PageUnderTest _page = null!;

    private string DeviceFile => Path.Combine(_configuration, "facility.d/device_huaihai_smoke-9.yaml");

    private FacilityIndex Registry => _page.Services.GetRequiredService<FacilitySource>().Current;

    public async Task InitializeAsync()
    {
        _configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        _page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: _configuration);
    }

    public async Task DisposeAsync() => await _page.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_service_that_was_killed_left_half_written_is_never_read_and_goes_with_the_next_edit()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(DeviceFile)!);
        await File.WriteAllTextAsync(DeviceFile + WholeFile.PartSuffix, "sites: [{id: huaihai, devi");
        await File.WriteAllTextAsync(Path.Combine(_configuration, "facility.d/device_huaihai_other.yaml" + WholeFile.PartSuffix), "sites: [{id: hua");
        Assert.False(FacilityLoader.Load(_configuration).HasErrors);

        Assert.Null(await AdoptAsync());

        Assert.Empty(Directory.GetFiles(_configuration, "*" + WholeFile.PartSuffix, SearchOption.AllDirectories));
        Assert.Contains(Registry.FindSite("huaihai")!.Devices, device => device.Id == "smoke-9");
        Assert.False(FacilityLoader.Load(_configuration).HasErrors);
    }

    [Fact]
    public async Task Where_the_file_cannot_be_put_in_its_place_that_is_said_and_written_down_and_nothing_is_in_force()
    {
        // A folder of that name is in the way of the rename, which comes after everything else.
        Directory.CreateDirectory(Path.Combine(DeviceFile, "x"));
        var before = Registry;

        var refusal = await AdoptAsync();

        Assert.Contains("服务写不了配置文件夹", Assert.Single(refusal!.General).Zh, StringComparison.Ordinal);
        Assert.Same(before, Registry);
        Assert.Equal(["edit-failed", "device-adopt"], Audited().Where(line => line.Subject == "huaihai/smoke-9").Select(line => line.What));
    }

    [Fact]
    public async Task A_configuration_folder_that_cannot_be_written_is_told_before_anything_is_done()
    {
        await File.WriteAllTextAsync(Path.Combine(_configuration, "facility.d"), "in the way");

        var refusal = await AdoptAsync();

        Assert.Contains(_configuration, Assert.Single(refusal!.General).Zh, StringComparison.Ordinal);
        Assert.Contains("facility.d", refusal.General[0].En, StringComparison.Ordinal);
        Assert.DoesNotContain(Audited(), line => line.Subject == "huaihai/smoke-9");
    }

    [SmallDiskFact]
    public async Task On_a_disk_that_is_really_read_only_the_page_keeps_what_was_written_and_says_why()
    {
        using var disk = SmallDisk.TryMount(4)!;
        var configuration = PageUnderTest.CopyOfDemo(disk.Path);
        await using var page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "other"), configuration: configuration);
        using var manager = await page.EnterAsync("chen", UserRole.PropertyManager, "all");
        Assert.True(disk.TryMakeReadOnly());

        var html = await manager.TextAsync("/settings/duty/team");
        var seen = System.Text.RegularExpressions.Regex.Match(html, "name=\"seen\" value=\"(?<seen>[0-9a-f]+)\"").Groups["seen"].Value;
        var answer = await manager.PostAsync("/settings/duty/team", html, ("seen", seen), ("name", "夜巡队"), ("tier", "guard"), ("site", "huaihai"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var said = await answer.Content.ReadAsStringAsync();
        Assert.Contains("服务写不了配置文件夹", said, StringComparison.Ordinal);
        Assert.Contains("value=\"夜巡队\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_owners_files_have_errors_nothing_is_written_and_the_old_registry_stays()
    {
        await File.AppendAllTextAsync(Path.Combine(_configuration, "facility.yaml"), "\n  - {id: Broken}\n");

        var refusal = await AdoptAsync();

        Assert.Contains("改好之前网页不能改", Assert.Single(refusal!.General).Zh, StringComparison.Ordinal);
        Assert.False(File.Exists(DeviceFile));
        // What is only tried tells no more of the files of others.
        var rule = RuleCatalogue.Find("socket-overload")!;
        var (edit, _) = LimitEdit.Of(new LimitScope(Registry.FindSite("huaihai")!, null, null), rule, new Dictionary<string, string?> { ["limit_w"] = "850" }, null);
        Assert.Equal(refusal.General, Desk.Try(edit!).Refusal!.General);
    }

    [Fact]
    public async Task Edits_are_limited_in_number_and_the_limit_is_said()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_configuration, "facility.d")).FullName;
        for (var number = 0; number < RegistryDesk.EditsMax; number++)
            await File.WriteAllTextAsync(Path.Combine(folder, $"device_huaihai_lamp-x{number}.yaml"), $"sites: [{{id: huaihai, devices: [{{id: lamp-x{number}, kind: lamp, name: 灯}}]}}]");

        Assert.Contains("1000 处", Assert.Single((await AdoptAsync())!.General).Zh, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "device_huaihai_lamp-x7.yaml"));
        Assert.Null(await AdoptAsync());
    }

    [Fact]
    public async Task Whoever_changes_files_by_hand_is_noticed_with_the_names_of_the_files_and_whether_they_are_in_force()
    {
        await File.AppendAllTextAsync(Path.Combine(_configuration, "facility.yaml"), "\n# a note\n");
        await File.AppendAllTextAsync(Path.Combine(_configuration, "people.yaml"), "\n# a note\n");
        await _page.UntilAsync(() => Audited().Any(line => line is { What: "files-changed", Subject: "facility.yaml, people.yaml", Who: Visitor.Files }), "The line about the files");

        await File.AppendAllTextAsync(Path.Combine(_configuration, "facility.yaml"), "\n  - {id: Broken}\n");
        await File.AppendAllTextAsync(Path.Combine(_configuration, "settings.yaml"), "\n# a note\n");
        await _page.UntilAsync(() => Audited().Any(line => line is { What: "files-refused", Subject: "facility.yaml" }), "The line about the broken file");
        await _page.UntilAsync(() => Audited().Any(line => line is { What: "files-changed", Subject: "settings.yaml" }), "The line about the settings");
        await File.AppendAllTextAsync(Path.Combine(_configuration, "channels.yaml"), "\n  - {id: second, kind: console}\n");
        await _page.UntilAsync(() => Audited().Any(line => line is { What: "files-changed", Subject: "channels.yaml" }), "The line about the channels");

        Assert.DoesNotContain(Audited(), line => line.Who == Visitor.Files && line.Site is not null);
    }

    [Fact]
    public async Task What_the_page_wrote_is_noticed_like_every_other_file_so_that_a_line_without_its_file_shows()
    {
        Assert.Null(await AdoptAsync());

        await _page.UntilAsync(() => Audited().Any(line => line is { What: "files-changed", Subject: "facility.d/device_huaihai_smoke-9.yaml" }), "The line about the file of the edit");
    }

    [Fact]
    public async Task An_edit_that_somebody_changed_by_hand_meanwhile_is_not_overwritten()
    {
        var seen = Desk.Seen(Desk.Written().People?.Find("teams"));
        await File.WriteAllTextAsync(Path.Combine(_configuration, "people.yaml"), (await File.ReadAllTextAsync(Path.Combine(_configuration, "people.yaml"))).Replace("fallback: manager-a", "fallback: guard-a", StringComparison.Ordinal));
        var team = Registry.Facility.People.Teams.Single(team => team.Id == "gate");
        var (edit, _) = DutyEdit.StandIn(team, new DutyFields { Person = "guard-a", From = "2026-12-01T08:00", To = "2026-12-01T09:00" }, DrawnId.New());

        Assert.Same(EditRefusal.Stale, await Desk.WriteAsync(Chen, edit!, seen));
    }

    private static Visitor Chen => new("chen", UserRole.PropertyManager, SiteScope.All, "chen", "page", "10.0.0.7", "s");

    private RegistryDesk Desk => _page.Services.GetRequiredService<RegistryDesk>();

    private Task<EditRefusal?> AdoptAsync()
    {
        var device = new FacilityMonitor.Web.NewDevice(new DeviceId(Dialect.Fm1, "huaihai", "smoke-9"), "smoke-9", DeviceKind.Shed, 0);
        var (edit, refusal) = DeviceEdit.Of(device, Registry.FindSite("huaihai")!, new DeviceFields { Name = "烟感", Kind = "shed", Place = "shed-1" });
        Assert.Null(refusal);
        return Desk.WriteAsync(Chen, edit!, Desk.Seen(null));
    }

    private List<AuditEntry> Audited()
    {
        using var reader = _page.Database.OpenReader();
        return AuditLog.Newest(reader, SiteScope.All, 0, null, 10_000);
    }
}
