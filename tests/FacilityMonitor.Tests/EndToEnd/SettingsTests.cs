using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Somebody without a terminal, in a real browser.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task Somebody_without_a_terminal_adds_a_smoke_sensor_a_plug_and_three_neighbours_who_are_called_when_it_smokes()
    {
        var configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        await using var receiver = await WebhookReceiver.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(configuration, "hook.url"), receiver.Address + "hook");
        await File.AppendAllTextAsync(Path.Combine(configuration, "channels.yaml"), "  - {id: hook, kind: webhook, address-file: hook.url}\n");
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await ServiceUnderTest.StartAsync(broker, _folder.Path, configuration);
        await using var client = new MqttClient(new MqttClientOptions { Host = broker.Host, Port = broker.Port, ClientId = "new-devices" }, TimeProvider.System);
        await client.StartAsync();
        await SmokeAsync(client, 0, smokes: false);
        await client.PublishAsync("tele/plug-gate/SENSOR", """{"Time":"2026-11-22T01:00:00","ENERGY":{"Power":42,"Voltage":229,"Current":0.2}}"""u8.ToArray(), MqttQos.AtLeastOnce, retain: false);

        // Scripts are off: what is needed at night works on every telephone.
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync(scripts: false);
        await page.GotoAsync(service.Url);
        await BrowserUnderTest.SignInAsync(page, ServiceUnderTest.Password);
        await page.ClickAsync("footer >> text=设置");
        await page.GetByTestId("to-devices").ClickAsync();

        await page.GetByTestId("adopt-smoke-new").ClickAsync();
        await page.FillAsync("#name", "东头烟感");
        Assert.Equal("shed", await page.InputValueAsync("#kind"));
        await page.SelectOptionAsync("#place", "shed-1");
        await page.GetByTestId("adopt").ClickAsync();
        await Assertions.Expect(page.GetByTestId("saved")).ToContainTextAsync("淮海里 · 东头烟感");

        await page.GetByTestId("adopt-plug-gate").ClickAsync();
        await page.GetByTestId("site-huaihai").ClickAsync();
        await page.FillAsync("#name", "弄口插座");
        await page.SelectOptionAsync("#circuit", "c-stair");
        await page.GetByTestId("adopt").ClickAsync();
        await Assertions.Expect(page.GetByTestId("saved")).ToContainTextAsync("弄口插座");

        string[] neighbours = ["赵阿姨", "钱师傅", "孙老师"];
        foreach (var neighbour in neighbours)
        {
            await page.GotoAsync(service.Url + "/settings/people");
            await page.GetByTestId("add-person").ClickAsync();
            await page.FillAsync("#name", neighbour);
            // The service's log needs nobody's word; what leads to a telephone does.
            await page.SelectOptionAsync("#channels-1", neighbour == neighbours[0] ? "hook" : "console");
            await page.FillAsync("#addresses-1", "13900000000");
            await page.CheckAsync("[name=nightCalls]");
            await page.SelectOptionAsync("#team", "stairs");
            await page.GetByTestId("save").ClickAsync();
            await Assertions.Expect(page.GetByTestId("saved")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync(neighbour);
        }

        // Whether it reaches her is asked and answered without a terminal too.
        await page.GotoAsync(service.Url + "/on-call");
        var unconfirmed = page.Locator("#contacts li").Filter(new() { HasText = neighbours[0] });
        await unconfirmed.GetByRole(AriaRole.Button, new() { Name = "发一条确认" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToBeVisibleAsync();
        var code = "";
        await service.Process.UntilAsync(() => Task.FromResult((code = receiver.Told.Select(told => System.Text.RegularExpressions.Regex.Match(System.Text.RegularExpressions.Regex.Unescape(told.Body), "确认码 ([0-9]{6})").Groups[1].Value).FirstOrDefault(found => found.Length > 0) ?? "").Length > 0), "the question");
        await unconfirmed.Locator("input[name=code]").FillAsync(code);
        await unconfirmed.GetByRole(AriaRole.Button, new() { Name = "确认这个联系方式" }).ClickAsync();
        await Assertions.Expect(page.GetByTestId("done")).ToBeVisibleAsync();
        await Assertions.Expect(unconfirmed).ToHaveCountAsync(0);

        await page.GotoAsync(service.Url + "/on-call");
        foreach (var neighbour in neighbours)
            await Assertions.Expect(page.GetByTestId("team-stairs")).ToContainTextAsync(neighbour);

        await SmokeAsync(client, 1, smokes: true);
        var alert = page.Locator("a[href^='/alert/']").Filter(new() { HasText = "东头烟感" });
        await service.Process.UntilAsync(async () =>
        {
            await page.GotoAsync(service.Url + "/on-call");
            return await alert.CountAsync() > 0;
        }, "the alert of the new sensor");
        await alert.First.ClickAsync();
        foreach (var neighbour in neighbours)
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync(neighbour);
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("1 号车棚");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("东头烟感");
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public Task Every_page_of_the_settings_fits_a_small_phone_and_breaks_no_rule_of_access() => EveryPageFitsAsync(["zh"], [320]);

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    [Trait("length", "long")]
    public Task Every_page_of_the_settings_fits_every_width_and_breaks_no_rule_of_access_in_both_languages() => EveryPageFitsAsync(["zh", "en"], [320, 390, 1440]);

    private async Task EveryPageFitsAsync(string[] languages, int[] widths)
    {
        var configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        await using var service = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: configuration, channels: FacilityMonitor.OnCall.Channels.ChannelReader.Load(configuration, "zh").Channels);
        await service.SayAsync("smoke-new", [("main", service.NowMs, [(Metric.Smoke, 0), (Metric.Tc, 22.5)])]);
        await service.UntilAsync(() => service.Feed.Look((view, _, _) => view.Find("huaihai", "smoke-new") is not null), "The new device");
        using var manager = await service.EnterAsync("chen", UserRole.PropertyManager, "all", "陈经理");
        await SettingsPagesTests.PostAsync(manager, "/settings/duty/team", ("name", "夜巡队"), ("tier", "guard"), ("site", "huaihai"), ("always", "true"));
        await SettingsPagesTests.PostAsync(manager, "/settings/power-off", ("asset", "huaihai/c-shed"), ("until", FacilityMonitor.Registry.DutyRoster.Wall(service.NowMs + 3_600_000).ToString("yyyy-MM-ddTHH:mm", System.Globalization.CultureInfo.InvariantCulture)), ("reason", "换断路器，约一小时"));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        string[] paths =
        [
            "/settings", "/settings/devices", "/settings/adopt?key=huaihai/smoke-new", "/settings/people", "/settings/people/committee-a", "/settings/add-person", "/settings/sites", "/settings/site", "/settings/site?site=huaihai", "/settings/circuit?site=huaihai", "/settings/circuit?site=huaihai&circuit=c-shed", "/settings/device?site=jiugeng&device=climber-1", "/settings/device?site=huaihai&device=pile-01", "/settings/fire-equipment?site=huaihai&thing=ext-1", "/settings/holidays", "/settings/duty", "/settings/duty/stand-in",
            "/settings/duty/shift", "/settings/duty/team", "/settings/power-off", "/settings/permits", "/settings/permits?site=huaihai", "/settings/limits", "/settings/limits?rule=socket-overload", "/settings/limits?rule=socket-overload&of=huaihai/device/pile-01", "/settings/changes", "/on-call", "/on-call/drill", "/on-call/drill?site=huaihai&priority=P0", "/on-call/channels",
        ];
        foreach (var language in languages)
        {
            foreach (var path in paths)
            {
                await page.GotoAsync(new Uri(service.Url, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}").ToString());
                await FitsAsync($"{path} in {language}");
                // What is refused is a page too.
                if (await page.Locator("main form[method=post] button.first").CountAsync() == 0)
                    continue;
                await page.Locator("main form[method=post] button.first").ClickAsync();
                await page.Locator("[data-testid=refused], [data-testid=saved]").First.WaitForAsync();
                await FitsAsync($"{path} sent in {language}");
            }
        }

        async Task FitsAsync(string what)
        {
            foreach (var width in widths)
            {
                await page.SetViewportSizeAsync(width, 900);
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") == 0, $"{what} scrolls sideways at {width} px");
                var broken = await PageRules.BrokenAsync(page);
                Assert.True(broken.Length == 0, $"{what} at {width} px: {broken}");
                var small = await page.EvaluateAsync<string>(Small);
                Assert.True(small.Length == 0, $"{what} at {width} px is hard to hit: {small}");
                if (Environment.GetEnvironmentVariable("FM_PICTURES") is { Length: > 0 } folder && width != 320)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{what.Replace('/', '_').Replace('?', '_')}-{width}.png"), FullPage = true });
            }
        }
    }

    /// <summary>What a thumb would miss: lower than 44 px, and no word within a sentence.</summary>
    private const string Small = "() => [...document.querySelectorAll('main.settings a, main.settings button, main.settings input:not([type=hidden]):not([type=checkbox]), main.settings select, main.settings summary')].filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44 && !one.closest('.said')).map((one) => one.outerHTML.slice(0, 80)).join('; ')";

    private static async Task SmokeAsync(MqttClient client, int seq, bool smokes)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var body = $$"""{"v":1,"boot":"e2e","seq":{{seq}},"ts":{{now}},"clk":"ntp","r":[{"ch":"main","smoke":{{(smokes ? "true" : "false")}},"tc":22.5}]}""";
        await client.PublishAsync("fm/1/huaihai/smoke-new/data", System.Text.Encoding.UTF8.GetBytes(body), MqttQos.AtLeastOnce, retain: false);
    }
}
