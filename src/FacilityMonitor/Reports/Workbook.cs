using System.Globalization;
using System.IO.Compression;
using System.Security;
using System.Text;

namespace FacilityMonitor.Reports;

/// <summary>Writes a workbook (XLSX, ECMA-376) from begin to end, a row at a time: nothing of it is kept but the names of its sheets. Texts are inline strings, which no spreadsheet runs as a formula.</summary>
/// <remarks>A writer of our own because the usual packages do not restore where we build; tests open what it writes with the validator of the Open XML SDK.</remarks>
/// <param name="output">Where to; need not be seekable; left open.</param>
/// <param name="rowsMax">Rows of one sheet.</param>
internal sealed class Workbook(Stream output, int rowsMax = Workbook.RowsMax) : IDisposable
{
    /// <summary>No sheet has more rows: the format ends there.</summary>
    public const int RowsMax = 1_048_576;

    /// <summary>No cell has a longer text.</summary>
    public const int TextMax = 32_767;

    /// <summary>No sheet has a longer name.</summary>
    public const int SheetNameMax = 31;

    private const string Forbidden = ":\\/?*[]";
    private const string Main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    private const string Relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    private const string Packages = "http://schemas.openxmlformats.org/package/2006/relationships";

    /// <summary>The first day that a spreadsheet counts from, so that its false 29 February 1900 is behind us.</summary>
    private static readonly DateTime Epoch = new(1899, 12, 30, 0, 0, 0, DateTimeKind.Unspecified);

    private readonly ZipArchive _zip = new(output, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8);
    private readonly List<string> _sheets = [];
    private StreamWriter? _sheet;
    private int _row;

    /// <summary>Styles of cells, in the order of the style sheet.</summary>
    private enum Style
    {
        Plain,
        Head,
        Whole,
        Tenths,
        Hundredths,
        Percent,
        Moment,
        Span,
        Wrapped,
    }

    /// <summary>Rows that did not fit into their sheets.</summary>
    public long RowsLeftOut { get; private set; }

    /// <summary>A name that every spreadsheet takes for a sheet: no longer than 31 characters, without <c>: \ / ? * [ ]</c> and apostrophes at its ends, not "History", and not that of another sheet.</summary>
    public static string SheetName(string wanted, IReadOnlyCollection<string> others)
    {
        var clean = string.Concat(wanted.Where(IsWritable).Select(letter => Forbidden.Contains(letter, StringComparison.Ordinal) ? ' ' : letter)).Trim().Trim('\'');
        if (clean.Length == 0 || clean.Equals("History", StringComparison.OrdinalIgnoreCase))
            clean = "Sheet";
        var name = Cut(clean, SheetNameMax);
        for (var number = 2; others.Contains(name, StringComparer.OrdinalIgnoreCase); number++)
        {
            var end = string.Create(CultureInfo.InvariantCulture, $" {number}");
            name = Cut(clean, SheetNameMax - end.Length) + end;
        }

        return name;
    }

    /// <summary>Begins a sheet; the one before is over.</summary>
    /// <param name="name">Its name, made fit to be one.</param>
    /// <param name="widths">Widths of its columns, in characters.</param>
    public void Begin(string name, IReadOnlyList<int> widths)
    {
        End();
        _sheets.Add(SheetName(name, _sheets));
        _row = 0;
        _sheet = Open(string.Create(CultureInfo.InvariantCulture, $"xl/worksheets/sheet{_sheets.Count}.xml"));
        _sheet.Write($"<worksheet xmlns=\"{Main}\"><cols>");
        for (var index = 0; index < widths.Count; index++)
            _sheet.Write(string.Create(CultureInfo.InvariantCulture, $"<col min=\"{index + 1}\" max=\"{index + 1}\" width=\"{widths[index]}\" customWidth=\"1\"/>"));
        _sheet.Write("</cols><sheetData>");
    }

    /// <summary>Writes a row; one that does not fit is counted.</summary>
    public void Row(IEnumerable<ReportCell> cells, bool isHead = false)
    {
        if (_row == rowsMax)
        {
            RowsLeftOut++;
            return;
        }

        _row++;
        var sheet = _sheet ?? throw new InvalidOperationException("Begin a sheet first.");
        sheet.Write(string.Create(CultureInfo.InvariantCulture, $"<row r=\"{_row}\">"));
        var column = 0;
        foreach (var cell in cells)
            Cell(sheet, string.Create(CultureInfo.InvariantCulture, $"{Letters(column++)}{_row}"), cell, isHead);
        sheet.Write("</row>");
    }

