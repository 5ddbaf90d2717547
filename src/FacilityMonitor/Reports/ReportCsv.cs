using System.Globalization;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Reports;

/// <summary>Writes a report as CSV for a spreadsheet: UTF-8 with its mark, an instant once on the wall clock and once as ISO 8601, units in the heads, nothing that would run as a formula.</summary>
internal static class ReportCsv
{
    /// <summary>Writes it, a row at a time.</summary>
    /// <returns>Rows of tables that were written.</returns>
    public static long Write(ReportDocument document, Stream output)
    {
        using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), leaveOpen: true) { NewLine = "\r\n" };
        var english = document.Language == "en";
        text.WriteLine(CsvText.Of(document.Title));
        foreach (var (name, value) in document.Head)
            text.WriteLine($"{CsvText.Of(name)},{CsvText.Of(value)}");
        var count = 0L;
        foreach (var table in document.Tables)
        {
            text.WriteLine();
            text.WriteLine(CsvText.Of(table.Title));
            text.WriteLine(string.Join(',', table.Columns.SelectMany(column => Heads(column, english)).Select(CsvText.Of)));
            foreach (var row in table.Rows)
            {
                text.WriteLine(string.Join(',', row.Select((cell, index) => Cell(cell, table.Columns[index].Kind))));
                count++;
            }

            foreach (var note in table.Notes)
                text.WriteLine(CsvText.Of(note));
        }

        return count;
    }

    private static IEnumerable<string> Heads(ReportColumn column, bool english) => column.Kind switch
    {
        ColumnKind.Moment => english ? [column.Title + " (Shanghai)", column.Title + " (ISO 8601)"] : [column.Title + "（北京时间）", column.Title + "（ISO 8601）"],
        ColumnKind.Span => [column.Title + (english ? " (s)" : "（秒）")],
        ColumnKind.Share => [column.Title + (english ? " (%)" : "（%）")],
        ColumnKind.Text or ColumnKind.Number => [column.Title],
    };

    private static string Cell(ReportCell cell, ColumnKind kind) => cell switch
    {
        ReportCell.Text text => CsvText.Of(text.Value),
        // Our own numbers: a minus in front of one is a minus.
        ReportCell.Number number => ReportText.Number(number),
        ReportCell.Share share => ReportText.Percent(share),
        ReportCell.Moment moment => $"{ReportText.Clock(moment.AtMs)},{ReadingJson.Instant(moment.AtMs)}",
        ReportCell.Span span => (span.Ms / 1000d).ToString("0.###", CultureInfo.InvariantCulture),
        ReportCell.Nothing nothing => CsvText.Of(nothing.Why) + (kind == ColumnKind.Moment ? "," : ""),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
