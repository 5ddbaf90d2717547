using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The schematic of the start page in a real browser: it says the same with scripts and without, and nothing on it moves.</summary>
public sealed class SchematicPageTests : IDisposable
{
    /// <summary>Every part of the page beside what the server would write now: those that differ.</summary>
    private const string Differing = """
        async () => {
          const server = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
          const says = (root) => [...root.querySelectorAll('#schematic [data-asset]')].map((one) => `${one.parentElement.textContent.trim().replace(/\s+/g, ' ')} (${one.dataset.state})`);
          const [here, there] = [says(document), says(server)];
          return here.length !== there.length ? `${here.length} and ${there.length} parts` : here.flatMap((one, index) => one === there[index] ? [] : [`${one} is ${there[index]}`]).join('; ');
        }
        """;

    private const string Places = "() => [...document.querySelectorAll('#schematic .wire, #schematic h3')].map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [x + scrollX, y - document.querySelector('#schematic').getBoundingClientRect().y, width, height].join(); }).join(' ')";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_live_page_says_of_each_part_what_the_server_says_and_nothing_moves()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.SetViewportSizeAsync(390, 844);
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.GetByTestId("health").WaitForAsync();
        var shed = page.Locator("[data-asset='huaihai/c-shed']");
        await SameAsync(page);
        var places = await page.EvaluateAsync<string>(Places);

        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await service.SayAsync(pile, [("s1", service.NowMs, [(Metric.W, 180d)]), ("s2", service.NowMs, [(Metric.W, 1d)])]);
        await service.SayAsync("meter-shed", ((string[])["l1", "l2", "l3"]).Select(phase => (phase, service.NowMs, new[] { (Metric.A, 70d) })));
        await SeenAsync(service, shed, "▲ 111 %");
        await Assertions.Expect(page.Locator("[data-asset='huaihai/shed-1'][data-devices='pile-01 pile-02 pile-03']")).ToHaveTextAsync("充电 3 / 60");
        await SameAsync(page);

        service.Ring("00000000000000a1", "huaihai", "huaihai/c-shed", Priority.P1);
        service.Ring("00000000000000a2", "huaihai", "huaihai/shed-1/pile-01/s1", Priority.P2);
        service.Ring("00000000000000a3", "jiugeng", "jiugeng/stair-3/climber-1", Priority.P3);
        await SeenAsync(service, page.Locator("[data-asset='jiugeng']"), "· 1 个告警");
        await SeenAsync(service, page.Locator("[data-asset='huaihai']"), "▲ 2 个告警");
        await SameAsync(page);
        Assert.Equal(places, await page.EvaluateAsync<string>(Places));
        Assert.Equal("danger", await shed.GetAttributeAsync("data-state"));

        // What is in trouble breaks no rule of access, and every way leads somewhere.
        await PageRules.HoldAsync(page, service.Url.ToString());
        foreach (var way in await page.Locator("#schematic a").EvaluateAllAsync<string[]>("ways => ways.map(way => way.getAttribute('href'))"))
            Assert.Equal(200, (await page.APIRequest.GetAsync(new Uri(service.Url, way).ToString())).Status);

        var plain = await chromium.OpenAsync(scripts: false);
        await plain.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(plain, PageUnderTest.Password);
        await Assertions.Expect(plain.Locator("[data-asset='huaihai/c-shed']")).ToHaveTextAsync("▲ 1 个告警");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_card_of_a_site_is_red_only_while_somebody_is_waited_for_and_counts_no_siren_as_silent()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.GetByTestId("health").WaitForAsync();
        // Nothing was heard of anything yet; a siren and two buttons are no part of it.
        var registered = service.Services.GetRequiredService<FacilitySource>().Current.FindSite("jiugeng")!.Devices.Count;
        await Assertions.Expect(page.GetByTestId("card-jiugeng")).ToContainTextAsync($"× {registered - 3} 台没有新数据");

