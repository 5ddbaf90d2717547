namespace FacilityMonitor.Registry;

/// <summary>Why a team cannot be counted on for a time.</summary>
public enum RosterGapKind
{
    /// <summary>Nobody is on duty, nor is there a fallback.</summary>
    Nobody,

    /// <summary>Everybody on duty has no way to be reached.</summary>
    Unreachable,

    /// <summary>Everybody on duty can be reached, but nobody of them has confirmed it within <see cref="People.VerifiedForDays"/> days.</summary>
    Unverified,

    /// <summary>The holidays of the year are not known, so who is on duty is a guess by the days of the week.</summary>
    UnknownYear,
}

/// <summary>A time in which a team cannot be counted on.</summary>
/// <param name="Team">The team.</param>
/// <param name="Kind">Why.</param>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment after it.</param>
public sealed record RosterGap(Team Team, RosterGapKind Kind, DateTime From, DateTime To);

/// <summary>Answers who is on duty, for any instant past or future: a pure function of what is registered.</summary>
public sealed class DutyRoster(People people)
{
    /// <summary>Shanghai has had no summer time since 1991.</summary>
    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    private readonly Dictionary<string, Person> _persons = people.Persons.GroupBy(person => person.Id).ToDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);

    /// <summary>What it answers from.</summary>
    public People People => people;

    /// <summary>An instant on the wall clock of Shanghai.</summary>
    public static DateTime Wall(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToOffset(Shanghai).DateTime;

    /// <summary>The instant of a moment on the wall clock of Shanghai, ms since 1970-01-01 UTC.</summary>
    public static long Instant(DateTime wall) => new DateTimeOffset(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), Shanghai).ToUnixTimeMilliseconds();

    /// <summary>Who is on duty for a tier of a site, in the order of teams and turns; nobody twice.</summary>
    /// <param name="tier">The tier.</param>
    /// <param name="site">The site; null: what is on no site is everybody's.</param>
    /// <param name="atMs">When.</param>
    /// <param name="overlap">Whether those who handed over within <see cref="Team.HandOver"/> count too: when lives are at stake.</param>
    public IReadOnlyList<Person> OnDuty(Tier tier, string? site, long atMs, bool overlap)
    {
        var at = Wall(atMs);
        var found = new List<Person>();
        foreach (var team in people.Teams.Where(team => team.Tier == tier && team.Covers(site)))
        {
            found.AddRange(OnDuty(team, at));
            if (overlap)
                found.AddRange(OnDuty(team, at - Team.HandOver).Where(person => !person.IsAway(at)));
        }

        return [.. found.DistinctBy(person => person.Id)];
    }

    /// <summary>Who is on duty in a team at a moment on the wall clock of Shanghai.</summary>
    public IReadOnlyList<Person> OnDuty(Team team, DateTime at)
    {
        ArgumentNullException.ThrowIfNull(team);
        var ids = team.Overrides.Where(one => one.For is null && at >= one.From && at < one.To).Select(one => one.Person).ToList();
        if (ids.Count == 0)
            ids = [.. Scheduled(team, at).Select(id => Replaced(team, id, at))];
        var there = Present(ids, at);
        if (there.Count == 0 && team.Fallback is { } fallback)
            there = Present([fallback], at);
        return there;
    }

    /// <summary>Every time in which a team cannot be counted on, in order; times with the same reason that touch are one.</summary>
    /// <param name="team">The team.</param>
    /// <param name="from">First moment looked at, wall clock of Shanghai.</param>
    /// <param name="to">First moment not looked at.</param>
    /// <param name="reachable">Whether somebody's contact can be used at all: its channel is there.</param>
    public IReadOnlyList<RosterGap> Gaps(Team team, DateTime from, DateTime to, Func<PersonContact, bool>? reachable = null)
    {
        ArgumentNullException.ThrowIfNull(team);
        var gaps = new List<RosterGap>();
        var moments = Moments(team, from, to);
        for (var number = 0; number < moments.Count - 1; number++)
        {
            foreach (var kind in GapsAt(team, moments[number], reachable))
            {
                var last = gaps.FindLastIndex(gap => gap.Kind == kind);
                if (last >= 0 && gaps[last].To == moments[number])
                    gaps[last] = gaps[last] with { To = moments[number + 1] };
                else
                    gaps.Add(new RosterGap(team, kind, moments[number], moments[number + 1]));
            }
        }

        return gaps;
    }

    /// <summary>When somebody else will be on duty in a team, wall clock of Shanghai; null: not until then.</summary>
    /// <param name="team">The team.</param>
    /// <param name="from">From when on it is looked.</param>
    /// <param name="to">Until when.</param>
    public DateTime? NextChange(Team team, DateTime from, DateTime to)
    {
        ArgumentNullException.ThrowIfNull(team);
        var now = OnDuty(team, from).Select(person => person.Id).ToHashSet(StringComparer.Ordinal);
        return Moments(team, from, to).Skip(1).SkipLast(1).Select(moment => (DateTime?)moment).FirstOrDefault(moment => !now.SetEquals(OnDuty(team, moment!.Value).Select(person => person.Id)));
    }

    private IEnumerable<RosterGapKind> GapsAt(Team team, DateTime at, Func<PersonContact, bool>? reachable)
    {
        var there = OnDuty(team, at);
        if (team.Shifts.Any(shift => shift.Days != DayKind.All)
            && !(people.Holidays.Knows(at.Year) && people.Holidays.Knows(at.AddDays(-1).Year)))
            yield return RosterGapKind.UnknownYear;
        if (there.Count == 0)
        {
            if (team.AlwaysCovered)
                yield return RosterGapKind.Nobody;
            yield break;
        }

        var usable = there.SelectMany(person => person.Contacts).Where(contact => reachable?.Invoke(contact) != false).ToList();
        if (usable.Count == 0)
            yield return RosterGapKind.Unreachable;
        else if (!usable.Any(contact => contact.Verified is { } verified && verified.AddDays(people.VerifiedForDays) >= DateOnly.FromDateTime(at)))
            yield return RosterGapKind.Unverified;
    }

    private IEnumerable<string> Scheduled(Team team, DateTime at)
    {
        var today = DateOnly.FromDateTime(at);
        foreach (var shift in team.Shifts)
        {
            // A shift that began yesterday may still run.
            foreach (var day in (DateOnly[])[today.AddDays(-1), today])
            {
                var began = day.ToDateTime(shift.From);
                if (at >= began && at < began + shift.Length && IsOn(shift, day))
                {
                    foreach (var id in shift.On(day))
                        yield return id;
                }
            }
        }
    }

    private bool IsOn(Shift shift, DateOnly day)
    {
        if (shift.Weekdays.Count > 0 && !shift.Weekdays.Contains(day.DayOfWeek))
            return false;
        if (shift.Days == DayKind.All)
            return true;
        // A year that is not known is told as a gap; until somebody mends it the days of the week are the best guess.
        var works = people.Holidays.IsWorkday(day) ?? day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);
        return works == (shift.Days == DayKind.Workdays);
    }

    /// <summary>Who is there in somebody's place: an override of this person wins over a swap.</summary>
    private static string Replaced(Team team, string id, DateTime at)
    {
        if (team.Overrides.FirstOrDefault(one => one.For == id && at >= one.From && at < one.To) is { } standIn)
            return standIn.Person;
        foreach (var swap in team.Swaps.Where(swap => at >= swap.From && at < swap.To))
        {
            if (swap.One == id)
                return swap.Other;
            if (swap.Other == id)
                return swap.One;
        }

        return id;
    }

    private List<Person> Present(IEnumerable<string> ids, DateTime at) =>
        [.. ids.Distinct().Select(id => _persons.GetValueOrDefault(id)).OfType<Person>().Where(person => !person.IsAway(at))];

    /// <summary>Every moment at which anything can change, in order, with both ends: between two of them nothing does.</summary>
    internal List<DateTime> Moments(Team team, DateTime from, DateTime to)
    {
        var moments = new SortedSet<DateTime> { from, to };
        for (var day = DateOnly.FromDateTime(from).AddDays(-1); day <= DateOnly.FromDateTime(to); day = day.AddDays(1))
        {
            Add(day.ToDateTime(TimeOnly.MinValue));
            foreach (var shift in team.Shifts)
            {
                Add(day.ToDateTime(shift.From));
                Add(day.ToDateTime(shift.From) + shift.Length);
            }
        }

        foreach (var edge in team.Overrides.SelectMany(one => (DateTime[])[one.From, one.To]).Concat(team.Swaps.SelectMany(one => (DateTime[])[one.From, one.To]))
            .Concat(people.Persons.SelectMany(person => person.Away).SelectMany(one => (DateTime[])[one.From, one.To]))
            .Concat(people.Persons.Select(person => person.Until).OfType<DateOnly>().Where(last => last < DateOnly.MaxValue).Select(last => last.AddDays(1).ToDateTime(TimeOnly.MinValue))))
            Add(edge);
        return [.. moments];

        void Add(DateTime moment)
        {
            if (moment > from && moment < to)
                moments.Add(moment);
        }
    }
}
