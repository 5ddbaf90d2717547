using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A team as it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Sites">Names of the sites it looks after; empty: all.</param>
/// <param name="There">Who is on duty.</param>
/// <param name="Next">When that changes, on the wall clock, and who comes then.</param>
internal sealed record TeamRow(string Id, LocalText Name, IReadOnlyList<LocalText> Sites, IReadOnlyList<LocalText> There, (DateTime At, IReadOnlyList<LocalText> People)? Next);

/// <summary>Who hears of alerts of a priority, and when.</summary>
/// <param name="Priority">The priority.</param>
/// <param name="Sites">Names of the sites it is for; empty: all that the visitor sees.</param>
/// <param name="Steps">Its steps, with who is on duty for them now.</param>
/// <param name="RepeatS">Seconds after the last step when all of them are called again.</param>
internal sealed record ChainRow(Priority Priority, IReadOnlyList<LocalText> Sites, IReadOnlyList<DrillStep> Steps, int RepeatS);

/// <summary>Open alerts as a list of links.</summary>
/// <param name="Open">The alerts.</param>
/// <param name="People">Who may have them.</param>
/// <param name="Link">The page of one.</param>
internal sealed record OpenAlertsView(IReadOnlyList<OpenAlert> Open, People People, Func<string, string> Link);

/// <summary><c>/on-call</c>: who is on duty now and who comes next, what is open and who has it, where nobody would come, and which ways to people nobody confirmed.</summary>
[WritesAudit]
internal sealed class OnCallModel(
    Database database, FacilitySource registry, ResponseLog log, ContactDesk contacts, ContactChecks checks, ChannelSource channels, ChannelSounds sounds, IngestWorker ingest, TimeProvider time) : PageModel
{
    /// <summary>Gaps and contacts that are listed.</summary>
    public const int ListedMax = 50;

    /// <summary>How far it looks for the next hand-over: past a weekly one.</summary>
    private const int DaysToNext = 8;

    private IReadOnlyList<DutyGap> _gaps = [];
    private (string? Person, string? Code) _typed;

    /// <summary>Ways to people that nobody confirmed, or not for long.</summary>
    public ContactRows Unverified { get; private set; } = new([], "/on-call", false);

    /// <summary>Why something was not done; null: nothing was refused.</summary>
    public LocalText? Refusal { get; private set; }

    /// <summary>What became of a press: <c>asked</c> or <c>confirmed</c>.</summary>
    public string? Done => ContactChecks.Done(Request);

    /// <summary>When it was looked at, ms since 1970-01-01 UTC.</summary>
    public long NowMs { get; private set; }

    public IReadOnlyList<ConfigurationError> Errors => HttpContext.Visitor().Sites.IsAll ? channels.LastErrors : [];

    public IReadOnlyList<TeamRow> Teams { get; private set; } = [];

    /// <summary>The week of each team.</summary>
    public IReadOnlyList<WeekView> Weeks { get; private set; } = [];

    public IReadOnlyList<OpenAlert> Open { get; private set; } = [];

    /// <summary>Whether no message can come: that nothing is open then says nothing.</summary>
    public bool IsDeaf => !ingest.IsHearing;

    /// <summary>Who is called for what, and when, of each priority that calls somebody.</summary>
    public IReadOnlyList<ChainRow> Chains { get; private set; } = [];

    public People People => registry.Current.Facility.People;

    public void OnGet() => Fill();

    /// <summary>Asks somebody whether what we send reaches him. Whose site it is not finds nobody: the address names the person.</summary>
    public Task<IActionResult> OnPostAskAsync([FromQuery] string? person, [FromForm] string? channel) =>
        PressAsync(person, "asked", visitor => checks.AskAsync(visitor, person!, channel));

    /// <summary>Takes the code that somebody said.</summary>
    public Task<IActionResult> OnPostConfirmAsync([FromQuery] string? person, [FromForm] string? code)
    {
        _typed = (person, code);
        return PressAsync(person, "confirmed", visitor => checks.ConfirmAsync(visitor, person!, code));
    }

    private async Task<IActionResult> PressAsync(string? person, string done, Func<Visitor, Task<LocalText?>> press)
    {
        var visitor = HttpContext.Visitor();
        if (!visitor.May(Right.Contacts))
            return Forbid();
        if (person is null || !visitor.Sites.Has(person, People))
            return new NotThere("person-gone");
        try
        {
            if ((Refusal = await press(visitor)) is null)
                return Redirect($"/on-call?done={done}#contacts");
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        }
        catch (DatabaseUnavailableException)
        {
            var (zh, en) = Texts.All["act-not-saved"];
            (Refusal, Response.StatusCode) = (new LocalText(zh, en), StatusCodes.Status503ServiceUnavailable);
        }

        Fill();
        return Page();
    }

    private void Fill()
    {
        var (now, facility, roster) = (time.GetUtcNow().ToUnixTimeMilliseconds(), registry.Current.Facility, log.Board.Roster);
        var (at, sites) = (DutyRoster.Wall(now), HttpContext.Visitor().Sites);
        NowMs = now;
        using (var reader = database.OpenReader())
            Open = OpenAlerts.Of(reader, roster, facility.People.Teams, sites, now);
        Teams = [.. facility.People.Teams.Where(sites.Has).Select(team => Row(team, roster, at, sites))];
        Weeks = [.. facility.People.Teams.Where(sites.Has).Select(team => WeekView.Of(roster, team, DateOnly.FromDateTime(at)))];
        var own = sites.Of(facility).Sites;
        Chains = [.. DrillModel.Priorities.SelectMany(priority => own.GroupBy(site => facility.People.ChainOf(priority, site.Id)).Select(group => new ChainRow(
            priority, group.Count() == own.Count ? [] : [.. group.Select(site => site.Name)], DrillStep.Of(group.Key, roster, [.. group.Select(site => site.Id)], priority, now), group.Key.RepeatS)))];
        var known = contacts.Known();
        _gaps = [.. DutyGaps.Find(facility, known, sounds, at, DutyGaps.DaysAhead).Where(gap => sites.Has(gap, facility.People))];
        Unverified = new ContactRows(
            checks.Rows(ContactDesk.States(known, DateOnly.FromDateTime(at)).Where(state => !state.IsVerified && sites.Has(state.Person.Id, facility.People))), "/on-call", HttpContext.Visitor().May(Right.Contacts))
        { Typed = _typed };
    }

    public IReadOnlyList<string> Gaps(string language) => [.. _gaps.Select(gap => gap.Text.In(language))];

    private TeamRow Row(Team team, DutyRoster roster, DateTime at, SiteScope sites) => new(
        team.Id, team.Name, [.. team.Sites.Where(sites.Has).Select(id => registry.Current.FindSite(id)?.Name ?? new LocalText(id, id))], Names(roster.OnDuty(team, at)),
        roster.NextChange(team, at, at.AddDays(DaysToNext)) is { } moment ? (moment, Names(roster.OnDuty(team, moment))) : null);

    private static IReadOnlyList<LocalText> Names(IReadOnlyList<Person> persons) => [.. persons.Select(person => person.Name)];
}
