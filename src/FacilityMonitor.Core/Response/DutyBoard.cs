using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>Somebody to call, and how.</summary>
/// <param name="Person">Who.</param>
/// <param name="Contacts">The ways to try, in their order; never empty.</param>
internal sealed record Callee(Person Person, IReadOnlyList<PersonContact> Contacts);

/// <summary>Finds who is called when a step fires: who is on duty at this moment and can be reached.</summary>
/// <param name="roster">Who is on duty.</param>
/// <param name="loudness">How loud a channel is; null: there is no such channel.</param>
/// <param name="sirens">Device ids of the sirens of a site.</param>
internal sealed class DutyBoard(DutyRoster roster, Func<string, Loudness?> loudness, Func<string, IReadOnlyList<string>> sirens)
{
    /// <summary>From this hour on people sleep, wall clock of Shanghai.</summary>
    public const int QuietFromHour = 22;

    /// <summary>And until this one.</summary>
    public const int QuietToHour = 7;

    /// <summary>When information is told, hour of the day.</summary>
    public const int DigestHour = 9;

    /// <summary>A service alert that nobody answered for so long wakes somebody up, ms.</summary>
    private const long ServiceWaitMaxMs = 4 * 3_600_000;

    /// <summary>Who is on duty.</summary>
    public DutyRoster Roster => roster;

    /// <summary>Whether people sleep at an instant.</summary>
    public static bool IsQuiet(long atMs) => DutyRoster.Wall(atMs).Hour is >= QuietFromHour or < QuietToHour;

    /// <summary>When the first step of a chain is due.</summary>
    /// <param name="priority">Of the alert.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="lastOfGroupMs">When people were last called for the first time for an alert of the same site and priority; null: never.</param>
    public static long FirstDueMs(Priority priority, long nowMs, long? lastOfGroupMs)
    {
        if (priority == Priority.P3)
            return NextAt(nowMs, DigestHour);
        var due = nowMs + ResponseTiming.GroupWaitMs(priority);
        // A clock that was set back leaves calls in the future: they must not keep anybody waiting.
        if (Math.Min(lastOfGroupMs ?? 0, nowMs) + ResponseTiming.GroupIntervalMs(priority) is var next && next > due)
            due = next;
        // P2 waits for the morning, but not for ever.
        return priority == Priority.P2 && IsQuiet(due) ? Math.Max(due, Math.Min(NextAt(due, QuietToHour), nowMs + ServiceWaitMaxMs)) : due;
    }

    /// <summary>The sirens of a site.</summary>
    public IReadOnlyList<string> Sirens(string? site) => site is null ? [] : sirens(site);

    /// <summary>Whom a step calls.</summary>
    /// <param name="step">The step.</param>
    /// <param name="number">Its number in the chain.</param>
    /// <param name="site">The site.</param>
    /// <param name="priority">Of the alert.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="why">Why somebody is not called: empty tiers, and persons without a way.</param>
    public IReadOnlyList<Callee> Find(EscalationStep step, int number, string? site, Priority priority, long nowMs, out string why)
    {
        var callees = new List<Callee>();
        var missing = new List<string>();
        var night = IsQuiet(nowMs);
        foreach (var tier in step.Tiers)
        {
            var there = roster.OnDuty(tier, site, nowMs, overlap: priority == Priority.P0).Where(person => tier != Tier.StairLeader || !night || person.NightCalls).ToList();
            if (there.Count == 0)
                missing.Add(Words.Of(tier));
            foreach (var person in there.Where(person => callees.All(callee => callee.Person.Id != person.Id)))
            {
                var contacts = Ways(person, Allowed(step.Loudness, number, priority, night));
                if (contacts.Count > 0)
                    callees.Add(new Callee(person, contacts));
                else
                    missing.Add($"{Words.Of(tier)}:{person.Id}");
            }
        }

        why = string.Join(' ', missing);
        return callees;
    }

    /// <summary>Somebody by name; null: not registered, with us no more, or without a way.</summary>
    public Callee? Find(string person, Priority priority, long nowMs) =>
        roster.People.Find(person, DutyRoster.Wall(nowMs)) is { } known && Ways(known, priority <= Priority.P1 ? Loudness.Voice : Loudness.Message) is { Count: > 0 } contacts ? new Callee(known, contacts) : null;

    /// <summary>How many persons the whole chain of an alert would find now.</summary>
    public int CountOnDuty(EscalationChain chain, string? site, Priority priority, long nowMs) => Find(chain.At(chain.Steps.Count), chain.Steps.Count, site, priority, nowMs, out _).Count;

    /// <summary>Every time in which the whole chain of a site would find nobody, in order; times that touch are one.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="site">The site.</param>
    /// <param name="priority">Of its alerts.</param>
    /// <param name="from">First moment looked at, wall clock of Shanghai.</param>
    /// <param name="to">First moment not looked at.</param>
    public IReadOnlyList<(DateTime From, DateTime To)> Nobody(EscalationChain chain, string site, Priority priority, DateTime from, DateTime to)
    {
        // Whoever handed over is still called for the overlap, so that things change at the end of it, too.
        var changes = roster.People.Teams.Where(team => team.Covers(site) && chain.Steps.Any(step => step.Tiers.Contains(team.Tier))).SelectMany(team => roster.Moments(team, from - Team.HandOver, to)).ToList();
        var moments = new SortedSet<DateTime>(changes.Concat(changes.Select(change => change + Team.HandOver)).Where(moment => moment > from && moment < to)) { from, to };
        // Who sleeps by their own choice is found by day and not at night.
        for (var day = from.Date; day < to; day = day.AddDays(1))
            moments.UnionWith(new[] { day.AddHours(QuietToHour), day.AddHours(QuietFromHour) }.Where(moment => moment > from && moment < to));
        var empty = new List<(DateTime From, DateTime To)>();
        foreach (var (begin, end) in moments.Zip(moments.Skip(1)))
        {
            if (CountOnDuty(chain, site, priority, DutyRoster.Instant(begin)) > 0)
                continue;
            if (empty.Count > 0 && empty[^1].To == begin)
                empty[^1] = (empty[^1].From, end);
            else
                empty.Add((begin, end));
        }

        return empty;
    }

    /// <summary>At night a hazard is told by SMS at once, and rings from the second step on.</summary>
    private static Loudness Allowed(Loudness loudness, int number, Priority priority, bool night) => priority == Priority.P1 && night
        ? number == 0 ? Loudness.Sms : Loudness.Voice
        : loudness;

    /// <summary>The loudest first: an app that took a message has woken nobody. Who has only louder ways than asked for gets the quietest of them; that is better than nothing.</summary>
    private List<PersonContact> Ways(Person person, Loudness most)
    {
        var usable = person.Contacts.Select((contact, order) => (contact, order, loudness: loudness(contact.Channel))).Where(way => way.loudness is not null).ToList();
        var allowed = usable.Where(way => way.loudness <= most).OrderByDescending(way => way.loudness).ThenBy(way => way.order).Select(way => way.contact).ToList();
        return allowed.Count > 0 ? allowed : [.. usable.OrderBy(way => way.loudness).ThenBy(way => way.order).Take(1).Select(way => way.contact)];
    }

    private static long NextAt(long nowMs, int hour)
    {
        var wall = DutyRoster.Wall(nowMs);
        var today = wall.Date.AddHours(hour);
        return DutyRoster.Instant(today > wall ? today : today.AddDays(1));
    }
}
