using FacilityMonitor.Alerts;
using FacilityMonitor.Response;

namespace FacilityMonitor.Registry;

/// <summary>Those who are called, and when: persons, teams with their rosters, and the yearly holidays.</summary>
public sealed record People
{
    /// <summary>Nobody.</summary>
    public static People None { get; } = new() { Persons = [], Teams = [], Holidays = HolidayCalendar.BuiltIn };

    /// <summary>Everybody who can be on duty.</summary>
    public required IReadOnlyList<Person> Persons { get; init; }

    /// <summary>The teams.</summary>
    public required IReadOnlyList<Team> Teams { get; init; }

    /// <summary>Statutory holidays and make-up workdays (调休), year by year.</summary>
    public required HolidayCalendar Holidays { get; init; }

    /// <summary>For how many days a confirmed contact counts as one that works.</summary>
    public int VerifiedForDays { get; init; } = Person.VerifiedForDays;

    /// <summary>The person with this id, also who has left; null when there is none.</summary>
    public Person? Find(string id) => Persons.FirstOrDefault(person => person.Id == id);

    /// <summary>Everybody who is with us at a moment on the wall clock of Shanghai.</summary>
    public IEnumerable<Person> At(DateTime at) => Persons.Where(person => !person.HasLeft(at));

    /// <summary>The person with this id who is with us; null when there is none.</summary>
    /// <param name="id">Who.</param>
    /// <param name="at">When, wall clock of Shanghai.</param>
    public Person? Find(string id, DateTime at) => Find(id) is { } person && !person.HasLeft(at) ? person : null;

    /// <summary>Whether somebody who is registered is with us no more.</summary>
    /// <param name="id">Who.</param>
    /// <param name="at">When, wall clock of Shanghai.</param>
    public bool HasLeft(string id, DateTime at) => Find(id)?.HasLeft(at) == true;

    /// <summary>The teams that call somebody: in a shift, in somebody's place, or where nobody else is.</summary>
    /// <param name="person">Who.</param>
    public IEnumerable<Team> TeamsOf(string person) => Teams.Where(team => team.Fallback == person || team.Shifts.Any(shift => shift.Persons.Contains(person))
        || team.Overrides.Any(one => one.Person == person) || team.Swaps.Any(swap => swap.One == person || swap.Other == person));

    /// <summary>Whether something of a site can be handed to somebody: a team of theirs looks after it, or they are in none and help everywhere.</summary>
    /// <param name="person">Who.</param>
    /// <param name="site">The site; null: of none, anybody.</param>
    public bool LooksAfter(string person, string? site)
    {
        var teams = TeamsOf(person).ToList();
        return site is null || teams.Count == 0 || teams.Exists(team => team.Covers(site));
    }

    /// <summary>Chains of its own that a site, or everybody, has for a priority; for the others the usual ones hold.</summary>
    internal IReadOnlyList<SiteChain> Chains { get; init; } = [];

    /// <summary>Who hears of an alert and when: by what is written for the site, else for all sites, else as usual.</summary>
    internal EscalationChain ChainOf(Priority priority, string? site) =>
        (Chains.FirstOrDefault(one => one.Priority == priority && site is not null && one.Sites.Contains(site))
            ?? Chains.FirstOrDefault(one => one.Priority == priority && one.Sites.Count == 0))?.Chain ?? EscalationChain.Of(priority);
}

/// <summary>One way to reach a person.</summary>
/// <param name="Channel">Name of a channel.</param>
/// <param name="Address">What the channel needs to find this person: a telephone number, a user id, a mail address; empty for a group. A secret: never shown or logged.</param>
/// <param name="Verified">When the person last confirmed that it works; null: never.</param>
public sealed record PersonContact(string Channel, string Address, DateOnly? Verified)
{
    /// <summary>Without the address: records print themselves into logs.</summary>
    public override string ToString() => $"{Channel}{(Verified is null ? ", not verified" : "")}";
}

/// <summary>Time away.</summary>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment back.</param>
public sealed record Absence(DateTime From, DateTime To);

/// <summary>Somebody who can be called.</summary>
public sealed record Person
{
    /// <summary>After so many days a contact has to be verified again, where nothing else is set.</summary>
    public const int VerifiedForDays = 30;

    /// <summary>Unique.</summary>
    public required string Id { get; init; }

    /// <summary>How we address them.</summary>
    public required LocalText Name { get; init; }

    /// <summary>How they are reached, the way to try first in front.</summary>
    public required IReadOnlyList<PersonContact> Contacts { get; init; }

    /// <summary>Whether a stair leader chose to be called at night for life safety.</summary>
    public bool NightCalls { get; init; }

    /// <summary><c>zh</c> or <c>en</c>.</summary>
    public string Language { get; init; } = "zh";

    /// <summary>When they are away; nobody who is away is on duty.</summary>
    public IReadOnlyList<Absence> Away { get; init; } = [];

