using System.Net;
using FacilityMonitor.Tests.Mqtt;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What a manager sees: the demo on a real broker, the page in a real browser.</summary>
public sealed class PageTests
{
    [RealServerFact("mosquitto")]
    public async Task Nothing_is_shown_to_somebody_who_has_not_signed_in()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(service.Url) };

        Assert.Equal(HttpStatusCode.Redirect, (await client.GetAsync(new Uri("/", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/events", UriKind.Relative))).StatusCode);
        var form = await client.GetAsync(new Uri("/sign-in", UriKind.Relative));
        Assert.Contains("script-src 'self'", form.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var noToken = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = "manager", ["password"] = ServiceUnderTest.Password });
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync(new Uri("/sign-in", UriKind.Relative), noToken)).StatusCode);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_socket_changes_and_an_alert_appears_and_clears_on_the_page()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();

        await page.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(page, "wrong");
        await page.GetByText("用户名或口令不对").WaitForAsync();
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        var socket = page.GetByTestId("socket-huaihai-pile-02-s7");
        await Assertions.Expect(socket).ToHaveAttributeAsync("data-state", "never");

        // An empty page says why, and what to do.
        await Assertions.Expect(page.GetByTestId("none-heard")).ToContainTextAsync("firmware-sim run");
        await using var plug = new Pile(broker, "pile-02");
        await plug.SayAsync(150);
        await Assertions.Expect(socket).ToHaveAttributeAsync("data-state", "charging");
        await Assertions.Expect(page.GetByTestId("none-heard")).ToHaveCountAsync(0);
        await Assertions.Expect(socket.Locator(".w")).ToHaveTextAsync("150 W");
        await plug.SayAsync(187);
        await Assertions.Expect(socket.Locator(".w")).ToHaveTextAsync("187 W");
        Assert.Contains("淮海里", await page.GetByTestId("card-huaihai").InnerTextAsync(), StringComparison.Ordinal);

        // A pile whose line was slow: what it measured for minutes comes at once. The rule holds for ten seconds and two samples of the pile's own time; then somebody pulls one of the two
        // chargers out, and two quiet minutes of it later all is well.
        var overloaded = page.GetByTestId("socket-huaihai-pile-03-s7");
        await using var slow = new Pile(broker, "pile-03");
        for (var ago = 150; ago > 135; ago--)
            await slow.SayAsync(1_150, TimeSpan.FromSeconds(ago));
        var alert = page.Locator("[data-rule=socket-overload]");
        await Assertions.Expect(alert).ToContainTextAsync("淮海里");
        await Assertions.Expect(alert).ToContainTextAsync("请做：1.");
        await Assertions.Expect(overloaded).ToHaveAttributeAsync("data-state", "overload");
        await Assertions.Expect(page.GetByTestId("card-huaihai")).ToContainTextAsync("1 个告警");
        // Read aloud once, by those who do not see the page.
        await Assertions.Expect(page.Locator("[aria-live=polite]")).ToContainTextAsync("充电口过载");
        await page.GetByTestId("language").ClickAsync();
        await Assertions.Expect(alert).ToContainTextAsync("Huaihai Lane");

        // One site alone, by its address: its stream tells of no other.
        await page.GetByTestId("only").GetByRole(AriaRole.Combobox).SelectOptionAsync("jiugeng");
        await page.GetByTestId("only").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByTestId("card-jiugeng")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("card-huaihai")).ToHaveCountAsync(0);
        await Assertions.Expect(alert).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByTestId("only")).ToContainTextAsync("alerts elsewhere, new devices");
        await page.GetByTestId("only").GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(alert).ToContainTextAsync("Huaihai Lane");
        for (var ago = 135; ago >= 0; ago--)
            await slow.SayAsync(150, TimeSpan.FromSeconds(ago));
        await Assertions.Expect(alert).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("[aria-live=polite]")).ToContainTextAsync("Cleared: ");
        await Assertions.Expect(page.GetByTestId("health-hole")).ToHaveTextAsync("✓ balance");
        await Assertions.Expect(page.GetByTestId("alert-books-raised").Locator("td")).ToHaveTextAsync("1");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task The_page_says_since_when_the_service_is_away_and_comes_back_by_itself()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await using var plug = new Pile(broker, "pile-02");
        await plug.SayAsync(150);
        var socket = page.GetByTestId("socket-huaihai-pile-02-s7").Locator(".w");
        await Assertions.Expect(socket).ToHaveTextAsync("150 W");
        await using var stranger = new Pile(broker, "pile-77");
        await stranger.SayAsync(60);
        await Assertions.Expect(page.GetByTestId("new-device-pile-77")).ToContainTextAsync("s7 60.0 W");
        await Assertions.Expect(page.GetByTestId("connection-lost")).ToHaveCountAsync(0);
        await page.EvaluateAsync("window.kept = true");

        await service.Process.StopAsync();
        await Assertions.Expect(page.GetByTestId("connection-lost")).ToContainTextAsync("已断开");
        await plug.SayAsync(163);
        service.Process.Start();
        await service.ReadyAsync();

        // What was said meanwhile waited in the broker; what was said before comes from the store.
        await Assertions.Expect(socket).ToHaveTextAsync("163 W");
        await Assertions.Expect(page.GetByTestId("connection-lost")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByTestId("new-device-pile-77")).ToContainTextAsync("s7 60.0 W");
        Assert.True(await page.EvaluateAsync<bool>("window.kept === true"), "The page was loaded anew.");
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task The_page_fits_a_phone_and_a_desk_reads_well_in_light_and_dark_and_needs_no_scripts_to_say_something()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path);
        await using var plug = new Pile(broker, "pile-02");
        await plug.SayForAsync(1_150, TimeSpan.FromSeconds(13));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(service.Url);
        Assert.InRange(await page.EvaluateAsync<double>(WorstContrast), 4.5, 21);
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await Assertions.Expect(page.Locator("[data-rule=socket-overload]")).ToHaveCountAsync(1);
        await page.Locator(".legend summary").ClickAsync();

        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            foreach (var language in (string[])["zh", "en"])
            {
                await page.GotoAsync($"{service.Url}/?lang={language}");
                await page.GetByTestId("health-hole").WaitForAsync();
                foreach (var width in (int[])[320, 390, 1440])
                {
                    await page.SetViewportSizeAsync(width, 900);
                    Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth"));
                }

                Assert.InRange(await page.EvaluateAsync<double>(WorstContrast), 4.5, 21);
            }
        }

        // By keyboard alone: the night, alerts, sites, cases, who is on call, the language, the way out, who is on duty, which site alone, then the sites.
        foreach (var way in (string[])["/today", "/alerts", "/sites", "/fly-wire", "/on-call"])
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.Equal(way, await page.EvaluateAsync<string>("document.activeElement.getAttribute('href')"));
        }

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("language", await page.EvaluateAsync<string>("document.activeElement.dataset.testid"));
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("duty-line", await page.EvaluateAsync<string>("document.activeElement.parentElement.id"));
        foreach (var part in (string[])["SELECT", "BUTTON"])
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.Equal((part, "only"), (await page.EvaluateAsync<string>("document.activeElement.tagName"), await page.EvaluateAsync<string>("document.activeElement.form.dataset.testid")));
        }

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("card-jiugeng", await page.EvaluateAsync<string>("document.activeElement.dataset.testid"));
        Assert.Empty(chromium.Errors);

        var plain = await chromium.OpenAsync(scripts: false);
        await plain.GotoAsync($"{service.Url}/?lang=zh");
        await BrowserUnderTest.SignInAsync(plain, ServiceUnderTest.Password);
        var said = await plain.InnerTextAsync("body");
        foreach (var word in (string[])["充电口过载", "2 号桩", "1150 W", "车棚充电回路", "新设备", "消息代理: 已连接"])
            Assert.Contains(word, said, StringComparison.Ordinal);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task What_stands_nowhere_or_is_not_registered_is_drawn_and_its_lines_register_it_when_pasted()
    {
        using var folder = new TemporaryFolder();
        var registry = Configuration(folder.Path, "- {id: pile-a, kind: pile, name: {zh: 甲桩, en: Pile A}, sockets: 2}");
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Path.GetDirectoryName(registry));
        await using var registered = new Pile(broker, "pile-a");
        await using var stranger = new Pile(broker, "pile-b");
        await registered.SayAsync(150);
        await stranger.SayAsync(60);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync($"{service.Url}/?lang=en");
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);

        // No place, and the seventh of two sockets: both are there, and both say what is missing.
        await Assertions.Expect(page.GetByTestId("place-huaihai-")).ToContainTextAsync("No place registered");
        await Assertions.Expect(page.GetByTestId("socket-huaihai-pile-a-s1")).ToHaveAttributeAsync("data-state", "never");
        var more = page.GetByTestId("socket-huaihai-pile-a-s7");
        await Assertions.Expect(more).ToHaveAttributeAsync("data-state", "charging");
        await Assertions.Expect(more).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("not registered"));
        var offer = page.GetByTestId("new-device-pile-b");
        await Assertions.Expect(offer).ToContainTextAsync("fm/1");
        await Assertions.Expect(page.GetByText(registry)).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByTestId("card-unknown")).ToContainTextAsync("1 not registered");

        var lines = await offer.Locator("pre").InnerTextAsync();
        await File.AppendAllTextAsync(registry, string.Join('\n', lines.Split('\n').Select(line => "      " + line)) + "\n");

        await Assertions.Expect(page.GetByTestId("socket-huaihai-pile-b-s7")).ToHaveAttributeAsync("data-state", "charging");
        await Assertions.Expect(offer).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByTestId("configuration-errors")).ToHaveCountAsync(0);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_lost_broker_and_a_broken_registry_are_said_at_the_top_and_nothing_fits_badly_on_a_phone()
    {
        using var folder = new TemporaryFolder();
        var registry = Configuration(folder.Path, "- {id: pile-02, kind: pile, name: {zh: 甲桩, en: Pile A}, sockets: 7}");
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, folder.Path, Path.GetDirectoryName(registry));
        await using (var pile = new Pile(broker, "pile-02"))
        {
            // The widest of what a tile says of an old value.
            await pile.SayAsync(150, ago: TimeSpan.FromMinutes(48));
            await pile.LeaveAsync();
        }

        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.SetViewportSizeAsync(390, 844);
        await page.GotoAsync($"{service.Url}/?lang=en");
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await Assertions.Expect(page.GetByTestId("alerts-none")).ToHaveTextAsync("No open alert.");
        await Assertions.Expect(page.GetByTestId("card-health")).ToContainTextAsync("fine");
        await Assertions.Expect(page.GetByTestId("socket-huaihai-pile-02-s7")).ToHaveAttributeAsync("data-state", "offline");
        await Assertions.Expect(page.GetByTestId("socket-huaihai-pile-02-s7").Locator(".w")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^(48|49|50) min$"));
        // Piles that are away share a line, which says how many sockets that are and where the cause is; unfolded it has them all.
        var roll = page.GetByTestId("roll-huaihai-");
        await Assertions.Expect(roll.Locator("summary")).ToHaveTextAsync("× 7 sockets are not heard Pile A");
        await Assertions.Expect(roll.Locator("a[href='/site/huaihai#place-']")).ToBeHiddenAsync();
        await roll.Locator("summary").ClickAsync();
        await Assertions.Expect(roll.Locator("a[href='/site/huaihai#place-']")).ToBeVisibleAsync();
        Assert.Equal("", await page.EvaluateAsync<string>(CutOff));

        await broker.StopAsync();
        await Assertions.Expect(page.GetByTestId("broker-lost")).ToContainTextAsync("Nothing is being received");
        await Assertions.Expect(page.GetByTestId("alerts-none")).ToContainTextAsync("a new danger would not appear here");
        await Assertions.Expect(page.GetByTestId("card-huaihai")).ToContainTextAsync("nothing received");
        await Assertions.Expect(page.GetByTestId("card-health")).ToContainTextAsync("needs attention");
        await page.GotoAsync($"{service.Url}/?lang=zh");
        // In words, not in those of the code.
        await Assertions.Expect(page.GetByTestId("health-broker")).ToContainTextAsync("代理");
        Assert.DoesNotMatch("ConnectFailed|ClosedByServer|Success", await page.GetByTestId("health-broker").InnerTextAsync());

        await File.WriteAllTextAsync(registry, "sites: 5\n");
        await Assertions.Expect(page.GetByTestId("configuration-errors")).ToContainTextAsync("facility.yaml:1:8: 错误");
        Assert.Empty(chromium.Errors);
    }

    /// <summary>What of the tiles and tables is cut off at their edge; empty when nothing is.</summary>
    private const string CutOff = """
        () => [...document.querySelectorAll('.tile .w, .scroll:has(table)')].filter((element) => element.getClientRects().length > 0 && element.scrollWidth > element.clientWidth)
          .map((element) => `${element.className} ${element.scrollWidth} > ${element.clientWidth}: ${element.innerText}`).join('; ')
        """;

    /// <summary>A configuration with one site and one device in it; its registry's file is given back.</summary>
    private static string Configuration(string folder, string device)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(folder, "configuration")).FullName;
        var registry = Path.Combine(configuration, "facility.yaml");
        File.WriteAllText(registry, $"sites:\n  - id: huaihai\n    name: {{zh: 淮海里, en: Huaihai Lane}}\n    devices:\n      {device}\n");
        return registry;
    }

    /// <summary>The least contrast of any text against the plain colour behind it, as WCAG reckons it.</summary>
    private const string WorstContrast = """
        () => {
          const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return { r, g, b, a }; };
          const light = ({ r, g, b }) => { const [x, y, z] = [r, g, b].map((c) => c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
          let worst = 21;
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const element = walk.currentNode.parentElement;
            if (!walk.currentNode.textContent.trim() || element.closest('.sr, script, style, noscript') || element.getClientRects().length === 0) continue;
            let behind = element;
            while (behind.parentElement && parse(getComputedStyle(behind).backgroundColor).a < 1) behind = behind.parentElement;
            const [one, other] = [light(parse(getComputedStyle(element).color)), light(parse(getComputedStyle(behind).backgroundColor))];
            worst = Math.min(worst, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
          }
          return worst;
        }
        """;

    /// <summary>One pile of the demo neighbourhood, as small as the contract allows.</summary>
    private sealed class Pile(MosquittoBroker broker, string name) : IAsyncDisposable
    {
        private readonly FacilityMonitor.Mqtt.MqttClient _client = new(
            new FacilityMonitor.Mqtt.MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = name }, TimeProvider.System);

        private bool _started;
        private long _seq;

        public async Task SayAsync(double watts, TimeSpan ago = default)
        {
            if (!_started)
                await _client.StartAsync();
            _started = true;
            var now = (TimeProvider.System.GetUtcNow() - ago).ToUnixTimeMilliseconds();
            var text = System.Globalization.CultureInfo.InvariantCulture;
            var body = string.Create(text, $$"""{"v":1,"boot":"e2e","seq":{{_seq++}},"ts":{{now}},"clk":"ntp","r":[{"ch":"s7","w":{{watts}},"st":"charging"}]}""");
            await _client.PublishAsync($"fm/1/huaihai/{name}/data", System.Text.Encoding.UTF8.GetBytes(body), FacilityMonitor.Mqtt.MqttQos.AtLeastOnce, retain: false);
        }

        /// <summary>Says that it is gone, as its will would.</summary>
        public async Task LeaveAsync()
        {
            await _client.PublishAsync($"fm/1/huaihai/{name}/status", """{"s":"offline","bd":1,"boot":"e2e"}"""u8.ToArray(), FacilityMonitor.Mqtt.MqttQos.AtLeastOnce, retain: false);
        }

        public async Task SayForAsync(double watts, TimeSpan span)
        {
            for (var second = 0; second < span.TotalSeconds; second++)
            {
                await SayAsync(watts);
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }
}
