using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A team as it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Sites">Names of the sites it looks after; empty: all.</param>
/// <param name="There">Who is on duty.</param>
/// <param name="Next">When that changes, on the wall clock, and who comes then.</param>
internal sealed record TeamRow(string Id, LocalText Name, IReadOnlyList<LocalText> Sites, IReadOnlyList<LocalText> There, (DateTime At, IReadOnlyList<LocalText> People)? Next);

/// <summary>Open alerts as a list of links.</summary>
/// <param name="Open">The alerts.</param>
/// <param name="People">Who may have them.</param>
/// <param name="Link">The page of one.</param>
internal sealed record OpenAlertsView(IReadOnlyList<OpenAlert> Open, People People, Func<string, string> Link);

/// <summary><c>/on-call</c>: who is on duty now and who comes next, what is open and who has it, where nobody would come, and which ways to people nobody confirmed.</summary>
internal sealed class OnCallModel(
    Database database, FacilitySource registry, ResponseLog log, ContactDesk contacts, ChannelSource channels, ChannelSounds sounds, TimeProvider time) : PageModel
{
    /// <summary>Gaps and contacts that are listed.</summary>
    public const int ListedMax = 50;

    /// <summary>How far it looks for the next hand-over: past a weekly one.</summary>
    private const int DaysToNext = 8;

    private IReadOnlyList<DutyGap> _gaps = [];
    private IReadOnlyList<ContactState> _unverified = [];

    public IReadOnlyList<ConfigurationError> Errors => HttpContext.Visitor().Sites.IsAll ? channels.LastErrors : [];

    public IReadOnlyList<TeamRow> Teams { get; private set; } = [];

    /// <summary>The week of each team.</summary>
    public IReadOnlyList<WeekView> Weeks { get; private set; } = [];

    public IReadOnlyList<OpenAlert> Open { get; private set; } = [];

    public People People => registry.Current.Facility.People;

    public void OnGet()
    {
        var (now, facility, roster) = (time.GetUtcNow().ToUnixTimeMilliseconds(), registry.Current.Facility, log.Board.Roster);
        var (at, sites) = (DutyRoster.Wall(now), HttpContext.Visitor().Sites);
        using (var reader = database.OpenReader())
            Open = OpenAlerts.Of(reader, roster, facility.People.Teams, sites, now);
        Teams = [.. facility.People.Teams.Where(sites.Has).Select(team => Row(team, roster, at, sites))];
        Weeks = [.. facility.People.Teams.Where(sites.Has).Select(team => WeekView.Of(roster, team, DateOnly.FromDateTime(at)))];
        var known = contacts.Known();
        _gaps = [.. DutyGaps.Find(facility, known, sounds, at, DutyGaps.DaysAhead).Where(gap => sites.Has(gap, facility.People))];
        _unverified = [.. ContactDesk.States(known, DateOnly.FromDateTime(at)).Where(state => !state.IsVerified && sites.Has(state.Person.Id, facility.People))];
    }

    public IReadOnlyList<string> Gaps(string language) => [.. _gaps.Select(gap => gap.Text.In(language))];

    public IReadOnlyList<string> Unverified(string language) =>
        [.. _unverified.Select(state => $"{state.Person.Name.In(language)} · {state.Contact.Channel} · {state.Contact.Verified?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? Texts.In(language, "never-confirmed")}")];

    private TeamRow Row(Team team, DutyRoster roster, DateTime at, SiteScope sites) => new(
        team.Id, team.Name, [.. team.Sites.Where(sites.Has).Select(id => registry.Current.FindSite(id)?.Name ?? new LocalText(id, id))], Names(roster.OnDuty(team, at)),
        roster.NextChange(team, at, at.AddDays(DaysToNext)) is { } moment ? (moment, Names(roster.OnDuty(team, moment))) : null);

    private static IReadOnlyList<LocalText> Names(IReadOnlyList<Person> persons) => [.. persons.Select(person => person.Name)];
}
