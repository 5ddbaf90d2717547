using System.Net;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Web;
using FacilityMonitor.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Every page on a bad evening: whatever is wrong is said on them, by day and in the dark, and keeps nobody out.</summary>
public sealed class TroubledPagesTests : IDisposable
{
    private const string Fire = "00000000000000f0";
    private const string Overload = "00000000000000c0";
    private const string FlyWire = "00000000000000d0";
    private const string Lamp = "00000000000000e0";

    private static readonly Dictionary<string, string> Things = new()
    {
        ["{what}"] = "stand-in",
        ["{site}"] = "jiugeng",
        ["{circuit}"] = "c-corridor-1",
        ["{name}"] = "manager",
        ["{person}"] = "guard-a",
        ["{device}"] = "climber-1",
        ["{alert}"] = FlyWire,
        // Of these nothing is there without what they are about.
        ["/settings/adopt"] = "/settings/adopt?key=huaihai/smoke-new",
        ["/settings/circuit"] = "/settings/circuit?site=huaihai&circuit=c-shed",
        ["/settings/device"] = "/settings/device?site=jiugeng&device=climber-1",
        ["/settings/fire-equipment"] = "/settings/fire-equipment?site=huaihai&thing=ext-1",
    };

    /// <summary>What is wrong elsewhere: the circuit, the device that is away, and an alert of each other priority.</summary>
    private static readonly string[] More = ["/?wall=1", "/?site=huaihai", "/site/huaihai", "/circuit/huaihai/c-shed", "/device/huaihai/pile-02", $"/alert/{Fire}", $"/alert/{Overload}", $"/alert/{Lamp}"];

