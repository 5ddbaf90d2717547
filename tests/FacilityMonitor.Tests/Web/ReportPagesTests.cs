using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using FacilityMonitor.Commands;
using FacilityMonitor.Reports;
using FacilityMonitor.Tests.Reports;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>Reports as page, CSV and XLSX: the same numbers everywhere, in both languages, and only of one's own sites.</summary>
public sealed partial class ReportPagesTests(ReportServer server) : IClassFixture<ReportServer>
{
    private const string October = "/reports?site=huaihai&month=2026-10";

    /// <summary>What the month comes to, added up by hand: name of a row, then its cells.</summary>
    private static readonly (string Table, string Row)[] Expected =
    [
        ("summary", "告警|4|条"),
        ("summary", "其中生命安全和危险（P0、P1）|3|条"),
        ("summary", "检测到响应，中位数|2.0|分钟"),
        ("summary", "没有人响应（P0 至 P2）|1|条"),
        ("summary", "充电口全部占用|0.5|小时"),
        ("alerts", "回路过载|0|2|0|0|2"),
        ("alerts", "合计|0|3|1|0|4"),
        ("times", "P1|通知|3|0|20 秒|1 分"),
        ("times", "P1|响应|3|0|2 分|15 分"),
        ("times", "P1|恢复|2|1|30 分|40 分"),
        ("times", "P2|响应|0|1|—|—"),
        ("times", "全部|通知|4|0|40 秒|1 分"),
        ("energy", "车棚充电回路|5.1|电表|3.00|8.10|"),
        ("energy", "充电柜回路|—|没有数据|—|—|0|"),
        ("devices", "3 号桩|"),
        ("unmet", "1 号车棚|60|30 分|1|30 分|18:00–19:00|743"),
        ("unmet", "充电柜间|12|0 秒|0|0 秒|—|744"),
    ];