    /// <summary>Writes what names the sheets, and ends the file. A workbook has at least one sheet.</summary>
    public void Dispose()
    {
        if (_sheets.Count == 0)
            Begin("", [10]);
        End();
        Part("xl/styles.xml", Styles);
        Part("xl/workbook.xml", $"<workbook xmlns=\"{Main}\" xmlns:r=\"{Relations}\"><sheets>{Each((name, number) => $"<sheet name=\"{Escape(name)}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>")}</sheets></workbook>");
        Part(
            "xl/_rels/workbook.xml.rels",
            $"<Relationships xmlns=\"{Packages}\">{Each((_, number) => $"<Relationship Id=\"rId{number}\" Type=\"{Relations}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>")}<Relationship Id=\"rIdStyles\" Type=\"{Relations}/styles\" Target=\"styles.xml\"/></Relationships>");
        Part("_rels/.rels", $"<Relationships xmlns=\"{Packages}\"><Relationship Id=\"rId1\" Type=\"{Relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
        const string Sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        Part(
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
            + $"<Override PartName=\"/xl/workbook.xml\" ContentType=\"{Sheets}.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" ContentType=\"{Sheets}.styles+xml\"/>"
            + Each((_, number) => $"<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{Sheets}.worksheet+xml\"/>") + "</Types>");
        _zip.Dispose();
    }

    private static string Styles { get; } =
        $"<styleSheet xmlns=\"{Main}\"><numFmts count=\"3\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/><numFmt numFmtId=\"165\" formatCode=\"0.0\"/><numFmt numFmtId=\"166\" formatCode=\"0.0%\"/></numFmts>"
        + "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
        + "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders>"
        + "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"9\">"
        + Form(0, 0) + Form(0, 1) + Form(1, 0) + Form(165, 0) + Form(2, 0) + Form(166, 0) + Form(164, 0) + Form(46, 0)
        + "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf></cellXfs></styleSheet>";

    private static string Form(int format, int font) =>
        string.Create(CultureInfo.InvariantCulture, $"<xf numFmtId=\"{format}\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\"/>");

    private static void Cell(StreamWriter sheet, string at, ReportCell cell, bool isHead)
    {
        switch (cell)
        {
            case ReportCell.Text text:
                Text(sheet, at, text.Value, isHead ? Style.Head : text.Value.Contains('\n', StringComparison.Ordinal) ? Style.Wrapped : Style.Plain);
                break;
            case ReportCell.Nothing nothing:
                Text(sheet, at, nothing.Why, Style.Plain);
                break;
            case ReportCell.Number number:
                Number(sheet, at, Math.Round(number.Value, number.Digits), number.Digits switch { 0 => Style.Whole, 1 => Style.Tenths, _ => Style.Hundredths });
                break;
            case ReportCell.Share share:
                Number(sheet, at, Math.Round(ReportText.Rounded(share) / 100, 3), Style.Percent);
                break;
            case ReportCell.Moment moment:
                // A day is 1; whole milliseconds.
                Number(sheet, at, Math.Round((ReportText.Local(moment.AtMs) - Epoch).TotalDays, 9), Style.Moment);
                break;
            case ReportCell.Span span:
                Number(sheet, at, TimeSpan.FromMilliseconds(span.Ms).TotalDays, Style.Span);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void Number(StreamWriter sheet, string at, double value, Style style) =>
        sheet.Write(string.Create(CultureInfo.InvariantCulture, $"<c r=\"{at}\" s=\"{(int)style}\"><v>{value:R}</v></c>"));

    private static void Text(StreamWriter sheet, string at, string text, Style style) =>
        sheet.Write(string.Create(CultureInfo.InvariantCulture, $"<c r=\"{at}\" s=\"{(int)style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{Escape(Cut(text, TextMax))}</t></is></c>"));

    /// <summary>What XML cannot hold at all is left out: devices choose some of these texts.</summary>
    private static string Escape(string text)
    {
        var clean = text;
        for (var index = 0; index < text.Length; index++)
        {
            if (IsWritable(text, index))
                continue;
            clean = string.Concat(text.Where((_, at) => IsWritable(text, at)));
            break;
        }

        return SecurityElement.Escape(clean);
    }

    private static bool IsWritable(char letter) => letter >= ' ' && !char.IsSurrogate(letter) && letter is not ('\ufffe' or '\uffff');

    private static bool IsWritable(string text, int index) => text[index] switch
    {
        '\t' or '\n' or '\r' => true,
        var letter when char.IsHighSurrogate(letter) => index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]),
        var letter when char.IsLowSurrogate(letter) => index > 0 && char.IsHighSurrogate(text[index - 1]),
        var letter => IsWritable(letter),
    };

    /// <summary>At most so long, and not through the middle of a character.</summary>
    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    private static string Letters(int column) => column < 26 ? ((char)('A' + column)).ToString() : Letters((column / 26) - 1) + (char)('A' + (column % 26));

    private void End()
    {
        _sheet?.Write("</sheetData></worksheet>");
        _sheet?.Dispose();
        _sheet = null;
    }

    private string Each(Func<string, string, string> part) => string.Concat(_sheets.Select((name, index) => part(name, (index + 1).ToString(CultureInfo.InvariantCulture))));

    private void Part(string path, string xml)
    {
        using var part = Open(path);
        part.Write(xml);
    }

    private StreamWriter Open(string path)
    {
        var writer = new StreamWriter(_zip.CreateEntry(path, CompressionLevel.Fastest).Open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        writer.Write("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
        return writer;
    }
}
