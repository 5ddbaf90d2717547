using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace FacilityMonitor.Web;

/// <summary>A report as a download. What is large waits on disk, not in memory, until it is whole: half a file never looks like one.</summary>
/// <param name="file">The file.</param>
/// <param name="name">What it is called.</param>
/// <param name="format">What it is.</param>
internal sealed class ReportDownload(FileBufferingWriteStream file, string name, ReportFormat format) : IActionResult
{
    /// <summary>A report that is made already.</summary>
    /// <exception cref="ReportNotWrittenException">The disk does not take it.</exception>
    public static ReportDownload Of(ReportDocument document, ReportFormat format) =>
        new(ReportFile.Keep(file => ReportFile.Write(document, format, file)), ReportFile.Name(document, format), format);

    public async Task ExecuteResultAsync(ActionContext context)
    {
        await using (file)
        {
            var response = context.HttpContext.Response;
            var disposition = new ContentDispositionHeaderValue("attachment");
            disposition.SetHttpFileName(name);
            response.ContentType = ReportFile.ContentType(format);
            response.Headers.ContentDisposition = disposition.ToString();
            response.ContentLength = file.Length;
            await file.DrainBufferAsync(response.Body, context.HttpContext.RequestAborted);
        }
    }
}
