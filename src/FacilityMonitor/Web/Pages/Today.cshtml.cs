using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>Something with a date that is today, or was before.</summary>
/// <param name="AtMs">When, ms since 1970-01-01 UTC; null: at no hour.</param>
/// <param name="IsLate">Whether that is past.</param>
/// <param name="What">What it is.</param>
/// <param name="Where">About what or whom.</param>
/// <param name="Link">The way to it; null: there is none.</param>
internal sealed record DueRow(long? AtMs, bool IsLate, LocalText What, LocalText Where, string? Link);

/// <summary>A team as the day sees it.</summary>
/// <param name="Team">The team.</param>
/// <param name="Now">Who is there.</param>
/// <param name="Tonight">Who is there tonight.</param>
/// <param name="NextMs">When somebody else comes, ms since 1970-01-01 UTC; null: not within days.</param>
internal sealed record DutyRow(Team Team, IReadOnlyList<LocalText> Now, IReadOnlyList<LocalText> Tonight, long? NextMs);

/// <summary><c>/today</c>, 昨夜与今日: what rang since yesterday evening and what became of it, what is open, what is due, who is on duty; and what is mine goes to the next with one press.</summary>
[WritesAudit]
internal sealed class TodayModel(
    Database database, ResponseDesk desk, ResponseLog log, ContactDesk contacts, FacilitySource registry, IngestWorker ingest, PersonNames names, AuditTrail audit, TimeProvider time) : PageModel
{
    /// <summary>The evening begins, wall clock of Shanghai: from here on nobody is in the office.</summary>
    public const int EveningHour = 18;

    /// <summary>Lines of what rang; all of it is on the list of alerts. With the others it is a page of A4.</summary>
    public const int RangMax = 12;

    /// <summary>Lines of each other list.</summary>
    public const int LinesMax = 6;

    /// <summary>Teams that are named; the page of rosters has all.</summary>
    public const int TeamsMax = 14;

    /// <summary>Causes whose whole story is read: a night with more is not read line by line.</summary>
    private const int StoriesMax = 300;

    /// <summary>Alerts of one cause whose story is read, beside the first: most of those that wait were never answered, and the first such one ends it.</summary>
    private const int StoriesOfCauseMax = 20;

    private const int DaysToNext = 8;

    public PersonNames Names => names;

    public long NowMs { get; private set; }

    public long SinceMs { get; private set; }

    /// <summary>Whether no message can come: then a quiet night says nothing.</summary>
    public bool IsDeaf => !ingest.IsHearing;

    /// <summary>What rang, what nobody answered first, then by the hour.</summary>
    public IReadOnlyList<NightLine> Rang { get; private set; } = [];

    /// <summary>Causes that rang.</summary>
    public int RangCount { get; private set; }

    public IReadOnlyList<NightLine> Unanswered { get; private set; } = [];

    /// <summary>Of each open cause the alert that calls still, else its first; with how many others.</summary>
    public IReadOnlyList<(AlertRow Row, int Others)> Open { get; private set; } = [];

    public int OpenCount { get; private set; }

    /// <summary>Open causes that are no more than information: nobody is called for them, but they are not nothing.</summary>
    public int InformationCount { get; private set; }

    public IReadOnlyList<AlertRow> Mine { get; private set; } = [];

    public int MineCount { get; private set; }

    /// <summary>All that one press hands over, by their ids: as many as the page says.</summary>
    public IReadOnlyList<string> Shown { get; private set; } = [];

    /// <summary>Who gets what is mine; null: there is nobody.</summary>
    public NextOnDuty? Next { get; private set; }

    public IReadOnlyList<Person> Others { get; private set; } = [];

    public IReadOnlyList<DueRow> Due { get; private set; } = [];

    public int DueCount { get; private set; }

    public IReadOnlyList<DutyRow> Duty { get; private set; } = [];

    /// <summary>Teams that are not named.</summary>
    public int DutyMore { get; private set; }

    public LocalText? Refusal { get; private set; }

    /// <summary>Who was chosen by a press that was refused; null: nothing was refused.</summary>
    public string? To { get; private set; }

    /// <summary>Who stands chosen when the page is drawn: after a refusal nobody but who was chosen then. Null: it has to be chosen.</summary>
    public string? Chosen => To is { } to ? Others.FirstOrDefault(person => person.Id == to)?.Id : Next?.Person.Id;

    /// <summary>To whom a press handed something, how much, and how much was too much for one press; null: nothing was pressed.</summary>
    public (string Person, int Count, int Left)? Handed { get; private set; }

    public bool MayRespond => HttpContext.Visitor().May(Right.Respond);

    public bool IsCalm => RangCount == 0 && OpenCount == 0 && InformationCount == 0 && DueCount == 0;

    public void OnGet() => Fill();

    /// <summary>Everything that is mine and open and stood on the page goes to somebody, by the way that each alert could be handed on alone. What was taken since is not handed over unseen, and who stood chosen as the next on duty gets it only while that is true.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? to, [FromForm] string? shown, [FromForm] string? next)
    {
        var visitor = HttpContext.Visitor();
        if (!MayRespond)
            return Forbid();
        To = to ?? "";
        if (AlertsModel.PeopleOf(visitor, registry.Current.Facility.People, time).All(person => person.Id != to))
            return Refuse(StatusCodes.Status422UnprocessableEntity, Both("today-nobody-to-hand"));
        List<string> mine;
        var seen = (shown ?? "").Split(',').ToHashSet(StringComparer.Ordinal);
        using (var reader = database.OpenReader())
        {
            mine = [.. MineOf(reader, visitor).SelectMany(group => group.Alerts).Where(seen.Contains)];
            var states = mine.Take(ResponseDesk.AtOnceMax).Select(alert => ResponseTable.Load(reader, alert)!).ToList();
            if (to == next && NextOnDuty.Find(log.Board, visitor.Person, states, time.GetUtcNow().ToUnixTimeMilliseconds()) is { } now && now.Person.Id != to)
            {
                // Drawn with who is next now: nobody chose the one of last evening.
                To = null;
                return Refuse(StatusCodes.Status422UnprocessableEntity, Both("today-next-changed"));
            }
        }

        try
        {
            var command = new ResponseCommand.Assign(to!);
            mine = desk.Left(mine, command, visitor.Actor);
            var outcomes = mine.Count == 0 ? [] : await desk.DoAsync([.. mine.Take(ResponseDesk.AtOnceMax)], command, visitor.Actor, audit.EachOf(visitor, "assign"));
            var done = outcomes.OfType<ResponseOutcome.Done>().Where(one => one.IsNew).ToList();
            if (outcomes.OfType<ResponseOutcome.Refused>().FirstOrDefault() is { } refused)
                return Refuse(StatusCodes.Status422UnprocessableEntity, refused.Refusal.Text);
            // What was handed over need not be mine any more: how much it was is in the address.
            return Redirect(string.Create(CultureInfo.InvariantCulture, $"/today?handed={Uri.EscapeDataString(to!)}&n={done.Count}&left={Math.Max(0, mine.Count - ResponseDesk.AtOnceMax)}#mine"));
        }
        catch (DatabaseUnavailableException)
        {
            return Refuse(StatusCodes.Status503ServiceUnavailable, Both("act-not-saved"));
        }
    }

    /// <summary>How an alert ended, or how far it is.</summary>
    public static string EndOf(NightLine line, string language)
    {
        var state = line.Row.State;
        if (line.Closed is { } closed)
            return $"{Texts.In(language, "act-stage-closed")} {AlertText.Clock(closed.AtMs)[6..^3]} · {Texts.In(language, AlertView.CauseKey(closed.Cause))}";
        return state is { IsOn: false, RecoveredMs: { } over } ? $"{Texts.In(language, "today-back-to-normal")} {AlertText.Clock(over)[6..^3]}" : Texts.In(language, AlertView.StageKey(state));
    }

    private PageResult Refuse(int status, LocalText why)
    {
        (Response.StatusCode, Refusal) = (status, why);
        Fill();
        return Page();
    }

    private void Fill()
    {
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (visitor, facility, board, at) = (HttpContext.Visitor(), registry.Current.Facility, log.Board, DutyRoster.Wall(NowMs));
        SinceMs = DutyRoster.Instant(at.Date.AddDays(-1).AddHours(EveningHour));
        Others = AlertsModel.PeopleOf(visitor, facility.People, time);
        using var reader = database.OpenReader();
        FillNight(reader, visitor.Sites);
        var all = AlertList.Find(reader, new AlertFilter(AlertTab.All, visitor.Sites, visitor.Person), NowMs);
        var open = all.Where(group => group.Priority <= Priority.P2).ToList();
        (OpenCount, InformationCount) = (open.Count, all.Count - open.Count);
        Open = [.. open.Take(LinesMax).Select(group => (AlertList.Row(reader, group.Waiting.FirstOrDefault(alert => ResponseTable.Load(reader, alert)!.IsCalling) ?? group.Alerts[0]), group.Alerts.Count - 1))];
        var mine = MineOf(reader, visitor);
        var states = mine.SelectMany(group => group.Alerts).Take(ResponseDesk.AtOnceMax).Select(alert => AlertList.Row(reader, alert)).ToList();
        Shown = [.. mine.SelectMany(group => group.Alerts)];
        (MineCount, Mine) = (mine.Sum(group => group.Alerts.Count), [.. states.Take(LinesMax)]);
        // All that one press hands over, not only what is shown.
        Next = NextOnDuty.Find(board, visitor.Person, [.. states.Select(row => row.State)], NowMs) is { } next && Others.Any(person => person.Id == next.Person.Id) ? next : null;
        if (Request.Query["handed"].ToString() is { Length: > 0 } to && Others.Any(person => person.Id == to))
            Handed = (to, NumberOf("n"), NumberOf("left"));
        var due = DueRows(reader, visitor.Sites, facility, at).OrderBy(row => !row.IsLate).ThenBy(row => row.AtMs ?? long.MaxValue).ToList();
        (DueCount, Due) = (due.Count, due.GetRange(0, Math.Min(LinesMax, due.Count)));
        var tonight = at.Date.AddHours(TonightReport.Hour);
        var teams = facility.People.Teams.Where(visitor.Sites.Has).ToList();
        DutyMore = Math.Max(0, teams.Count - TeamsMax);
        Duty = [.. teams.Take(TeamsMax).Select(team => new DutyRow(
            team, NamesOf(board.Roster, team, at), NamesOf(board.Roster, team, at > tonight ? at : tonight),
            board.Roster.NextChange(team, at, at.AddDays(DaysToNext)) is { } change ? DutyRoster.Instant(change) : null))];
    }

    private void FillNight(Microsoft.Data.Sqlite.SqliteConnection reader, SiteScope sites)
    {
        var groups = AlertList.Rang(reader, sites, SinceMs);
        RangCount = groups.Count;
        var lines = groups.Take(StoriesMax).Select(group => LineOf(reader, group)).ToList();
        Unanswered = [.. lines.Where(line => line.IsUnanswered).OrderBy(line => line.Row.State.Priority).ThenBy(line => line.AtMs)];
        Rang = [.. lines.OrderBy(line => !line.IsUnanswered).ThenBy(line => line.Row.State.Priority).ThenBy(line => line.AtMs).Take(RangMax).OrderBy(line => line.AtMs)];
    }

    /// <summary>A cause is as well answered as the one of its alerts that nobody answered: to take the first takes none of the others.</summary>
    private NightLine LineOf(Microsoft.Data.Sqlite.SqliteConnection reader, AlertGroup group)
    {
        var first = StoryOf(group.Alerts[0]);
        return first.IsUnanswered ? first : group.Waiting.Where(alert => alert != group.Alerts[0]).Take(StoriesOfCauseMax).Select(StoryOf).FirstOrDefault(line => line.IsUnanswered) ?? first;

        NightLine StoryOf(string alert) => NightLine.Of(AlertList.Row(reader, alert), group.Alerts.Count - 1, ResponseTable.Timeline(reader, alert), SinceMs);
    }

    private int NumberOf(string field) => int.TryParse(Request.Query[field], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static IReadOnlyList<AlertGroup> MineOf(Microsoft.Data.Sqlite.SqliteConnection reader, Visitor visitor) =>
        AlertList.Find(reader, new AlertFilter(AlertTab.Mine, visitor.Sites, visitor.Person), 0);

    /// <summary>Everything with a date that the store and the registry know of.</summary>
    private IEnumerable<DueRow> DueRows(Microsoft.Data.Sqlite.SqliteConnection reader, SiteScope sites, Facility facility, DateTime at)
    {
        var (today, midnight) = (DateOnly.FromDateTime(at), DutyRoster.Instant(at.Date.AddDays(1)));
        foreach (var entry in FlyWireCaseTable.DueBefore(reader, sites, midnight))
        {
            var (stage, step) = (FlyWireWords.Of(entry.Case.Stage), OverdueWatch.Step(entry.Case.Stage));
            yield return new DueRow(
                entry.Case.DueMs, entry.Case.IsOverdue(NowMs), new($"{Texts.All["case"].Zh}（{stage.Zh}）：{step.Zh}", $"{Texts.All["case"].En} ({stage.En}): {step.En}"), entry.Where(registry.Current), $"/alert/{entry.Alert}#case");
        }

        foreach (var permit in PermitTable.Standing(reader, NowMs).Where(permit => permit.EndedMs is null && sites.HasAsset(permit.Asset)))
        {
            // Who has to agree has to today, whenever it ends.
            var isWaiting = permit is { Kind: PermitKind.OutOfService, Confirmed: null };
            if (!isWaiting && permit.UntilMs >= midnight)
                continue;
            var (kind, what) = (Both(PermitsModel.KindKey(permit.Kind)), Both(isWaiting ? "today-due-second" : "today-due-permit"));
            var link = !HttpContext.Visitor().May(Right.Permit) ? null : permit.Kind == PermitKind.Maintenance ? "/settings/power-off" : $"/settings/permits?site={permit.Asset.Split('/')[0]}#{permit.Id}";
            yield return new DueRow(permit.UntilMs, false, new($"{kind.Zh}，{what.Zh}", $"{kind.En}, {what.En}"), RegistryNames.OfAsset(registry.Current, permit.Asset), link);
        }

        foreach (var site in sites.Of(facility).Sites)
        {
            foreach (var device in site.Devices.Where(device => device.InspectionDue <= today))
                yield return new DueRow(DutyRoster.Instant(device.InspectionDue!.Value.ToDateTime(TimeOnly.MinValue)), device.InspectionDue < today, Both("today-due-inspection"), AlertText.Join(site.Name, device.Name), Links.Device(site.Id, device.Id));
            foreach (var row in DueEquipment(site, today))
                yield return row;
        }

        // One line a person, however many ways to him there are.
        foreach (var person in contacts.States().Where(state => (!state.IsVerified || state.Contact.Verified!.Value.AddDays(contacts.VerifiedForDays) <= today) && sites.Has(state.Person.Id, facility.People)).GroupBy(state => state.Person.Id))
            yield return new DueRow(null, person.Any(state => !state.IsVerified), Both("today-due-contact"), new($"{person.First().Person.Name.Zh}：{Channels(person)}", $"{person.First().Person.Name.En}: {Channels(person)}"), "/on-call#contacts");
    }

    /// <summary>Extinguishers and hydrants of a site whose check is today, or was before.</summary>
    internal static IEnumerable<DueRow> DueEquipment(Site site, DateOnly today) => site.FireEquipment.Where(thing => thing.Due <= today).Select(thing => new DueRow(
        DutyRoster.Instant(thing.Due.ToDateTime(TimeOnly.MinValue)), thing.Due < today, Both("today-due-inspection"), AlertText.Join(site.Name, thing.Name), "/fire-equipment"));

    private static string Channels(IEnumerable<ContactState> states) => string.Join(", ", states.Select(state => state.Contact.Channel).Distinct());

    private static LocalText Both(string key) => new(Texts.All[key].Zh, Texts.All[key].En);

    private static IReadOnlyList<LocalText> NamesOf(DutyRoster roster, Team team, DateTime at) => [.. roster.OnDuty(team, at).Select(person => person.Name)];
}
