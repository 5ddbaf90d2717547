using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/duty</c>: the week of every team, and the ways to change it.</summary>
[Needs(Right.Registry)]
internal sealed class SettingsDutyModel(FacilitySource registry, RegistryDesk desk, TimeProvider time) : SettingsPage(registry, desk)
{
    /// <summary>They hold for every site.</summary>
    public bool MayWriteHolidays => Visitor.Sites.IsAll;

    public IReadOnlyList<WeekView> Weeks
    {
        get
        {
            var (roster, today) = (new DutyRoster(Facility.People), DateOnly.FromDateTime(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())));
            return [.. Facility.People.Teams.Where(Visitor.Sites.Has).Select(team => WeekView.Of(roster, team, today))];
        }
    }
}
