using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FsCheck;

namespace FacilityMonitor.Tests.Registry;

/// <summary>Rosters against a model that knows nothing of them: quarter of an hour by quarter of an hour, over make-up workdays and the turn of the year.</summary>
public sealed class DutyRosterPropertyTests
{
    private static readonly string[] Everybody = ["an", "bo", "cai", "ding"];

    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    /// <summary>Spring Festival, National Day and the turn of the year: where days of the week lie.</summary>
    private static readonly (DateTime From, DateTime To)[] Windows =
    [
        (new(2026, 2, 12), new(2026, 3, 2)), (new(2026, 9, 18), new(2026, 10, 12)), (new(2025, 12, 28), new(2026, 1, 6)), (new(2026, 12, 28), new(2027, 1, 4)),
    ];

    [Fact]
    public void Whatever_rosters_people_write_each_instant_has_who_the_rules_say_or_a_recorded_gap()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(40, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var (from, to) = Windows[numbers[0] % Windows.Length];
            var team = Invent(numbers, from);
            var persons = Everybody.Select((id, number) => Person(id) with { Away = numbers[30 + number] % 3 == 0 ? [new Absence(Edge(numbers[30 + number], from), Edge(numbers[30 + number], from).AddHours(40))] : [] }).ToList();
            var roster = new DutyRoster(new People { Persons = persons, Teams = [team], Holidays = HolidayCalendar.BuiltIn });
            var gaps = roster.Gaps(team, from, to);
            for (var at = from; at < to; at += Quarter)
            {
                var there = roster.OnDuty(team, at).Select(person => person.Id).Order().ToList();
                Assert.Equal(Model(team, persons, at), there);
                Assert.Equal(there.Count == 0, gaps.Any(gap => gap.Kind == RosterGapKind.Nobody && at >= gap.From && at < gap.To));
                var isGuess = team.Shifts.Any(shift => shift.Days != DayKind.All) && (at.Year > 2026 || at.AddDays(-1).Year < 2025);
                Assert.Equal(isGuess, gaps.Any(gap => gap.Kind == RosterGapKind.UnknownYear && at >= gap.From && at < gap.To));
            }
        }).Check(Quiet(120));
    }

    [Fact]
    public void Nobody_changes_between_two_moments_of_change()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(40, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var (from, to) = Windows[numbers[0] % Windows.Length];
            var team = Invent(numbers, from);
            var roster = new DutyRoster(new People { Persons = [.. Everybody.Select(Person)], Teams = [team], Holidays = HolidayCalendar.BuiltIn });
            for (var at = from; at < to;)
            {
                var now = roster.OnDuty(team, at).Select(person => person.Id).ToHashSet();
                var next = roster.NextChange(team, at, to) ?? to;
                Assert.True(next > at);
                for (var between = at; between < next; between += TimeSpan.FromMinutes(45))
                    Assert.True(now.SetEquals(roster.OnDuty(team, between).Select(person => person.Id)));
                Assert.True(next == to || !now.SetEquals(roster.OnDuty(team, next).Select(person => person.Id)));
                at = next;
            }
        }).Check(Quiet(60));
    }

    /// <summary>An office team and a team of rest days, by the days the State Council announced, written down once more.</summary>
    [Fact]
    public void All_of_2026_is_worked_as_announced_to_the_quarter_of_an_hour()
    {
        var team = new Team
        {
            Id = "office",
            Name = new LocalText("居委会", "Committee"),
            Tier = Tier.CommitteeDuty,
            Shifts =
            [
                new Shift { Days = DayKind.Workdays, From = new TimeOnly(9, 0), To = new TimeOnly(17, 30), Persons = ["an"] },
                new Shift { Days = DayKind.Workdays, From = new TimeOnly(17, 30), To = new TimeOnly(9, 0), Persons = ["bo"] },
                new Shift { Days = DayKind.Restdays, From = new TimeOnly(9, 0), To = new TimeOnly(9, 0), Persons = ["cai"] },
            ],
        };
        var roster = new DutyRoster(new People { Persons = [.. Everybody.Select(Person)], Teams = [team], Holidays = HolidayCalendar.BuiltIn });
        HashSet<string> off = ["0101", "0102", "0103", "0215", "0216", "0217", "0218", "0219", "0220", "0221", "0222", "0223", "0404", "0405", "0406", "0501", "0502", "0503", "0504", "0505", "0619", "0620", "0621", "0925", "0926", "0927", "1001", "1002", "1003", "1004", "1005", "1006", "1007"];
        HashSet<string> made = ["0104", "0214", "0228", "0509", "0920", "1010"];
        for (var at = new DateTime(2026, 1, 2); at < new DateTime(2026, 12, 31); at += Quarter)
        {
            // A duty belongs to the day that it begins on, at nine.
            var day = at.AddHours(-9).Date;
            var key = day.ToString("MMdd", System.Globalization.CultureInfo.InvariantCulture);
            var works = made.Contains(key) || (!off.Contains(key) && day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday));
            var expected = !works ? "cai" : at.TimeOfDay >= new TimeSpan(9, 0, 0) && at.TimeOfDay < new TimeSpan(17, 30, 0) ? "an" : "bo";
            Assert.Equal([expected], roster.OnDuty(team, at).Select(person => person.Id));
        }
    }

    [Fact]
    public void Shanghai_has_no_summer_time_and_every_instant_has_one_wall_clock()
    {
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), minutes =>
        {
            var ms = minutes % (60L * 24 * 366 * 30) * 60_000;
            Assert.Equal(ms, DutyRoster.Instant(DutyRoster.Wall(ms)));
            Assert.Equal(TimeSpan.FromHours(8), DutyRoster.Wall(ms) - DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime);
        }).Check(Quiet(500));
    }

    [Fact]
    public void In_the_overlap_nobody_of_either_shift_is_missing_and_nobody_else_is_called()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(40, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var (from, to) = Windows[numbers[0] % Windows.Length];
            var team = Invent(numbers, from);
            var roster = new DutyRoster(new People { Persons = [.. Everybody.Select(Person)], Teams = [team], Holidays = HolidayCalendar.BuiltIn });
            for (var at = from; at < to; at += TimeSpan.FromMinutes(105))
            {
                var both = roster.OnDuty(Tier.Guard, "s", DutyRoster.Instant(at), overlap: true).Select(person => person.Id).Order();
                Assert.Equal(roster.OnDuty(team, at).Concat(roster.OnDuty(team, at - Team.HandOver)).Select(person => person.Id).Distinct().Order(), both);
            }
        }).Check(Quiet(60));
    }

    /// <summary>Whoever has a gap in the whole chain of a site is nobody at every quarter of it, and somebody outside.</summary>
    [Fact]
    public void A_site_whose_chain_finds_nobody_is_found_and_no_other_time()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(40, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var (from, _) = Windows[numbers[0] % Windows.Length];
            var to = from.AddDays(5);
            var leaders = Invent(numbers, from) with { Id = "leaders", Tier = Tier.StairLeader, Fallback = null };
            var board = new DutyBoard(
                new DutyRoster(new People { Persons = [.. Everybody.Select((id, number) => Person(id) with { NightCalls = number % 2 == 0 })], Teams = [Invent([.. numbers.Reverse()], from) with { Fallback = null }, leaders], Holidays = HolidayCalendar.BuiltIn }),
                _ => Loudness.Sms, _ => []);
            var chain = EscalationChain.Of(FacilityMonitor.Alerts.Priority.P0);
            var gaps = board.Nobody(chain, "s", FacilityMonitor.Alerts.Priority.P0, from, to);
            for (var at = from; at < to; at += Quarter)
                Assert.Equal(board.CountOnDuty(chain, "s", FacilityMonitor.Alerts.Priority.P0, DutyRoster.Instant(at)) == 0, gaps.Any(gap => at >= gap.From && at < gap.To));
        }).Check(Quiet(40));
    }

    /// <summary>What the README promises, written the slow way: override of the team, then of a person, then swap, then shift, then fallback; who is away never.</summary>
    private static List<string> Model(Team team, List<Person> persons, DateTime at)
    {
        var ids = team.Overrides.Where(one => one.For is null && one.From <= at && at < one.To).Select(one => one.Person).ToList();
        if (ids.Count == 0)
        {
            foreach (var shift in team.Shifts)
            {
                for (var day = at.Date.AddDays(-1); day <= at.Date; day = day.AddDays(1))
                {
                    var begin = day + shift.From.ToTimeSpan();
                    var end = shift.To > shift.From ? day + shift.To.ToTimeSpan() : day.AddDays(1) + shift.To.ToTimeSpan();
                    if (at < begin || at >= end || (shift.Weekdays.Count > 0 && !shift.Weekdays.Contains(day.DayOfWeek)) || (shift.Days != DayKind.All && Works(day) != (shift.Days == DayKind.Workdays)))
                        continue;
                    ids.AddRange(Turn(shift, DateOnly.FromDateTime(day)).Select(id => Place(team, id, at)));
                }
            }
        }

        var there = ids.Distinct().Where(IsThere).Order().ToList();
        return there.Count > 0 || team.Fallback is null ? there : [.. new[] { team.Fallback }.Where(IsThere)];

        bool IsThere(string id) => !persons.Single(person => person.Id == id).Away.Any(absence => absence.From <= at && at < absence.To);
    }

    private static bool Works(DateTime day) => HolidayCalendar.BuiltIn.IsWorkday(DateOnly.FromDateTime(day)) ?? day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday);

    private static IEnumerable<string> Turn(Shift shift, DateOnly day)
    {
        if (shift.Turns == ShiftTurns.Together)
            return shift.Persons;
        var (number, first) = (0, shift.Since);
        var step = shift.Turns == ShiftTurns.Daily ? 1 : 7;
        while (day < first)
            (first, number) = (first.AddDays(-step), number - 1);
        while (day >= first.AddDays(step))
            (first, number) = (first.AddDays(step), number + 1);
        while (number < 0)
            number += shift.Persons.Count;
        return [shift.Persons[number % shift.Persons.Count]];
    }

    private static string Place(Team team, string id, DateTime at)
    {
        if (team.Overrides.FirstOrDefault(one => one.For == id && one.From <= at && at < one.To) is { } standIn)
            return standIn.Person;
        var swap = team.Swaps.FirstOrDefault(one => (one.One == id || one.Other == id) && one.From <= at && at < one.To);
        return swap is null ? id : swap.One == id ? swap.Other : swap.One;
    }

    private static Team Invent(int[] numbers, DateTime from) => new()
    {
        Id = "gate",
        Name = new LocalText("门岗", "Gate"),
        Tier = Tier.Guard,
        Shifts = [.. Enumerable.Range(0, 1 + (numbers[1] % 3)).Select(number => new Shift
        {
            From = TimeOnly.MinValue.AddMinutes(numbers[2 + (5 * number)] % 96 * 15),
            To = TimeOnly.MinValue.AddMinutes(numbers[3 + (5 * number)] % 96 * 15),
            Days = (DayKind)(numbers[4 + (5 * number)] % 3),
            Turns = (ShiftTurns)(numbers[5 + (5 * number)] % 3),
            Since = DateOnly.FromDateTime(from).AddDays((numbers[6 + (5 * number)] % 20) - 10),
            Persons = Everybody[..(1 + (numbers[6 + (5 * number)] % 3))],
            Weekdays = numbers[4 + (5 * number)] % 5 == 0 ? [DayOfWeek.Sunday, DayOfWeek.Thursday] : [],
        })],
        Fallback = numbers[20] % 4 == 0 ? "cai" : null,
        Overrides = numbers[21] % 2 == 0 ? [new StandIn(Edge(numbers[21], from), Edge(numbers[21], from).AddHours(30), "bo", numbers[22] % 2 == 0 ? null : "an")] : [],
        Swaps = numbers[23] % 2 == 0 ? [new Swap(Edge(numbers[23], from), Edge(numbers[23], from).AddHours(50), "an", "ding")] : [],
    };

    private static DateTime Edge(int number, DateTime from) => from.AddDays(-1).AddMinutes(number % (9 * 96) * 15);

    private static Person Person(string id) => new() { Id = id, Name = new LocalText(id, id), Contacts = [new PersonContact("sms", "1", new DateOnly(2026, 11, 20))] };

    private static FsCheck.Configuration Quiet(int tests) => new() { MaxNbOfTest = tests, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner };
}
