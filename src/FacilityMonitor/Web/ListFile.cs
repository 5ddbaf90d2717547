using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web;

/// <summary>What a page lists, as a file (<c>?format=csv</c> or <c>xlsx</c>): the same rows, and all of them.</summary>
internal static class ListFile
{
    /// <summary>Rows of a file; those behind them are counted in it.</summary>
    public const int RowsMax = 100_000;

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
