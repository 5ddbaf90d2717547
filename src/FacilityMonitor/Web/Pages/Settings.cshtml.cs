using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings</c>: what can be changed without a terminal, and where something waits.</summary>
[Needs(Right.Permit)]
internal sealed class SettingsModel(FacilitySource registry, RegistryDesk desk, LiveFeed feed, ResponseDesk responses, TimeProvider time) : PageModel
{
    public int NewDevices { get; private set; }

    public int Tags { get; private set; }

    public int Permits { get; private set; }

    public int Changes { get; private set; }

    public void OnGet()
    {
        var sites = HttpContext.Visitor().Sites;
        NewDevices = feed.Look((view, _, _) => view.All.Count(device => sites.Has(view, device) && view.Guess(device) is not null));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        (Tags, Permits) = (PowerOffModel.Hanging(responses, sites, now).Count(), PermitsModel.Standing(responses, sites, now).Count());
        Changes = desk.Made().Count(edit => sites.MayUndo(edit.Name, registry.Current.Facility));
    }
}