    [Fact]
    public async Task A_month_adds_up_on_the_page_to_what_was_added_up_by_hand()
    {
        var page = await server.Manager.TextAsync(October + "&lang=zh");

        foreach (var (table, row) in Expected)
            Assert.Contains(RowsOf(page, table), line => line.StartsWith(row, StringComparison.Ordinal));
        // An hour of absence, as the alert told it.
        Assert.Contains(RowsOf(page, "devices"), line => line.StartsWith("3 号桩", StringComparison.Ordinal) && line.EndsWith("|1|1 小时", StringComparison.Ordinal));
        // Three hours were heard of the meter, from its first on.
        Assert.Contains(RowsOf(page, "devices"), line => line.StartsWith("车棚电表|0.6 %|3|528|525|0|—", StringComparison.Ordinal));
        Assert.Contains(RowsOf(page, "devices"), line => line.StartsWith("弄口路灯|从未上报|—|—|—|0|—", StringComparison.Ordinal));
        Assert.Contains("另有测试和演练 1 条，不计入。", page, StringComparison.Ordinal);
        Assert.Contains("另有未登记设备的告警 1 条，不计入。", page, StringComparison.Ordinal);
        Assert.DoesNotContain("还没有结束", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zh")]
    [InlineData("en")]
    public async Task Page_csv_and_workbook_hold_the_same_cells(string language)
    {
        var page = await server.Manager.TextAsync($"{October}&lang={language}");
        var csv = await FileAsync(server.Manager, $"{October}&format=csv&lang={language}");
        var xlsx = await FileAsync(server.Manager, $"{October}&format=xlsx&lang={language}");

        Assert.Equal([0xEF, 0xBB, 0xBF], csv.Bytes[..3]);
        Assert.Empty(WorkbookTests.Errors(xlsx.Bytes));
        var lines = Encoding.UTF8.GetString(csv.Bytes[3..]).Split("\r\n").Select(line => string.Join('|', ReportCsvTests.Cells(line))).ToList();
        var titles = Title().Matches(page).ToDictionary(title => title.Groups["id"].Value, title => WebUtility.HtmlDecode(title.Groups["title"].Value));
        Assert.Equal(7, titles.Count);
        foreach (var (id, title) in titles)
        {
            var (onPage, inBook) = (RowsOf(page, id), WorkbookTests.Rows(xlsx.Bytes, title));
            Assert.Contains(title, lines);
            Assert.Equal(onPage.Count == 0, id == "cases");
            for (var row = 0; row < onPage.Count; row++)
            {
                var cells = onPage[row].Split('|');
                Assert.Equal(cells.Length, inBook[row + 1].Count);
                for (var cell = 0; cell < cells.Length; cell++)
                    AssertSame(cells[cell], inBook[row + 1][cell]);
            }
        }

        Assert.Contains(lines, line => line.EndsWith("|5.1|" + (language == "zh" ? "电表" : "its meter") + "|3.00|8.10|525|" + (language == "zh" ? "最后 525 小时没有读数，其间的用电不在内" : "nothing was read in the last 525 h; what was used in them is missing"), StringComparison.Ordinal));
        Assert.Contains(language == "zh" ? "点位月报_淮海里_2026-10.xlsx" : "site-report_Huaihai-Lane_2026-10.xlsx", xlsx.Name, StringComparison.Ordinal);
        Assert.Equal(language == "en", csv.Name == "site-report_Huaihai-Lane_2026-10.csv");
    }

    [Theory]
    [InlineData("zh")]
    [InlineData("en")]
    public async Task The_command_writes_the_very_file_of_the_page_and_its_text_holds_the_same_cells(string language)
    {
        var page = await server.Manager.TextAsync($"{October}&lang={language}");
        var (csv, xlsx) = (await FileAsync(server.Manager, $"{October}&format=csv&lang={language}"), await FileAsync(server.Manager, $"{October}&format=xlsx&lang={language}"));
        var registry = server.Page.Services.GetRequiredService<FacilityMonitor.Configuration.FacilitySource>().Current;
        var (site, period, refusal) = ReportCommand.Read(registry, "huaihai", "2026-10", server.Page.NowMs);
        Assert.Null(refusal);

        var document = await ReportCommand.MakeAsync(server.Page.Services.GetRequiredService<FacilityMonitor.Configuration.ServiceSettings>().Data, registry, site!, period, language, server.Page.NowMs, influx: null, default);

        Assert.Equal(csv.Bytes, ReportCommand.Write(document, "october.CSV"));
        var written = ReportCommand.Write(document, "october.xlsx");
        Assert.Empty(WorkbookTests.Errors(written));
        var text = Encoding.UTF8.GetString(ReportCommand.Write(document, null));
        Assert.Equal(text, Encoding.UTF8.GetString(ReportCommand.Write(document, "october.txt")));
        var lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        var compared = 0;
        foreach (var table in document.Tables)
        {
            Assert.Equal(WorkbookTests.Rows(xlsx.Bytes, table.Title), WorkbookTests.Rows(written, table.Title));
            foreach (var row in RowsOf(page, table.Id))
            {
                compared++;
                // Between its columns a line has two blanks or more; a cell has none such.
                Assert.Contains(lines, line => Columns().Split(line.Trim()).SequenceEqual(row.Split('|').Where(cell => cell.Length > 0).Select(cell => cell.Trim())));
            }
        }

        Assert.True(compared >= 38, $"{compared} rows");
    }

    [Fact]
    public async Task Without_a_choice_it_is_the_last_whole_month_of_ones_first_site()
    {
        Assert.Contains("2026 年 10 月", await server.Manager.TextAsync("/reports?lang=zh"), StringComparison.Ordinal);
        Assert.Contains("久耕小区", await server.Manager.TextAsync("/reports"), StringComparison.Ordinal);
        var elsewhere = await server.Elsewhere.TextAsync("/reports");
        Assert.Contains("番禺路", elsewhere, StringComparison.Ordinal);
        Assert.DoesNotContain("久耕", elsewhere, StringComparison.Ordinal);
        // This month goes on, and says so.
        Assert.Contains("这个月还没有结束", await server.Manager.TextAsync("/reports?site=huaihai&month=2026-11"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_shows_what_is_asked_for_and_a_file_holds_the_same()
    {
        foreach (var (query, expected) in ((string, string[])[])
                 [
                     ("site=huaihai&from=2026-10-01&to=2026-10-31", ["a3", "a4", "a2", "a6", "a5", "a1"]),
                     ("site=huaihai&from=2026-10-31&to=2026-11-01", ["a7", "a3"]),
                     ("site=huaihai&priority=P2&from=2026-10-01&to=2026-10-31", ["a4"]),
                     ("from=2026-10-15&to=2026-10-15", ["c1", "b1"]),
                     ("priority=P0&from=2026-10-06&to=2026-10-31", []),
                 ])
        {
            var page = await server.Manager.TextAsync("/reports/alerts?lang=zh&" + query);
            Assert.Equal(expected, RowsOf(page, "log").Select(row => row[^2..]));
            Assert.Contains($"data-testid=\"total\">告警条数： {expected.Length}<", page, StringComparison.Ordinal);
            var csv = Encoding.UTF8.GetString((await FileAsync(server.Manager, "/reports/alerts?format=csv&" + query)).Bytes[3..]).Split("\r\n");
            Assert.Equal(expected, csv.Where(line => Id().IsMatch(line)).Select(line => line[^2..]));
            var xlsx = (await FileAsync(server.Manager, "/reports/alerts?format=xlsx&" + query)).Bytes;
            Assert.Empty(WorkbookTests.Errors(xlsx));
            Assert.Equal(expected, WorkbookTests.Rows(xlsx, "告警记录").Skip(1).Select(row => row[^1][^2..]));
        }
    }

    [Fact]
    public async Task A_line_of_the_log_says_who_came_and_how_soon()
    {
        var rows = RowsOf(await server.Manager.TextAsync("/reports/alerts?lang=zh&site=huaihai&from=2026-10-01&to=2026-10-31"), "log");

        Assert.Contains("2026-10-03 14:00:00|P1|回路过载|淮海里|过载，1 号桩|10 秒|1 分|值班员甲|20 分|已响应||00000000000000a1", rows);
        Assert.Contains(rows, row => row.Contains("|演练|", StringComparison.Ordinal));
        Assert.Contains(rows, row => row.Contains("|未登记的设备|", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_text_that_a_device_chose_is_text_on_the_page_and_no_formula_in_a_file()
    {
        const string Query = "site=huaihai&from=2026-10-31&to=2026-10-31";
        var page = await server.Manager.TextAsync("/reports/alerts?" + Query);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);

        var csv = Encoding.UTF8.GetString((await FileAsync(server.Manager, "/reports/alerts?format=csv&" + Query)).Bytes[3..]);
        Assert.Contains("'" + ReportServer.Hostile, ReportCsvTests.Cells(csv));
        var rows = WorkbookTests.Rows((await FileAsync(server.Manager, "/reports/alerts?format=xlsx&" + Query)).Bytes, "告警记录");
        Assert.Contains(ReportServer.Hostile, rows[1]);
    }

    [Fact]
    public async Task Nobody_reads_the_reports_of_sites_that_are_not_his()
    {
        foreach (var path in (string[])[October, October + "&format=xlsx", "/reports/alerts?site=huaihai", "/reports/alerts?site=huaihai&format=csv", "/reports?site=nowhere"])
            Assert.Equal(HttpStatusCode.NotFound, (await server.Elsewhere.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Manager.GetAsync("/reports?site=nowhere")).StatusCode);

        var page = await server.Elsewhere.TextAsync("/reports/alerts?lang=zh&from=2026-10-01&to=2026-10-31");
        Assert.Equal(["c1"], RowsOf(page, "log").Select(row => row[^2..]));
        var csv = Encoding.UTF8.GetString((await FileAsync(server.Elsewhere, "/reports/alerts?format=csv&from=2026-10-01&to=2026-10-31")).Bytes);
        Assert.DoesNotMatch("淮海|久耕|00a[1-9]|00b1", page + csv);
    }

    [Theory]
    [InlineData("/reports?month=2026-13", "应像 2026-10")]
    [InlineData("/reports?month=2026-12", "还没有到")]
    [InlineData("/reports?month=%3Cscript%3Ealert(1)%3C/script%3E", "不是月份")]
    [InlineData("/reports?month=2026-10&format=exe", "csv 或 xlsx")]
    [InlineData("/reports/alerts?from=2026-10-02&to=2026-10-01", "请对调")]
    [InlineData("/reports/alerts?from=2025-01-01&to=2026-10-01", "最长 13 个月")]
    [InlineData("/reports/alerts?from=x&to=2026-10-01&format=csv", "from：“x”不是日期")]
    [InlineData("/reports/alerts?priority=P9", "P0、P1、P2 或 P3")]
    [InlineData("/reports/alerts?priority=1", "P0、P1、P2 或 P3")]
    public async Task What_cannot_be_reported_on_is_refused_in_words_on_a_page_that_can_be_corrected(string path, string said)
    {
        using var answer = await server.Manager.GetAsync(path + "&lang=zh");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Contains(said, WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains("<form method=\"get\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pages_speak_english_throughout()
    {
        foreach (var path in (string[])[October, "/reports/alerts?from=2026-10-01&to=2026-10-31"])
        {
            var page = WebUtility.HtmlDecode(await server.Manager.TextAsync(path + "&lang=en")).Replace("中文", "", StringComparison.Ordinal).Replace("周经理", "", StringComparison.Ordinal);
            Assert.DoesNotMatch("[\\u4e00-\\u9fff]", page);
        }
    }

    [Fact]
    public async Task One_report_is_made_at_a_time_and_who_waits_in_vain_is_told_so_and_counted()
    {
        using var folder = new TemporaryFolder();
        await using var page = await PageUnderTest.StartAsync(folder.Path);
        using var manager = await page.EnterAsync("zhou", FacilityMonitor.Users.UserRole.PropertyManager, "all");
        var desk = page.Services.GetRequiredService<ReportDesk>();
        using var gate = new ManualResetEventSlim();
        var period = ReportPeriod.LastDays(page.NowMs, 1);
        var first = desk.LogFileAsync(new AlertLogQuery(FacilityMonitor.Users.SiteScope.All, null, null, period), (_, _) => gate.Wait(), default);
        var second = manager.GetAsync("/reports");
        await page.UntilAsync(() => second.IsCompleted, "The end of its patience");

        using var answer = await second;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("正在做别的报表", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, desk.Refused);
        Assert.Equal(1, page.State().GetProperty("health").GetProperty("limits").GetProperty("chartsRefused").GetInt32());
        gate.Set();
        await Assert.IsType<ReportOutcome<Microsoft.AspNetCore.WebUtilities.FileBufferingWriteStream>.Made>(await first).Value.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, (await manager.GetAsync("/reports")).StatusCode);
    }

    /// <summary>The rows of a table on a page, their cells between bars.</summary>
    internal static List<string> RowsOf(string page, string table)
    {
        var begin = page.IndexOf($"data-testid=\"table-{table}\"", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"There is no table {table}");
        var section = page[begin..page.IndexOf("</section>", begin, StringComparison.Ordinal)];
        return [.. BodyRow().Matches(section).Select(row => string.Join('|', BodyCell().Matches(row.Groups["row"].Value).Select(cell => WebUtility.HtmlDecode(cell.Groups["cell"].Value))))];
    }

    /// <summary>A cell as a person reads it, and as a spreadsheet holds it.</summary>
    private static void AssertSame(string shown, string held)
    {
        if (Percent().Match(shown) is { Success: true } percent)
            Assert.Equal(WorkbookTests.Number(percent.Groups["number"].Value), WorkbookTests.Number(held) * 100, 0.1);
        else if (Moment().IsMatch(shown))
            Assert.Equal(shown, DateTime.FromOADate(WorkbookTests.Number(held)).AddMilliseconds(1).ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));
        else if (Span().IsMatch(shown))
            Assert.Contains(shown, (string[])[ReportText.Time((long)Math.Round(WorkbookTests.Number(held) * 86_400_000), "zh"), ReportText.Time((long)Math.Round(WorkbookTests.Number(held) * 86_400_000), "en")]);
        else if (double.TryParse(shown, System.Globalization.CultureInfo.InvariantCulture, out var number))
            Assert.Equal(number, WorkbookTests.Number(held));
        else
            Assert.Equal(shown, held);
    }

    internal static async Task<(byte[] Bytes, string Name)> FileAsync(UserUnderTest user, string path)
    {
        using var answer = await user.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var disposition = answer.Content.Headers.ContentDisposition!;
        return (await answer.Content.ReadAsByteArrayAsync(), disposition.FileNameStar ?? disposition.FileName!.Trim('"'));
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Columns();

    [GeneratedRegex("<h3 id=\"(?<id>[a-z]+)\">(?<title>[^<]+)</h3>")]
    private static partial Regex Title();

    [GeneratedRegex("<tr>\\s*<th scope=\"row\"(?<row>.*?)</tr>", RegexOptions.Singleline)]
    private static partial Regex BodyRow();

    [GeneratedRegex("(?:^|<td)[^>]*>(?<cell>[^<]*)</t[hd]>")]
    private static partial Regex BodyCell();

    [GeneratedRegex("[0-9a-f]{16}$")]
    private static partial Regex Id();

    [GeneratedRegex("^(?<number>[0-9.]+) %$")]
    private static partial Regex Percent();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}$")]
    private static partial Regex Moment();

    [GeneratedRegex("^[0-9]+ (秒|分|小时|天|s|min|h|d)( [0-9]+ (秒|分|小时|s|min|h))?$")]
    private static partial Regex Span();
}
