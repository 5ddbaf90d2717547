using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web;

/// <summary>What the pages of reports have in common: how a form is asked for, and why there is none.</summary>
internal static class ReportForms
{
    public static LocalText UnknownFormat { get; } = new("format：可以是 csv 或 xlsx，不写就是网页", "format: csv or xlsx; without it, a page");

    public static LocalText Busy { get; } = new("正在做别的报表，请过一会儿再试。", "Other reports are being made; try again in a moment.");

    /// <summary>The store of readings does not answer.</summary>
    public static LocalText Away(string said) => new($"读数库没有应答：{said}", $"The store of readings does not answer: {said}");

    /// <summary>The disk does not take the file of a report.</summary>
    public static LocalText NoRoom(string said) => new($"服务器的磁盘写不下报表文件：{said}。请管理员清理磁盘，或先在网页上看、打印。", $"The disk of the server does not take the report's file: {said}. The administrator has to make room; meanwhile read or print the page.");

    /// <summary>The form that is asked for; none: a page.</summary>
    public static (ReportFormat? Format, bool IsKnown) Read(string text) => text.Length == 0 ? (null, true) : (ReportFile.FormatOf(text), ReportFile.FormatOf(text) is not null);

    /// <summary>The page, which says why there is no report.</summary>
    public static PageResult Refused(this PageModel page, int status)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
            page.Response.Headers.RetryAfter = "15";
        var result = page.Page();
        result.StatusCode = status;
        return result;
    }
}
