using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/climbers</c>: every stair-climber: where it is, who has it, its battery, what is wrong, when it is inspected next.</summary>
internal sealed class ClimbersModel(LiveFeed feed, Database database, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    public IReadOnlyList<ClimberNow> Climbers { get; private set; } = [];

    public DateOnly Today { get; private set; }

    public long NowMs { get; private set; }

    public PersonNames Names => names;

    public void OnGet()
    {
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        Today = DateOnly.FromDateTime(DutyRoster.Wall(NowMs));
        using var reader = database.OpenReader();
        Climbers = ClimberNow.All(HttpContext.Visitor().Sites.Of(registry.Current.Facility), feed, reader);
    }
}
