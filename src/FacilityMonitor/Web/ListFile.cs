using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web;

/// <summary>What a page lists, as a file (<c>?format=csv</c> or <c>xlsx</c>): the same rows, and those behind them.</summary>
internal static class ListFile
{
    /// <summary>Rows of a file; where there are more a note says so.</summary>
    public const int RowsMax = 100_000;

    /// <summary>Rows that are read for what is asked for: those of a page, or of a file and one more.</summary>
    public static int Most(PageModel page, int ofPage) => ReportForms.Read(page.Request.Query["format"].ToString()).Format is null ? ofPage : RowsMax + 1;

    /// <summary>The note of a file that does not hold all there is.</summary>
    public static IReadOnlyList<string> Note(int rows, string language) => rows <= RowsMax ? []
        : [language == "en" ? $"There are more than these {RowsMax} rows, which are the first of the list." : $"不止这 {RowsMax} 行；这里是列表里最前面的。"];

    /// <summary>The file that is asked for, or why there is none; null: the page is asked for.</summary>
    /// <param name="page">The page.</param>
    /// <param name="write">Writes the tables in a language.</param>
    public static IActionResult? Of(PageModel page, Func<string, ReportDocument> write)
    {
        var (format, isKnown) = ReportForms.Read(page.Request.Query["format"].ToString());
        if (!isKnown)
            return Refused(page, ReportForms.UnknownFormat, StatusCodes.Status422UnprocessableEntity);
        if (format is not { } wanted)
            return null;
        try
        {
            return ReportDownload.Of(write(Texts.Language(page.HttpContext)), wanted);
        }
        catch (ReportNotWrittenException error)
        {
            return Refused(page, ReportForms.NoRoom(error.Message), StatusCodes.Status507InsufficientStorage);
        }
    }

    /// <summary>A document of such tables.</summary>
    /// <param name="titleKey">What it is.</param>
    /// <param name="nowMs">When it is made.</param>
    /// <param name="language"><c>zh</c> or <c>en</c>.</param>
    /// <param name="tables">Its tables.</param>
    public static ReportDocument Document(string titleKey, long nowMs, string language, params IReadOnlyList<ReportTable> tables)
    {
        var title = Texts.In(language, titleKey);
        return new ReportDocument(
            title, [(language == "en" ? "Made" : "制表", ReportText.Clock(nowMs) + (language == "en" ? " (Shanghai)" : "（北京时间）"))], tables, ReportText.FileStem(title, ReportText.Clock(nowMs)[..10]), language);
    }

    /// <summary>A day, or that there is none.</summary>
    public static ReportCell Day(DateOnly? day) => day is { } known ? new ReportCell.Text(ReportPeriod.Day(known)) : new ReportCell.Nothing();

    /// <summary>A moment, or that there is none.</summary>
    public static ReportCell Moment(long? atMs) => atMs is { } known ? new ReportCell.Moment(known) : new ReportCell.Nothing();

    /// <summary>A text, or that there is none.</summary>
    public static ReportCell Words(string? text) => string.IsNullOrEmpty(text) ? new ReportCell.Nothing() : new ReportCell.Text(text);

    private static Refusal Refused(PageModel page, LocalText why, int status) => new(new SaidView(why.In(Texts.Language(page.HttpContext)), page.Request.Path), status);

    /// <summary>Says why there is no file.</summary>
    private sealed class Refusal(SaidView said, int status) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => new ViewAnswer<SaidView>("Said", said, status).ExecuteAsync(context.HttpContext);
    }
}