        var card = page.GetByTestId("card-huaihai");
        service.Ring("00000000000000a3", "huaihai", "huaihai/lamp-1", Priority.P3, "lamp-failure");
        await service.UntilAsync(async () => (await card.InnerTextAsync()).Contains("· 1 个告警", StringComparison.Ordinal), "the lamp");
        await Assertions.Expect(card.Locator(".attention")).ToHaveCountAsync(0);

        service.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s9", Priority.P1);
        await service.UntilAsync(async () => (await card.InnerTextAsync()).Contains("▲ 2 个告警", StringComparison.Ordinal), "the overload");
        await Assertions.Expect(card.Locator(".attention")).ToHaveCountAsync(1);

        var desk = service.Services.GetRequiredService<ResponseDesk>();
        await service.UntilAsync(() => desk.Find("00000000000000a1") is not null, "the alert");
        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        await service.UntilAsync(async () => (await card.InnerTextAsync()).Contains("· 2 个告警", StringComparison.Ordinal), "that somebody has it");
        await Assertions.Expect(card.Locator(".attention")).ToHaveCountAsync(0);
        // On the schematic of the same page as well.
        await Assertions.Expect(page.Locator("[data-asset='huaihai']")).ToHaveTextAsync("· 2 个告警");
        await SameAsync(page);

