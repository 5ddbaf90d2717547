using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>What of the neighbourhood somebody's sites show.</summary>
internal static class SiteView
{
    /// <summary>The registry with these sites alone.</summary>
    public static Facility Of(this SiteScope sites, Facility facility) => sites.IsAll ? facility : facility with { Sites = [.. facility.Sites.Where(site => sites.Has(site.Id))] };

    /// <summary>Alerts and circuits of these sites alone.</summary>
    public static MonitoringState Of(this SiteScope sites, MonitoringState state) => sites.IsAll ? state : state with
    {
        Alerts = [.. state.Alerts.Where(alert => sites.Has(alert.Site))],
        Circuits = [.. state.Circuits.Where(circuit => sites.HasAsset(circuit.Path))],
        Permits = [.. state.Permits.Where(permit => sites.HasAsset(permit.Asset))],
    };

    /// <summary>Whether a device belongs to them; one that nobody registered belongs where it says it is, if it says so.</summary>
    public static bool Has(this SiteScope sites, LiveView view, DeviceNow device) => sites.IsAll || sites.Has(view.Find(device.Id)?.Site.Id ?? device.Id.Site);

    /// <summary>Whether a team looks after one of them.</summary>
    public static bool Has(this SiteScope sites, Team team) => sites.IsAll || team.Sites.Count == 0 || team.Sites.Any(sites.Has);

    /// <summary>Whether who sees these sites may change a team: it looks after no other.</summary>
    public static bool MayChange(this SiteScope sites, Team team) => sites.IsAll || (team.Sites.Count > 0 && team.Sites.All(sites.Has));

    /// <summary>Whether who sees these sites may change a person: one whom no team of another site calls.</summary>
    public static bool MayChange(this SiteScope sites, Person person, People people)
    {
        var teams = people.TeamsOf(person.Id).ToList();
        return sites.IsAll || (teams.Count > 0 && teams.All(sites.MayChange));
    }

    /// <summary>The sites that a team looks after.</summary>
    public static SiteScope SitesOf(Team team) => team.Sites.Count == 0 ? SiteScope.All : SiteScope.Of(team.Sites);

    /// <summary>Whether somebody is in a team that looks after one of them.</summary>
    public static bool Has(this SiteScope sites, string person, People people) =>
        sites.IsAll || people.TeamsOf(person).Any(sites.Has);

    /// <summary>Whether a time without anybody concerns one of them.</summary>
    public static bool Has(this SiteScope sites, DutyGap gap, People people) =>
        sites.IsAll || (gap.Site is { } site ? sites.Has(site) : people.Teams.FirstOrDefault(team => team.Id == gap.Team) is { } team && sites.Has(team));
}
