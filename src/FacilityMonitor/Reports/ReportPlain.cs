using System.Globalization;

namespace FacilityMonitor.Reports;

/// <summary>Writes a report as text for a terminal or a letter: the cells of the page, in columns.</summary>
internal static class ReportPlain
{
    private const string Gap = "  ";

    /// <summary>Writes it.</summary>
    public static void Write(ReportDocument document, TextWriter output)
    {
        output.WriteLine(document.Title);
        foreach (var (name, value) in document.Head)
            output.WriteLine(document.Language == "en" ? $"{name}: {value}" : $"{name}：{value}");
        foreach (var table in document.Tables)
        {
            output.WriteLine();
            output.WriteLine(table.Title);
            Write(table, document.Language, output);
            foreach (var note in table.Notes)
                output.WriteLine(Gap + note);
        }
    }

    private static void Write(ReportTable table, string language, TextWriter output)
    {
        List<IReadOnlyList<string>> lines = [[.. table.Columns.Select(column => column.Title)], .. table.Rows.Select(row => (IReadOnlyList<string>)[.. row.Select(cell => Line(ReportText.Of(cell, language)))])];
        if (lines.Count == 1)
        {
            output.WriteLine(Gap + table.Empty);
            return;
        }

        var widths = table.Columns.Select((_, index) => lines.Max(line => WidthOf(line[index]))).ToList();
        foreach (var line in lines)
            output.WriteLine(Gap + string.Join(Gap, line.Select((text, index) => Pad(text, widths[index], table.Columns[index].Kind))).TrimEnd());
    }

    /// <summary>Names come from devices and people: nothing of them moves the cursor of a terminal, or turns what follows around.</summary>
    public static string Line(string text) => text.Any(IsNoLetter) ? string.Concat(text.Select(letter => IsNoLetter(letter) ? ' ' : letter)) : text;

    private static bool IsNoLetter(char letter) =>
        char.GetUnicodeCategory(letter) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Pad(string text, int width, ColumnKind kind)
    {
        var room = new string(' ', width - WidthOf(text));
        return kind is ColumnKind.Number or ColumnKind.Share or ColumnKind.Span ? room + text : text + room;
    }

    /// <summary>A terminal gives a Chinese character two columns.</summary>
    private static int WidthOf(string text) => text.EnumerateRunes().Sum(letter => letter.Value >= 0x2e80 ? 2 : 1);
}
