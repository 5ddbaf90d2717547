using System.Net;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What a manager sees: the demo on a real broker, the page in a real browser.</summary>
public sealed class PageTests
{
    private const float Patience = 150_000;

    [RealServerFact("mosquitto")]
    public async Task Nothing_is_shown_to_somebody_who_has_not_signed_in()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(service.Url) };

        Assert.Equal(HttpStatusCode.Redirect, (await client.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await client.GetAsync(new Uri("/events", UriKind.Relative))).StatusCode);
        var form = await client.GetAsync(new Uri("/sign-in", UriKind.Relative));
        Assert.Contains("script-src 'self'", form.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var noToken = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = "manager", ["password"] = ServiceUnderTest.Password });
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync(new Uri("/sign-in", UriKind.Relative), noToken)).StatusCode);
    }

    [RealServerFact("chromium")]
    public async Task A_socket_changes_and_an_alert_appears_and_clears_on_the_page()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = RealServerFactAttribute.FindProgram("chromium"),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var page = await browser.NewPageAsync();
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);
        page.SetDefaultTimeout(Patience);

        await page.GotoAsync(service.Url);
        await page.FillAsync("[name=user]", "manager");
        await page.FillAsync("[name=password]", "wrong");
        await page.ClickAsync("main button");
        await page.GetByText("用户名或口令不对").WaitForAsync();
        await page.FillAsync("[name=user]", "manager");
        await page.FillAsync("[name=password]", ServiceUnderTest.Password);
        await page.ClickAsync("main button");
        var socket = page.GetByTestId("socket-huaihai-pile-02-s7");
        Assert.Equal("never", await socket.GetAttributeAsync("data-state"));

        await using var plug = new Pile(broker);
        await plug.SayAsync(150);
        await Assertions.Expect(socket).ToHaveAttributeAsync("data-state", "charging", new() { Timeout = Patience });

        // The rule holds for ten seconds and two samples; then somebody pulls one of the two chargers out.
        await plug.SayForAsync(1_150, TimeSpan.FromSeconds(14));
        var alert = page.Locator("[data-rule=socket-overload]");
        await Assertions.Expect(alert).ToContainTextAsync("淮海里", new() { Timeout = Patience });
        await Assertions.Expect(socket).ToHaveAttributeAsync("data-state", "overload", new() { Timeout = Patience });
        await page.GetByTestId("language").ClickAsync();
        await Assertions.Expect(page.Locator("[data-rule=socket-overload]")).ToContainTextAsync("Huaihai Lane", new() { Timeout = Patience });
        using var stop = new CancellationTokenSource();
        var quiet = plug.SayForAsync(150, TimeSpan.FromMinutes(4), stop.Token);
        await Assertions.Expect(page.Locator("[data-rule=socket-overload]")).ToHaveCountAsync(0, new() { Timeout = 2 * Patience });
        await stop.CancelAsync();
        await quiet;
        await Assertions.Expect(page.GetByTestId("health-hole")).ToHaveTextAsync("0");
        Assert.Empty(errors);
        Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth"));
    }

    /// <summary>One pile of the demo neighbourhood, as small as the contract allows.</summary>
    private sealed class Pile(MosquittoBroker broker) : IAsyncDisposable
    {
        private readonly FacilityMonitor.Mqtt.MqttClient _client = new(
            new FacilityMonitor.Mqtt.MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "pile-02" }, TimeProvider.System);

        private bool _started;
        private long _seq;

        public async Task SayAsync(double watts)
        {
            if (!_started)
                await _client.StartAsync();
            _started = true;
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var text = System.Globalization.CultureInfo.InvariantCulture;
            var body = string.Create(text, $$"""{"v":1,"boot":"e2e","seq":{{_seq++}},"ts":{{now}},"clk":"ntp","r":[{"ch":"s7","w":{{watts}},"st":"charging"}]}""");
            await _client.PublishAsync("fm/1/huaihai/pile-02/data", System.Text.Encoding.UTF8.GetBytes(body), FacilityMonitor.Mqtt.MqttQos.AtLeastOnce, retain: false);
        }

        public async Task SayForAsync(double watts, TimeSpan span, CancellationToken cancellationToken = default)
        {
            for (var second = 0; second < span.TotalSeconds && !cancellationToken.IsCancellationRequested; second++)
            {
                await SayAsync(watts);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }
}
