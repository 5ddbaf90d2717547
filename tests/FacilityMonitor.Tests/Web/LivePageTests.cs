using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Conventions;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What the page says, to whom, and in which language.</summary>
public sealed class LivePageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_supervisor_needs_no_password_and_is_told_what_stands_in_the_way()
    {
        await using var page = await StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(page, "/healthz")).StatusCode);
        var ready = await GetAsync(page, "/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("broker", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(page, "/nowhere")).StatusCode);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/healthz")]
    [InlineData("/")]
    [InlineData("/web/style.css")]
    public async Task Every_answer_forbids_foreign_scripts_frames_and_copies(string path)
    {
        await using var page = await StartAsync();

        var headers = (await GetAsync(page, path)).Headers;

        var policy = headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("same-origin", headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.True(path.StartsWith("/web", StringComparison.Ordinal) ? headers.CacheControl!.NoCache : headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Pages_go_compressed_and_their_stream_as_it_is()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        foreach (var (path, encoding) in ((string, string)[])[("/", "br"), ("/events", "")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, deflate, br");

            using var answer = await page.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

            Assert.Equal((HttpStatusCode.OK, encoding), (answer.StatusCode, string.Join(' ', answer.Content.Headers.ContentEncoding)));
            Assert.Equal(encoding.Length > 0, answer.Headers.Vary.Contains("Accept-Encoding"));
        }
    }

    [Fact]
    public async Task The_page_is_chinese_until_english_is_chosen_and_then_stays_english()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);

        // There is no broker here, so the page does not leave it at that; the words before are the same.
        Assert.Contains("没有未恢复的告警", await TextAsync(page, "/"), StringComparison.Ordinal);
        Assert.Contains("No open alert", await TextAsync(page, "/?lang=en"), StringComparison.Ordinal);
        Assert.Contains("No open alert", await TextAsync(page, "/"), StringComparison.Ordinal);
        Assert.Contains("No open alert", await TextAsync(page, "/?lang=xx"), StringComparison.Ordinal);
        Assert.Contains("没有未恢复的告警", await TextAsync(page, "/?lang=zh"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en-GB,en;q=0.9", "Password")]
    [InlineData("de-DE,de;q=0.9,en;q=0.8,zh;q=0.7", "Password")]
    [InlineData("zh-CN,zh;q=0.9,en;q=0.8", "口令")]
    [InlineData("en;q=0.2,zh;q=0.9", "口令")]
    [InlineData("en;q=0,de", "口令")]
    [InlineData("fr", "口令")]
    [InlineData("*", "口令")]
    [InlineData(";;,=q", "口令")]
    public async Task Who_has_not_chosen_reads_the_language_the_browser_prefers(string accepted, string word)
    {
        await using var page = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/sign-in", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept-Language", accepted);

        var answer = await page.Client.SendAsync(request);

        Assert.Contains(word, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_not_chosen_and_prefers_nothing_reads_the_language_of_the_settings()
    {
        await using var page = await PageUnderTest.StartAsync(_folder.Path, language: "en");

        Assert.Contains("Password", await TextAsync(page, "/sign-in"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_choice_made_before_signing_in_is_kept()
    {
        await using var page = await StartAsync();

        await GetAsync(page, "/?lang=en");

        Assert.Contains("Password", await TextAsync(page, "/sign-in"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_the_page_still_says_what_is_in_use_what_is_new_and_how_the_monitor_is()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-02", "s7", 742);
        await page.SayAsync("pile-<b>", "s1", 5);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value on the page");

        var text = await TextAsync(page, "/?lang=en");

        Assert.Contains("<th scope=\"row\">Pile 2</th><td class=\"n\">1/20</td><td class=\"n\">742 W</td>", text, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">Pile 3</th><td class=\"n\"></td><td class=\"n\"></td><td class=\"n\">never heard</td>", text, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">Shed charging</th><td class=\"n\">no reading</td><td class=\"n\">63 A</td>", text, StringComparison.Ordinal);
        Assert.Contains("<p class=\"attention\">Broker: disconnected</p>", text, StringComparison.Ordinal);
        Assert.Contains("<h2>New devices</h2>", text, StringComparison.Ordinal);
        // What a device calls itself is text, never markup.
        Assert.Contains("pile-&lt;b&gt;", text, StringComparison.Ordinal);
        Assert.DoesNotContain("pile-<b>", text, StringComparison.Ordinal);
        Assert.Contains("<noscript><meta http-equiv=\"refresh\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_crowd_of_new_devices_fifty_are_named_and_the_rest_is_counted()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        for (var number = 0; number < 53; number++)
            await page.SayAsync($"stranger-{number}", "s1", 5);
        await page.UntilAsync(() => page.Feed.Look((view, _, _) => view.All.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)) == "53", "every device");

        var text = await TextAsync(page, "/");

        Assert.Equal(50, System.Text.RegularExpressions.Regex.Count(text, "<li><span>huaihai/stranger-"));
        Assert.Equal(50, System.Text.RegularExpressions.Regex.Count(text, "<pre>"));
        Assert.Contains("<p class=\"empty\">未列出: 3</p>", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_nothing_is_received_the_page_says_so_first_and_gives_no_comfort()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);

        var text = await TextAsync(page, "/?lang=en");

        Assert.Contains("<p class=\"lost\">× Nothing is being received", text, StringComparison.Ordinal);
        Assert.InRange(text.IndexOf("class=\"lost\"", StringComparison.Ordinal), 0, text.IndexOf("<h2>Alerts</h2>", StringComparison.Ordinal));
        Assert.Contains("No open alert, but nothing is being received", text, StringComparison.Ordinal);
        Assert.DoesNotContain("No open alert.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_the_page_sums_up_what_is_open_and_says_who_has_it()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        var desk = page.Services.GetRequiredService<ResponseDesk>();
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1");
        page.Ring("00000000000000a2", "huaihai", "huaihai/shed-1/pile-01/s2");
        page.Ring("00000000000000b1", "huaihai", "huaihai/lamp-1", Priority.P2, "lamp-failure");
        await page.UntilAsync(() => desk.Find("00000000000000b1") is not null && desk.Find("00000000000000a1") is not null, "the alerts");
        Assert.Matches("^P1 2 · P2 1 · 最早一条待响应： \\d+ 秒前$", await SumAsync());

        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));

        // What somebody has is nobody's reason to get up: grey, with the name, and no longer the one that waits longest.
        await page.UntilAsync(async () => System.Net.WebUtility.HtmlDecode(await TextAsync(page, "/")).Contains("<li class=\"p1 taken\">✓ 楼组长甲 · <a href=\"/alert/00000000000000a1\">P1 ", StringComparison.Ordinal), "the name");
        Assert.Matches("^P1 2 · P2 1 · 最早一条待响应： ", await SumAsync());
        Assert.Contains("✓ Stair leader A · ", await TextAsync(page, "/?lang=en"), StringComparison.Ordinal);
        foreach (var alert in page.Feed.Look((_, state, _) => state.Alerts.Select(one => one.AlertId).ToList()))
            await desk.DoAsync(alert, new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await page.UntilAsync(async () => await SumAsync() == "P1 2 · P2 1", "that nobody is waited for");

        async Task<string> SumAsync() =>
            System.Text.RegularExpressions.Regex.Match(System.Net.WebUtility.HtmlDecode(await TextAsync(page, "/")), "data-testid=\"alert-sum\"><a href=\"/alerts\">(?<sum>[^<]*)</a>").Groups["sum"].Value;
    }

    /// <summary>What stands for each name in an address.</summary>
    private static readonly Dictionary<string, string> Things = new()
    {
        ["{what}"] = "stand-in",
        ["{site}"] = "huaihai",
        ["{circuit}"] = "c-shed",
        ["{name}"] = "manager",
        ["{person}"] = "stair-a",
        ["{alert}"] = "00000000000000a1",
    };

    [Fact]
    public async Task While_nothing_is_received_every_page_says_since_when_and_none_gives_comfort()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        Assert.Contains("没有告警不等于平安", await TextAsync(page, "/alerts"), StringComparison.Ordinal);
        Assert.Contains("没有告警不等于平安", await TextAsync(page, "/alerts?tab=all"), StringComparison.Ordinal);
        Assert.Contains("新的危险不会出现在这里", await TextAsync(page, "/on-call"), StringComparison.Ordinal);
        page.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1");
        await page.UntilAsync(() => page.Services.GetRequiredService<ResponseDesk>().Find("00000000000000a1") is not null, "the alert");

        var paths = EndToEnd.PageList.Of(page, new Dictionary<string, string>(Things) { ["{device}"] = "pile-01" }, "/climbers/{site}", "{what}").Append("/climbers/jiugeng/climber-1").ToList();
        Assert.True(paths.Count >= 20, string.Join(' ', paths));
        foreach (var path in paths)
        {
            var text = await TextAsync(page, path);
            Assert.True(System.Text.RegularExpressions.Regex.IsMatch(text, "<aside id=\"duty-line\" data-fresh class=\"duty-line attention\" aria-label=\"现在谁值班\" data-testid=\"duty-line\"><a href=\"/on-call\">× 从 \\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d 起收不到任何消息</a>"), path);
        }

        // Who sees a part is told which; who sees all needs no word of it.
        Assert.DoesNotContain("data-testid=\"scope\"", await TextAsync(page, "/today"), StringComparison.Ordinal);
        using var here = await page.EnterAsync("here", UserRole.PropertyManager, "huaihai,panyu-road");
        Assert.Contains("<span data-testid=\"scope\">你看到的点位： 淮海里、番禺路</span></aside>", System.Net.WebUtility.HtmlDecode(await here.TextAsync("/today")), StringComparison.Ordinal);

        // Before the door, and on the wall, nothing is said of anybody.
        using var stranger = new HttpClient { BaseAddress = page.Url };
        var link = page.Services.GetRequiredService<ActLinks>().Token("00000000000000a1", "stair-a", page.NowMs);
        foreach (var path in (string[])["/sign-in", "/p/huaihai", "/a/" + link])
            Assert.DoesNotContain("duty-line", await stranger.GetStringAsync(new Uri(path, UriKind.Relative)), StringComparison.Ordinal);
        Assert.DoesNotContain("duty-line", await TextAsync(page, "/?wall=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_messages_come_every_page_says_who_is_on_duty_at_the_sites_of_who_looks()
    {
        await using var page = await StartAsync();
        var (line, link) = (page.Services.GetRequiredService<DutyLine>(), new BrokerLink(true, page.NowMs, null, null));

        var all = line.Of(link, FacilityMonitor.Users.SiteScope.All);
        var own = line.Of(link, FacilityMonitor.Users.SiteScope.Of(["huaihai"]));

        Assert.Matches("^(! 有班组没有人 · )?值班：[^+]+、[^+]+、[^+]+ \\+\\d+$", all.Text.Zh);
        Assert.Matches("^(! a team has nobody · )?On duty: [^一-鿿]+$", all.Text.En);
        Assert.Contains("楼组长甲", own.Text.Zh, StringComparison.Ordinal);
        Assert.DoesNotContain("门岗", own.Text.Zh, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_the_page_names_the_file_and_the_lines_that_register_a_new_device()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-77", "s7", 60);
        await page.UntilAsync(() => page.Channel("huaihai/pile-77", "s7") is not null, "the device");

        var text = await TextAsync(page, "/?lang=en");

        Assert.Contains(Path.Combine(SourceTree.Root, "src/FacilityMonitor/demo/facility.yaml"), text, StringComparison.Ordinal);
        Assert.Contains("<pre># sites › huaihai › devices\n- {id: pile-77, kind: pile, name: {zh: &quot;pile-77&quot;, en: &quot;pile-77&quot;}, sockets: 7}</pre>", text.Replace("&#xA;", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("pile-77 · fm/1", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scripts_a_socket_that_the_registry_does_not_count_is_said_too()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-02", "s20", 742);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s20") is not null, "the last registered socket");
        Assert.Contains("<th scope=\"row\">Pile 2</th><td class=\"n\">1/20</td>", await TextAsync(page, "/?lang=en"), StringComparison.Ordinal);

        await page.SayAsync("pile-02", "s21", 100);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s21") is not null, "the one behind it");

        Assert.Contains("<th scope=\"row\">Pile 2</th><td class=\"n\">2/20 (+1 not registered)</td>", WebUtility.HtmlDecode(await TextAsync(page, "/?lang=en")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_without_a_place_is_told_without_one()
    {
        await using var page = await StartAsync();

        var lamp = page.State().GetProperty("registry").GetProperty("sites")[0].GetProperty("devices").EnumerateArray().Single(device => device.GetProperty("id").GetString() == "lamp-1");

        Assert.False(lamp.TryGetProperty("place", out _));
    }

    [Fact]
    public async Task A_value_is_the_present_one_for_three_periods_and_an_old_one_after_them()
    {
        await using var page = await StartAsync();
        await page.SignInAsync(PageUnderTest.Password);
        await page.SayAsync("pile-02", "s7", 742);
        var saidAt = page.NowMs;
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value on the page");

        page.Time.Advance(TimeSpan.FromMilliseconds(saidAt + Fresh(page) - page.NowMs));
        Assert.Contains("<td class=\"n\">742 W</td>", await TextAsync(page, "/?lang=en"), StringComparison.Ordinal);
        page.Time.Advance(TimeSpan.FromMilliseconds(1));

        var text = await TextAsync(page, "/?lang=en");
        Assert.DoesNotContain("<td class=\"n\">742 W</td>", text, StringComparison.Ordinal);
        Assert.Contains("× stale", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_device_had_buffered_is_shown_with_its_own_time_and_never_as_live()
    {
        await using var page = await StartAsync();
        var anHourAgo = page.NowMs - 3_600_000;
        await page.SayAsync("pile-02", "s7", 742, MessageKind.Hist, anHourAgo);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the old value on the page");

        var socket = page.Channel("huaihai/pile-02", "s7")!.Value;

        Assert.Equal(anHourAgo, socket.GetProperty("at").GetInt64());
        Assert.InRange(page.NowMs - socket.GetProperty("heard").GetInt64(), Fresh(page) + 1, long.MaxValue);
    }

    [Fact]
    public async Task A_device_whose_clock_is_half_a_minute_slow_is_still_live()
    {
        await using var page = await StartAsync();
        await page.SayAsync("pile-02", "s7", 742, atMs: page.NowMs - 30_000);
        var heardAt = page.NowMs;
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s7") is not null, "the value on the page");

        Assert.Equal(heardAt, page.Channel("huaihai/pile-02", "s7")!.Value.GetProperty("heard").GetInt64());
    }

    [Fact]
    public async Task A_restart_does_not_empty_the_page_and_an_old_value_keeps_its_time()
    {
        long saidAt;
        DateTimeOffset stoppedAt;
        await using (var first = await StartAsync())
        {
            await first.SayAsync("pile-02", "s7", 742);
            saidAt = first.NowMs;
            // Long enough for the store to close its block and for the journal behind it to be trimmed.
            await first.UntilAsync(() => first.NowMs - saidAt > 60_000, "a minute");
            stoppedAt = first.Time.GetUtcNow();
        }

        await using var second = await PageUnderTest.StartAsync(_folder.Path, new ManualTime(stoppedAt + TimeSpan.FromHours(1)));
        await second.UntilAsync(() => second.Channel("huaihai/pile-02", "s7") is not null, "the old value");

        var socket = second.Channel("huaihai/pile-02", "s7")!.Value;
        Assert.Equal((742d, saidAt, saidAt), (socket.GetProperty("w").GetDouble(), socket.GetProperty("at").GetInt64(), socket.GetProperty("heard").GetInt64()));
    }

    [Fact]
    public void Scripts_and_styles_are_light_enough_for_an_old_phone()
    {
        // On a village's 1.6 Mbit/s this is a third of a second, uncompressed.
        const long BytesMax = 64 * 1024;
        var own = Directory.GetFiles(Path.Combine(SourceTree.Root, "dashboards/web"), "*.*").Where(file => file.EndsWith(".js", StringComparison.Ordinal) || file.EndsWith(".css", StringComparison.Ordinal)).ToList();
        var htm = Path.Combine(AppContext.BaseDirectory, "web/vendor/htm-preact.js");

        // Three of the live page, and the style of the phone page; what only other pages load lies in folders below.
        Assert.Equal(4, own.Count);
        var bytes = own.Sum(file => new FileInfo(file).Length) + (File.Exists(htm) ? new FileInfo(htm).Length : 14_000);
        Assert.InRange(bytes, 10_000, BytesMax);
    }

    private static long Fresh(PageUnderTest page) => page.State().GetProperty("devices").GetProperty("devices").EnumerateArray()
        .Single(device => device.GetProperty("key").GetString() == "huaihai/pile-02").GetProperty("fresh").GetInt64();

    private Task<PageUnderTest> StartAsync() => PageUnderTest.StartAsync(_folder.Path);

    private static Task<HttpResponseMessage> GetAsync(PageUnderTest page, string path) => page.Client.GetAsync(new Uri(path, UriKind.Relative));

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await (await GetAsync(page, path)).Content.ReadAsStringAsync();
}
