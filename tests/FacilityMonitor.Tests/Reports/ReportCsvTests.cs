using System.Text;
using FacilityMonitor.Reports;

namespace FacilityMonitor.Tests.Reports;

/// <summary>CSV as a Chinese Excel opens it, and as no formula of a device's choice runs in it.</summary>
public sealed class ReportCsvTests
{
    [Fact]
    public void It_begins_with_the_mark_of_UTF_8_and_says_units_and_instants_twice()
    {
        var at = new DateTimeOffset(2026, 10, 31, 16, 0, 1, 5, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var bytes = Write("zh", [
            [new ReportCell.Text("桩"), new ReportCell.Moment(at), new ReportCell.Span(1_500), new ReportCell.Share(0.5), new ReportCell.Number(-3.14159, 2)],
            [new ReportCell.Text("桩"), new ReportCell.Nothing(), new ReportCell.Nothing(), new ReportCell.Nothing("从未上报"), new ReportCell.Nothing()],
        ]);

        Assert.Equal([0xEF, 0xBB, 0xBF], bytes[..3]);
        var lines = Encoding.UTF8.GetString(bytes[3..]).Split("\r\n");
        Assert.Equal(["月报", "点位,淮海里", "", "表", "名称,时刻（北京时间）,时刻（ISO 8601）,用时（秒）,在线率（%）,数值"], lines[..5]);
        Assert.Equal("桩,2026-11-01 00:00:01,2026-10-31T16:00:01.005Z,1.5,50.0,-3.14", lines[5]);
        Assert.Equal("桩,—,,—,从未上报,—", lines[6]);
        Assert.Equal("注", lines[7]);
        Assert.All(lines[4..7], line => Assert.Equal(6, line.Split(',').Length));
        Assert.Contains("时刻 (Shanghai),时刻 (ISO 8601),用时 (s),在线率 (%)", Encoding.UTF8.GetString(Write("en", [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("+1+1")]
    [InlineData("-1+1")]
    [InlineData("@SUM(A1)")]
    [InlineData("＝1+1")]
    [InlineData("＋1")]
    [InlineData("－1")]
    [InlineData("＠SUM(A1)")]
    [InlineData("\t=1")]
    [InlineData("\r=1")]
    public void A_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe_in_every_place_it_can_stand(string text)
    {
        var document = new ReportDocument(text, [(text, text)], [new ReportTable("t", text, [new ReportColumn(text)], [[new ReportCell.Text(text)], [new ReportCell.Nothing(text)]], [text])], "x", "en");
        using var file = new MemoryStream();
        ReportCsv.Write(document, file);

        var cells = Cells(Encoding.UTF8.GetString(file.ToArray()[3..])).Where(cell => cell.Length > 0).ToList();

        Assert.Equal(8, cells.Count);
        Assert.All(cells, cell => Assert.Equal('\'', cell[0]));
    }

    [Fact]
    public void Commas_quotes_and_line_ends_stay_within_their_cell()
    {
        var text = Encoding.UTF8.GetString(Write("en", [[new ReportCell.Text("a,\"b\"\r\nc"), .. Enumerable.Repeat(new ReportCell.Nothing(), 4)]]));

        Assert.Contains("a,\"b\"\r\nc", Cells(text));
    }

    private static byte[] Write(string language, IReadOnlyList<IReadOnlyList<ReportCell>> rows)
    {
        using var file = new MemoryStream();
        ReportColumn[] columns = [new("名称"), new("时刻", ColumnKind.Moment), new("用时", ColumnKind.Span), new("在线率", ColumnKind.Share), new("数值", ColumnKind.Number)];
        ReportCsv.Write(new ReportDocument("月报", [("点位", "淮海里")], [new ReportTable("t", "表", columns, rows, ["注"])], "x", language), file);
        return file.ToArray();
    }

    /// <summary>Cells as RFC 4180 reads them.</summary>
    internal static List<string> Cells(string csv)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var index = 0; index < csv.Length; index++)
        {
            if (isQuoted && csv[index] == '"' && index + 1 < csv.Length && csv[index + 1] == '"')
            {
                cell.Append(csv[++index]);
            }
            else if (csv[index] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && csv[index] is ',' or '\n')
            {
                cells.Add(cell.ToString().TrimEnd('\r'));
                cell.Clear();
            }
            else
            {
                cell.Append(csv[index]);
            }
        }

        cells.Add(cell.ToString());
        return cells;
    }
}
