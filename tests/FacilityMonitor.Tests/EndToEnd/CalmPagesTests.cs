using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Every page while all is well: grey, and nothing that keeps anybody out.</summary>
public sealed class CalmPagesTests : IDisposable
{
    /// <summary>A neighbourhood so small that all of it can be well: one circuit, one pile, one shed, one climber, and somebody on duty.</summary>
    private const string Facility = """
        sites:
          - id: huaihai
            name: {zh: 淮海里, en: Huaihai Lane}
            circuits:
              - {id: c-shed, kind: charging, name: {zh: 车棚充电回路, en: Shed charging}, rated-a: 63, curve: C, phases: 3, meter: meter-shed}
            places:
              - {id: shed-1, kind: shed, name: {zh: 1 号车棚, en: Shed 1}, capacity: 60, exits: 2}
            devices:
              - {id: pile-01, kind: pile, name: {zh: 1 号桩, en: Pile 1}, place: shed-1, circuit: c-shed, sockets: 10}
              - {id: shed-01, kind: shed, name: {zh: 车棚环境, en: Shed sensors}, place: shed-1, heat-class: B}
              - {id: climber-1, kind: climber, name: {zh: 爬楼机 1 号, en: Stair-climber 1}, place: shed-1, inspection-due: 2028-03-31, operators: [guard-a]}
              - {id: meter-shed, kind: meter, name: {zh: 车棚电表, en: Shed meter}}
            fire-equipment:
              - {id: ext-1, name: {zh: 车棚灭火器, en: Shed extinguisher}, place: shed-1, due: 2028-02-28}
        """;

    private const string People = """
        people:
          - {id: guard-a, name: {zh: 门岗甲, en: Guard A}, reach: [{channel: console, address: guard-a, verified: 2026-11-19}]}
        teams:
          - id: gate
            name: {zh: 门岗, en: Gate}
            tier: guard
            shifts: [{from: "00:00", to: "24:00", people: [guard-a]}]
        chains:
          - priority: P0
            steps: [{after-s: 0, tiers: [guard]}]
            repeat-s: 180
          - priority: P1
            steps: [{after-s: 0, tiers: [guard]}]
            repeat-s: 600
          - priority: P2
            steps: [{after-s: 0, tiers: [guard]}]
            repeat-s: 14400
        """;

    private static readonly Dictionary<string, string> Things = new()
    {
        ["{what}"] = "stand-in",
        ["{site}"] = "huaihai",
        ["{circuit}"] = "c-shed",
        ["{name}"] = "manager",
        ["{person}"] = "guard-a",
        ["{device}"] = "climber-1",
        // Without a circuit nothing is there.
        ["/settings/circuit"] = "/settings/circuit?site=huaihai&circuit=c-shed",
        ["/settings/device"] = "/settings/device?site=huaihai&device=climber-1",
        ["/settings/fire-equipment"] = "/settings/fire-equipment?site=huaihai&thing=ext-1",
    };

    /// <summary>What an alert is painted in, by day and in the dark.</summary>
    private static readonly string[] ForAlerts = ["#a4000f", "#5c0008", "#7a4b00", "#fff3d6", "#ff9a94", "#ffd0cd", "#f0b45a", "#3d3013"];

