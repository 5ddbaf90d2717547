using System.Globalization;
using System.Text;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The live page as it is used: many tabs, a closed lid, thousands of sockets.</summary>
public sealed class LivePageLifeTests
{
    /// <summary>What a page spends on its main thread, ms in a second: where a phone stays cool and a finger is answered.</summary>
    private const double MainThreadMsMax = 60;

    /// <summary>How much more than a page that only sets text and class of what changed: it draws circuits, cards, ages and alerts besides. Measured 1.5 when pages were told four times a second; when every tile was compared at every event, 7.9.</summary>
    private const double RatioMax = 3;

    private const int StretchesMax = 6;

    /// <summary>From a device's word to the screen, ms, of 95 in 100.</summary>
    private const double PixelMsMax = 1_000;

    /// <summary>Keeps what the first socket shows, and when it was drawn, ms since 1970.</summary>
    private const string Watch = """
        () => {
          window.seen = [];
          const tile = document.querySelector('[data-testid=socket-huaihai-pile-1-s1]');
          const look = () => window.seen.push([parseFloat(tile.querySelector('.w').textContent), Date.now()]);
          new MutationObserver(look).observe(tile, { subtree: true, childList: true, characterData: true });
        }
        """;

    /// <summary>Says to the page whether its tab is in front. A browser without a window shows none of its tabs.</summary>
    private const string Turn = """
        (isHidden) => {
          Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (isHidden ? 'hidden' : 'visible') });
          document.dispatchEvent(new Event('visibilitychange'));
        }
        """;

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Ten_tabs_are_all_right_because_only_the_one_in_front_holds_a_connection()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Neighbourhood(folder.Path, piles: 1));
        await using var piles = new Piles(broker);
        await piles.SayAsync(1, 101);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var first = await chromium.OpenAsync();
        await first.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(first, ServiceUnderTest.Password);
        var tabs = new List<IPage> { first };
        await Assertions.Expect(Socket(first)).ToHaveTextAsync("101 W");

        // Each new tab comes to the front, as when somebody opens alert after alert. Over plain HTTP a browser has six connections to one place.
        for (var tab = 2; tab <= 10; tab++)
        {
            await tabs[^1].EvaluateAsync(Turn, true);
            var next = await first.Context.NewPageAsync();
            tabs.Add(next);
            await next.GotoAsync(service.Url);
            await Assertions.Expect(Socket(next)).ToHaveTextAsync("101 W");
        }

        await piles.SayAsync(1, 202);
        await Assertions.Expect(Socket(tabs[^1])).ToHaveTextAsync("202 W");
        // Every other one hears of it when it is looked at again, and was not loaded anew.
        await first.EvaluateAsync("window.kept = true");
        await tabs[^1].EvaluateAsync(Turn, true);
        Assert.Equal("101 W", await Socket(first).TextContentAsync());
        await first.EvaluateAsync(Turn, false);
        await Assertions.Expect(Socket(first)).ToHaveTextAsync("202 W");
        Assert.True(await first.EvaluateAsync<bool>("window.kept === true"));
        await first.GotoAsync(service.Url + "/status?lang=en");
        // Of ten pages none is open now: the one in front has just left.
        await Assertions.Expect(first.GetByTestId("status-pages")).ToContainTextAsync("0; 0 refused");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_laptop_that_slept_for_a_minute_says_how_old_its_numbers_are_and_catches_up_without_being_loaded_anew()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Neighbourhood(folder.Path, piles: 1));
        await using var piles = new Piles(broker);
        await piles.SayAsync(1, 101);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        // The page's clock is ours: a minute of sleep takes no minute here.
        await page.Clock.InstallAsync();
        await page.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await page.WaitForURLAsync(service.Url + "/");
        await page.Clock.RunForAsync(2_000);
        await Assertions.Expect(Socket(page)).ToHaveTextAsync("101 W");
        await page.EvaluateAsync("window.kept = true");

        await page.Context.SetOfflineAsync(true);
        await page.Clock.FastForwardAsync(60_000);
        await page.Clock.RunForAsync(2_000);

        var lost = page.GetByTestId("connection-lost");
        await Assertions.Expect(lost).ToContainTextAsync("已断开");
        await Assertions.Expect(lost).ToContainTextAsync("1 分钟前");
        await Assertions.Expect(Socket(page)).ToHaveTextAsync("101 W");
        await piles.SayAsync(1, 202);
        await page.Context.SetOfflineAsync(false);
        for (var second = 0; second < 60 && await lost.CountAsync() > 0; second++)
        {
            await page.Clock.RunForAsync(1_000);
            await Task.Delay(100);
        }

        await page.Clock.RunForAsync(1_000);
        await Assertions.Expect(lost).ToHaveCountAsync(0);
        await Assertions.Expect(Socket(page)).ToHaveTextAsync("202 W");
        Assert.True(await page.EvaluateAsync<bool>("window.kept === true"), "The page was loaded anew.");

        // The card of our own health says what makes silence no comfort, whatever else is well.
        foreach (var what in (string[])["journal.rulesLateMs", "alertBooks.undelivered", "alertBooks.withheld", "alertBooks.nobody"])
        {
            await Assertions.Expect(page.GetByTestId("card-health")).ToContainTextAsync("正常");
            await page.EvaluateAsync($"import('/web/live.js').then(({{ state }}) => {{ window.was = structuredClone(state.health); state.health.{what} = 20000; }})");
            await page.Clock.RunForAsync(1_000);
            await Assertions.Expect(page.GetByTestId("card-health")).ToContainTextAsync("需要处理");
            await page.EvaluateAsync("import('/web/live.js').then(({ state }) => { state.health = window.was; })");
            await page.Clock.RunForAsync(1_000);
        }

        // Whoever looks elsewhere for a moment sees no warning; after a night last evening's page is not taken for the present, though the connection only hangs.
        await page.RouteAsync("**/events", _ => Task.CompletedTask);
        await page.EvaluateAsync(Turn, true);
        await page.Clock.RunForAsync(2_000);
        await page.EvaluateAsync(Turn, false);
        await page.Clock.RunForAsync(1_000);
        Assert.Equal(0, await lost.CountAsync());
        await page.EvaluateAsync(Turn, true);
        await page.Clock.FastForwardAsync(8 * 3_600_000);
        await page.EvaluateAsync(Turn, false);
        await page.Clock.RunForAsync(1_000);
        await Assertions.Expect(lost).ToContainTextAsync("已断开", new() { Timeout = 5_000 });
    }

    /// <summary>The way of every reading: broker, journal, live picture, stream, browser.</summary>
    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_reading_is_on_the_page_within_a_second_of_its_device_s_word()
    {
        const int Readings = 32;
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Neighbourhood(folder.Path, piles: 1));
        await using var piles = new Piles(broker);
        await piles.SayAsync(1, 100);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await Assertions.Expect(Socket(page)).ToHaveTextAsync("100 W");
        await page.EvaluateAsync(Watch);
        // What others do on the machine at that moment is not the product's: a stretch that they disturbed is taken again.
        var least = double.PositiveInfinity;
        for (var (stretch, watts) = (0, 100); stretch < 4 && least > PixelMsMax; stretch++)
        {
            var said = new List<(int Watts, double AtMs)>();
            for (var reading = 0; reading < Readings; reading++)
            {
                // Neither in step with the service nor with the screen.
                await Task.Delay(100 + (reading * 397 % 800));
                said.Add((++watts, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
                await piles.SayAsync(1, watts, sockets: 1);
            }

            await Assertions.Expect(Socket(page)).ToHaveTextAsync($"{watts} W");
            var seen = (await page.EvaluateAsync<double[][]>("window.seen")).Select(one => (Watts: one[0], AtMs: one[1])).ToList();
            // One that the next overtook is on the page with it.
            var took = said.ConvertAll(one => seen.First(drawn => drawn.Watts >= one.Watts).AtMs - one.AtMs);
            took.Sort();
            least = Math.Min(least, took[(int)Math.Ceiling(0.95 * Readings) - 1]);
        }

        Assert.True(least <= PixelMsMax, $"95 of 100 readings are on the page after {least:0} ms");
        // And byte for byte where somebody looks for a fault.
        await page.GotoAsync(service.Url + "/device/huaihai/pile-1?raw=true");
        await Assertions.Expect(page.GetByTestId("message")).ToHaveCountAsync(20);
        await Assertions.Expect(page.GetByTestId("message").First).ToContainTextAsync("fm/1/huaihai/pile-1/data");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Thousands_of_sockets_that_change_all_the_time_leave_the_browser_its_time()
    {
        var (live, vanilla) = await MeasureAsync(piles: 100, changesPerSecond: 200, seconds: 4);

        Assert.True(live / vanilla <= RatioMax, $"{live:0.0} ms a second are {live / vanilla:0.0} times the {vanilla:0.0} of a page without a library");
    }

    /// <summary>2,000 sockets, 200 changes a second: the budget.</summary>
    [Trait("length", "long")]
    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Two_thousand_sockets_at_two_hundred_changes_a_second_stay_within_sixty_milliseconds_a_second()
    {
        var (live, vanilla) = await MeasureAsync(piles: 100, changesPerSecond: 200, seconds: 10);

        Assert.True(live <= MainThreadMsMax, $"{live:0.0} ms a second on the main thread, {vanilla:0.0} of a page without a library");
        Assert.True(live / vanilla <= RatioMax, $"{live:0.0} ms a second are {live / vanilla:0.0} times the {vanilla:0.0} of a page without a library");
    }

    /// <summary>Time of the main thread in ms a second: of the live page, and of one that does nothing but set text and class of what changed. Both at once: what else the machine does falls on both.</summary>
    private static async Task<(double Live, double Vanilla)> MeasureAsync(int piles, int changesPerSecond, int seconds)
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Neighbourhood(folder.Path, piles));
        await using var sayer = new Piles(broker);
        for (var pile = 1; pile <= piles; pile++)
            await sayer.SayAsync(pile, 100);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var (live, vanilla) = (await chromium.OpenAsync(), await chromium.OpenAsync());
        foreach (var page in new[] { live, vanilla })
        {
            await page.GotoAsync(service.Url);
            await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        }

        await Assertions.Expect(live.Locator("[data-state=charging]")).ToHaveCountAsync(piles * Sockets);
        await vanilla.RouteAsync("**/vanilla", route => route.FulfillAsync(new() { ContentType = "text/html", Body = Vanilla }));
        await vanilla.GotoAsync(service.Url + "/vanilla");
        await Assertions.Expect(vanilla.Locator("li.charging")).ToHaveCountAsync(piles * Sockets);
        using var stop = new CancellationTokenSource();
        var saying = sayer.GoOnAsync(piles, changesPerSecond, stop.Token);
        try
        {
            // Stretches of real time, again and again until they cost no less: the first draws of a page are of code that the browser has not compiled yet.
            var least = (Live: double.PositiveInfinity, Vanilla: double.PositiveInfinity);
            for (var (stretch, isSettled) = (0, false); stretch < StretchesMax && !isSettled; stretch++)
            {
                var measured = await Task.WhenAll(MainThreadAsync(live, seconds), MainThreadAsync(vanilla, seconds));
                isSettled = measured[0] > least.Live * 0.9;
                least = (Math.Min(least.Live, measured[0]), Math.Min(least.Vanilla, measured[1]));
                isSettled &= least.Live <= least.Vanilla * RatioMax;
            }

            return least;
        }
        finally
        {
            await stop.CancelAsync();
            await saying;
        }
    }

    /// <summary>What the browser itself counts.</summary>
    private static async Task<double> MainThreadAsync(IPage page, int seconds)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        // Time that the thread really ran: on a busy machine it waits for others, and that says nothing of the page.
        await session.SendAsync("Performance.enable", new Dictionary<string, object> { ["timeDomain"] = "threadTicks" });
        var (before, from) = await LookAsync();
        await page.WaitForTimeoutAsync(seconds * 1_000);
        var (after, to) = await LookAsync();
        await session.DetachAsync();
        return (after - before) / (to - from) * 1_000;

        async Task<(double Task, double At)> LookAsync()
        {
            var metrics = (await session.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString()!, metric => metric.GetProperty("value").GetDouble());
            return (metrics["TaskDuration"], metrics["Timestamp"]);
        }
    }

    /// <summary>The least that a page can do with the same stream.</summary>
    private const string Vanilla = """
        <!doctype html><meta charset="utf-8"><ul id="all"></ul><script>
        const tiles = new Map();
        const all = document.getElementById('all');
        const show = (body) => {
          for (const device of body.devices) for (const [channel, values] of Object.entries(device.channels)) {
            const key = device.key + channel;
            let tile = tiles.get(key);
            if (!tile) { tile = document.createElement('li'); all.append(tile); tiles.set(key, tile); }
            const text = `${channel} ${values.w} W`, state = values.w > 3 ? 'charging' : 'idle';
            if (tile.textContent !== text) tile.textContent = text;
            if (tile.className !== state) tile.className = state;
          }
        };
        const stream = new EventSource('/events');
        stream.addEventListener('hello', (event) => show(JSON.parse(event.data).devices));
        stream.addEventListener('devices', (event) => show(JSON.parse(event.data)));
        </script>
        """;

    private const int Sockets = 20;

    private static ILocator Socket(IPage page) => page.GetByTestId("socket-huaihai-pile-1-s1").Locator(".w");

    private static string Neighbourhood(string folder, int piles)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(folder, "configuration")).FullName;
        var text = new StringBuilder("sites:\n  - id: huaihai\n    name: {zh: 淮海里, en: Huaihai Lane}\n    devices:\n");
        for (var pile = 1; pile <= piles; pile++)
            text.Append(CultureInfo.InvariantCulture, $"      - {{id: pile-{pile}, kind: pile, name: {{zh: {pile} 号桩, en: Pile {pile}}}, sockets: {Sockets}}}\n");
        File.WriteAllText(Path.Combine(configuration, "facility.yaml"), text.ToString());
        return configuration;
    }

    /// <summary>Piles of which every socket says what it draws.</summary>
    private sealed class Piles(MosquittoBroker broker) : IAsyncDisposable
    {
        private readonly MqttClient _client = new(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "piles" }, TimeProvider.System);
        private readonly Dictionary<int, long> _seq = [];

        public async Task SayAsync(int pile, double watts, int sockets = Sockets)
        {
            if (_seq.Count == 0)
                await _client.StartAsync();
            var seq = _seq[pile] = _seq.TryGetValue(pile, out var last) ? last + 1 : 0;
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var readings = string.Join(',', Enumerable.Range(1, sockets).Select(socket => string.Create(CultureInfo.InvariantCulture, $$"""{"ch":"s{{socket}}","w":{{watts}},"st":"charging"}""")));
            await _client.PublishAsync($"fm/1/huaihai/pile-{pile}/data", Encoding.UTF8.GetBytes($$"""{"v":1,"boot":"e2e","seq":{{seq}},"ts":{{now}},"clk":"ntp","r":[{{readings}}]}"""), MqttQos.AtLeastOnce, retain: false);
        }

        /// <summary>Pile after pile, a tenth of the changes each tenth of a second.</summary>
        public async Task GoOnAsync(int piles, int changesPerSecond, CancellationToken stop)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            for (var turn = 0; !stop.IsCancellationRequested; turn++)
            {
                await SayAsync((turn % piles) + 1, 100 + (turn % 89), Math.Min(Sockets, changesPerSecond / 10));
                try
                {
                    await timer.WaitForNextTickAsync(stop);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }
}
