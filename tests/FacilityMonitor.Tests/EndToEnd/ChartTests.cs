using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>History in a real browser: seen, read by keyboard, zoomed by finger, read as a table; in both languages, on a phone and on a desk.</summary>
public sealed class ChartTests : IDisposable
{
    /// <summary>Rules of WCAG 2.2 A and AA, and good practice.</summary>

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_page_of_a_circuit_is_read_by_eye_by_keyboard_by_finger_and_as_a_table()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await DayAsync(service);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/circuit/huaihai/c-shed");
        var stage = page.GetByTestId("stage");

        // By keyboard: the last reading, then the peak an hour and ten minutes before it.
        await stage.FocusAsync();
        await page.Keyboard.PressAsync("End");
        var said = page.GetByTestId("read-out");
        await Assertions.Expect(said).ToContainTextAsync("L1 相 10.0 A");
        for (var step = 0; step < 35; step++)
            await page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(said).ToContainTextAsync("70.0） ▲ 超过限值");
        await Assertions.Expect(said).ToContainTextAsync("11/20 16:50:00");
        await Assertions.Expect(page.GetByText("每一点是 2 分钟")).ToHaveCountAsync(1);

        // As a table: no more rows than one can read, and the peak is in one.
        await page.GetByTestId("chart-table").ClickAsync();
        var rows = page.GetByTestId("chart-rows").Locator("tbody tr");
        await Assertions.Expect(rows.First).ToBeVisibleAsync();
        Assert.InRange(await rows.CountAsync(), 100, 200);
        await Assertions.Expect(rows.Filter(new() { HasText = "70.0) ▲" })).ToHaveCountAsync(1);

        // Closer by the plus key: then every point is one reading.
        await stage.FocusAsync();
        for (var step = 0; step < 4; step++)
            await page.Keyboard.PressAsync("+");
        await Assertions.Expect(page.GetByText("每一点是一个读数")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("0");
        await Assertions.Expect(page.GetByText("每一点是 2 分钟")).ToHaveCountAsync(1);
        await page.GetByTestId("metric-w").ClickAsync();
        await Assertions.Expect(page.GetByTestId("stage")).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("^功率曲线"));

        // By two fingers that part.
        var before = await page.GetByTestId("stage").GetAttributeAsync("aria-label");
        await PinchAsync(page);
        await Assertions.Expect(page.GetByTestId("stage")).Not.ToHaveAttributeAsync("aria-label", before!);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_page_of_a_circuit_fits_every_width_breaks_no_rule_of_access_and_is_grey_while_all_is_well()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await DayAsync(service, peak: 20);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/circuit/huaihai/c-shed");
        await PageRules.HoldAsync(page, $"{service.Url}circuit/huaihai/c-shed", async () =>
        {
            await page.GetByTestId("stage").Locator("canvas").WaitForAsync();
            await page.GetByTestId("chart-table").ClickAsync();
            Assert.Equal(0, await page.EvaluateAsync<int>(Coloured));
        });

        // The charts' own scripts and the library: what a page of history costs a phone, uncompressed.
        var bytes = new DirectoryInfo(Path.Combine(AppContext.BaseDirectory, "web/detail")).GetFiles().Sum(file => file.Length) + new FileInfo(Path.Combine(AppContext.BaseDirectory, "web/vendor/uplot.js")).Length;
        Assert.InRange(bytes, 50_000, 96 * 1024);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task What_cannot_be_read_is_said_in_its_panel_and_tried_again_and_what_is_empty_says_so()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/circuit/huaihai/c-shed");
        await Assertions.Expect(page.GetByTestId("chart-empty")).ToHaveTextAsync("这段时间没有读数。");

        await page.RouteAsync("**/series/**", route => route.FulfillAsync(new() { Status = 502, ContentType = "application/json", Body = """{"refused":"store","zh":"读数库没有应答：x","en":"the store does not answer: x","id":"0badcafe"}""" }));
        await page.GetByTestId("range-7d").ClickAsync();
        await Assertions.Expect(page.GetByTestId("chart-failed")).ToContainTextAsync("没有读到：读数库没有应答：x。出错编号 0badcafe");
        await Assertions.Expect(page.GetByTestId("headroom")).ToBeVisibleAsync();
        await page.UnrouteAsync("**/series/**");
        // A failure that nobody put into words.
        await page.RouteAsync("**/series/**", route => route.FulfillAsync(new() { Status = 500, Body = "" }));
        await page.GetByTestId("chart-failed").Locator("button").ClickAsync();
        await Assertions.Expect(page.GetByTestId("chart-failed")).ToContainTextAsync("没有读到：服务出错（500）");
        await page.UnrouteAsync("**/series/**");
        await page.GetByTestId("chart-failed").Locator("button").ClickAsync();
        await Assertions.Expect(page.GetByTestId("chart-empty")).ToHaveCountAsync(1);
    }

    /// <summary>Pixels of the chart that have the colour of an alert.</summary>
    // Nobody sends anything here, and every page says so in its first line.
    private const string Coloured = """
        () => {
          const canvas = document.querySelector('.stage canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 128 && data[at] - Math.max(data[at + 1], data[at + 2]) > 60) count++;
          return count + document.querySelectorAll('.over, .near, .attention:not(.duty-line)').length;
        }
        """;

    private static async Task<IPage> OpenAsync(BrowserUnderTest chromium, PageUnderTest service, string path)
    {
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        await page.GotoAsync(new Uri(service.Url, path).ToString());
        await page.GetByTestId("chart").WaitForAsync();
        return page;
    }

    /// <summary>A day of the shed's meter, a reading each half minute, with one peak at ten to five in the afternoon; the last at six, when the clock stands.</summary>
    private static async Task DayAsync(PageUnderTest service, double peak = 70)
    {
        var to = service.NowMs;
        const int Readings = 2 * 60 * 23;
        for (var first = 0; first <= Readings; first += 400)
        {
            await service.SayAsync("meter-shed", Enumerable.Range(first, Math.Min(400, Readings - first + 1)).SelectMany(reading => (string[])["l1", "l2", "l3"], (reading, phase) =>
            {
                var at = to - ((Readings - reading) * 30_000L);
                var amps = phase == "l1" && at == to - (70 * 60_000L) ? peak : 10d;
                return (phase, at, new[] { (Metric.A, amps), (Metric.W, amps * 220) });
            }));
        }

        foreach (var pile in (string[])["pile-01", "pile-02", "pile-03"])
            await service.SayAsync(pile, "s1", 180);
        await service.UntilAsync(() => service.Channel("huaihai/pile-03", "s1") is not null, "the last word");
    }

    private static async Task PinchAsync(IPage page) => await page.EvaluateAsync("""
        () => {
          const over = document.querySelector('.stage .u-over');
          const { left, top, width } = over.getBoundingClientRect();
          over.setPointerCapture = () => {};
          const send = (type, pointerId, share) => over.dispatchEvent(new PointerEvent(type, { pointerId, pointerType: 'touch', clientX: left + share * width, clientY: top + 40, bubbles: true }));
          send('pointerdown', 7, .4);
          send('pointerdown', 8, .6);
          send('pointermove', 7, .1);
          send('pointermove', 8, .9);
          send('pointerup', 7, .1);
          send('pointerup', 8, .9);
        }
        """);
}