    private static readonly string[] Phases = ["l1", "l2", "l3"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task While_all_is_well_no_page_has_the_colour_of_an_alert_none_is_wider_than_a_phone_and_none_breaks_a_rule_of_access()
    {
        await using var heart = await HeartAsync();
        await using var broker = await MosquittoBroker.StartAsync("allow_anonymous true");
        await using var service = await StartAsync(broker, heart.Urls.Single());
        using var stop = new CancellationTokenSource();
        var living = LiveAsync(service, stop.Token);
        try
        {
            await using var chromium = await BrowserUnderTest.StartAsync();
            var page = await chromium.OpenAsync();
            await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
            await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
            await page.WaitForURLAsync(service.Url.ToString());
            await WellAsync(page, service);
            var eye = await chromium.OpenAsync();
            var pages = PageList.Of(service, Things, "{alert}", "/settings/adopt");
            var wrong = new List<string>();
            foreach (var (index, path) in pages.Index())
            {
                foreach (var (look, (language, width)) in (((string, int)[])[("zh", 320), ("en", 1440), ("en", 320), ("zh", 390), ("en", 390), ("zh", 1440)]).Index())
                {
                    // Each page once, narrow in Chinese and wide in English by turns; --long looks at all of them six times.
                    if (!PageRules.IsLong && (language, width) != (index % 2 == 0 ? ("zh", 320) : ("en", 1440)))
                        continue;
                    // Every third in the dark, so that either width has its turn; --long has each page three times by day and three in the dark.
                    var isDark = PageRules.IsLong ? (index + look) % 2 == 0 : index % 3 == 0;
                    await page.EmulateMediaAsync(new() { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
                    await page.SetViewportSizeAsync(width, 900);
                    var answer = await page.GotoAsync(new Uri(service.Url, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}").ToString());
                    if (path == "/")
                        await page.GetByTestId("health").WaitForAsync();
                    var (where, over) = ($"{path} {language} {width}{(isDark ? " dark" : "")}", await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth"));
                    if (!answer!.Ok)
                        wrong.Add($"{where}: {answer.Status}");
                    if (over != 0)
                        wrong.Add($"{where}: {over} px too wide");
                    var png = Convert.ToBase64String(await page.ScreenshotAsync(new() { FullPage = true }));
                    if (await PageRules.AlarmingAsync(eye, png) is var coloured && coloured > 0)
                        wrong.Add($"{where}: {coloured} pixels of the alert palette: {await page.EvaluateAsync<string>("[...document.querySelectorAll('.attention, .over, .near, .bad, .lost, .p0, .p1, .p2, .fault, .overload')].map((one) => one.textContent.slice(0, 80)).join(' | ')")}");
                    if (await PageRules.BrokenAsync(page) is { Length: > 0 } broken)
                        wrong.Add($"{where}: {broken}");
                }
            }

            Assert.True(pages.Count >= 12, string.Join(' ', pages));
            Assert.True(wrong.Count == 0, string.Join('\n', wrong));
            // The eye itself sees: what is the colour of an alert is found, of the day and of the dark, as the style sheet has them.
            foreach (var colour in ForAlerts)
                Assert.True(await PageRules.AlarmingAsync(eye, await PaintedAsync(eye, colour)) > 1_000, colour);
        }
        finally
        {
            await stop.CancelAsync();
            await living;
        }
    }

    private static async Task<string> PaintedAsync(IPage eye, string colour)
    {
        await eye.SetContentAsync($"<p style='background:{colour};height:50px'></p>");
        return Convert.ToBase64String(await eye.ScreenshotAsync());
    }

    /// <summary>Until the page says that nothing is to be done: every part has had its first round.</summary>
    private static async Task WellAsync(IPage page, PageUnderTest service)
    {
        for (var attempt = 0; ; attempt++)
        {
            await page.GotoAsync(new Uri(service.Url, "/status?lang=en").ToString());
            if (await page.GetByTestId("status-fine").CountAsync() == 1)
                return;
            Assert.True(attempt < 100, await page.Locator("#troubles").InnerTextAsync());
            await Task.Delay(200);
        }
    }

    /// <summary>Lets the clock run, and everything speak while it does.</summary>
    private static async Task LiveAsync(PageUnderTest service, CancellationToken stop)
    {
        for (var step = 0; !stop.IsCancellationRequested; step++)
        {
            if (step % 40 == 0)
            {
                await service.SayAsync("pile-01", Enumerable.Range(1, 10).Select(number => ($"s{number}", service.NowMs, new[] { (Metric.W, number < 4 ? 180d : 0d) })));
                await service.SayAsync("meter-shed", Phases.Select(phase => (phase, service.NowMs, new[] { (Metric.A, 2.5), (Metric.W, 550d) })));
                await service.SayAsync("shed-01", [("main", service.NowMs, [(Metric.Tc, 21.5), (Metric.Rh, 61), (Metric.Smoke, 0), (Metric.ExitBlocked, 0)])]);
                await service.SayAsync("climber-1", [("main", service.NowMs, [(Metric.Soc, 96), (Metric.Occupied, 0)])]);
            }

            service.Time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(25, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<PageUnderTest> StartAsync(MosquittoBroker broker, string heart)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(_folder.Path, "configuration")).FullName;
        await File.WriteAllTextAsync(Path.Combine(configuration, "facility.yaml"), Facility);
        await File.WriteAllTextAsync(Path.Combine(configuration, "people.yaml"), People);
        await File.WriteAllTextAsync(Path.Combine(configuration, "channels.yaml"), "channels:\n  - {id: console, kind: console, language: both}\n");
        var beat = Path.Combine(configuration, "beat.url");
        await File.WriteAllTextAsync(beat, heart + "/beat");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(beat, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return await PageUnderTest.StartAsync(
            Path.Combine(_folder.Path, "data"), channels: FacilityMonitor.OnCall.Channels.ChannelReader.Load(configuration, "zh").Channels, configuration: configuration,
            further: new Dictionary<string, string>
            {
                ["FM_BROKER__PORT"] = broker.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["FM_ONCALL__HEARTBEAT_URL_FILE"] = beat,
            });
    }

    /// <summary>Somebody outside who hears that we are alive.</summary>
    private static async Task<WebApplication> HeartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", "--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet("/beat", () => "ok");
        await app.StartAsync();
        return app;
    }
}
