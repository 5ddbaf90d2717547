using System.Globalization;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>What a page costs a telephone on a slow line, in a real browser that has kept nothing.</summary>
public sealed class PageWeightTests : IDisposable
{
    /// <summary>All that a page asks for until it is drawn, bytes on the line, heads included: six seconds of a line of 160 kbit/s, less than one of an ordinary one.</summary>
    private const int BytesMax = 120 * 1024;

    /// <summary>A telephone of years ago at the edge of its mast: 1.6 Mbit/s, 150 ms to and fro, a quarter of this processor.</summary>
    private const double LineBytesPerS = 1_600_000 / 8.0, LineMs = 150, Slower = 4;

    /// <summary>From the tap until the figures stand and the chart is drawn there, ms.</summary>
    private const double UsableMsMax = 2_000;

    /// <summary>What is drawn last.</summary>
    private const string Chart = "[data-testid=stage] canvas";

    private const string Sent = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, one) => sum + one.transferSize, 0)";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program)]
    public async Task No_page_sends_more_than_a_slow_line_bears()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var (page, _) = await SignedInAsync(service, chromium);
        foreach (var (path, last) in new[] { ("/", "[data-testid=health]"), ("/today", "main"), ("/alerts", "main"), ("/site/huaihai", Chart), ("/circuit/huaihai/c-shed", Chart), ("/device/huaihai/meter-shed", Chart) })
        {
            await page.GotoAsync(new Uri(service.Url, path).ToString());
            await page.Locator(last).WaitForAsync();
            var sent = await page.EvaluateAsync<int>(Sent);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{path}: {sent} bytes"));
            // A browser that counts nothing would find every page light.
            Assert.InRange(sent, 5_000, BytesMax);
        }
    }

    [RealServerFact(BrowserUnderTest.Program)]
    [Trait("length", "long")]
    public async Task A_site_is_usable_within_two_seconds_on_a_slow_line_and_an_old_telephone()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var (page, line) = await SignedInAsync(service, chromium);
        await line.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = LineMs, ["downloadThroughput"] = LineBytesPerS, ["uploadThroughput"] = LineBytesPerS });
        await line.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = Slower });
        var usable = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            await page.GotoAsync(new Uri(service.Url, "/site/huaihai").ToString());
            await page.Locator(Chart).WaitForAsync();
            usable.Add(await page.EvaluateAsync<double>("performance.now()"));
        }

        await Console.Out.WriteLineAsync($"usable after {string.Join(' ', usable.Select(ms => ms.ToString("F0", CultureInfo.InvariantCulture)))} ms");
        Assert.InRange(usable.Order().ElementAt(usable.Count / 2), LineMs, UsableMsMax);
    }

    private static async Task<(IPage Page, ICDPSession Line)> SignedInAsync(PageUnderTest service, BrowserUnderTest chromium)
    {
        await ChartHistory.FillAsync(service, TimeSpan.FromMinutes(1), 1, "meter-shed", "l1", "l2", "l3");
        foreach (var meter in (string[])["meter-cab", "meter-stair"])
            await ChartHistory.FillAsync(service, TimeSpan.FromMinutes(1), 1, meter, "main");
        for (var socket = 1; socket <= 10; socket++)
            await service.SayAsync("pile-02", $"s{socket}", 100 + socket);
        var page = await chromium.OpenAsync();
        await page.SetViewportSizeAsync(390, 844);
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
        var line = await page.Context.NewCDPSessionAsync(page);
        await line.SendAsync("Network.enable");
        await line.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        return (page, line);
    }
}
