using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>The single-line diagram and the public page in a real browser: on a telephone, at a desk, on paper.</summary>
public sealed partial class DiagramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task The_diagram_and_the_public_page_fit_every_width_and_break_no_rule_of_access()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await service.SayAsync("pile-01", "s1", 187);
        await service.UntilAsync(() => service.Channel("huaihai/pile-01", "s1") is not null, "the last word");
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await PageRules.HoldAsync(page, service.Url + "p/huaihai");
        Assert.Empty(await page.Context.CookiesAsync());

        await SignInAsync(page, service);
        await PageRules.HoldAsync(page, service.Url + "diagram/jiugeng");
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, "/usr/bin/pdftotext")]
    public async Task The_diagram_prints_on_one_sheet_across_with_every_circuit_and_its_rating()
    {
        await using var service = await PageUnderTest.StartAsync(_folder.Path);
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await chromium.OpenAsync();
        await SignInAsync(page, service);
        await page.GotoAsync($"{service.Url}diagram/jiugeng?lang=zh");
        var names = await page.Locator("svg .name").AllTextContentsAsync();

        var sheet = Assert.Single(await ReportPrintTests.PrintAsync(page, Path.Combine(_folder.Path, "diagram.pdf")));

        var printed = Blanks().Replace(sheet, "");
        Assert.Equal(10, names.Count);
        foreach (var text in names.Concat(["久耕小区 · 单线图", "100 A · C 型 · 三相 · 电表：总表", "额定未登记 · 单相 L1", "地下车库 2 台 24 口", "电源 ↓"]))
            Assert.Contains(Blanks().Replace(text, ""), printed, StringComparison.Ordinal);
        // The list beside it says the same, and is not printed twice.
        Assert.Equal(1, Regex.Count(printed, "地下车库充电回路"));
        Assert.Equal(9, await page.Locator(".list li li").CountAsync());
    }

    private static async Task SignInAsync(IPage page, PageUnderTest service)
    {
        await page.GotoAsync(new Uri(service.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(service.Url.ToString());
    }

    [GeneratedRegex("\\s+")]
    private static partial Regex Blanks();
}
