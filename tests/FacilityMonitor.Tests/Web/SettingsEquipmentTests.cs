using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What is registered of devices, fire equipment and holidays, corrected without a terminal.</summary>
public sealed class SettingsEquipmentTests(ChangeableService service) : IClassFixture<ChangeableService>
{
    private PageUnderTest Page => service.Page;

    private FacilityIndex Registry => Page.Services.GetRequiredService<FacilitySource>().Current;

    [Fact]
    public async Task A_pile_is_renamed_moved_and_counted_anew_and_can_be_taken_back()
    {
        const string Path = "/settings/device?site=jiugeng&device=pile-g1";
        Assert.Contains(Path.Replace("&", "&amp;", StringComparison.Ordinal), await service.Manager.TextAsync("/device/jiugeng/pile-g1"), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("name", "门口 1 号桩"), ("place", "gate"), ("circuit", "c-ground-2"), ("sockets", "12"), ("reserved", "s1、s12"))).StatusCode);

        var pile = Of("jiugeng", "pile-g1");
        Assert.Equal(("门口 1 号桩", "gate", "c-ground-2", 12, "s1 s12", DeviceKind.Pile), (pile.Name.Zh, pile.Place, pile.Circuit, pile.Sockets, string.Join(' ', pile.Reserved), pile.Kind));
        Assert.DoesNotContain("kind", await File.ReadAllTextAsync(FileOf("equipment_jiugeng_pile-g1")), StringComparison.Ordinal);
        using (var reader = Page.Database.OpenReader())
            Assert.Contains(AuditLog.Newest(reader, SiteScope.All, 0, null, 10_000), line => line is { Who: "chen", What: "device-edit", Site: "jiugeng", Subject: "jiugeng/pile-g1" } && line.Detail.Contains("sockets: 10 → 12", StringComparison.Ordinal));
        Assert.Contains("设备：久耕小区 · 门口 1 号桩", await service.Manager.TextAsync("/settings/changes"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("facility.d/equipment_jiugeng_pile-g1.yaml")).StatusCode);
        Assert.Equal(("地面 1 号桩", "ground", "c-ground-1", 10), (Of("jiugeng", "pile-g1").Name.Zh, Of("jiugeng", "pile-g1").Place, Of("jiugeng", "pile-g1").Circuit, Of("jiugeng", "pile-g1").Sockets));
    }

    [Fact]
    public async Task What_was_registered_on_the_page_is_corrected_on_it_and_the_place_that_came_with_a_correction_stays()
    {
        await Page.SayAsync("plug-9", [("main", Page.NowMs, [(Metric.W, 40)])]);
        await Page.UntilAsync(() => Page.Feed.Look((view, _, _) => view.Find("huaihai", "plug-9") is not null), "The plug");
        Assert.Equal(HttpStatusCode.Redirect, (await SettingsPagesTests.PostAsync(service.Manager, "/settings/adopt?key=huaihai/plug-9", ("name", "插座"), ("kind", "plug"), ("place", "shed-1"))).StatusCode);
        const string Path = "/settings/device?site=huaihai&device=plug-9";

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("place", "+"), ("placeName", "传达室"), ("placeKind", "spot"))).StatusCode);
        var place = Of("huaihai", "plug-9").Place;
        Assert.Equal("传达室", Registry.FindSite("huaihai")!.Places.Single(known => known.Id == place).Name.Zh);
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("name", "传达室插座"))).StatusCode);

        Assert.Equal(("传达室插座", place, DeviceKind.Plug), (Of("huaihai", "plug-9").Name.Zh, Of("huaihai", "plug-9").Place, Of("huaihai", "plug-9").Kind));
        // The correction needs the registration, not the other way round.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await UndoAsync("facility.d/device_huaihai_plug-9.yaml")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("facility.d/equipment_huaihai_plug-9.yaml")).StatusCode);
        Assert.Equal(("插座", "shed-1"), (Of("huaihai", "plug-9").Name.Zh, Of("huaihai", "plug-9").Place));
    }

    [Fact]
    public async Task What_is_registered_of_a_thing_of_another_kind_outlives_a_correction_of_its_name()
    {
        var own = System.IO.Path.Combine(service.Configuration, "facility.d", "a.yaml");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(own)!);
        await File.WriteAllTextAsync(own, "sites: [{id: panyu-road, devices: [{id: blocker-9, kind: lift-blocker, name: 阻车, inspection-due: 2027-05-01}, {id: plug-8, kind: plug, name: 排插, sockets: 4, reserved: [s1]}]}]");
        Page.Services.GetRequiredService<FacilitySource>().ReadNow();

        foreach (var device in (string[])["blocker-9", "plug-8"])
            Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync("/settings/device?site=panyu-road&device=" + device, ("name", "改了名"))).StatusCode);

        Assert.Equal(("改了名", new DateOnly(2027, 5, 1)), (Of("panyu-road", "blocker-9").Name.Zh, Of("panyu-road", "blocker-9").InspectionDue));
        Assert.Equal(("改了名", 4, "s1"), (Of("panyu-road", "plug-8").Name.Zh, Of("panyu-road", "plug-8").Sockets, string.Join(' ', Of("panyu-road", "plug-8").Reserved)));
    }

    [Fact]
    public async Task A_climber_gets_the_day_of_its_next_inspection_and_those_who_are_trained_and_nobody_takes_out_whom_he_does_not_see()
    {
        const string Path = "/settings/device?site=jiugeng&device=climber-1";
        // Nobody of this site: whoever sees it alone cannot name him.
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("operators", "stair-a"), ("inspectionDue", "2027-09-30"))).StatusCode);
        Assert.Equal(("stair-a", new DateOnly(2027, 9, 30)), (string.Join(' ', Of("jiugeng", "climber-1").Operators), Of("jiugeng", "climber-1").InspectionDue));
        Assert.Contains("2027-09-30", await service.Manager.TextAsync("/climbers/jiugeng/climber-1"), StringComparison.Ordinal);
        using var here = await Page.EnterAsync("climbers-here", UserRole.PropertyManager, "jiugeng");
        var isSeen = (await here.TextAsync(Path)).Contains("value=\"stair-a\"", StringComparison.Ordinal);
        Assert.False(isSeen, "The test needs somebody of another site.");

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(here, Path, ("operators", "manager-a"))).StatusCode);

        Assert.Equal("stair-a manager-a", string.Join(' ', Of("jiugeng", "climber-1").Operators));
        // Nor does he name one.
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(here, Path, ("operators", "stair-b"))).StatusCode);
        Assert.Equal("stair-a", string.Join(' ', Of("jiugeng", "climber-1").Operators));
    }

    [Theory]
    [InlineData("jiugeng", "pile-g2", "name", "请写名称", "name", " ")]
    [InlineData("jiugeng", "pile-g2", "place", "nowhere", "place", "nowhere")]
    [InlineData("jiugeng", "pile-g2", "placeName", "请写新位置的名称", "place", "+")]
    [InlineData("jiugeng", "pile-g2", "circuit", "nothing", "circuit", "nothing")]
    [InlineData("jiugeng", "pile-g2", "sockets", "超出范围", "sockets", "100")]
    [InlineData("jiugeng", "pile-g2", "reserved", "s11", "reserved", "s1 s11")]
    [InlineData("jiugeng", "climber-1", "inspectionDue", "不是日期", "inspectionDue", "明年")]
    public async Task What_a_device_cannot_be_is_said_beside_its_field(string site, string device, string field, string said, string name, string value)
    {
        var before = Registry;

        var answer = await SaveAsync($"/settings/device?site={site}&device={device}", (name, value));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{Regex.Escape(said)}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        Assert.Same(before, Registry);
    }

    [Fact]
    public async Task An_extinguisher_that_was_checked_is_due_no_more_and_a_new_one_is_on_the_list()
    {
        // The clock of the test stands in November 2026.
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync("/settings/fire-equipment?site=jiugeng&thing=ext-2", ("due", "2026-11-01"))).StatusCode);
        Assert.Contains("data-testid=\"late\"", await service.Manager.TextAsync("/fire-equipment"), StringComparison.Ordinal);
        Assert.Contains("地面灭火器", await service.Manager.TextAsync("/today"), StringComparison.Ordinal);

        var done = await SaveAsync("/settings/fire-equipment?site=jiugeng&thing=ext-2", ("due", "2027-11-30"));

        Assert.Equal("/fire-equipment?saved", done.Headers.Location?.OriginalString);
        Assert.DoesNotContain("data-testid=\"late\"", await service.Manager.TextAsync("/fire-equipment"), StringComparison.Ordinal);
        Assert.DoesNotContain("地面灭火器", await service.Manager.TextAsync("/today"), StringComparison.Ordinal);
        Assert.Contains("已保存并生效", await service.Manager.TextAsync("/fire-equipment?saved"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync("/settings/fire-equipment?site=huaihai", ("name", "弄口消火栓"), ("place", ""), ("due", "2027-03-01"))).StatusCode);
        Assert.Contains("弄口消火栓", await service.Manager.TextAsync("/fire-equipment"), StringComparison.Ordinal);
        foreach (var (name, value, said) in ((string, string, string)[])[("due", "", "请填下次检查的日期"), ("due", "下个月", "不是日期"), ("name", "", "请写名称"), ("place", "nowhere", "nowhere")])
        {
            var refused = await SaveAsync("/settings/fire-equipment?site=huaihai&thing=ext-1", (name, value));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Matches($"(?s)id=\"{name}-wrong\">× [^<]*{Regex.Escape(said)}", WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task Holidays_are_written_as_they_are_announced_and_the_other_years_stay()
    {
        const string Path = "/settings/holidays?year=2027";
        Assert.False(Registry.Facility.People.Holidays.Knows(2027));
        Assert.Contains("还没有写", await service.Manager.TextAsync("/settings/holidays"), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("off", "1月1日至3日、2月5日至2月11日，10月1日"), ("work", "1月9日"))).StatusCode);

        var holidays = Registry.Facility.People.Holidays;
        Assert.Equal((11, 1), (holidays.Find(2027)!.Off.Count, holidays.Find(2027)!.Work.Count));
        Assert.Equal((false, true, true, false), (holidays.IsWorkday(new(2027, 2, 11)), holidays.IsWorkday(new(2027, 2, 12)), holidays.IsWorkday(new(2027, 1, 9)), holidays.IsWorkday(new(2027, 1, 10))));
        Assert.True(holidays.Knows(2026));
        Assert.Contains("1-1~1-3 2-5~2-11 10-1", WebUtility.HtmlDecode(await service.Manager.TextAsync(Path)), StringComparison.Ordinal);
        // As the form says them they are read again, and nothing has changed then.
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("work", "1-9"))).StatusCode);
        foreach (var (name, value, said) in ((string, string, string)[])
                 [("off", "", "请写这一年的日期"), ("off", "2月30日", "请写这一年的日期"), ("off", "春节", "请写这一年的日期"), ("off", "3月5日至1日", "请写这一年的日期"), ("off", "1月1日至12月31日", "请写这一年的日期"), ("work", "1月8日", "不是周六或周日"), ("work", "1月2日", "同时写在"), ("work", "x", "请写这一年的日期")])
        {
            var refused = await SaveAsync(Path, (name, value));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Matches($"(?s)id=\"{name}-wrong\">× [^<]*{Regex.Escape(said)}", WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync()));
        }

        Assert.Equal(HttpStatusCode.Redirect, (await UndoAsync("people.d/holidays_2027.yaml")).StatusCode);
        Assert.False(Registry.Facility.People.Holidays.Knows(2027));
    }

    [Fact]
    public async Task Whoever_sees_some_sites_finds_neither_the_things_of_others_nor_what_holds_for_all()
    {
        using var elsewhere = await Page.EnterAsync("things-elsewhere", UserRole.PropertyManager, "jiugeng");
        var proof = await elsewhere.TextAsync("/settings/sites");
        foreach (var path in (string[])["/settings/device?site=huaihai&device=pile-01", "/settings/device?site=jiugeng&device=none", "/settings/device", "/settings/fire-equipment?site=huaihai&thing=ext-1", "/settings/fire-equipment", "/settings/holidays", "/settings/holidays?year=2027"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync(path, proof, ("name", "我的"), ("due", "2027-01-01"), ("off", "1-1"))).StatusCode);
        }

        Assert.DoesNotContain("to-holidays", await elsewhere.TextAsync("/settings/duty"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await service.Manager.GetAsync("/settings/holidays?year=2031")).StatusCode);
    }

    private string FileOf(string name) => System.IO.Path.Combine(service.Configuration, "facility.d", name + ".yaml");

    private DeviceEntry Of(string site, string device) => Registry.FindSite(site)!.Devices.Single(one => one.Id == device);

    private Task<HttpResponseMessage> SaveAsync(string path, params (string Name, string? Value)[] changed) => SaveAsync(service.Manager, path, changed);

    private static async Task<HttpResponseMessage> SaveAsync(UserUnderTest user, string path, params (string Name, string? Value)[] changed)
    {
        var html = await user.TextAsync(path);
        return await user.PostAsync(path, html, FormOnPage.Of(html).Single(form => form["seen"] is not null).With(changed));
    }

    private async Task<HttpResponseMessage> UndoAsync(string file)
    {
        var html = await service.Manager.TextAsync("/settings/changes");
        return await service.Manager.PostAsync("/settings/changes", html, FormOnPage.Of(html).Single(form => form["file"] == file).With());
    }
}
