using System.Globalization;
using FacilityMonitor.Tests.EndToEnd;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.Web;

/// <summary>What the page says of a database that is away.</summary>
public sealed class ShippingOnPageTests
{
    [RealServerFact(BrowserUnderTest.Program)]
    public async Task While_the_database_is_away_the_page_says_since_when_the_oldest_reading_that_waits_and_the_time_to_full()
    {
        using var folder = new TemporaryFolder();
        await using var page = await PageUnderTest.StartAsync(folder.Path, further: new Dictionary<string, string>
        {
            ["FM_INFLUX__URL"] = $"http://127.0.0.1:{LoopbackPort.Free().ToString(CultureInfo.InvariantCulture)}",
        });
        await page.SayAsync("pile-02", "s1", 150);
        await page.UntilAsync(() => Tells("oldest") && Tells("room"), "the estimate of the time to full");
        var oldestMs = Influx().GetProperty("oldest").GetInt64();
        Assert.InRange(oldestMs, page.NowMs - (long)TimeSpan.FromMinutes(10).TotalMilliseconds, page.NowMs);

        await using var chromium = await BrowserUnderTest.StartAsync();
        var shown = await chromium.OpenAsync();
        await shown.GotoAsync(page.Url.AbsoluteUri);
        await BrowserUnderTest.SignInAsync(shown, PageUnderTest.Password);

        var line = shown.GetByTestId("health-influx");
        await Assertions.Expect(line).ToContainTextAsync("收不进读数");
        await Assertions.Expect(line).ToContainTextAsync($"最早未写入的读数 {DateTimeOffset.FromUnixTimeMilliseconds(oldestMs).ToOffset(TimeSpan.FromHours(8)).ToString("HH:mm", CultureInfo.InvariantCulture)}");
        await Assertions.Expect(line).ToContainTextAsync("日志还能暂存99 天以上");
        await shown.GotoAsync(new Uri(page.Url, "/?lang=en").AbsoluteUri);
        await Assertions.Expect(line).ToContainTextAsync("oldest reading not written");
        await Assertions.Expect(line).ToContainTextAsync("room in the journal for more than 99 days");

        bool Tells(string what) => page.State().GetProperty("health").TryGetProperty("influx", out var influx) && influx.TryGetProperty(what, out _);

        System.Text.Json.JsonElement Influx() => page.State().GetProperty("health").GetProperty("influx");
    }
}