        // A whole site without power has the site itself as its asset.
        service.Ring("00000000000000a4", "huaihai", "huaihai", Priority.P1, "power-or-network-lost");
        await service.UntilAsync(async () => (await card.InnerTextAsync()).Contains("▲ 3 个告警", StringComparison.Ordinal), "the site's power");
        await Assertions.Expect(card.Locator(".attention")).ToHaveCountAsync(1);
        Assert.Empty(chromium.Errors);
    }

    /// <summary>Every socket of the live page beside the page of its site: those that differ.</summary>
    private const string DifferingTiles = """
        async () => {
          const server = new DOMParser().parseFromString(await (await fetch('/site/huaihai')).text(), 'text/html');
          const there = new Map([...server.querySelectorAll('a.tile')].map((one) => [`socket-huaihai-${one.id}`, one.dataset.state]));
          const here = [...document.querySelectorAll('[data-testid^=socket-huaihai-]')];
          return here.length !== there.size ? `${here.length} and ${there.size} sockets` : here.flatMap((one) => one.dataset.state === there.get(one.dataset.testid) ? [] : [`${one.dataset.testid} is ${there.get(one.dataset.testid)}, not ${one.dataset.state}`]).join('; ');
        }
        """;

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task A_socket_is_drawn_as_on_the_page_of_its_site_and_each_alert_says_who_has_it()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.GetByTestId("health").WaitForAsync();
        ILocator Socket(string pile, int number) => page.GetByTestId($"socket-huaihai-{pile}-s{number}");
        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await service.SayAsync(pile, Enumerable.Range(1, 20).Select(number => ($"s{number}", service.NowMs, new[] { (Metric.W, 180d) })));
        var desk = service.Services.GetRequiredService<ResponseDesk>();
        await desk.AskAsync(new Permit("permit-1", PermitKind.Maintenance, "huaihai/shed-1/pile-03", service.NowMs, service.NowMs + 3_600_000, "manager", null, "换插座", null));
        // Never heard: its circuit is worked on.
        await desk.HangAsync(new Permit("permit-2", PermitKind.Maintenance, "huaihai/c-cabinet", service.NowMs, service.NowMs + 3_600_000, "manager", null, "换断路器", null), _ => { });
        service.Ring("00000000000000a1", "huaihai", "huaihai/shed-1/pile-01/s1", Priority.P0, "welded-relay");
        service.Ring("00000000000000c1", "huaihai", "huaihai/shed-1/pile-01/s1", Priority.P3, "restart-after-full");
        service.Ring("00000000000000a2", "huaihai", "huaihai/shed-1/pile-01/s2");
        service.Ring("00000000000000c3", "huaihai", "huaihai/shed-1/pile-01/s3", Priority.P3, "restart-after-full");
        service.Ring("00000000000000a4", "huaihai", "huaihai/shed-1/pile-03/s4", Priority.P1, "welded-relay");
        service.Ring("00000000000000c5", "huaihai", "huaihai/shed-1/pile-03/s5", Priority.P3, "restart-after-full");
        await service.UntilAsync(async () => await Socket("pile-03", 4).GetAttributeAsync("data-state") == "fault" && await Socket("pile-03", 5).GetAttributeAsync("data-state") == "maintenance", "the last of it");

        Assert.Equal("fault", await Socket("pile-01", 1).GetAttributeAsync("data-state"));
        Assert.Equal("overload", await Socket("pile-01", 2).GetAttributeAsync("data-state"));
        Assert.Equal("fault", await Socket("pile-01", 3).GetAttributeAsync("data-state"));
        Assert.Equal("maintenance", await page.GetByTestId("socket-huaihai-cabinet-1-k1").GetAttributeAsync("data-state"));
        Assert.Equal("", await page.EvaluateAsync<string>(DifferingTiles));
        await SameAsync(page);
        await Assertions.Expect(page.GetByTestId("circuit-huaihai-c-cabinet")).ToContainTextAsync("⚒ 检修 · 至 ");
        await Assertions.Expect(page.GetByTestId("alert-sum")).ToContainTextAsync("P0 1 · P1 2 · P3 3 · 最早一条待响应：");
        // Five need a person most; the sixth is one tap away, and is on its socket all the same.
        await Assertions.Expect(page.GetByTestId("alerts-open").Locator("> li")).ToHaveCountAsync(5);
        await Assertions.Expect(page.GetByTestId("alerts-more").Locator("a[href='/alerts']")).ToHaveTextAsync("另有 1 条告警，见告警页");
        // Of piles that were never heard nothing is known but that: one line, not forty tiles. Who has an alert stands out of it all the same.
        var roll = page.GetByTestId("roll-jiugeng-ground").Locator("summary");
        await Assertions.Expect(roll).ToContainTextAsync("× 40 个充电口没有新数据");
        service.Ring("00000000000000d1", "jiugeng", "jiugeng/ground/pile-g1/s1", Priority.P2, "charge-too-long");
        await service.UntilAsync(async () => (await roll.InnerTextAsync()).Contains("× 30 个", StringComparison.Ordinal), "the pile with the alert on its own");
        await Assertions.Expect(page.GetByTestId("socket-jiugeng-pile-g1-s1")).ToBeVisibleAsync();

        await desk.DoAsync("00000000000000a1", new ResponseCommand.Acknowledge(), new Actor("stair-a", "page"));
        var alert = page.GetByTestId("alert-00000000000000a1");
        await service.UntilAsync(async () => (await alert.InnerTextAsync()).Contains("✓ 楼组长甲", StringComparison.Ordinal), "the name");
        await Assertions.Expect(alert).ToHaveClassAsync(new System.Text.RegularExpressions.Regex("\\btaken\\b"));

        // Silent since: what endangers and what is worked on stay, the rest is not known.
        service.Time.Sleep(TimeSpan.FromMinutes(70));
        await service.UntilAsync(async () => await Socket("pile-01", 3).GetAttributeAsync("data-state") == "stale", "the silence");
        Assert.Equal(("fault", "overload"), (await Socket("pile-01", 1).GetAttributeAsync("data-state"), await Socket("pile-01", 2).GetAttributeAsync("data-state")));
        Assert.DoesNotContain("W", await Socket("pile-01", 2).Locator(".w").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Empty(chromium.Errors);
    }

    private static async Task SameAsync(IPage page) => Assert.Equal("", await page.EvaluateAsync<string>(Differing));

    private static async Task SeenAsync(PageUnderTest service, ILocator part, string words)
    {
        await service.UntilAsync(async () => await part.InnerTextAsync() == words, words);
    }
}