    /// <summary>Pages on which the trouble has to be seen in the colour of an alert.</summary>
    private static readonly string[] Loud = ["/", "/today", "/alerts", "/site/huaihai", "/circuit/huaihai/c-shed", "/climbers/jiugeng/climber-1", "/on-call", $"/alert/{Fire}"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public Task In_trouble_every_page_says_so_none_is_wider_than_its_screen_and_none_breaks_a_rule_of_access() => LookAsync(isWhole: false);

    /// <summary>Every page in both languages, on phones and on a desk, by day and in the dark.</summary>
    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    [Trait("length", "long")]
    public Task In_trouble_every_page_keeps_the_rules_in_each_language_on_each_screen_by_day_and_in_the_dark() => LookAsync(isWhole: true);

    private async Task LookAsync(bool isWhole)
    {
        await using var service = await PageUnderTest.StartAsync(Path.Combine(_folder.Path, "data"), configuration: await ConfigurationAsync());
        await TroubleAsync(service);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(At(service, "/sign-in"));
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        var eye = await chromium.OpenAsync();
        string[] pages = [.. PageList.Of(service, Things), .. More];
        Assert.All(Loud, path => Assert.Contains(path, pages));
        var wrong = new List<string>();
        foreach (var (index, path) in pages.Index())
        {
            foreach (var (number, (language, width, isDark)) in Looks().Index())
            {
                // Each page once, narrow in Chinese and wide in English by turns, every other pair in the dark.
                if (!isWhole && number != index % 4)
                    continue;
                await page.EmulateMediaAsync(new() { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
                await page.SetViewportSizeAsync(width, 900);
                var answer = await page.GotoAsync(At(service, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}lang={language}"));
                var where = $"{path} {language} {width}{(isDark ? " dark" : "")}";
                if (!answer!.Ok)
                    wrong.Add($"{where}: {answer.Status}");
                if (path == "/")
                    await page.GetByTestId("health").WaitForAsync();
                if (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth") is var over && over != 0)
                    wrong.Add($"{where}: {over} px too wide");
                if (await PageRules.BrokenAsync(page) is { Length: > 0 } broken)
                    wrong.Add($"{where}: {broken}");
                if (Loud.Contains(path) && await PageRules.AlarmingAsync(eye, Convert.ToBase64String(await page.ScreenshotAsync(new() { FullPage = true }))) < 100)
                    wrong.Add($"{where}: nothing on it has the colour of an alert");
                if (Environment.GetEnvironmentVariable("FM_SCREENSHOTS") is { } folder)
                    await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"trouble-{path.Split('?')[0].Trim('/').Replace('/', '-')}-{language}-{width}{(isDark ? "-dark" : "")}.png"), FullPage = true });
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty(chromium.Errors);
    }

    /// <summary>Language, width and scheme; the first four are those that pages take turns in.</summary>
    private static (string Language, int Width, bool IsDark)[] Looks() =>
    [
        ("zh", 320, false), ("en", 1440, false), ("en", 1440, true), ("zh", 320, true),
        .. ((bool[])[false, true]).SelectMany(isDark => ((string, int)[])[("en", 320), ("zh", 390), ("en", 390), ("zh", 1440)], (isDark, one) => (one.Item1, one.Item2, isDark)),
    ];

    private static string At(PageUnderTest service, string path) => new Uri(service.Url, path).ToString();

    /// <summary>The demo neighbourhood, whose gate has nobody by night and nobody instead.</summary>
    private async Task<string> ConfigurationAsync()
    {
        var configuration = PageUnderTest.CopyOfDemo(_folder.Path);
        var people = Path.Combine(configuration, "people.yaml");
        var text = await File.ReadAllTextAsync(people);
        const string Night = "      - {from: \"20:00\", to: \"08:00\", people: [guard-b]}\n    fallback: manager-a\n";
        Assert.Contains(Night, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(people, text.Replace(Night, "", StringComparison.Ordinal));
        return configuration;
    }

    /// <summary>A circuit above its rating, a pile that is away, a climber with a fault, a fly-wire on the stairs, a device that nobody registered, and alerts of every priority of which somebody has one; the broker has been away all the time.</summary>
    private static async Task TroubleAsync(PageUnderTest service)
    {
        await service.SayAsync("meter-shed", ((string[])["l1", "l2", "l3"]).Select(phase => (phase, service.NowMs, new[] { (Metric.A, 70d), (Metric.W, 15_400d) })));
        await service.SayAsync("pile-01", [("s1", service.NowMs, [(Metric.W, 1_100)]), ("s2", service.NowMs, [(Metric.W, 180)])]);
        await service.SayAsync("pile-02", "s1", 180);
        await LeaveAsync(service, "pile-02");
        await service.SayAsync("smoke-new", [("main", service.NowMs, [(Metric.Smoke, 0)])]);

        using (var guard = await service.EnterAsync("guard", UserRole.OnCall, "jiugeng"))
        {
            const string Climber = "/climbers/jiugeng/climber-1";
            Assert.Equal(HttpStatusCode.Redirect, (await guard.PostAsync(Climber + "?handler=fault", await guard.TextAsync(Climber), ("text", "左边履带裂了一道口子，上楼时打滑"))).StatusCode);
        }

        var rules = service.Services.GetRequiredService<MonitoringWorker>();
        AlertTransition[] steps =
        [
            Told(Fire, Priority.P0, "huaihai", "shed-1/shed-01", "smoke", "烟雾，淮海里 1 号车棚：烟雾 2.10 dB/m，电池架上方", "Smoke, Huaihai Lane, shed 1: smoke 2.10 dB/m above the battery rack"),
            Told(Overload, Priority.P1, "huaihai", "c-shed", "circuit-overload", "回路过载，淮海里 车棚充电回路：70.0 A，额定 63 A，预计 12–28 分钟跳闸", "Circuit overload, Huaihai Lane, shed charging: 70.0 A of rated 63 A, expected to trip in 12–28 min"),
            Told("00000000000000c1", Priority.P2, "huaihai", "shed-1/pile-02", "offline", "设备无声，淮海里 2 号桩：12 分钟没有消息", "Silent device, Huaihai Lane, pile 2: no word for 12 min"),
            Told(FlyWire, Priority.P2, "jiugeng", "c-corridor-1", "charger-on-public-circuit", "疑似飞线充电，久耕小区 1、2 号楼楼道照明：多出 151 W，像电池那样回落，概率 96%", "Perhaps fly-wire charging, Jiugeng Estate, corridor lights of buildings 1 and 2: 151 W too much, tapering as a battery does, probability 96 %") with
            {
                Evidence = new SortedDictionary<string, object> { ["level_w"] = 151.5, ["p"] = 0.96, ["curve"] = "0:150 10:151 20:152 30:149 40:118 50:92" },
            },
            Told(Lamp, Priority.P3, "huaihai", "lamp-1", "lamp-failure", "路灯不亮，淮海里 弄口路灯", "Lamp out, Huaihai Lane, lamp of the lane"),
        ];
        foreach (var step in steps)
            rules.Tell(step);
        var desk = service.Services.GetRequiredService<ResponseDesk>();
        await service.UntilAsync(() => Array.TrueForAll(steps, step => desk.Find(step.AlertId) is not null || step.Priority is Priority.P3) && rules.State.Alerts.Count >= steps.Length, "every alert");
        await desk.DoAsync(Overload, new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));

        AlertTransition Told(string alert, Priority priority, string site, string asset, string rule, string zh, string en) => new()
        {
            AlertId = alert,
            Rule = rule,
            Priority = priority,
            Condition = Condition.Active,
            AtMs = service.NowMs,
            OnsetMs = service.NowMs,
            Site = site,
            Asset = $"{site}/{asset}",
            Text = new LocalText($"{zh}。自 11-20 18:00:00 起。请做：1. 去看", $"{en}. Since 20 Nov 18:00:00. Do: 1. Go and look"),
        };
    }

    /// <summary>What its broker says of a device that went without a word.</summary>
    private static async Task LeaveAsync(PageUnderTest service, string name)
    {
        var device = service.Services.GetRequiredService<DeviceTable>().Resolve(Dialect.Fm1, "huaihai"u8, System.Text.Encoding.UTF8.GetBytes(name));
        var writer = new JournalWriter();
        writer.Message(new DeviceMessage { Kind = MessageKind.Status, Device = device, ReceivedMs = service.NowMs, Status = new DeviceStatus { Presence = Presence.Offline } });
        await service.Services.GetRequiredService<MessageJournal>().AppendAsync(writer);
    }
}
