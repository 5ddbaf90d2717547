using System.Net;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Response;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page of one site: circuits, sockets by the state code, sensors, and its total. Without a script: what the server writes.</summary>
public sealed class SitePageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_of_each_circuit_what_it_carries_and_how_many_more_bikes_it_can_charge_and_of_all_together()
    {
        await using var page = await StartAsync();
        await MeterAsync(page, 20, 10, 5);
        await page.SayAsync("meter-stair", [("main", page.NowMs, [(Metric.A, 9d), (Metric.W, 1_980d)])]);
        await page.UntilAsync(() => page.Channel("huaihai/meter-stair", "main") is not null, "the last word");

        var text = await TextAsync(page, "/site/huaihai");

        var shed = Part(text, "data-testid=\"circuit-c-shed\"", "</tr>");
        Assert.Contains("href=\"/circuit/huaihai/c-shed\"", shed, StringComparison.Ordinal);
        Assert.Contains("<td class=\"n\">7.7 kW</td>", shed, StringComparison.Ordinal);
        Assert.Contains("32 %<small>20.0 / 63 A</small>", shed, StringComparison.Ordinal);
        Assert.Contains("<td class=\"n\">76</td>", shed, StringComparison.Ordinal);
        // 90 % of its rating: near, and no bike more.
        Assert.Contains("<tr class=\"near\" data-testid=\"circuit-c-stair\">", text, StringComparison.Ordinal);
        Assert.Contains("<td class=\"n\">0</td>", Part(text, "circuit-c-stair", "</tr>"), StringComparison.Ordinal);
        // A meter that was never heard is no load of nothing.
        Assert.Contains("<td class=\"n\">—</td>", Part(text, "circuit-c-cabinet", "</tr>"), StringComparison.Ordinal);
        var total = Part(text, "data-testid=\"total\"", "</div>");
        Assert.Contains("<b>9.7 kW</b>", total, StringComparison.Ordinal);
        Assert.Contains("不含没有读数的总回路： 1", total, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"meter\"", total, StringComparison.Ordinal);
        // 63 A of three phases, 20 and 10 A of one, at 220 V.
        Assert.Contains("总额定 48.2 kW", total, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_socket_has_its_state_in_sign_and_word_and_leads_to_its_own_page_or_to_its_alert()
    {
        await using var page = await StartAsync();
        await SocketsAsync(page, "pile-01", 20);
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s9");
        await page.UntilAsync(() => page.Services.GetRequiredService<ResponseDesk>().Find("00000000000000a1") is not null, "the alert");
        await page.Services.GetRequiredService<ResponseDesk>().DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await page.UntilAsync(async () => (await TextAsync(page, "/site/huaihai")).Contains("a1\"", StringComparison.Ordinal), "the alert on the page");

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai"));

        Assert.Contains("<a id=\"pile-01-s1\" class=\"tile charging\" href=\"/device/huaihai/pile-01?channel=s1\"", text, StringComparison.Ordinal);
        Assert.Contains("1 号充电口 · 充电 · 180 W", text, StringComparison.Ordinal);
        Assert.Contains("2 号充电口 · 空闲", text, StringComparison.Ordinal);
        Assert.Contains("<a id=\"pile-01-s9\" class=\"tile overload taken\" href=\"/alert/00000000000000a1\"", text, StringComparison.Ordinal);
        // Who has it stands where its power stood; the words for a screen reader keep both.
        Assert.Contains("<span class=\"w\" aria-hidden=\"true\">楼组长甲</span>", text, StringComparison.Ordinal);
        Assert.Contains("已响应 楼组长甲", text, StringComparison.Ordinal);
        // A pile with a single charging socket is no socket that is out of order: it is counted in use.
        Assert.Contains("<b>2 / 72</b>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspicion_says_on_its_circuit_how_likely_it_is_and_who_looks_after_it()
    {
        await using var page = await StartAsync();
        page.Ring("00000000000000a1", "huaihai", "huaihai/c-cabinet", Priority.P2, "unmetered-load", 0.874);
        await page.UntilAsync(() => page.Services.GetRequiredService<ResponseDesk>().Find("00000000000000a1") is not null, "the alert");
        await page.UntilAsync(async () => (await TextAsync(page, "/site/huaihai")).Contains("a1#case", StringComparison.Ordinal), "the suspicion on the page");
        Assert.Contains("<span class=\"trip\">◆ 87 % <a href=\"/alert/00000000000000a1#case\">疑似飞线充电</a></span>", WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai")), StringComparison.Ordinal);

        await page.Services.GetRequiredService<ResponseDesk>().DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));

        Assert.Contains("疑似飞线充电</a> ✓ 楼组长甲</span>", WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai")), StringComparison.Ordinal);
        Assert.Contains("<b class=\"sign\">! P2 ◆</b>", WebUtility.HtmlDecode(await TextAsync(page, "/alerts?tab=all")), StringComparison.Ordinal);
        Assert.True(Assert.Single(page.State().GetProperty("alerts").GetProperty("alerts").EnumerateArray().ToList()).GetProperty("suspected").GetBoolean());
    }

    [Fact]
    public async Task Danger_is_shown_though_the_socket_is_worked_on_or_fell_silent_and_the_most_urgent_alert_leads()
    {
        await using var page = await StartAsync();
        await SocketsAsync(page, "pile-01", 20);
        await page.Services.GetRequiredService<ResponseDesk>().AskAsync(
            new Permit("permit-1", PermitKind.Maintenance, "huaihai/shed-1/pile-01", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换插座", null));
        page.Ring("00000000000000a3", "huaihai", "huaihai/shed-1/pile-01/s3", rule: "contact-heating");
        page.Ring("00000000000000a5", "huaihai", "huaihai/shed-1/pile-01/s5");
        page.Ring("00000000000000c5", "huaihai", "huaihai/shed-1/pile-01/s5", Priority.P3, "restart-after-full");
        page.Ring("00000000000000c6", "huaihai", "huaihai/shed-1/pile-01/s6", Priority.P3, "restart-after-full");
        await page.UntilAsync(() => page.Services.GetRequiredService<ResponseDesk>().Find("00000000000000c6") is not null, "the alerts");
        await page.Services.GetRequiredService<ResponseDesk>().DoAsync("00000000000000a5", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));

        Assert.Equal(["fault a3", "overload a5", "maintenance c6", "maintenance "], await TilesAsync(page, 3, 5, 6, 7));

        // Burnt, and silent since.
        page.Time.Advance(TimeSpan.FromMinutes(70));
        Assert.Equal(["fault a3", "overload a5", "stale c6"], await TilesAsync(page, 3, 5, 6));
        Assert.DoesNotContain("180 W", await TextAsync(page, "/site/huaihai"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_silent_because_its_circuit_is_worked_on_says_so_and_what_is_heard_all_the_same_is_shown()
    {
        await using var page = await StartAsync();
        await SocketsAsync(page, "pile-01", 20);
        await MeterAsync(page, 20, 10, 5);
        page.Time.Advance(TimeSpan.FromMinutes(10));
        await SocketsAsync(page, "pile-02", 20);
        await page.Services.GetRequiredService<ResponseDesk>().HangAsync(
            new Permit("permit-1", PermitKind.Maintenance, "huaihai/c-shed", page.NowMs, page.NowMs + 3_600_000, "manager", null, "换断路器", null), _ => { });

        var text = WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai"));

        Assert.Equal("maintenance ", Assert.Single(await TilesAsync(page, 1)));
        Assert.Contains("<a id=\"pile-02-s1\" class=\"tile charging\"", text, StringComparison.Ordinal);
        var until = AlertText.Clock(page.NowMs + 3_600_000)[..^3];
        Assert.Contains($"⚒ 检修断电 · 至 {until} · 换断路器", Part(text, "data-testid=\"circuit-c-shed\"", "</table>"), StringComparison.Ordinal);
        Assert.Contains($"⚒ 检修断电 · 至 {until} · 换断路器", WebUtility.HtmlDecode(await TextAsync(page, "/circuit/huaihai/c-shed")), StringComparison.Ordinal);
        var abnormal = WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai?only=abnormal"));
        Assert.DoesNotContain("pile-01-s1", abnormal, StringComparison.Ordinal);
        Assert.DoesNotContain("circuit-c-shed", abnormal, StringComparison.Ordinal);

        page.Time.Advance(TimeSpan.FromHours(1));
        Assert.Contains("pile-01", await TextAsync(page, "/site/huaihai?only=abnormal"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PermitKind.OutOfService, "停用")]
    [InlineData(PermitKind.Test, "测试")]
    public async Task A_sensor_that_is_tested_or_out_of_service_says_so_wherever_it_stands(PermitKind kind, string word)
    {
        await using var page = await StartAsync();
        await page.SayAsync("shed-01", [("main", page.NowMs, [(Metric.Tc, 21d), (Metric.Smoke, 0d)])]);
        await page.UntilAsync(() => page.Channel("huaihai/shed-01", "main") is not null, "the sensor's word");
        var (desk, until) = (page.Services.GetRequiredService<ResponseDesk>(), page.NowMs + 600_000);
        Assert.Null(await desk.AskAsync(new Permit("permit-1", kind, "huaihai/shed-1/shed-01", page.NowMs, until, "manager", null, "换探头", "门岗")));
        if (kind == PermitKind.OutOfService)
        {
            // Nobody agreed yet: it holds back nothing, and nothing is said of it.
            Assert.DoesNotContain("⚒", Part(WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai")), "data-testid=\"sensor-shed-01\"", "</li>"), StringComparison.Ordinal);
            Assert.Null(await desk.ConfirmAsync("permit-1", "stair-a"));
        }

        var said = $"⚒ {word} · 至 {AlertText.Clock(until)[..^3]}";
        Assert.Contains(said, Part(WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai")), "data-testid=\"sensor-shed-01\"", "</li>"), StringComparison.Ordinal);
        Assert.Matches($"{said}</span>\\s+换探头", WebUtility.HtmlDecode(await TextAsync(page, "/device/huaihai/shed-01")));
        // The start page without scripts: on the schematic, and among the devices.
        await page.UntilAsync(async () => WebUtility.HtmlDecode(await TextAsync(page, "/")).Contains($"data-devices=\"shed-01\" data-state=\"calm\">{said}</b>", StringComparison.Ordinal), "the schematic");
        Assert.Contains(said + " · ", WebUtility.HtmlDecode(await TextAsync(page, "/")), StringComparison.Ordinal);

        page.Time.Advance(TimeSpan.FromMinutes(11));
        foreach (var path in (string[])["/site/huaihai", "/device/huaihai/shed-01"])
            Assert.DoesNotContain("⚒ " + word, WebUtility.HtmlDecode(await TextAsync(page, path)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_climber_and_a_circuit_that_are_out_of_service_say_so()
    {
        await using var page = await StartAsync();
        var (desk, until) = (page.Services.GetRequiredService<ResponseDesk>(), page.NowMs + 3_600_000);
        foreach (var asset in (string[])["jiugeng/stair-3/climber-1", "huaihai/c-stair"])
        {
            Assert.Null(await desk.AskAsync(new Permit(asset, PermitKind.OutOfService, asset, page.NowMs, until, "manager", null, "大修", "门岗")));
            Assert.Null(await desk.ConfirmAsync(asset, "stair-a"));
        }

        var said = $"⚒ 停用 · 至 {AlertText.Clock(until)[..^3]}";
        Assert.Contains(said, Part(WebUtility.HtmlDecode(await TextAsync(page, "/climbers")), "climber-jiugeng-climber-1", "</li>"), StringComparison.Ordinal);
        Assert.DoesNotContain(said, Part(WebUtility.HtmlDecode(await TextAsync(page, "/climbers")), "climber-jiugeng-climber-2", "</li>"), StringComparison.Ordinal);
        Assert.Contains(said, WebUtility.HtmlDecode(await TextAsync(page, "/climbers/jiugeng/climber-1")), StringComparison.Ordinal);
        Assert.Contains(said, Part(WebUtility.HtmlDecode(await TextAsync(page, "/site/jiugeng")), "sensor-climber-1", "</li>"), StringComparison.Ordinal);
        Assert.Contains(said, Part(WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai")), "data-testid=\"circuit-c-stair\"", "</table>"), StringComparison.Ordinal);
        Assert.Contains(said, WebUtility.HtmlDecode(await TextAsync(page, "/circuit/huaihai/c-stair")), StringComparison.Ordinal);
    }

    /// <summary>State of sockets of pile-01, and the end of the alert that each leads to.</summary>
    private static async Task<string[]> TilesAsync(PageUnderTest page, params int[] sockets)
    {
        var text = await TextAsync(page, "/site/huaihai");
        return [.. sockets.Select(socket => System.Text.RegularExpressions.Regex.Match(text, $"id=\"pile-01-s{socket}\" class=\"tile (?<state>\\S+?)( taken)?\" href=\"(/alert/0+(?<alert>\\w+))?").Groups).Select(found => $"{found["state"].Value} {found["alert"].Value}")];
    }

    [Fact]
    public async Task A_pile_that_is_gone_is_one_tile_with_the_count_and_not_twenty()
    {
        await using var page = await StartAsync();
        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await SocketsAsync(page, pile, 20);
        var before = await TextAsync(page, "/site/huaihai");
        Assert.DoesNotContain("id=\"roll-shed-1", before, StringComparison.Ordinal);

        page.Time.Advance(TimeSpan.FromMinutes(10));
        foreach (var pile in (string[])["pile-01", "pile-03"])
            await SocketsAsync(page, pile, 20);

        var text = await TextAsync(page, "/site/huaihai");
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(text, "id=\"roll-shed-1"));
        Assert.Contains("<b>× 20 个充电口没有新数据：</b> 2 号桩 离线", text, StringComparison.Ordinal);
        // They are still there for whoever unfolds it, and the others stand by themselves.
        Assert.Contains("id=\"pile-02-s7\" class=\"tile stale\"", text, StringComparison.Ordinal);
        Assert.Contains("id=\"pile-01-s1\" class=\"tile charging\"", text, StringComparison.Ordinal);
        // The cabinet was never heard: a cause of its own, in its own room.
        Assert.Contains("1 号充电柜 还没有上报过", text, StringComparison.Ordinal);
    }

    [Fact]
    public void One_tile_stands_for_more_than_a_tenth_of_a_shed_never_for_a_tenth_and_never_hides_an_alert()
    {
        var gone = new FacilityMonitor.Registry.DeviceEntry { Id = "a", Name = new("甲", "A"), Kind = FacilityMonitor.Registry.DeviceKind.Pile, Sockets = 99 };
        var well = gone with { Id = "b" };
        var cause = new SharedCause(gone.Name, "/device/x/a", "cause-away");
        SocketNow Socket(FacilityMonitor.Registry.DeviceEntry device, int number, SocketState state) => new(device, ChannelId.Socket(number), state, null, 0);
        List<SocketNow> Shed(int away, int all) => [.. Enumerable.Range(1, away).Select(number => Socket(gone, number, SocketState.Offline)), .. Enumerable.Range(1, all - away).Select(number => Socket(well, number, SocketState.Idle))];
        SharedCause? CauseOf(FacilityMonitor.Registry.DeviceEntry device) => device == gone ? cause : null;

        Assert.Empty(SharedCause.Split(Shed(10, 100), CauseOf).Rolled);
        var (rolled, single) = SharedCause.Split(Shed(11, 100), CauseOf);
        Assert.Equal((11, 89), (Assert.Single(rolled).Sockets.Count, single.Count));
        // One of four is a quarter, and still one.
        Assert.Empty(SharedCause.Split(Shed(1, 4), CauseOf).Rolled);
        // Each for a reason of its own: none explains the others.
        Assert.Empty(SharedCause.Split(Shed(50, 100), _ => null).Rolled);
        var shed = Shed(11, 100);
        shed[0] = shed[0] with { Alert = new AssetAlert("1", "welded-relay", "P1", new("粘连", "welded"), []) };
        shed.Add(Socket(gone, 99, SocketState.Offline));
        Assert.DoesNotContain(shed[0], SharedCause.Split(shed, CauseOf).Rolled.SelectMany(roll => roll.Sockets));
    }

    [Fact]
    public async Task Only_what_is_abnormal_is_an_address_that_can_be_sent_and_says_so_when_there_is_nothing()
    {
        await using var page = await StartAsync();
        await SocketsAsync(page, "pile-01", 20);
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s9");
        await page.UntilAsync(async () => (await TextAsync(page, "/site/huaihai")).Contains("a1\"", StringComparison.Ordinal), "the alert on the page");

        var text = await TextAsync(page, "/site/huaihai?only=abnormal");

        Assert.Contains("pile-01-s9", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pile-01-s1\"", text, StringComparison.Ordinal);
        Assert.Contains("aria-current=\"true\" data-testid=\"only-abnormal\"", text, StringComparison.Ordinal);
        // Markup in the address is nothing but another word for "all".
        Assert.Contains("pile-01-s1\"", await TextAsync(page, "/site/huaihai?only=%3Cscript%3E"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_jumps_to_the_socket_and_asks_which_pile_where_there_are_several()
    {
        await using var page = await StartAsync();

        using var one = await page.Client.GetAsync(new Uri("/site/huaihai?pile=pile-02&socket=20", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Redirect, "/site/huaihai#pile-02-s20"), (one.StatusCode, one.Headers.Location!.OriginalString));
        var several = await TextAsync(page, "/site/huaihai?pile=&socket=12");
        foreach (var anchor in (string[])["#pile-01-s12", "#pile-02-s12", "#pile-03-s12", "#cabinet-1-k12"])
            Assert.Contains($"href=\"{anchor}\"", several, StringComparison.Ordinal);
        Assert.Contains("没有这个号的充电口： 21", await TextAsync(page, "/site/huaihai?socket=21"), StringComparison.Ordinal);
        foreach (var wrong in (string[])["socket=x", "socket=-1", "socket=99999999999", "socket=&pile=%3Cb%3E"])
            Assert.Equal(HttpStatusCode.OK, (await page.Client.GetAsync(new Uri("/site/huaihai?" + wrong, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Sensors_say_what_they_measure_and_what_needs_a_person_and_a_site_that_is_not_registered_is_not_there()
    {
        await using var page = await StartAsync();
        await page.SayAsync("shed-01", [("main", page.NowMs, [(Metric.Tc, 24.5), (Metric.Smoke, 1), (Metric.ExitBlocked, 0)])]);
        await page.UntilAsync(() => page.Channel("huaihai/shed-01", "main") is not null, "the sensors");

        var text = await TextAsync(page, "/site/huaihai");

        Assert.Contains("温度 24.5 °C", text, StringComparison.Ordinal);
        Assert.Contains("<span class=\"attention\">烟雾 有烟</span>", text, StringComparison.Ordinal);
        Assert.Contains("<span class=\"\">出口 畅通</span>", text.Replace("<span>出口", "<span class=\"\">出口", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("href=\"/device/jiugeng/climber-1\"", await TextAsync(page, "/site/jiugeng"), StringComparison.Ordinal);
        using var missing = await page.Client.GetAsync(new Uri("/site/nowhere", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("没有登记这个点位", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_page_an_alert_and_a_device_lead_to_the_site()
    {
        await using var page = await StartAsync();
        await page.RaiseAsync("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s9");

        foreach (var path in (string[])["/", "/alert/00000000000000a1", "/device/huaihai/pile-01", "/circuit/huaihai/c-shed"])
            Assert.Contains("href=\"/site/huaihai\"", await TextAsync(page, path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_history_of_a_site_is_the_sum_of_its_main_meters_and_nothing_where_one_of_them_is_silent()
    {
        await using var page = await StartAsync();
        var from = page.NowMs - 3_600_000;
        (string Name, string[] Channels)[] meters = [("meter-shed", ["l1", "l2", "l3"]), ("meter-cab", ["main"]), ("meter-stair", ["main"])];
        foreach (var (name, channels) in meters)
        {
            // The last of them says nothing in the second half of the hour.
            var minutes = name == "meter-stair" ? 30 : 60;
            await page.SayAsync(name, Enumerable.Range(0, minutes).SelectMany(minute => channels.Select(channel => (channel, from + (minute * 60_000L), new[] { (Metric.W, 100d) }))));
        }

        var address = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/series/huaihai?channel=main&metric=w&from={from}&to={from + 3_600_000}&points=720");
        JsonElement line = default;
        await page.UntilAsync(
            async () => (line = JsonDocument.Parse(await TextAsync(page, address)).RootElement.GetProperty("channels")[0]).GetProperty("at").GetArrayLength() > 14, "half an hour of the sum");

        Assert.Equal(15, line.GetProperty("at").GetArrayLength());
        Assert.All(line.GetProperty("mean").EnumerateArray(), mean => Assert.Equal(500, mean.GetDouble()));
        foreach (var wrong in (string[])["channel=l1&metric=w&from=0&to=1&points=1", "channel=main&metric=a&from=0&to=1&points=1", "channel=main&metric=w&from=1&to=1&points=1"])
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await page.Client.GetAsync(new Uri("/series/huaihai?" + wrong, UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await page.Client.GetAsync(new Uri("/series/nowhere?channel=main&metric=w&from=0&to=1&points=1", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public void A_remainder_is_exact_in_its_mean_and_as_wide_as_its_parts_allow()
    {
        var rest = Assert.Single(UnmeteredSeries.Of([new SeriesPoint(0, 90, 110, 100, 2), new SeriesPoint(60_000, 90, 110, 100, 2)], [new SeriesPoint(60_000, 10, 40, 20, 3)]));

        Assert.Equal(new SeriesPoint(60_000, 50, 100, 80, 5), rest);
    }

    [Fact]
    public void A_sum_weighs_readings_within_a_stretch_and_knows_least_and_most_as_bounds()
    {
        IReadOnlyList<IReadOnlyList<SeriesPoint>> lines =
        [
            [new SeriesPoint(1_000, 10, 10, 10, 1), new SeriesPoint(61_000, 40, 40, 40, 3), new SeriesPoint(120_000, 7, 7, 7, 1)],
            [new SeriesPoint(0, 1, 3, 2, 2)],
        ];

        var point = Assert.Single(SiteTotal.Sum(lines, 0, 120_000));

        Assert.Equal(new SeriesPoint(0, 11, 43, 34.5, 6), point);
        Assert.Empty(SiteTotal.Sum([], 0, 120_000));
        Assert.Equal(SiteTotal.StretchMinMs, SiteTotal.Stretch(0, 3_600_000, 720, 60_000));
        Assert.Equal(600_000, SiteTotal.Stretch(0, 3_600_000, 720, 300_000));
        Assert.Equal(900_000, SiteTotal.Stretch(0, 720 * 900_000, 720, 300_000));
    }

    [Fact]
    public async Task Meters_that_speak_every_five_minutes_and_never_together_are_added_up_and_compared_with_their_own_rating()
    {
        var configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        var file = Path.Combine(configuration, "facility.yaml");
        var registry = await File.ReadAllTextAsync(file);
        foreach (var (old, now) in ((string, string)[])
                 [(", meter: meter-stair}", "}"), ("en: Shed meter}}", "en: Shed meter}, period-s: 300}"), ("en: Cabinet meter}}", "en: Cabinet meter}, period-s: 300}")])
        {
            Assert.Equal(2, registry.Split(old).Length);
            registry = registry.Replace(old, now, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(file, registry);
        await using var page = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: configuration);
        await page.SignInAsync(PageUnderTest.Password);
        var from = page.NowMs - 3_600_000;
        foreach (var (name, offset, channels) in ((string, long, string[])[])[("meter-shed", 0, ["l1", "l2", "l3"]), ("meter-cab", 180_000, ["main"])])
            await page.SayAsync(name, Enumerable.Range(0, 12).SelectMany(time => channels.Select(channel => (channel, from + offset + (time * 300_000L), new[] { (Metric.W, 100d) }))));

        var address = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/series/huaihai?channel=main&metric=w&from={from}&to={from + 3_600_000}&points=720");
        JsonElement line = default;
        await page.UntilAsync(
            async () => (line = JsonDocument.Parse(await TextAsync(page, address)).RootElement.GetProperty("channels")[0]).GetProperty("at").GetArrayLength() >= 6, "the hour of the sum");

        Assert.Equal(Enumerable.Range(0, 6).Select(stretch => from + (stretch * 600_000L)), line.GetProperty("at").EnumerateArray().Select(at => at.GetInt64()));
        Assert.All(line.GetProperty("mean").EnumerateArray(), mean => Assert.Equal(400, mean.GetDouble()));

        // The stair lights have no meter: their 2.2 kW are in the figure above and not in what the line is compared with.
        var text = WebUtility.HtmlDecode(await TextAsync(page, "/site/huaihai"));
        Assert.Contains("总额定 48.2 kW", Part(text, "data-testid=\"total\"", "</div>"), StringComparison.Ordinal);
        var chart = Part(text, "data-chart=\"", "data-testid=\"chart\"");
        Assert.Contains("\"limit\":45980", chart, StringComparison.Ordinal);
        Assert.Contains("46 kW", chart, StringComparison.Ordinal);
        Assert.Equal("曲线和额定都不含这些总回路： 楼道照明", Part(text, "data-testid=\"history-without\">", "</p>")["data-testid=\"history-without\">".Length..]);
        Assert.DoesNotContain("history-without", await TextAsync(page, "/site/panyu-road"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_alert_that_waits_for_somebody_is_in_the_colour_of_alarm()
    {
        await using var page = await StartAsync();
        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await SocketsAsync(page, pile, 20);
        await page.SayAsync("cabinet-1", Enumerable.Range(1, 12).Select(number => ($"k{number}", page.NowMs, new[] { (Metric.W, 0d) })));
        await MeterAsync(page, 10, 10, 10);
        foreach (var name in (string[])["meter-cab", "meter-stair", "shed-01", "lamp-1"])
            await page.SayAsync(name, [("main", page.NowMs, [(Metric.A, 1d), (Metric.W, 220d)])]);
        await page.UntilAsync(() => page.Channel("huaihai/lamp-1", "main") is not null, "the last word");
        Assert.False((await LooksAsync()).Site || (await LooksAsync()).Line);

        // Information alone.
        page.Ring("00000000000000a3", "huaihai", "huaihai/lamp-1", Priority.P3, "lamp-failure");
        await UntilAsync("· 告警 1");
        Assert.Equal((false, false, "· 告警 1"), await LooksAsync());

        // One that waits; then somebody has it.
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s9", Priority.P1);
        await UntilAsync("▲ 告警 2");
        Assert.Equal((true, true, "▲ 告警 2"), await LooksAsync());
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        await page.UntilAsync(() => desk.Find("00000000000000a1") is not null, "the alert");
        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await UntilAsync("· 告警 2");
        Assert.Equal((false, false, "· 告警 2"), await LooksAsync());

        // One that another explains waits for nobody either.
        page.Ring("00000000000000a2", "huaihai", "huaihai/shed-1/pile-02/s1", Priority.P2);
        await UntilAsync("▲ 告警 3");
        await page.UntilAsync(() => desk.Find("00000000000000a2") is not null, "the alert");
        await page.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Alerts, connection =>
        {
            using var command = FacilityMonitor.Journal.Database.Command(connection, "update response set suppressed_by = '00000000000000a1' where alert = '00000000000000a2'");
            Assert.Equal(1, command.ExecuteNonQuery());
        });
        await UntilAsync("· 告警 3");
        Assert.Equal((false, false, "· 告警 3"), await LooksAsync());

        async Task UntilAsync(string words) => await page.UntilAsync(async () => (await LooksAsync()).Words == words, words);

        // Whether the site's own page and its line of /sites are in that colour, and what the line says.
        async Task<(bool Site, bool Line, string Words)> LooksAsync()
        {
            var line = Part(await TextAsync(page, "/sites"), "data-testid=\"site-huaihai\"", "</li>");
            var words = System.Text.RegularExpressions.Regex.Match(line, "</b><span(?: class=\"[^\"]*\")?>(?<words>[^<]*)").Groups["words"].Value;
            return (Part(await TextAsync(page, "/site/huaihai"), "<div class=\"figures\">", "<div class=\"look\">").Contains("attention", StringComparison.Ordinal), line.Contains("attention", StringComparison.Ordinal), WebUtility.HtmlDecode(words));
        }
    }

    [Fact]
    public async Task Somebody_of_another_site_is_told_that_there_is_no_such_site()
    {
        await using var page = await StartAsync();
        using var elsewhere = await page.EnterAsync("elsewhere", UserRole.PropertyManager, "panyu-road");

        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync("/site/huaihai")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await elsewhere.GetAsync("/series/huaihai?channel=main&metric=w&from=0&to=1&points=1")).StatusCode);
        Assert.Contains("番禺路", await elsewhere.TextAsync("/site/panyu-road"), StringComparison.Ordinal);
    }

    private static string Part(string text, string from, string to)
    {
        var begin = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(begin >= 0, $"'{from}' is not on the page");
        return text[begin..text.IndexOf(to, begin, StringComparison.Ordinal)];
    }

    /// <summary>Every socket of a pile says something: the first that it charges, the others nothing.</summary>
    private static async Task SocketsAsync(PageUnderTest page, string pile, int sockets)
    {
        await page.SayAsync(pile, Enumerable.Range(1, sockets).Select(number => ($"s{number}", page.NowMs, new[] { (Metric.W, number == 1 ? 180d : 0d) })));
        var saidMs = page.NowMs;
        await page.UntilAsync(() => page.Channel("huaihai/" + pile, $"s{sockets}")?.GetProperty("heard").GetInt64() >= saidMs, "the sockets");
    }

    private static Task MeterAsync(PageUnderTest page, double l1, double l2, double l3) =>
        page.SayAsync("meter-shed", new[] { ("l1", l1), ("l2", l2), ("l3", l3) }.Select(phase => (phase.Item1, page.NowMs, new[] { (Metric.A, phase.Item2), (Metric.W, phase.Item2 * 220) })));

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private async Task<PageUnderTest> StartAsync()
    {
        var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }
}
