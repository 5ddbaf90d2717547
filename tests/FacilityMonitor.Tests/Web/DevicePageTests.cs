using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.Web;

/// <summary>The page of a device, and the chart on the page of its alert.</summary>
public sealed class DevicePageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_what_a_device_says_now_channel_by_channel_and_what_it_never_said()
    {
        await using var page = await StartAsync();
        var never = await TextAsync(page, "/device/huaihai/pile-02");
        Assert.Contains("还没有收到过这台设备的消息", never, StringComparison.Ordinal);
        Assert.Contains("还没有可以画成曲线的读数", never, StringComparison.Ordinal);
        await page.SayAsync("pile-02", [("s1", page.NowMs, [(Metric.W, 180), (Metric.Tc, 31.5), (Metric.Relay, 1)]), ("s2", page.NowMs, [(Metric.W, 0)])]);
        await page.UntilAsync(() => page.Channel("huaihai/pile-02", "s2") is not null, "its word");

        var text = await TextAsync(page, "/device/huaihai/pile-02?channel=s1");

        Assert.Contains("<span>1 号充电口</span><b>180 W</b>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>温度</dt><dd>31.5 °C", text, StringComparison.Ordinal);
        Assert.Contains("<dt>继电器</dt><dd>闭合", text, StringComparison.Ordinal);
        Assert.Contains("href=\"/circuit/huaihai/c-shed\"", text, StringComparison.Ordinal);
        Assert.Contains("&quot;channel&quot;:&quot;s1&quot;", text, StringComparison.Ordinal);
        // A channel that is none, or markup, is answered with the first.
        Assert.DoesNotContain("<b>x", await TextAsync(page, "/device/huaihai/pile-02?channel=%3Cb%3Ex"), StringComparison.Ordinal);
        page.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Contains("Nothing new; below is what it said last", await TextAsync(page, "/device/huaihai/pile-02?lang=en"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await page.Client.GetAsync(new Uri("/device/huaihai/gone", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("meter-shed")]
    [InlineData("shed-01")]
    [InlineData("call-1")]
    public async Task Every_kind_of_device_has_a_page(string device)
    {
        await using var page = await StartAsync();

        Assert.Contains("登记内容", await TextAsync(page, "/device/huaihai/" + device), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_finds_the_way_to_test_a_device_or_take_it_out_of_service_and_nobody_else_does()
    {
        const string Way = "/settings/permits?asset=huaihai%2Fshed-1%2Fshed-01";
        await using var page = await StartAsync();
        using var guard = await page.EnterAsync("guard", FacilityMonitor.Users.UserRole.OnCall, "huaihai");

        Assert.Contains($"href=\"{Way}\"", await TextAsync(page, "/device/huaihai/shed-01"), StringComparison.Ordinal);
        Assert.DoesNotContain("/settings/permits", await guard.TextAsync("/device/huaihai/shed-01"), StringComparison.Ordinal);

        Assert.Matches("value=\"huaihai/shed-1/shed-01\" selected", await TextAsync(page, Way));
    }

    [Fact]
    public async Task An_alert_shows_half_an_hour_to_both_sides_with_the_limit_that_was_crossed_but_not_to_whoever_came_by_a_link()
    {
        await using var page = await StartAsync();
        await RaiseAsync(page, "00000000000000a1", "huaihai/shed-1/pile-02/s7", "pile-02", ChannelId.Socket(7), new SortedDictionary<string, object> { ["limit_w"] = 1000d, ["w"] = 1150d });
        await RaiseAsync(page, "00000000000000a2", "huaihai/c-shed", null, null, new SortedDictionary<string, object> { ["thermal_level"] = 0.93 });
        await RaiseAsync(page, "00000000000000a3", "huaihai/call-1", "call-1", null, []);

        var socket = WebUtility.HtmlDecode(await TextAsync(page, "/alert/00000000000000a1"));
        Assert.Contains("\"source\":\"/series/huaihai/pile-02\"", socket, StringComparison.Ordinal);
        Assert.Contains("\"limit\":1000,\"limitName\":{\"zh\":\"限值 1000 W\"", socket, StringComparison.Ordinal);
        Assert.Contains($"\"from\":{page.NowMs - 1_800_000},\"to\":{page.NowMs + 1_800_000}", socket, StringComparison.Ordinal);
        Assert.Contains("href=\"/device/huaihai/pile-02?channel=s7\"", socket, StringComparison.Ordinal);
        var circuit = WebUtility.HtmlDecode(await TextAsync(page, "/alert/00000000000000a2"));
        Assert.Contains("\"source\":\"/series/huaihai/meter-shed\"", circuit, StringComparison.Ordinal);
        Assert.Contains("\"limit\":63", circuit, StringComparison.Ordinal);
        Assert.DoesNotContain("data-chart", await TextAsync(page, "/alert/00000000000000a3"), StringComparison.Ordinal);
        Assert.Contains("/alert/00000000000000a1\">P2", await TextAsync(page, "/device/huaihai/pile-02"), StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(PageUnderTest page, string path) => await page.Client.GetStringAsync(new Uri(path, UriKind.Relative));

    private static Task RaiseAsync(PageUnderTest page, string alert, string asset, string? device, ChannelId? channel, SortedDictionary<string, object> evidence) => page.Database.CommitAsync(FacilityMonitor.Journal.CommitPriority.Alerts, connection =>
    {
        var step = new AlertTransition
        {
            AlertId = alert,
            Rule = "socket-overload",
            Priority = Priority.P2,
            Condition = Condition.Active,
            AtMs = page.NowMs,
            OnsetMs = page.NowMs,
            Site = "huaihai",
            Device = device,
            Channel = channel,
            Asset = asset,
            Text = new LocalText("过载。请做：1. 去看", "Overload. Do: 1. Go and look"),
            Evidence = evidence,
        };
        AlertLog.Write(connection, step);
        page.Responses.Observe(connection, [step]);
    });

    private async Task<PageUnderTest> StartAsync()
    {
        var page = await PageUnderTest.StartAsync(_folder.Path);
        await page.SignInAsync(PageUnderTest.Password);
        return page;
    }
}
