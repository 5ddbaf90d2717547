using FacilityMonitor.Tests.Web;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>From the touch of a button to the drawn chart, in a real browser, on three months of a meter that reports three phases every half minute.</summary>
public sealed class ChartBudgetTests : IDisposable
{
    /// <summary>Milliseconds until the chart of another range is painted.</summary>
    private const string Draw = """
        async (range) => {
          const label = () => document.querySelector('[data-testid=stage]')?.getAttribute('aria-label');
          const before = label();
          const began = performance.now();
          document.querySelector(`[data-testid=range-${range}]`).click();
          while (label() === before || !document.querySelector('.stage canvas')) await new Promise((done) => requestAnimationFrame(done));
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          return performance.now() - began;
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program)]
    [Trait("length", "long")]
    public async Task A_day_is_drawn_within_three_hundred_milliseconds_and_ninety_days_within_eight_hundred()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await ChartHistory.FillAsync(service, TimeSpan.FromSeconds(30));
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        await page.GotoAsync(new Uri(service.Url, "/circuit/huaihai/c-shed").ToString());
        await page.GetByTestId("stage").Locator("canvas").WaitForAsync();
        var (day, months) = (new List<double>(), new List<double>());
        for (var round = 0; round < 5; round++)
        {
            months.Add(await page.EvaluateAsync<double>(Draw, "90d"));
            day.Add(await page.EvaluateAsync<double>(Draw, "24h"));
        }

        await Console.Out.WriteLineAsync($"90 days: {string.Join(' ', months.Select(ms => ms.ToString("F0", System.Globalization.CultureInfo.InvariantCulture)))} ms; a day: {string.Join(' ', day.Select(ms => ms.ToString("F0", System.Globalization.CultureInfo.InvariantCulture)))} ms");
        Assert.InRange(months.Order().ElementAt(months.Count / 2), 0, 800);
        Assert.InRange(day.Order().ElementAt(day.Count / 2), 0, 300);
    }
}
