using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Reports;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>History in a real browser: seen, read by keyboard, zoomed by finger, read as a table; in both languages, on a phone and on a desk.</summary>
public sealed class ChartTests : IDisposable
{
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

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task What_nothing_below_a_circuit_explains_is_one_press_away_and_back_again()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await DayAsync(service);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/circuit/huaihai/c-shed");

        await page.GetByTestId("metric-unmetered").ClickAsync();

        await Assertions.Expect(page.GetByTestId("stage")).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("^未计量用电曲线"));
        await page.GetByTestId("stage").FocusAsync();
        await page.Keyboard.PressAsync("End");
        // Three phases of 10 A, less three sockets of 180 W.
        await Assertions.Expect(page.GetByTestId("read-out")).ToContainTextAsync("6060 W");
        await page.GetByTestId("metric-w").ClickAsync();
        await Assertions.Expect(page.GetByText("L1 相").First).ToBeVisibleAsync();
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
        // A question that nobody answers is given up by the next one.
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.RequestFailed += (_, request) => givenUp.TrySetResult();
        await page.RouteAsync("**/series/**", route => asked.TrySetResult() ? Task.CompletedTask : route.ContinueAsync());
        await page.GetByTestId("chart-failed").Locator("button").ClickAsync();
        await asked.Task.WaitAsync(Until.Deadline, WakingTime.Clock);
        // Still reading: whoever does not want to wait asks again.
        await page.Locator("button", new() { HasText = "再试一次" }).ClickAsync();
        await givenUp.Task.WaitAsync(Until.Deadline, WakingTime.Clock);
        await Assertions.Expect(page.GetByTestId("chart-empty")).ToHaveCountAsync(1);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_day_with_an_alert_is_coloured_while_it_was_on_and_at_no_other_time_with_the_rated_current_as_a_dashed_line_where_the_axis_says()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await DayAsync(service);
        // Around the peak: from a quarter to five to a quarter past.
        await PastAlert.WriteAsync(service.Database, new PastAlert("00000000000000a1", "circuit-overload", "huaihai/c-shed", Priority.P1, new DateTimeOffset(2026, 11, 20, 16, 45, 0, TimeSpan.FromHours(8))) { Recovered = 30 * 60 });
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/me");
        await page.AddInitScriptAsync(Listen);
        foreach (var (language, rated, day) in ((string, string, string)[])[("zh", "额定 63 A", "11月20日"), ("en", "rated 63 A", "20 Nov")])
        {
            await page.GotoAsync(new Uri(service.Url, $"/circuit/huaihai/c-shed?lang={language}").ToString());
            await page.WaitForFunctionAsync("rated => told.some(({ text }) => text === rated)", rated);
            var told = await page.EvaluateAsync<string[]>("told.map(({ text }) => text)");
            Assert.Contains(day, told);
            Assert.Contains("16:00", told);
            // A day has one midnight, and its hours are those of a clock with twenty-four.
            Assert.DoesNotContain(told, text => System.Text.RegularExpressions.Regex.IsMatch(text, "[ap]\\.?m\\b|上午|下午|24:00|00:00", System.Text.RegularExpressions.RegexOptions.IgnoreCase));
            Assert.DoesNotContain(told, text => text != day && text != rated && text.Any(letter => char.IsLetter(letter)));

            var drawn = await page.EvaluateAsync<JsonElement>(Drawn, new[] { 16.75, 17.25, 63 });
            foreach (var band in (string[])["edge", "field"])
            {
                var (from, to, columns) = (Number(drawn, band, "from"), Number(drawn, band, "to"), Number(drawn, band, "columns"));
                Assert.InRange(from - Number(drawn, "from"), -2, 2);
                Assert.InRange(to - Number(drawn, "to"), -2, 2);
                // Whole, but for a line of the grid, and the peak that is drawn over it.
                Assert.InRange(columns, to - from - 6, to - from);
            }

            Assert.InRange(Number(drawn, "line", "y") - Number(drawn, "limit"), -1.5, 1.5);
            // Ten drawn and four left out, from one side to the other.
            Assert.InRange(Number(drawn, "line", "ink") / Number(drawn, "width"), 0.6, 0.85);
            Assert.InRange(Number(drawn, "line", "dashes") / (Number(drawn, "width") / 14), 0.9, 1.1);
            Assert.InRange(Number(drawn, "line", "longest"), 8, 12);
        }

        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task A_circuit_that_is_above_its_rating_all_the_time_has_the_line_below_it_and_no_two_values_of_the_axis_read_alike()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await service.SayAsync("meter-shed", ((string[])["l1", "l2", "l3"]).Select(phase => (phase, service.NowMs, new[] { (Metric.A, 64.5), (Metric.W, 14_190d) })));
        await service.UntilAsync(() => service.Channel("huaihai/meter-shed", "l1") is not null, "its word");
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium, service, "/me");
        await page.AddInitScriptAsync(Listen);
        await page.GotoAsync(new Uri(service.Url, "/circuit/huaihai/c-shed").ToString());
        await page.WaitForFunctionAsync("told.some(({ text }) => text === '额定 63 A')");

        var lines = await page.EvaluateAsync<double[]>("[told.findLast(({ text }) => text === '额定 63 A').y, document.querySelector('.stage .u-over').getBoundingClientRect().bottom - document.querySelector('.stage canvas').getBoundingClientRect().top]");
        Assert.InRange(lines[0], 20, lines[1]);
        var amounts = await page.EvaluateAsync<string[]>("told.filter(({ text }) => /^\\d+(\\.\\d+)?$/.test(text)).map(({ text }) => text)");
        Assert.True(amounts.Length >= 3 && amounts.Distinct().Count() == amounts.Length, string.Join(' ', amounts));
        Assert.Empty(chromium.Errors);
    }

    /// <summary>Keeps every word that is written onto a picture, with its place.</summary>
    private const string Listen = """
        globalThis.told = [];
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
          const place = this.getTransform().transformPoint(new DOMPoint(x, y));
          told.push({ text: String(text), x: place.x, y: place.y });
          return write.call(this, text, x, y, ...more);
        };
        """;

    /// <summary>Where the colours of an alert stand and where a dashed line does, beside where they should by the words of the axes themselves: two hours of the day, and amperes.</summary>
    private const string Drawn = """
        ([onset, over, limit]) => {
          const canvas = document.querySelector('.stage canvas');
          const box = document.querySelector('.stage .u-over').getBoundingClientRect(), whole = canvas.getBoundingClientRect();
          const [left, top, width, height] = [box.left - whole.left, box.top - whole.top, box.width, box.height].map(Math.round);
          const { data } = canvas.getContext('2d').getImageData(left, top, width, height);
          const at = (x, y) => data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
          const place = (text, axis) => told.findLast((one) => one.text === text)[axis];
          const between = (value, [low, lowAt], [high, highAt]) => lowAt + (value - low) * (highAt - lowAt) / (high - low);
          const x = (hour) => between(hour, [4, place('04:00', 'x')], [16, place('16:00', 'x')]) - left;
          const near = ([r, g, b, a], colour) => a > 250 && [r, g, b].every((part, index) => Math.abs(part - colour[index]) < 8);
          const columns = (colour, least) => {
            const found = [...Array(width).keys()].filter((x) => [...Array(height).keys()].filter((y) => near(at(x, y), colour)).length >= least);
            return { from: found[0], to: found.at(-1) + 1, columns: found.length };
          };
          // Ink is grey; no line of a meter is.
          const isInk = (x, y) => { const [r, g, b, a] = at(x, y); return a > 128 && Math.max(r, g, b) < 130 && Math.max(r, g, b) - Math.min(r, g, b) < 20; };
          const rows = [...Array(height).keys()].map((y) => [...Array(width).keys()].filter((x) => isInk(x, y)));
          const y = rows.reduce((most, row, index) => (row.length > rows[most].length ? index : most), 0);
          const runs = [];
          rows[y].forEach((x, index) => { if (index > 0 && rows[y][index - 1] === x - 1) runs[runs.length - 1]++; else runs.push(1); });
          return {
            width, from: x(onset), to: x(over), limit: between(limit, [0, place('0', 'y')], [60, place('60', 'y')]) - top,
            edge: columns([0xa4, 0x00, 0x0f], 3), field: columns([0xff, 0xf3, 0xd6], height / 2),
            line: { y, ink: rows[y].length, dashes: runs.length, longest: Math.max(...runs) },
          };
        }
        """;

    private static double Number(JsonElement drawn, params string[] path) => path.Aggregate(drawn, (part, name) => part.GetProperty(name)).GetDouble();

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
        if (path.StartsWith("/circuit", StringComparison.Ordinal))
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
