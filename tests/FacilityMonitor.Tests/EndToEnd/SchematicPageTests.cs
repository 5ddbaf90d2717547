using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Web;
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

    [RealServerFact("chromium", PageRules.Library)]
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

    private static async Task SameAsync(IPage page) => Assert.Equal("", await page.EvaluateAsync<string>(Differing));

    private static async Task SeenAsync(PageUnderTest service, ILocator part, string words)
    {
        await service.UntilAsync(async () => await part.InnerTextAsync() == words, words);
    }
}
