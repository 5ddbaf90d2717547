using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/reports?site=huaihai&amp;month=2026-10</c>: the report of a site on a month, as a page that prints, as CSV or as XLSX (<c>&amp;format=</c>).</summary>
internal sealed class ReportsModel(ReportDesk desk, FacilitySource registry, TimeProvider time) : PageModel
{
    /// <summary>The sites of who looks.</summary>
    public IReadOnlyList<Site> Sites { get; private set; } = [];

    public Site? Site { get; private set; }

    public ReportPeriod Period { get; private set; } = null!;

    /// <summary>Why there is no report.</summary>
    public LocalText? Refusal { get; private set; }

    public ReportDocument? Document { get; private set; }

    /// <summary>Address of this report in another form.</summary>
    public string Address(string format) => $"/reports?site={Site!.Id}&month={Period.Key}&format={format}";

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellation)
    {
        var query = Request.Query;
        Sites = HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        Period = ReportPeriod.LastCompleteMonth(nowMs);
        Site = query["site"].ToString() is { Length: > 0 } id ? Sites.FirstOrDefault(site => site.Id == id) : Sites is [var first, ..] ? first : null;
        if (query["site"].ToString().Length > 0 && Site is null)
            return new NotThere("no-site");
        if (query["month"].ToString() is { Length: > 0 } month && ReportPeriod.ReadMonth(month, nowMs, out var period) is var refusal)
            (Period, Refusal) = (period, refusal);
        var (format, isFormat) = ReportForms.Read(query["format"].ToString());
        if (!isFormat)
            Refusal ??= ReportForms.UnknownFormat;
        if (Refusal is not null)
            return this.Refused(StatusCodes.Status422UnprocessableEntity);
        if (Site is null)
            return Page();
        switch (await desk.MonthAsync(Site, Period, cancellation))
        {
            case ReportOutcome<MonthReport>.Made made:
                Document = MonthDocument.Of(made.Value, registry.Current, Texts.Language(HttpContext));
                return format is { } wanted ? Download(Document, wanted) : Page();
            case ReportOutcome<MonthReport>.Busy:
                Refusal = ReportForms.Busy;
                return this.Refused(StatusCodes.Status503ServiceUnavailable);
            case ReportOutcome<MonthReport>.Away away:
                Refusal = ReportForms.Away(away.Said);
                return this.Refused(StatusCodes.Status502BadGateway);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private IActionResult Download(ReportDocument document, ReportFormat format)
    {
        try
        {
            return ReportDownload.Of(document, format);
        }
        catch (ReportNotWrittenException error)
        {
            Refusal = ReportForms.NoRoom(error.Message);
            return this.Refused(StatusCodes.Status507InsufficientStorage);
        }
    }
}
