using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/sites</c>: the sites of who looks, a line each, those that need somebody first, then those with alerts: from here a telephone gets to any of them.</summary>
internal sealed class SitesModel(LiveFeed feed, FacilitySource registry, IngestWorker ingest) : PageModel
{
    public long NowMs { get; private set; }

    /// <summary>Whether no message can come: that nothing is open then says nothing.</summary>
    public bool IsDeaf => !ingest.IsHearing;

    public IReadOnlyList<SiteNow> Sites { get; private set; } = [];

    public void OnGet()
    {
        var known = HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;
        (NowMs, var sites) = feed.Look((view, state, nowMs) => (nowMs, SiteNow.Of(view, state, known, nowMs)));
        // Otherwise as they stand in the registry: what one looks for stays where it is.
        Sites = [.. sites.OrderBy(site => !site.NeedsSomebody).ThenBy(site => site.Alerts == 0)];
    }
}
