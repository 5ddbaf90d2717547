using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/reports/alerts?site=huaihai&amp;priority=P1&amp;from=2026-10-01&amp;to=2026-10-31</c>: the alert log of some days. What is filtered here is what a file of it holds (<c>&amp;format=</c>).</summary>
internal sealed class AlertLogModel(ReportDesk desk, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    /// <summary>Days that are shown when none are asked for.</summary>
    private const int Days = 31;

    public IReadOnlyList<Site> Sites { get; private set; } = [];

    public AlertLogQuery Query { get; private set; } = null!;

    /// <summary>The days as they were asked for: what is wrong stays in its field.</summary>
    public (string From, string To) Asked { get; private set; }

    public LocalText? Refusal { get; private set; }

    public ReportDocument? Document { get; private set; }

    public int Total { get; private set; }

    /// <summary>Alerts that are not on the page.</summary>
    public int NotShown => Math.Max(0, Total - ReportDesk.PageMax);

    /// <summary>Address of the same alerts in another form.</summary>
    public string Address(string format) => QueryHelpers.AddQueryString("/reports/alerts", new Dictionary<string, string?>
    {
        ["site"] = Query.Site?.Id,
        ["priority"] = Query.Priority?.ToString(),
        ["from"] = ReportPeriod.Day(Query.Period.First),
        ["to"] = ReportPeriod.Day(Query.Period.Last),
        ["format"] = format,
    }.Where(part => part.Value is not null));

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellation)
    {
        var visitor = HttpContext.Visitor();
        Sites = visitor.Sites.Of(registry.Current.Facility).Sites;
        var id = Request.Query["site"].ToString();
        var site = Sites.FirstOrDefault(site => site.Id == id);
        if (id.Length > 0 && site is null)
            return new NotThere("no-site");
        var (format, priority) = Read(visitor.Sites, site);
        if (Refusal is not null)
            return this.Refused(StatusCodes.Status422UnprocessableEntity);
        Query = Query with { Priority = priority };
        if (format is { } wanted)
            return await FileAsync(wanted, cancellation);
        switch (await desk.LogAsync(Query, cancellation))
        {
            case ReportOutcome<AlertLogPage>.Made made:
                Document = Write(made.Value.Rows, []);
                Total = made.Value.Total;
                return Page();
            case ReportOutcome<AlertLogPage>.Busy:
                Refusal = ReportForms.Busy;
                return this.Refused(StatusCodes.Status503ServiceUnavailable);
            case ReportOutcome<AlertLogPage>.Away away:
                Refusal = ReportForms.Away(away.Said);
                return this.Refused(StatusCodes.Status502BadGateway);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private (ReportFormat? Format, Priority? Priority) Read(SiteScope sites, Site? site)
    {
        var query = Request.Query;
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var usual = ReportPeriod.LastDays(nowMs, Days);
        string Or(string key, DateOnly day) => query[key].ToString() is { Length: > 0 } text ? text : ReportPeriod.Day(day);
        Asked = (Or("from", usual.First), Or("to", usual.Last));
        Refusal = ReportPeriod.ReadDays(Asked.From, Asked.To, nowMs, out var period);
        Query = new AlertLogQuery(sites, site, null, period);
        var (format, isFormat) = ReportForms.Read(query["format"].ToString());
        if (!isFormat)
            Refusal ??= ReportForms.UnknownFormat;
        var word = query["priority"].ToString();
        Priority? priority = Enum.GetValues<Priority>().Cast<Priority?>().FirstOrDefault(one => one.ToString() == word);
        if (word.Length > 0 && priority is null)
            Refusal ??= new LocalText("priority：P0、P1、P2 或 P3，不写就是全部", "priority: P0, P1, P2 or P3; without it, all");
        return (format, priority);
    }

    private async Task<IActionResult> FileAsync(ReportFormat format, CancellationToken cancellation)
    {
        // It is added to while the rows are written, and read behind them.
        var notes = new List<string>();
        var outcome = await desk.LogFileAsync(Query, (alerts, file) => ReportFile.Write(Write(Fitting(alerts, notes), notes), format, file), cancellation);
        switch (outcome)
        {
            case ReportOutcome<FileBufferingWriteStream>.Made made:
                return new ReportDownload(made.Value, ReportFile.Name(Write([], []), format), format);
            case ReportOutcome<FileBufferingWriteStream>.Busy:
                Refusal = ReportForms.Busy;
                return this.Refused(StatusCodes.Status503ServiceUnavailable);
            case ReportOutcome<FileBufferingWriteStream>.Away away:
                Refusal = ReportForms.Away(away.Said);
                return this.Refused(StatusCodes.Status502BadGateway);
            case ReportOutcome<FileBufferingWriteStream>.NoRoom full:
                Refusal = ReportForms.NoRoom(full.Said);
                return this.Refused(StatusCodes.Status507InsufficientStorage);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private IEnumerable<LoggedAlert> Fitting(IEnumerable<LoggedAlert> alerts, List<string> notes)
    {
        var count = 0;
        foreach (var alert in alerts)
        {
            if (count++ < ReportDesk.FileMax)
                yield return alert;
        }

        if (count > ReportDesk.FileMax)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Texts.In(HttpContext, "more")}: {count - ReportDesk.FileMax}"));
    }

    private ReportDocument Write(IEnumerable<LoggedAlert> alerts, IReadOnlyList<string> notes)
    {
        var language = Texts.Language(HttpContext);
        return new AlertLogDocument(Query, registry.Current, person => names.Of(person, language), language).Write(alerts, notes, time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
