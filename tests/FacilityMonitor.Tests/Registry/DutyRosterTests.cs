using FacilityMonitor.Registry;
using FsCheck;

namespace FacilityMonitor.Tests.Registry;

public sealed class DutyRosterTests
{
    private static readonly string[] Everybody = ["an", "bo", "cai"];

    [Fact]
    public void A_day_and_a_night_shift_hand_over_on_the_minute()
    {
        var team = Team(Shift("08:00", "20:00", "an"), Shift("20:00", "08:00", "bo"));
        Assert.Equal("bo", Who(team, "2026-11-21 07:59"));
        Assert.Equal("an", Who(team, "2026-11-21 08:00"));
        Assert.Equal("an", Who(team, "2026-11-21 19:59"));
        Assert.Equal("bo", Who(team, "2026-11-21 20:00"));
        Assert.Equal("bo", Who(team, "2026-11-22 00:30"));
    }

    [Fact]
    public void For_fifteen_minutes_after_a_hand_over_both_are_called_when_lives_are_at_stake()
    {
        var roster = Roster(Team(Shift("08:00", "20:00", "an"), Shift("20:00", "08:00", "bo")));
        Assert.Equal(["bo", "an"], Ids(roster.OnDuty(Tier.Guard, "s", At("2026-11-21 20:00"), overlap: true)));
        Assert.Equal(["bo", "an"], Ids(roster.OnDuty(Tier.Guard, "s", At("2026-11-21 20:14"), overlap: true)));
        Assert.Equal(["bo"], Ids(roster.OnDuty(Tier.Guard, "s", At("2026-11-21 20:15"), overlap: true)));
        Assert.Equal(["bo"], Ids(roster.OnDuty(Tier.Guard, "s", At("2026-11-21 20:01"), overlap: false)));
    }

    [Fact]
    public void Daily_turns_go_round_and_reach_back_before_the_first_day()
    {
        var team = Team(Shift("08:00", "08:00", Everybody) with { Turns = ShiftTurns.Daily, Since = new DateOnly(2026, 11, 2) });
        Assert.Equal("an", Who(team, "2026-11-02 08:00"));
        Assert.Equal("an", Who(team, "2026-11-03 07:59"));
        Assert.Equal("bo", Who(team, "2026-11-03 08:00"));
        Assert.Equal("cai", Who(team, "2026-11-04 12:00"));
        Assert.Equal("an", Who(team, "2026-11-05 12:00"));
        Assert.Equal("cai", Who(team, "2026-11-01 12:00"));
    }

    [Fact]
    public void Weekly_turns_change_on_the_day_of_the_week_they_began()
    {
        var team = Team(Shift("09:00", "09:00", "an", "bo") with { Turns = ShiftTurns.Weekly, Since = new DateOnly(2026, 11, 2) });
        Assert.Equal("an", Who(team, "2026-11-09 08:59"));
        Assert.Equal("bo", Who(team, "2026-11-09 09:00"));
        Assert.Equal("an", Who(team, "2026-11-16 09:00"));
        Assert.Equal("bo", Who(team, "2026-11-02 08:59"));
    }

    [Fact]
    public void A_night_belongs_to_the_day_it_begins_on()
    {
        // Friday night ends on Saturday morning; the guard of the weekend begins on Saturday night.
        var team = Team(Shift("22:00", "06:00", "an") with { Weekdays = [DayOfWeek.Monday, DayOfWeek.Friday] });
        Assert.Equal("an", Who(team, "2026-11-21 05:59"));
        Assert.Equal("", Who(team, "2026-11-21 06:00"));
        Assert.Equal("", Who(team, "2026-11-21 23:00"));
    }

