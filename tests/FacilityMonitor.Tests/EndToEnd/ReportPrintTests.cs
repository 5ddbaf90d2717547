using System.Diagnostics;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Reports;
using FacilityMonitor.Tests.Web;
using Microsoft.Playwright;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>Reports in a real browser, on the screen and on paper.</summary>
public sealed partial class ReportPrintTests(ReportServer server) : IClassFixture<ReportServer>
{
    [RealServerFact(BrowserUnderTest.Program, PageRules.Library)]
    public async Task Reports_fit_every_width_and_break_no_rule_of_access()
    {
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);

        foreach (var path in (string[])["reports?site=huaihai&month=2026-10", "reports/alerts?from=2026-10-01&to=2026-10-31"])
            await PageRules.HoldAsync(page, server.Page.Url + path);
        Assert.Empty(chromium.Errors);
    }

    [RealServerFact(BrowserUnderTest.Program, "/usr/bin/pdftotext")]
    public async Task The_printed_month_says_what_the_page_says_and_names_site_period_and_page_on_every_sheet()
    {
        using var folder = new TemporaryFolder();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        foreach (var language in (string[])["zh", "en"])
        {
            await page.GotoAsync($"{server.Page.Url}reports?site=huaihai&month=2026-10&lang={language}");
            var cells = await page.Locator("[data-testid=report] :is(th, td, dd, h3, .note)").AllInnerTextsAsync();
            var sheets = await PrintAsync(page, Path.Combine(folder.Path, $"report-{language}.pdf"));

            Assert.InRange(sheets.Count, 2, 4);
            var printed = string.Concat(sheets.Select(Squeeze));
            Assert.True(cells.Count > 150, $"{cells.Count} cells");
            foreach (var cell in cells)
                Assert.True(printed.Contains(Squeeze(cell), StringComparison.Ordinal), $"'{cell}' is on the page in {language} and not on paper");
            var (site, period) = language == "zh" ? ("淮海里", "2026年10月") : ("HuaihaiLane", "October2026");
            Assert.All(sheets, (sheet, index) =>
            {
                Assert.Contains($"{site}·{period}", Squeeze(sheet), StringComparison.Ordinal);
                Assert.Contains($"{index + 1}/{sheets.Count}", Squeeze(sheet), StringComparison.Ordinal);
            });
            // Nothing to press on paper.
            foreach (var word in language == "zh" ? (string[])["下载", "查看", "退出", "English"] : ["Download", "Show", "Sign out", "中文"])
                Assert.DoesNotContain(Squeeze(word), printed, StringComparison.Ordinal);
        }
    }

    [RealServerFact(BrowserUnderTest.Program, "/usr/bin/pdftotext")]
    public async Task The_printed_alert_log_says_of_every_alert_what_the_page_says_in_its_order_and_names_itself_on_every_sheet()
    {
        using var folder = new TemporaryFolder();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        foreach (var language in (string[])["zh", "en"])
        {
            await page.GotoAsync($"{server.Page.Url}reports/alerts?from=2026-10-01&to=2026-10-31&lang={language}");
            var rows = await page.Locator("[data-testid=report] tbody tr").AllAsync();
            var others = await page.Locator("[data-testid=report] :is(h2, h3, thead th, dt, dd, .note)").AllInnerTextsAsync();
            var sheet = (await page.Locator("[data-sheet]").GetAttributeAsync("data-sheet"))!;
            var sheets = await PrintAsync(page, Path.Combine(folder.Path, $"alerts-{language}.pdf"));

            var printed = string.Concat(sheets.Select(Squeeze));
            // All of October, a stranger's too; what a device wrote is on paper as on the page, and does nothing there.
            Assert.Equal(8, rows.Count);
            Assert.Contains(Squeeze(ReportServer.Hostile), printed, StringComparison.Ordinal);
            foreach (var text in others)
                Assert.True(printed.Contains(Squeeze(text), StringComparison.Ordinal), $"'{text}' is on the page in {language} and not on paper");
            var from = 0;
            foreach (var row in rows)
            {
                foreach (var cell in await row.Locator("th, td").AllInnerTextsAsync())
                {
                    var at = printed.IndexOf(Squeeze(cell), from, StringComparison.Ordinal);
                    Assert.True(at >= 0, $"'{cell}' is on the page in {language} and not on paper behind what stands before it");
                    from = at + Squeeze(cell).Length;
                }
            }

            Assert.All(sheets, (text, index) =>
            {
                Assert.Contains(Squeeze(sheet), Squeeze(text), StringComparison.Ordinal);
                Assert.Contains($"{index + 1}/{sheets.Count}", Squeeze(text), StringComparison.Ordinal);
            });
            foreach (var word in language == "zh" ? (string[])["下载", "查看", "退出", "English"] : ["Download", "Sign out", "中文"])
                Assert.DoesNotContain(Squeeze(word), printed, StringComparison.Ordinal);
        }
    }

    [RealServerFact(BrowserUnderTest.Program, "/usr/bin/pdftotext")]
    public async Task The_printed_totals_are_those_that_were_added_up_by_hand()
    {
        using var folder = new TemporaryFolder();
        await using var chromium = await BrowserUnderTest.StartAsync();
        var page = await OpenAsync(chromium);
        await page.GotoAsync($"{server.Page.Url}reports?site=huaihai&month=2026-10&lang=zh");

        var printed = Squeeze(string.Concat(await PrintAsync(page, Path.Combine(folder.Path, "report.pdf"))));

        foreach (var row in (string[])["告警 4 条", "检测到响应，中位数 2.0 分钟", "合计 0 3 1 0 4", "P1 响应 3 0 2 分 15 分", "车棚充电回路 5.1 电表 3.00 8.10", "1 号车棚 60 30 分 1 30 分"])
            Assert.Contains(Squeeze(row), printed, StringComparison.Ordinal);
    }

    private async Task<IPage> OpenAsync(BrowserUnderTest chromium)
    {
        var page = await chromium.OpenAsync();
        await page.GotoAsync(new Uri(server.Page.Url, "/sign-in").ToString());
        await BrowserUnderTest.SignInAsync(page, PageUnderTest.Password);
        await page.WaitForURLAsync(server.Page.Url.ToString());
        return page;
    }

    /// <summary>Prints as a person would, with the page's own paper; the text of each sheet.</summary>
    internal static async Task<List<string>> PrintAsync(IPage page, string file)
    {
        await page.PdfAsync(new() { Path = file, PreferCSSPageSize = true });
        if (Environment.GetEnvironmentVariable("FM_SCREENSHOTS") is { } folder)
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        using var reader = Process.Start(new ProcessStartInfo("pdftotext", ["-raw", file, "-"]) { RedirectStandardOutput = true })!;
        var text = await reader.StandardOutput.ReadToEndAsync();
        await reader.WaitForExitAsync();
        Assert.Equal(0, reader.ExitCode);
        return [.. text.Split('\f', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static string Squeeze(string text) => Blanks().Replace(text, "");

    [GeneratedRegex("\\s+")]
    private static partial Regex Blanks();
}
