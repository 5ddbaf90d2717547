namespace FacilityMonitor.Reports;

/// <summary>Writes a report as a workbook: what it is about first, then a sheet a table.</summary>
internal static class ReportWorkbook
{
    private const int NoteWidth = 24;

    /// <summary>Writes it, a row at a time.</summary>
    /// <returns>Rows that did not fit.</returns>
    public static long Write(ReportDocument document, Stream output)
    {
        using var workbook = new Workbook(output);
        workbook.Begin(document.Language == "en" ? "About" : "说明", [NoteWidth, 60]);
        workbook.Row([new ReportCell.Text(document.Title)], isHead: true);
        foreach (var (name, value) in document.Head)
            workbook.Row([new ReportCell.Text(name), new ReportCell.Text(value)]);
        foreach (var table in document.Tables)
        {
            workbook.Begin(table.Title, [.. table.Columns.Select((column, index) => Width(column, index))]);
            workbook.Row(table.Columns.Select(column => new ReportCell.Text(column.Title)), isHead: true);
            foreach (var row in table.Rows)
                workbook.Row(row);
            foreach (var note in table.Notes)
                workbook.Row([new ReportCell.Text(note)]);
        }

        return workbook.RowsLeftOut;
    }

    private static int Width(ReportColumn column, int index) => column.Kind switch
    {
        ColumnKind.Moment => 20,
        ColumnKind.Text => index == 0 ? 30 : 24,
        ColumnKind.Number or ColumnKind.Share or ColumnKind.Span => 14,
    };
}