    [Theory]
    [InlineData("2025-01-01", false)]
    [InlineData("2025-01-26", true)]
    [InlineData("2025-01-28", false)]
    [InlineData("2025-02-04", false)]
    [InlineData("2025-02-05", true)]
    [InlineData("2025-02-08", true)]
    [InlineData("2025-04-27", true)]
    [InlineData("2025-10-08", false)]
    [InlineData("2025-10-11", true)]
    [InlineData("2026-01-02", false)]
    [InlineData("2026-01-04", true)]
    [InlineData("2026-02-14", true)]
    [InlineData("2026-02-23", false)]
    [InlineData("2026-02-24", true)]
    [InlineData("2026-02-28", true)]
    [InlineData("2026-05-09", true)]
    [InlineData("2026-06-19", false)]
    [InlineData("2026-09-20", true)]
    [InlineData("2026-09-25", false)]
    [InlineData("2026-10-07", false)]
    [InlineData("2026-10-08", true)]
    [InlineData("2026-10-10", true)]
    [InlineData("2026-11-21", false)]
    [InlineData("2026-11-23", true)]
    public void Offices_work_as_the_state_council_says(string day, bool works) =>
        Assert.Equal(works, HolidayCalendar.BuiltIn.IsWorkday(DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData(2025, 28, 5)]
    [InlineData(2026, 33, 6)]
    public void The_announced_years_have_as_many_days_off_and_made_up_as_announced(int year, int off, int made)
    {
        var days = Enumerable.Range(0, 365).Select(number => new DateOnly(year, 1, 1).AddDays(number)).ToList();
        var weekend = days.Where(day => day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday).ToList();
        Assert.Equal(made, weekend.Count(day => HolidayCalendar.BuiltIn.IsWorkday(day) == true));
        // Days off by announcement: those on weekdays, and the weekends within.
        Assert.Equal(off, Announced(year).Count);
    }

    [Fact]
    public void A_year_that_is_not_announced_is_never_guessed_silently()
    {
        Assert.Null(HolidayCalendar.BuiltIn.IsWorkday(new DateOnly(2027, 1, 4)));
        var team = Team(Shift("08:00", "18:00", "an") with { Days = DayKind.Workdays }, Shift("18:00", "08:00", "bo") with { Days = DayKind.Workdays }, Shift("08:00", "08:00", "cai") with { Days = DayKind.Restdays });
        var roster = Roster(team);

        var gap = Assert.Single(roster.Gaps(team, new DateTime(2026, 12, 25), new DateTime(2027, 1, 8)), gap => gap.Kind == RosterGapKind.UnknownYear);
        Assert.Equal((new DateTime(2027, 1, 1), new DateTime(2027, 1, 8)), (gap.From, gap.To));

        var known = new DutyRoster(roster.People with { Holidays = HolidayCalendar.BuiltIn.With([new HolidayYear(2027, [new(2027, 1, 1)], [])]) });
        Assert.DoesNotContain(known.Gaps(team, new DateTime(2026, 12, 25), new DateTime(2027, 1, 8)), one => one.Kind == RosterGapKind.UnknownYear);
    }

    [Fact]
    public void A_make_up_saturday_is_worked_and_a_holiday_monday_is_not()
    {
        var team = Team(Shift("09:00", "17:00", "an") with { Days = DayKind.Workdays }, Shift("09:00", "17:00", "bo") with { Days = DayKind.Restdays });
        Assert.Equal("an", Who(team, "2026-10-10 10:00"));
        Assert.Equal("bo", Who(team, "2026-10-05 10:00"));
        Assert.Equal("bo", Who(team, "2026-11-21 10:00"));
    }

    [Fact]
    public void An_override_wins_over_a_swap_and_a_swap_over_the_shift()
    {
        var (from, to) = (new DateTime(2026, 11, 21), new DateTime(2026, 11, 22));
        var team = Team(Shift("00:00", "24:00", "an"));
        Assert.Equal("bo", Who(team with { Swaps = [new Swap(from, to, "an", "bo")] }, "2026-11-21 10:00"));
        Assert.Equal("an", Who(team with { Swaps = [new Swap(from, to, "an", "bo")] }, "2026-11-22 00:00"));
        Assert.Equal("cai", Who(team with { Swaps = [new Swap(from, to, "an", "bo")], Overrides = [new StandIn(from, to, "cai", null)] }, "2026-11-21 10:00"));
        Assert.Equal("cai", Who(team with { Overrides = [new StandIn(from, to, "cai", "an")] }, "2026-11-21 10:00"));
        Assert.Equal("an", Who(team with { Overrides = [new StandIn(from, to, "cai", "bo")] }, "2026-11-21 10:00"));
    }

    [Fact]
    public void Who_is_away_is_not_on_duty_and_the_fallback_is()
    {
        var team = Team(Shift("00:00", "24:00", "an")) with { Fallback = "cai" };
        var roster = new DutyRoster(People(team) with { Persons = [Person("an") with { Away = [new Absence(new DateTime(2026, 11, 21, 8, 0, 0), new DateTime(2026, 11, 21, 9, 0, 0))] }, Person("bo"), Person("cai")] });
        Assert.Equal(["an"], Ids(roster.OnDuty(team, new DateTime(2026, 11, 21, 7, 59, 0))));
        Assert.Equal(["cai"], Ids(roster.OnDuty(team, new DateTime(2026, 11, 21, 8, 0, 0))));
        Assert.Equal(["an"], Ids(roster.OnDuty(team, new DateTime(2026, 11, 21, 9, 0, 0))));
    }

    [Fact]
    public void Who_has_left_is_on_duty_until_the_end_of_the_last_day_and_the_gap_that_follows_is_found()
    {
        var team = Team(Shift("00:00", "24:00", "an"));
        var roster = new DutyRoster(People(team) with { Persons = [Person("an") with { Until = new DateOnly(2026, 11, 21) }, Person("bo")] });
        Assert.Equal(["an"], Ids(roster.OnDuty(team, new DateTime(2026, 11, 21, 23, 59, 0))));
        Assert.Empty(roster.OnDuty(team, new DateTime(2026, 11, 22, 0, 0, 0)));
        // For ever is a day like any other.
        Assert.Empty(new DutyRoster(People(team) with { Persons = [Person("an") with { Until = DateOnly.MaxValue }] }).Gaps(team, new DateTime(2026, 11, 20), new DateTime(2026, 11, 24)));
        Assert.Equal(new DateTime(2026, 11, 22), roster.Gaps(team, new DateTime(2026, 11, 20), new DateTime(2026, 11, 24)).Single().From);
    }

    [Fact]
    public void A_team_looks_after_its_sites_and_what_is_on_no_site_is_everybodys()
    {
        var roster = Roster(Team(Shift("00:00", "24:00", "an")) with { Sites = ["s"] }, Team(Shift("00:00", "24:00", "bo")) with { Id = "other", Sites = ["t"] });
        Assert.Equal(["an"], Ids(roster.OnDuty(Tier.Guard, "s", At("2026-11-21 10:00"), false)));
        Assert.Equal(["an", "bo"], Ids(roster.OnDuty(Tier.Guard, null, At("2026-11-21 10:00"), false)));
        Assert.Empty(roster.OnDuty(Tier.GridOfficer, "s", At("2026-11-21 10:00"), false));
    }

    [Fact]
    public void An_hour_that_nobody_covers_is_found_to_the_minute()
    {
        var team = Team(Shift("08:00", "20:00", "an"), Shift("21:00", "08:00", "bo"));
        var gaps = Roster(team).Gaps(team, new DateTime(2026, 11, 21), new DateTime(2026, 11, 23)).Where(gap => gap.Kind == RosterGapKind.Nobody).ToList();
        Assert.Equal([(new DateTime(2026, 11, 21, 20, 0, 0), new DateTime(2026, 11, 21, 21, 0, 0)), (new DateTime(2026, 11, 22, 20, 0, 0), new DateTime(2026, 11, 22, 21, 0, 0))], gaps.Select(gap => (gap.From, gap.To)));
        Assert.Empty(Roster(team).Gaps(team with { AlwaysCovered = false }, new DateTime(2026, 11, 21), new DateTime(2026, 11, 23)));
    }

    [Fact]
    public void Who_cannot_be_reached_or_has_not_confirmed_it_for_a_month_is_a_gap()
    {
        var team = Team(Shift("00:00", "24:00", "an"));
        var (from, to) = (new DateTime(2026, 11, 21), new DateTime(2026, 12, 5));
        Assert.Equal(RosterGapKind.Unreachable, Assert.Single(With([]).Gaps(team, from, to)).Kind);
        Assert.Equal(RosterGapKind.Unreachable, Assert.Single(With([Contact()]).Gaps(team, from, to, contact => contact.Channel != "sms")).Kind);
        Assert.Equal(RosterGapKind.Unverified, Assert.Single(With([Contact() with { Verified = null }]).Gaps(team, from, to)).Kind);
        var stale = Assert.Single(With([Contact() with { Verified = new DateOnly(2026, 11, 1) }]).Gaps(team, from, to));
        Assert.Equal((RosterGapKind.Unverified, new DateTime(2026, 12, 2)), (stale.Kind, stale.From));
        Assert.Empty(With([Contact()]).Gaps(team, from, to));

        DutyRoster With(IReadOnlyList<PersonContact> contacts) => new(People(team) with { Persons = [Person("an") with { Contacts = contacts }] });
    }

    [Fact]
    public void A_secret_address_prints_itself_nowhere()
    {
        var person = Person("an") with { Contacts = [new PersonContact("sms", "13800138000", null)] };
        Assert.DoesNotContain("13800138000", person.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("13800138000", person.Contacts[0].ToString(), StringComparison.Ordinal);
    }

    /// <summary>Whatever rosters people write: at every quarter of an hour over the turn of a year somebody is on duty, or it lies in a gap that was told.</summary>
    [Fact]
    public void Every_instant_has_somebody_or_a_recorded_gap()
    {
        Prop.ForAll(Arb.From(Gen.ArrayOf(24, Gen.Choose(0, 1_000_000))), numbers =>
        {
            var team = Invent(numbers);
            var roster = new DutyRoster(People(team) with
            {
                Persons = [.. Everybody.Select((id, number) => Person(id) with { Away = numbers[20 + number] % 3 == 0 ? [Absence(numbers[20 + number])] : [] })],
            });
            var (from, to) = (new DateTime(2026, 12, 24), new DateTime(2027, 1, 5));
            var gaps = roster.Gaps(team, from, to).Where(gap => gap.Kind == RosterGapKind.Nobody).ToList();
            for (var at = from; at < to; at = at.AddMinutes(15))
                Assert.NotEqual(roster.OnDuty(team, at).Count > 0, gaps.Any(gap => at >= gap.From && at < gap.To));
        }).Check(new FsCheck.Configuration { MaxNbOfTest = 150, QuietOnSuccess = true, Runner = Config.QuickThrowOnFailure.Runner });
    }

    private static Team Invent(int[] numbers) => Team(
        [.. Enumerable.Range(0, 1 + (numbers[0] % 3)).Select(number => new Shift
        {
            From = TimeOnly.MinValue.AddMinutes(numbers[1 + (4 * number)] % 96 * 15),
            To = TimeOnly.MinValue.AddMinutes(numbers[2 + (4 * number)] % 96 * 15),
            Days = (DayKind)(numbers[3 + (4 * number)] % 3),
            Turns = (ShiftTurns)(numbers[4 + (4 * number)] % 3),
            Persons = Everybody[..(1 + (numbers[4 + (4 * number)] % 2))],
            Weekdays = numbers[3 + (4 * number)] % 5 == 0 ? [DayOfWeek.Sunday, DayOfWeek.Thursday] : [],
        })]) with
    {
        Fallback = numbers[14] % 4 == 0 ? "cai" : null,
        Overrides = numbers[15] % 2 == 0 ? [new StandIn(Edge(numbers[15]), Edge(numbers[15]).AddHours(30), "bo", numbers[16] % 2 == 0 ? null : "an")] : [],
        Swaps = numbers[17] % 2 == 0 ? [new Swap(Edge(numbers[17]), Edge(numbers[17]).AddHours(50), "an", "cai")] : [],
    };

    private static Absence Absence(int number) => new(Edge(number), Edge(number).AddHours(40));

    private static DateTime Edge(int number) => new DateTime(2026, 12, 23).AddMinutes(number % (15 * 96) * 15);

    private static List<DateOnly> Announced(int year)
    {
        var days = Enumerable.Range(0, 365).Select(number => new DateOnly(year, 1, 1).AddDays(number)).ToList();
        // A weekend beside an announced weekday off is part of it; ordinary weekends are not.
        var off = days.Where(day => HolidayCalendar.BuiltIn.IsWorkday(day) == false).ToList();
        var holidays = off.Where(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)).ToHashSet();
        bool grown;
        do
        {
            grown = false;
            foreach (var day in off.Where(day => !holidays.Contains(day) && (holidays.Contains(day.AddDays(-1)) || holidays.Contains(day.AddDays(1)))).ToList())
                grown |= holidays.Add(day);
        }
        while (grown);
        return [.. holidays];
    }

    private static string Who(Team team, string wall) => string.Join(",", Ids(Roster(team).OnDuty(team, DateTime.Parse(wall, System.Globalization.CultureInfo.InvariantCulture))));

    private static long At(string wall) => DutyRoster.Instant(DateTime.Parse(wall, System.Globalization.CultureInfo.InvariantCulture));

    private static string[] Ids(IEnumerable<Person> persons) => [.. persons.Select(person => person.Id)];

    private static DutyRoster Roster(params Team[] teams) => new(People(teams));

    private static People People(params Team[] teams) => new() { Persons = [.. Everybody.Select(Person)], Teams = teams, Holidays = HolidayCalendar.BuiltIn };

    private static Person Person(string id) => new() { Id = id, Name = new LocalText(id, id), Contacts = [Contact()] };

    private static PersonContact Contact() => new("sms", "1", new DateOnly(2026, 11, 20));

    private static Team Team(params Shift[] shifts) => new() { Id = "gate", Name = new LocalText("门岗", "Gate"), Tier = Tier.Guard, Shifts = shifts };

    private static Shift Shift(string from, string to, params string[] persons) => new()
    {
        From = TimeOnly.Parse(from, System.Globalization.CultureInfo.InvariantCulture),
        To = to == "24:00" ? TimeOnly.MinValue : TimeOnly.Parse(to, System.Globalization.CultureInfo.InvariantCulture),
        Persons = persons,
    };
}
