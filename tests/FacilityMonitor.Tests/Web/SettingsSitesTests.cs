using System.Net;
using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Sites and circuits that somebody without a terminal adds and corrects: what all reckoning of loads begins with.</summary>
public sealed class SettingsSitesTests(ChangeableService service) : IClassFixture<ChangeableService>
{
    private PageUnderTest Page => service.Page;

    private FacilityIndex Registry => Page.Services.GetRequiredService<FacilitySource>().Current;

    [Fact]
    public async Task The_list_says_of_every_circuit_what_its_breaker_is_and_where_nothing_is_reckoned()
    {
        var html = WebUtility.HtmlDecode(await service.Manager.TextAsync("/settings/sites"));

        Assert.Matches("(?s)data-testid=\"circuit-c-garage\"><b>地下车库充电回路</b><span>额定 40 A · C · 三相 · 车库电表</span>", html);
        Assert.Matches("(?s)data-testid=\"circuit-c-guard\">.*?<span>额定未登记 · 单相 · [^<]*电表</span>", html);
        Assert.Contains("no telephone of the guard room", await service.Manager.TextAsync("/settings/sites?lang=en"), StringComparison.Ordinal);
        await service.Manager.TextAsync("/settings/sites?lang=zh");
    }

    [Fact]
    public async Task A_rating_that_is_corrected_holds_at_once_is_alone_in_its_file_and_can_be_taken_back()
    {
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-ground-1";
        Assert.Matches("id=\"ratedA\"[^>]* value=\"25\"", await service.Manager.TextAsync(Path));

        var answer = await SaveAsync(Path, ("ratedA", "20"));

        Assert.Equal((HttpStatusCode.Redirect, "/settings/sites?saved"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        Assert.Equal((20, "C", "feeder-1", "meter-g1"), (Of("jiugeng", "c-ground-1").RatedA, Of("jiugeng", "c-ground-1").Curve, Of("jiugeng", "c-ground-1").Parent, Of("jiugeng", "c-ground-1").Meter));
        // Whatever the owner's files say of the rest later is not hidden by it.
        Assert.EndsWith("sites:\n  - id: jiugeng\n    circuits:\n      - id: c-ground-1\n        rated-a: 20\n", await File.ReadAllTextAsync(FileOf("circuit_jiugeng_c-ground-1")), StringComparison.Ordinal);
        Assert.Contains("回路：久耕小区 · 地面充电 1 组回路", await service.Manager.TextAsync("/settings/changes"), StringComparison.Ordinal);
        using (var reader = Page.Database.OpenReader())
            Assert.Contains(AuditLog.Newest(reader, SiteScope.All, 0, null, 10_000), line => line is { Who: "chen", What: "circuit-edit", Site: "jiugeng", Subject: "jiugeng/c-ground-1", Detail: "rated-a: 25 → 20" });

        // What the files say again is no edit: it is taken back under changes.
        var back = await SaveAsync(Path, ("ratedA", "25"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, back.StatusCode);
        Assert.Contains("请在“网页上的改动”里撤销", WebUtility.HtmlDecode(await back.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        await UndoAsync("facility.d/circuit_jiugeng_c-ground-1.yaml");
        Assert.Equal(25, Of("jiugeng", "c-ground-1").RatedA);
    }

    [Fact]
    public async Task A_rating_that_nobody_knows_any_more_is_taken_out_and_nothing_is_reckoned_from_it()
    {
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-ground-2";

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("ratedA", ""), ("curve", ""), ("phase", ""))).StatusCode);

        var circuit = Of("jiugeng", "c-ground-2");
        Assert.Equal((null, null, null), (circuit.RatedA, circuit.Curve, circuit.Phase));
        Assert.Contains("额定未登记", await service.Manager.TextAsync("/circuit/jiugeng/c-ground-2"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_circuit_of_a_form_that_is_sent_twice_is_there_once_and_a_device_can_hang_on_it()
    {
        const string Path = "/settings/circuit?site=huaihai";
        var html = await service.Manager.TextAsync(Path);
        var fields = FormOnPage.Of(html).Single(form => form["seen"] is not null).With(("name", "2 号车棚回路"), ("nameEn", "Shed 2"), ("parent", "c-shed"), ("ratedA", "32"), ("curve", "C"), ("phase", "2"));

        foreach (var answer in (HttpResponseMessage[])[await service.Manager.PostAsync(Path, html, fields), await service.Manager.PostAsync(Path, html, fields)])
            Assert.True(answer.StatusCode == HttpStatusCode.Redirect, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));

        var made = Registry.FindSite("huaihai")!.Circuits.Single(circuit => circuit.Name.Zh == "2 号车棚回路");
        Assert.Equal(("Shed 2", CircuitKind.Charging, 32, "C", 1, 2, null), (made.Name.En, made.Kind, made.RatedA, made.Curve, made.Phases, made.Phase, made.Meter));
        await Page.SayAsync("on-shed-2", [("main", Page.NowMs, [(Metric.W, 40)])]);
        await Page.UntilAsync(() => Page.Feed.Look((view, _, _) => view.Find("huaihai", "on-shed-2") is not null), "The plug");
        Assert.Contains($"<option value=\"{made.Id}\">2 号车棚回路</option>", WebUtility.HtmlDecode(await service.Manager.TextAsync("/settings/adopt?key=huaihai/on-shed-2")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_meter_is_not_read_by_the_channel_of_the_one_before()
    {
        var own = System.IO.Path.Combine(service.Configuration, "facility.d", "a.yaml");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(own)!);
        await File.WriteAllTextAsync(own, "sites: [{id: jiugeng, devices: [{id: meter-x, kind: meter, name: 甲表}, {id: meter-y, kind: meter, name: 乙表}], circuits: [{id: c-own, kind: public, name: 水泵, meter: meter-x, meter-channel: l2}]}]");
        Page.Services.GetRequiredService<FacilitySource>().ReadNow();
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-own";
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("name", "1 号水泵"))).StatusCode);
        Assert.Equal("l2", Of("jiugeng", "c-own").MeterChannel.ToString());

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("meter", "meter-y"))).StatusCode);

        Assert.Equal(("meter-y", null), (Of("jiugeng", "c-own").Meter, Of("jiugeng", "c-own").MeterChannel));
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("meter", ""))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("meter", "meter-x"))).StatusCode);
        Assert.Equal("l2", Of("jiugeng", "c-own").MeterChannel.ToString());
    }

    [Fact]
    public async Task A_note_on_a_circuit_is_on_its_page_and_on_every_alert_of_it_and_of_what_hangs_on_it()
    {
        const string Note = "电闸在 3 号楼 <底层>，钥匙在门卫";
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync("/settings/circuit?site=huaihai&circuit=c-shed", ("note", Note))).StatusCode);
        await Page.RaiseAsync("00000000000e0001", "huaihai", "huaihai/c-shed", rule: "circuit-overload");
        var device = Registry.FindSite("huaihai")!.Devices.First(entry => entry.Circuit == "c-shed");
        await Page.RaiseAsync("00000000000e0002", "huaihai", $"huaihai/{device.Id}/s1", device: device.Id);

        foreach (var path in (string[])["/circuit/huaihai/c-shed", "/alert/00000000000e0001", "/alert/00000000000e0002"])
            Assert.Contains(Note, WebUtility.HtmlDecode(Regex.Match(await service.Manager.TextAsync(path), "data-testid=\"note\">(?<note>[^<]+)<").Groups["note"].Value), StringComparison.Ordinal);
        Assert.DoesNotContain("data-testid=\"note\"", await service.Manager.TextAsync("/circuit/huaihai/c-stair"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", "请写名称", "name", " ")]
    [InlineData("note", "上限是 200", "note", "LONG")]
    [InlineData("name", "控制字符", "name", "a\u0007b")]
    [InlineData("nameEn", "控制字符", "nameEn", "a\u0085b")]
    [InlineData("kind", "不在可选之列", "kind", "toaster")]
    [InlineData("ratedA", "不是数字", "ratedA", "六十三")]
    [InlineData("ratedA", "超出范围", "ratedA", "0.5")]
    [InlineData("ratedA", "不是数字", "ratedA", "1e999")]
    [InlineData("curve", "E", "curve", "E")]
    [InlineData("phases", "单相（1）或三相（3）", "phases", "2")]
    [InlineData("phase", "超出范围", "phase", "4")]
    [InlineData("meter", "nowhere", "meter", "nowhere")]
    [InlineData("parent", "c-ground-3", "parent", "c-ground-3")]
    [InlineData("parent", "nothing", "parent", "nothing")]
    public async Task What_a_circuit_cannot_be_is_said_beside_its_field_saved_or_rehearsed(string field, string said, string name, string value)
    {
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-ground-3";
        var before = Registry;
        foreach (var handler in (string[])["", "&handler=rehearse"])
        {
            var answer = await SaveAsync(Path, handler, (name, value == "LONG" ? new string('长', 201) : value));

            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
            Assert.Matches($"(?s)id=\"{field}-wrong\">× [^<]*{Regex.Escape(said)}", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
        }

        Assert.Same(before, Registry);
        Assert.False(File.Exists(FileOf("circuit_jiugeng_c-ground-3")));
    }

    [Fact]
    public async Task A_rating_is_rehearsed_on_what_was_stored_before_anybody_is_woken_by_it()
    {
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-ground-4";
        var meter = Of("jiugeng", "c-ground-4").Meter!;
        // A quarter of an hour of 22 A: within 25 A, twice what 10 A bear.
        for (var second = 0; second <= 900; second += 10)
            await Page.SayAsync(meter, [("main", Page.NowMs - 86_400_000L + (second * 1_000), [(Metric.A, 22), (Metric.V, 230), (Metric.W, 5_000)])], site: "jiugeng");

        string html = "";
        await Page.UntilAsync(async () =>
        {
            html = WebUtility.HtmlDecode(await (await SaveAsync(Path, "&handler=rehearse", ("ratedA", "10"))).Content.ReadAsStringAsync());
            return Regex.IsMatch(html, "改成这样会告警 [1-9][0-9]* 次");
        }, "Alerts of the rehearsal");

        Assert.Contains("按现在的数值是 0 次", html, StringComparison.Ordinal);
        Assert.Matches("id=\"ratedA\"[^>]* value=\"10\"", html);
        Assert.Equal(25, Of("jiugeng", "c-ground-4").RatedA);
    }

    [Fact]
    public async Task A_site_gets_the_telephone_of_its_guard_room_and_is_made_public_and_private_again()
    {
        const string Path = "/settings/site?site=panyu-road";
        var wasPublic = Registry.FindSite("panyu-road")!.IsPublic;

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("guardPhone", "021-5555 0199"), ("public", wasPublic ? null : "true"))).StatusCode);

        Assert.Equal(("021-5555 0199", !wasPublic), (Registry.FindSite("panyu-road")!.GuardPhone, Registry.FindSite("panyu-road")!.IsPublic));
        Assert.DoesNotContain("name:", await File.ReadAllTextAsync(FileOf("site_panyu-road")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync(Path, ("guardPhone", ""), ("public", "true"))).StatusCode);
        Assert.Equal((null, true), (Registry.FindSite("panyu-road")!.GuardPhone, Registry.FindSite("panyu-road")!.IsPublic));
        var refused = await SaveAsync(Path, ("guardPhone", "门岗"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Matches("(?s)id=\"guardPhone-wrong\">× [^<]*不是电话号码", WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_new_site_is_there_for_the_devices_that_name_it()
    {
        await Page.SayAsync("pile-new", [("s1", Page.NowMs, [(Metric.W, 40)])], site: "xinkai");
        await Page.UntilAsync(async () => (await service.Manager.TextAsync("/settings/devices")).Contains("xinkai/pile-new", StringComparison.Ordinal), "The pile");
        Assert.Contains("点位和回路", await service.Manager.TextAsync("/settings/adopt?key=xinkai/pile-new"), StringComparison.Ordinal);
        foreach (var (id, wrong) in ((string, string)[])[("", "请写 1 到 48"), ("新开里", "请写 1 到 48"), ("../etc", "请写 1 到 48"), ("huaihai", "别人改过同一项")])
        {
            var refused = await SaveAsync("/settings/site", ("id", id), ("name", "新开里"));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Contains(wrong, WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Redirect, (await SaveAsync("/settings/site", ("id", "xinkai"), ("name", "新开里"), ("address", "新开路 1 弄"))).StatusCode);

        Assert.Equal("新开路 1 弄", Registry.FindSite("xinkai")!.Address?.Zh);
        Assert.Equal(HttpStatusCode.Redirect, (await SettingsPagesTests.PostAsync(service.Manager, "/settings/adopt?key=xinkai/pile-new", ("name", "1 号桩"), ("kind", "pile"), ("place", ""), ("sockets", "10"))).StatusCode);
        // What stands on it holds it.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await UndoAsync("facility.d/site_xinkai.yaml")).StatusCode);
    }

    [Fact]
    public async Task Whoever_sees_some_sites_changes_these_alone_and_adds_none()
    {
        using var elsewhere = await Page.EnterAsync("sites-elsewhere", UserRole.PropertyManager, "jiugeng");
        Assert.DoesNotContain("淮海里", await elsewhere.TextAsync("/settings/sites"), StringComparison.Ordinal);
        Assert.DoesNotContain("add-site", await elsewhere.TextAsync("/settings/sites"), StringComparison.Ordinal);
        var proof = await elsewhere.TextAsync("/settings/sites");
        foreach (var path in (string[])["/settings/site", "/settings/site?site=huaihai", "/settings/circuit?site=huaihai", "/settings/circuit?site=huaihai&circuit=c-shed", "/settings/circuit?site=jiugeng&circuit=none", "/settings/circuit"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.PostAsync(path, proof, ("id", "mine"), ("name", "我的"), ("ratedA", "6"))).StatusCode);
        }

        Assert.Null(Registry.FindSite("mine"));
    }

    [Fact]
    public async Task Of_two_who_change_the_same_circuit_the_second_is_told_and_a_rule_number_of_it_is_no_such_change()
    {
        const string Path = "/settings/circuit?site=jiugeng&circuit=c-garage";
        var html = await service.Manager.TextAsync(Path);
        // Another thing of the same circuit.
        Assert.Equal(HttpStatusCode.Redirect, (await SettingsPagesTests.PostAsync(service.Manager, "/settings/limits?rule=socket-overload&of=jiugeng/circuit/c-garage", ("limit_w", "850"), ("hold_s", ""))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await service.Manager.PostAsync(Path, html, FormOnPage.Of(html).Single(form => form["seen"] is not null).With(("ratedA", "50")))).StatusCode);

        var late = await service.Manager.PostAsync(Path, html, FormOnPage.Of(html).Single(form => form["seen"] is not null).With(("ratedA", "63")));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, late.StatusCode);
        Assert.Contains("别人改过同一项", WebUtility.HtmlDecode(await late.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        Assert.Equal((50, 850), (Of("jiugeng", "c-garage").RatedA, Of("jiugeng", "c-garage").Rules.ByRule["socket-overload"]["limit_w"]));
    }

    private string FileOf(string name) => System.IO.Path.Combine(service.Configuration, "facility.d", name + ".yaml");

    private Circuit Of(string site, string circuit) => Registry.FindSite(site)!.Circuits.Single(one => one.Id == circuit);

    private Task<HttpResponseMessage> SaveAsync(string path, params (string Name, string? Value)[] changed) => SaveAsync(path, "", changed);

    /// <summary>Opens a form, changes some of its fields and sends it as a browser does: with all that stood in it.</summary>
    private async Task<HttpResponseMessage> SaveAsync(string path, string handler, params (string Name, string? Value)[] changed)
    {
        var html = await service.Manager.TextAsync(path);
        return await service.Manager.PostAsync(path + handler, html, FormOnPage.Of(html).Single(form => form["seen"] is not null).With(changed));
    }

    private async Task<HttpResponseMessage> UndoAsync(string file)
    {
        var html = await service.Manager.TextAsync("/settings/changes");
        return await service.Manager.PostAsync("/settings/changes", html, FormOnPage.Of(html).Single(form => form["file"] == file).With());
    }
}
