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

    private static async Task SameAsync(IPage page) => Assert.Equal("", await page.EvaluateAsync<string>(Differing));

    private static async Task SeenAsync(PageUnderTest service, ILocator part, string words)
    {
        await service.UntilAsync(async () => await part.InnerTextAsync() == words, words);
    }
}
