namespace FacilityMonitor.Reports;

/// <summary>One cell of a report: what it is, before anybody has said how it is written.</summary>
internal abstract record ReportCell
{
    private ReportCell()
    {
    }

    /// <summary>A text. Names come from the registry and from devices: whoever writes it makes it harmless.</summary>
    public sealed record Text(string Value) : ReportCell;

    /// <summary>A number.</summary>
    /// <param name="Value">The number; finite.</param>
    /// <param name="Digits">Digits behind the point, 0 to 2.</param>
    public sealed record Number(double Value, int Digits = 0) : ReportCell;

    /// <summary>A share, 0 to 1.</summary>
    public sealed record Share(double Value) : ReportCell;

    /// <summary>An instant, ms since 1970-01-01 UTC.</summary>
    public sealed record Moment(long AtMs) : ReportCell;

    /// <summary>A stretch of time, ms.</summary>
    public sealed record Span(long Ms) : ReportCell;

    /// <summary>It is not known, or does not apply; never nought.</summary>
    /// <param name="Why">Why, in a word.</param>
    public sealed record Nothing(string Why = "—") : ReportCell;
}

/// <summary>What the cells of a column are, so that a file can say the unit in its head.</summary>
internal enum ColumnKind
{
    /// <summary>Words.</summary>
    Text,

    /// <summary>Numbers; the title says the unit.</summary>
    Number,

    /// <summary>Shares.</summary>
    Share,

    /// <summary>Instants.</summary>
    Moment,

    /// <summary>Stretches of time.</summary>
    Span,
}

/// <summary>A column of a report.</summary>
internal sealed record ReportColumn(string Title, ColumnKind Kind = ColumnKind.Text);

/// <summary>A table of a report in one language, the same for page, CSV and XLSX.</summary>
/// <param name="Id">Names it in the page and in tests.</param>
/// <param name="Title">Its title, and the name of its sheet.</param>
/// <param name="Columns">Its columns; the first names the row.</param>
/// <param name="Rows">Its rows; may be read only once.</param>
/// <param name="Notes">What one has to know to read it right.</param>
internal sealed record ReportTable(string Id, string Title, IReadOnlyList<ReportColumn> Columns, IEnumerable<IReadOnlyList<ReportCell>> Rows, IReadOnlyList<string> Notes)
{
    /// <summary>What is said instead of no rows.</summary>
    public string Empty { get; init; } = "";
}

/// <summary>A whole report in one language.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Head">What stands above it: name and value.</param>
/// <param name="Tables">Its tables.</param>
/// <param name="FileStem">Name of a file with it, without the ending.</param>
/// <param name="Language"><c>zh</c> or <c>en</c>.</param>
internal sealed record ReportDocument(string Title, IReadOnlyList<(string Name, string Value)> Head, IReadOnlyList<ReportTable> Tables, string FileStem, string Language)
{
    /// <summary>What stands on every printed sheet: what it is, and all that is above it.</summary>
    public string Sheet => string.Join(" · ", Head.Where(line => line.Value.Length <= SheetPartMax).Select(line => line.Value).Prepend(Title));

    /// <summary>Longer parts are sentences: they stand on the first sheet alone.</summary>
    private const int SheetPartMax = 40;
}
