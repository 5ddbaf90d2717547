using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/diagram/{site}</c>: the electrical tree of a site, to hang beside the switchboard.</summary>
internal sealed class DiagramModel(FacilitySource registry, TimeProvider time) : PageModel
{
    public Site Site { get; private set; } = null!;

    public SingleLine Drawing { get; private set; } = null!;

    public string Made => ReportText.Clock(time.GetUtcNow().ToUnixTimeMilliseconds());

    public IActionResult OnGet(string site)
    {
        if (registry.Current.FindSite(site) is not { } known)
            return new NotThere("no-site");
        (Site, Drawing) = (known, SingleLine.Of(known, Texts.Language(HttpContext)));
        return Page();
    }
}
