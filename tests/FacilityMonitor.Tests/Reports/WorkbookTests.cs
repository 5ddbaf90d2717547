using System.Globalization;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Spreadsheet;
using DocumentFormat.OpenXml.Validation;
using FacilityMonitor.Reports;
using Workbook = FacilityMonitor.Reports.Workbook;

namespace FacilityMonitor.Tests.Reports;

/// <summary>Workbooks of our own making, judged by the validator of the Open XML SDK and read back with it.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class WorkbookTests
{
    private const string Nasty = "=1+1 <b>&\"'\u0001\u000b\ud800 ]]> _x0041_ 𠮷野家\t\n末";

    [Fact]
    public void A_workbook_with_every_kind_of_cell_has_no_error_and_gives_back_what_was_put_in()
    {
        var at = new DateTimeOffset(2026, 10, 3, 6, 5, 9, 250, TimeSpan.Zero).ToUnixTimeMilliseconds();
        var bytes = Write(workbook =>
        {
            workbook.Begin("数字", [20, 10]);
            workbook.Row([new ReportCell.Text("头"), new ReportCell.Text("二")], isHead: true);
            workbook.Row(
            [
                new ReportCell.Text(Nasty), new ReportCell.Number(-12.34, 1), new ReportCell.Number(1_234_567.891, 2), new ReportCell.Number(7), new ReportCell.Share(0.375),
                new ReportCell.Moment(at), new ReportCell.Span(5_400_000), new ReportCell.Nothing("没有数据"),
            ]);
        });

        Assert.Empty(Errors(bytes));
        var rows = Rows(bytes, "数字");
        Assert.Equal("头", rows[0][0]);
        // What XML cannot hold is left out; the rest is as it was, and nothing is a formula.
        Assert.Equal("=1+1 <b>&\"' ]]> _x0041_ 𠮷野家\t\n末", rows[1][0]);
        Assert.Equal([-12.3, 1_234_567.89, 7, 0.375], rows[1][1..5].Select(Number));
        Assert.Equal(new DateTime(2026, 10, 3, 14, 5, 9, 250), DateTime.FromOADate(Number(rows[1][5])), TimeSpan.FromMilliseconds(1));
        Assert.Equal(1.5 / 24, Number(rows[1][6]), 9);
        Assert.Equal("没有数据", rows[1][7]);
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        Assert.Empty(document.WorkbookPart!.WorksheetParts.SelectMany(part => part.Worksheet.Descendants<CellFormula>()));
    }

    [Theory]
    [InlineData(0.99996, 0.999)]
    [InlineData(1, 1)]
    [InlineData(0.00049, 0)]
    [InlineData(0.66666, 0.667)]
    public void A_share_in_a_workbook_is_what_the_page_shows(double share, double held)
    {
        var bytes = Write(workbook =>
        {
            workbook.Begin("数字", [20]);
            workbook.Row([new ReportCell.Share(share)]);
        });

        Assert.Equal(held, Number(Rows(bytes, "数字")[0][0]));
        Assert.Equal(ReportText.Percent(new ReportCell.Share(share)), (held * 100).ToString("F1", System.Globalization.CultureInfo.InvariantCulture));
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        var styles = document.WorkbookPart!.WorkbookStylesPart!.Stylesheet;
        var cell = document.WorkbookPart.WorksheetParts.Single().Worksheet.Descendants<Cell>().Single();
        var format = ((CellFormat)styles.CellFormats!.ElementAt((int)cell.StyleIndex!.Value)).NumberFormatId!.Value;
        Assert.Equal("0.0%", styles.NumberingFormats!.Elements<NumberingFormat>().Single(one => one.NumberFormatId!.Value == format).FormatCode!.Value);
    }

    [Theory]
    [InlineData("各回路用电量", "各回路用电量")]
    [InlineData("a/b\\c?d*e[f]g:h", "a b c d e f g h")]
    [InlineData("'quoted'", "quoted")]
    [InlineData("history", "Sheet")]
    [InlineData("", "Sheet")]
    [InlineData(" \u0001 ", "Sheet")]
    public void Names_of_sheets_are_made_fit_to_be_some(string wanted, string name) => Assert.Equal(name, Workbook.SheetName(wanted, []));

    [Fact]
    public void Names_of_sheets_are_cut_at_31_characters_and_differ_whatever_their_case()
    {
        var bytes = Write(workbook =>
        {
            foreach (var name in (string[])[new('长', 40), new('长', 50), "Energy", "ENERGY", "energy 2"])
            {
                workbook.Begin(name, [10]);
                workbook.Row([new ReportCell.Text(name)]);
            }
        });

        Assert.Empty(Errors(bytes));
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        Assert.Equal([new string('长', 31), new string('长', 29) + " 2", "Energy", "ENERGY 2", "energy 2 2"], document.WorkbookPart!.Workbook.Descendants<Sheet>().Select(sheet => sheet.Name!.Value));
    }

    [Fact]
    public void The_last_row_of_a_sheet_is_written_and_what_comes_after_it_is_counted()
    {
        Assert.Equal(1_048_576, Workbook.RowsMax);
        using var file = new MemoryStream();
        var workbook = new Workbook(file, rowsMax: 3);
        workbook.Begin("a", [10]);
        for (var row = 1; row <= 5; row++)
            workbook.Row([new ReportCell.Number(row)]);
        workbook.Dispose();

        Assert.Equal(2, workbook.RowsLeftOut);
        Assert.Empty(Errors(file.ToArray()));
        Assert.Equal(["1", "2", "3"], Rows(file.ToArray(), "a").Select(row => row[0]));
    }

    [Fact]
    public void A_workbook_without_a_sheet_gets_an_empty_one_and_a_text_without_end_an_end()
    {
        Assert.Empty(Errors(Write(_ => { })));
        var bytes = Write(workbook =>
        {
            workbook.Begin("a", [10]);
            workbook.Row([new ReportCell.Text(new string('长', Workbook.TextMax + 1))]);
        });
        Assert.Empty(Errors(bytes));
        Assert.Equal(Workbook.TextMax, Rows(bytes, "a")[0][0].Length);
    }

    [Fact]
    public void Columns_beyond_z_are_named_as_spreadsheets_name_them()
    {
        var bytes = Write(workbook =>
        {
            workbook.Begin("a", [.. Enumerable.Repeat(10, 60)]);
            workbook.Row(Enumerable.Range(0, 60).Select(column => new ReportCell.Number(column)));
        });

        Assert.Empty(Errors(bytes));
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        var names = document.WorkbookPart!.WorksheetParts.Single().Worksheet.Descendants<Cell>().Select(cell => cell.CellReference!.Value).ToList();
        Assert.Equal(("A1", "Z1", "AA1", "AZ1", "BA1", "BH1"), (names[0], names[25], names[26], names[51], names[52], names[59]));
    }

    [Fact]
    public void A_hundred_thousand_rows_pass_through_in_little_memory()
    {
        using var file = new CountedStream();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = before;
        using (var workbook = new Workbook(file))
        {
            workbook.Begin("a", [10, 10]);
            for (var row = 0; row < 100_000; row++)
            {
                workbook.Row([new ReportCell.Text("充电口过载，1 号桩 7 号充电口"), new ReportCell.Moment(1_790_000_000_000 + row)]);
                if (row % 20_000 == 0)
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.InRange(file.Length, 500_000, 10_000_000);
        Assert.True(most - before < 4_000_000, $"{most - before} bytes are kept while the rows pass through");
    }

    internal static List<string> Errors(byte[] bytes)
    {
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        return [.. new OpenXmlValidator(FileFormatVersions.Office2019).Validate(document).Select(error => $"{error.Part?.Uri} {error.Path?.XPath}: {error.Description}")];
    }

    /// <summary>The cells of a sheet as a spreadsheet reads them.</summary>
    internal static List<List<string>> Rows(byte[] bytes, string sheet)
    {
        using var document = SpreadsheetDocument.Open(new MemoryStream(bytes), false);
        var id = document.WorkbookPart!.Workbook.Descendants<Sheet>().Single(one => one.Name == sheet).Id!.Value!;
        return [.. ((WorksheetPart)document.WorkbookPart.GetPartById(id)).Worksheet.Descendants<Row>().Select(row => row.Elements<Cell>().Select(cell => cell.InlineString?.InnerText ?? cell.CellValue!.Text).ToList())];
    }

    internal static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static byte[] Write(Action<Workbook> write)
    {
        using var file = new MemoryStream();
        using (var workbook = new Workbook(file))
            write(workbook);
        return file.ToArray();
    }

    /// <summary>Counts what is written, and forgets it: as a connection does.</summary>
    private sealed class CountedStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position { get => _length; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => _length += count;
    }
}
