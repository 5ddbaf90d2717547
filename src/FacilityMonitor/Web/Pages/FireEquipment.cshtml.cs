using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>An extinguisher or hydrant with the day it is checked next.</summary>
internal sealed record FireEquipmentRow(Site Site, FireEquipment Thing, DueDay Due)
{
    public Place? Place => Site.Places.FirstOrDefault(place => place.Id == Thing.Place);
}

/// <summary><c>/fire-equipment</c>: extinguishers and hydrants by the day they are due, what is overdue first.</summary>
internal sealed class FireEquipmentModel(FacilitySource registry, TimeProvider time) : PageModel
{
    public IReadOnlyList<FireEquipmentRow> Rows { get; private set; } = [];

    /// <summary>The sites that the visitor sees.</summary>
    public IReadOnlyList<Site> Sites => HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;

    public bool IsSaved => Request.Query.ContainsKey("saved");

    public void OnGet()
    {
        var today = DateOnly.FromDateTime(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()));
        Rows =
        [
            .. Sites.SelectMany(site => site.FireEquipment.Select(thing => new FireEquipmentRow(site, thing, DueDay.Of(thing.Due, today))))
                .OrderBy(row => row.Thing.Due),
        ];
    }
}
