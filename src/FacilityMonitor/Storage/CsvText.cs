namespace FacilityMonitor.Storage;

/// <summary>Texts in a file for a spreadsheet.</summary>
internal static class CsvText
{
    /// <summary>A text as a cell. One that a spreadsheet would run as a formula is led by an apostrophe; devices choose their texts, so none is trusted. Some spreadsheets take the signs of full width for those of half.</summary>
    public static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text[0] is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠' or '\t' or '\r' or '\n')
            text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;
    }
}