    /// <summary>Their last day with us; null: none is known. From the next day on they are called by nobody, offered nowhere, and answer for nothing; what they did keeps their name.</summary>
    public DateOnly? Until { get; init; }

    /// <summary>Whether they are away, or with us no more, at a moment on the wall clock of Shanghai.</summary>
    public bool IsAway(DateTime at) => HasLeft(at) || Away.Any(absence => at >= absence.From && at < absence.To);

    /// <summary>Whether they are with us no more at a moment on the wall clock of Shanghai.</summary>
    public bool HasLeft(DateTime at) => Until is { } last && DateOnly.FromDateTime(at) > last;

    /// <summary>Without the contacts: their addresses are secrets.</summary>
    public override string ToString() => $"Person {Id} ({Contacts.Count} contacts)";
}

/// <summary>Which days something is for.</summary>
public enum DayKind
{
    /// <summary>Every day.</summary>
    All,

    /// <summary>Days on which offices work: Monday to Friday without holidays, and make-up workdays.</summary>
    Workdays,

    /// <summary>All other days.</summary>
    Restdays,
}

/// <summary>How the persons of a shift share it.</summary>
public enum ShiftTurns
{
    /// <summary>All of them every time.</summary>
    Together,

    /// <summary>The next one every day.</summary>
    Daily,

    /// <summary>The next one every week.</summary>
    Weekly,
}

/// <summary>A part of the day that somebody covers. A day's shift that goes past midnight belongs to the day it begins on.</summary>
public sealed record Shift
{
    /// <summary>The days it begins on.</summary>
    public DayKind Days { get; init; } = DayKind.All;

    /// <summary>The days of the week it begins on; empty: all of them.</summary>
    public IReadOnlyList<DayOfWeek> Weekdays { get; init; } = [];

    /// <summary>When it begins, wall clock of Shanghai.</summary>
    public required TimeOnly From { get; init; }

    /// <summary>When it ends; not after <see cref="From"/>: on the next day.</summary>
    public required TimeOnly To { get; init; }

    /// <summary>Who covers it.</summary>
    public required IReadOnlyList<string> Persons { get; init; }

    /// <summary>How they share it.</summary>
    public ShiftTurns Turns { get; init; }

    /// <summary>The day of the first person's turn.</summary>
    public DateOnly Since { get; init; } = new(2026, 1, 5);

    /// <summary>Length of the shift; 24 h when it ends at the time it begins.</summary>
    public TimeSpan Length => To > From ? To - From : TimeSpan.FromDays(1) - (From - To);

    /// <summary>Who covers the shift that begins on a day.</summary>
    public IReadOnlyList<string> On(DateOnly day)
    {
        if (Turns == ShiftTurns.Together || Persons.Count == 0)
            return Persons;
        var days = day.DayNumber - Since.DayNumber;
        var turn = Turns == ShiftTurns.Daily ? days : (int)Math.Floor(days / 7.0);
        return [Persons[((turn % Persons.Count) + Persons.Count) % Persons.Count]];
    }
}

/// <summary>Somebody stands in: for the whole team, or for one person of it.</summary>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment after it.</param>
/// <param name="Person">Who is on duty then.</param>
/// <param name="For">Whose place it is; null: the whole team's.</param>
public sealed record StandIn(DateTime From, DateTime To, string Person, string? For);

/// <summary>Two persons exchange their duties for a time.</summary>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment after it.</param>
/// <param name="One">One of them.</param>
/// <param name="Other">The other.</param>
public sealed record Swap(DateTime From, DateTime To, string One, string Other);

/// <summary>A team with its roster. What is laid over wins: override, then swap, then shift, then fallback.</summary>
public sealed record Team
{
    /// <summary>Outgoing and incoming shift are both called for so long after a hand-over when lives are at stake.</summary>
    public static readonly TimeSpan HandOver = TimeSpan.FromMinutes(15);

    /// <summary>Unique.</summary>
    public required string Id { get; init; }

    /// <summary>What it is called.</summary>
    public required LocalText Name { get; init; }

    /// <summary>What it is to those who need help.</summary>
    public required Tier Tier { get; init; }

    /// <summary>Site ids it looks after; empty: all.</summary>
    public IReadOnlyList<string> Sites { get; init; } = [];

    /// <summary>Its shifts.</summary>
    public IReadOnlyList<Shift> Shifts { get; init; } = [];

    /// <summary>Who stands in.</summary>
    public IReadOnlyList<StandIn> Overrides { get; init; } = [];

    /// <summary>Who exchanged duties.</summary>
    public IReadOnlyList<Swap> Swaps { get; init; } = [];

    /// <summary>Who is called when nobody else is on duty; null: nobody.</summary>
    public string? Fallback { get; init; }

    /// <summary>Whether it should cover every moment: a gap is told. A grid officer or committee with office hours need not.</summary>
    public bool AlwaysCovered { get; init; } = true;

    /// <summary>Whether it looks after a site; what is on no site is everybody's.</summary>
    public bool Covers(string? site) => Sites.Count == 0 || site is null || Sites.Contains(site);
}
