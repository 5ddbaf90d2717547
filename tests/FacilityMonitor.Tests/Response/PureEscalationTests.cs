using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FsCheck;

namespace FacilityMonitor.Tests.Response;

public sealed class PureEscalationTests
{
    /// <summary>Saturday, 21 November 2026, 03:00 in Shanghai.</summary>
    private static readonly long Night = DutyRoster.Instant(new DateTime(2026, 11, 21, 3, 0, 0));

    private static readonly long Noon = DutyRoster.Instant(new DateTime(2026, 11, 21, 12, 0, 0));

    [Fact]
    public void A_fire_at_night_calls_siren_guard_and_fire_station_at_once_and_the_others_by_the_minute()
    {
        var run = new Run(Priority.P0, Night, Everybody());

        run.Until(181);

        Assert.Equal(
        [
            "0 siren-1", "0 guard fire-station", "60 manager grid", "120 committee", "180 sub-district",
        ], run.Calls);
    }

    [Fact]
    public void Stair_leaders_ring_at_night_only_by_their_own_choice_and_by_day_always()
    {
        var people = Everybody("leader-awake", "leader-asleep");
        var night = new Run(Priority.P0, Night, people);
        night.Until(61);
        Assert.Contains("60 manager grid leader-awake", night.Calls);
        var day = new Run(Priority.P0, Noon, people);
        day.Until(61);
        Assert.Contains("60 manager grid leader-awake leader-asleep", day.Calls);
    }

    [Fact]
    public void Everybody_is_called_again_every_three_minutes_until_two_have_answered()
    {
        var run = new Run(Priority.P0, Night, Everybody());
        run.Until(200);
        run.Acknowledges("guard");
        run.Until(361);
        Assert.Equal("360 fire-station manager grid committee sub-district", run.Calls[^1]);
        Assert.Equal("360 siren-1", run.Calls[^2]);

        run.Acknowledges("manager");
        run.Until(900);

        Assert.Equal("360 fire-station manager grid committee sub-district", run.Calls[^1]);
    }

    [Fact]
    public void A_step_that_finds_nobody_is_skipped_at_once_and_says_so()
    {
        var run = new Run(Priority.P0, Night, Everybody().Where(pair => pair.Tier is Tier.CommitteeDuty or Tier.SubDistrict));

        run.Until(121);

        Assert.Equal(["0 siren-1", "0 skipped guard micro-fire-station", "0 skipped property-manager grid-officer stair-leader", "0 committee"], run.Calls);
        run.Until(181);
        Assert.Equal("180 sub-district", run.Calls[^1]);
    }

    [Fact]
    public void Where_nobody_is_at_all_it_says_so_with_every_repeat_and_never_spins()
    {
        var run = new Run(Priority.P0, Night, []);
        run.Until(400);
        Assert.Equal(1 + 4 + 2 + 2, run.Calls.Count);
        Assert.All(run.Calls.Where(call => !call.Contains("siren", StringComparison.Ordinal)), call => Assert.Contains("skipped", call, StringComparison.Ordinal));
        Assert.True(run.State.IsCalling);
    }

    [Fact]
    public void Who_is_on_duty_is_found_when_the_step_fires_and_not_when_the_alert_began()
    {
        // The guard's night ends at 03:10; the property manager's repeats meet the day's guard.
        var run = new Run(Priority.P1, Night, Everybody(), handOverAt: Night + 600_000);
        run.Until(1_200 + 900 + 30);
        Assert.Contains(run.Calls, call => call.Contains("day-guard", StringComparison.Ordinal));
        Assert.DoesNotContain(run.Calls.Take(3), call => call.Contains("day-guard", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hazard_by_day_is_a_message_then_an_sms_then_a_call()
    {
        var run = new Run(Priority.P1, Noon, Everybody());
        run.Until(310);
        Assert.Equal(["5 guard manager", "185 guard manager", "305 guard manager"], run.Calls);
        Assert.Equal(["app", "sms", "voice"], run.FirstWays);
    }

    [Fact]
    public void A_hazard_at_night_is_an_sms_at_once_and_rings_from_the_second_step()
    {
        var run = new Run(Priority.P1, Night, Everybody());
        run.Until(310);
        Assert.Equal(["sms", "voice", "voice"], run.FirstWays);
    }

    [Fact]
    public void Life_safety_rings_first_and_writes_after()
    {
        var run = new Run(Priority.P0, Night, Everybody());
        run.Until(1);
        Assert.Equal(["voice", "sms", "app"], run.Ways[0]);
    }

    [Theory]
    [InlineData("12:00", "12:00:30")]
    [InlineData("21:59", "21:59:30")]
    [InlineData("22:00", "02:00")]
    [InlineData("02:59", "06:59")]
    [InlineData("03:01", "07:00")]
    [InlineData("06:59:31", "07:00:01")]
    public void A_service_alert_waits_for_the_morning_but_not_longer_than_four_hours(string raised, string due) =>
        Assert.Equal(TimeOnly.Parse(due, System.Globalization.CultureInfo.InvariantCulture), TimeOnly.FromDateTime(DutyRoster.Wall(DutyBoard.FirstDueMs(Priority.P2, Clock(raised), null))));

    [Theory]
    [InlineData("08:59", 21)]
    [InlineData("09:00", 22)]
    [InlineData("23:00", 22)]
    public void Information_waits_for_nine_in_the_morning(string raised, int day)
    {
        var due = DutyRoster.Wall(DutyBoard.FirstDueMs(Priority.P3, Clock(raised), null));
        Assert.Equal(new DateTime(2026, 11, day, 9, 0, 0), due);
    }

    [Fact]
    public void What_comes_soon_after_another_is_told_with_the_next_message_and_a_fire_never_waits()
    {
        Assert.Equal(Noon + 60_000, DutyBoard.FirstDueMs(Priority.P1, Noon + 20_000, Noon));
        Assert.Equal(Noon + 95_000, DutyBoard.FirstDueMs(Priority.P1, Noon + 90_000, Noon));
        Assert.Equal(Noon + 300_000, DutyBoard.FirstDueMs(Priority.P2, Noon + 20_000, Noon));
        Assert.Equal(Noon + 20_000, DutyBoard.FirstDueMs(Priority.P0, Noon + 20_000, Noon));
    }

    [Fact]
    public void Those_who_were_told_that_it_is_on_are_told_once_that_it_is_over_and_nobody_else()
    {
        var run = new Run(Priority.P1, Noon, Everybody());
        run.Until(10);
        run.Accepted("guard");
        run.Rules(Condition.Cleared);
        run.Until(20);
        Assert.Equal("cleared guard", run.Calls[^1].Split(' ', 2)[1]);
        // It reached the manager late: then the manager is told too.
        run.Accepted("manager");
        run.Until(30);
        run.Until(3_000);
        Assert.Equal(["cleared guard", "cleared manager"], run.Calls.Select(call => call.Split(' ', 2)[1]).Where(call => call.StartsWith("cleared", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_came_and_went_before_anybody_was_told_is_told_as_that()
    {
        var run = new Run(Priority.P2, Noon, Everybody());
        run.Until(10);
        run.Rules(Condition.Cleared);
        run.Until(31);
        Assert.Equal(["30 occurred-and-cleared guard"], run.Calls);
        run.Accepted("guard");
        run.Until(100_000);
        Assert.Single(run.Calls);
        Assert.Equal(ResponseStage.Closed, run.State.Stage);
    }

    [Fact]
    public void An_expired_acknowledgement_calls_the_next_in_the_chain_at_once()
    {
        var run = new Run(Priority.P0, Night, Everybody()) { OnDuty = 1 };
        run.Until(10);
        run.Acknowledges("guard");
        run.Until(609);
        Assert.Equal(2, run.Calls.Count);
        run.Until(611);
        Assert.Equal("610 manager grid", run.Calls[2]);
        // The clock of the chain has long passed the other steps.
        Assert.Equal(["610 committee", "610 sub-district"], run.Calls.Skip(3));
    }

    [Fact]
    public void Whoever_is_handed_an_alert_is_told()
    {
        var run = new Run(Priority.P1, Noon, Everybody());
        run.Until(6);
        run.Does("guard", new ResponseCommand.Assign("grid"));
        run.Until(7);
        Assert.Equal("6 assigned grid", run.Calls[^1]);
        run.Does("grid", new ResponseCommand.Assign("grid"));
        run.Until(8);
        Assert.Equal("6 assigned grid", run.Calls[^1]);
    }

    [Fact]
    public void A_test_is_told_to_the_tester_alone_and_becomes_meant_when_it_outlives_the_test()
    {
        var test = new Permit("t", PermitKind.Test, "s/shed-1/shed-01", Night, Night + 900_000, "manager", null, "年检", null);
        var run = new Run(Priority.P0, Night, Everybody(), test);
        run.Until(899);
        Assert.Equal(["0 test manager"], run.Calls);

        run.Until(901);

        Assert.Equal(["0 test manager", "900 siren-1", "900 guard fire-station"], run.Calls);
        Assert.Equal(Exercise.None, run.State.Exercise);
    }

    [Fact]
    public void A_test_that_cleared_closes_by_itself()
    {
        var run = new Run(Priority.P0, Night, Everybody(), new Permit("t", PermitKind.Test, "s/shed-1/shed-01", Night, Night + 900_000, "manager", null, "年检", null));
        run.Until(10);
        run.Rules(Condition.Cleared);
        run.Until(11);
        Assert.Equal(ResponseStage.Closed, run.State.Stage);
    }

    [Theory]
    [InlineData(Priority.P1, PermitKind.Maintenance, true)]
    [InlineData(Priority.P0, PermitKind.Maintenance, false)]
    [InlineData(Priority.P0, PermitKind.OutOfService, true)]
    public void A_maintenance_window_never_silences_life_safety_and_out_of_service_does_for_two_persons(Priority priority, PermitKind kind, bool silent)
    {
        var permit = new Permit("m", kind, "s/shed-1", Noon, Noon + 3_600_000, "manager", "grid", "换电缆", "guard");
        var run = new Run(priority, Noon, Everybody(), permit);
        run.Until(3_599);
        Assert.Equal(silent, run.Calls.Count == 0);
        if (!silent)
            return;
        run.Until(3_601);
        Assert.NotEmpty(run.Calls);
        Assert.StartsWith("3600 ", run.Calls[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PermitKind.Maintenance, false)]
    [InlineData(PermitKind.OutOfService, true)]
    public void What_becomes_a_fire_while_somebody_works_calls_people_at_once(PermitKind kind, bool silent)
    {
        var run = new Run(Priority.P1, Noon, Everybody(), new Permit("m", kind, "s/shed-1", Noon, Noon + 3_600_000, "manager", "grid", "换电缆", "guard"));
        run.Until(60);
        Assert.Empty(run.Calls);
        run.Rules(Condition.Active, Priority.P0);
        run.Until(62);
        Assert.Equal(silent, run.Calls.Count == 0);
    }

    [Fact]
    public void Permits_have_a_reason_an_end_and_for_out_of_service_a_patrol_and_a_second_person()
    {
        var test = new Permit("t", PermitKind.Test, "s/shed-1/shed-01", Noon, Noon + 900_000, "wang", null, "年检", null);
        Assert.Null(Permit.Judge(test, Noon));
        Assert.Equal("too-long", Permit.Judge(test with { UntilMs = test.UntilMs + 1 }, Noon)?.Reason);
        Assert.Equal("no-end", Permit.Judge(test with { UntilMs = Noon }, Noon)?.Reason);
        Assert.Equal("no-reason", Permit.Judge(test with { Reason = "" }, Noon)?.Reason);
        Assert.Equal("too-wide", Permit.Judge(test with { Asset = "s" }, Noon)?.Reason);
        var off = test with { Kind = PermitKind.OutOfService, UntilMs = Noon + (4 * 3_600_000) };
        Assert.Equal("no-patrol", Permit.Judge(off, Noon)?.Reason);
        Assert.Null(Permit.Judge(off with { Patrol = "li" }, Noon));
        Assert.Equal("too-long", Permit.Judge(off with { Patrol = "li", UntilMs = off.UntilMs + 1 }, Noon)?.Reason);
        Assert.False(off.Covers("s/shed-1/shed-01", Noon));
        Assert.Equal("same-person", Permit.JudgeSecond(off, "wang")?.Reason);
        Assert.True((off with { Confirmed = "li" }).Covers("s/shed-1/shed-01/main", Noon));
        Assert.False((off with { Confirmed = "li" }).Covers("s/shed-1/shed-011", Noon));
        Assert.False((off with { Confirmed = "li", EndedMs = Noon }).Covers("s/shed-1/shed-01", Noon));
    }

    /// <summary>One test after the other would be out of service without a second person.</summary>
    [Theory]
    [InlineData(15, 0, 1, "tested-enough")]
    [InlineData(3, 3, 12, null)]
    [InlineData(3, 3, 13, "tested-enough")]
    [InlineData(15, 59, 1, "tested-enough")]
    [InlineData(15, 75, 15, null)]
    public void One_person_tests_a_thing_for_a_quarter_of_an_hour_in_an_hour_in_one_piece_or_in_many(int firstMin, int pauseUntilMin, int secondMin, string? refused)
    {
        var first = new Permit("t", PermitKind.Test, "s/shed-1/shed-01", Noon, Noon + 900_000, "wang", null, "年检", null, EndedMs: Noon + (firstMin * 60_000));
        var begins = Noon + (Math.Max(firstMin, pauseUntilMin) * 60_000);
        var second = first with { Id = "u", By = "li", FromMs = begins, UntilMs = begins + (secondMin * 60_000), EndedMs = null };
        Assert.Equal(refused, Permit.JudgeTests(second, [first])?.Reason);
        Assert.Null(Permit.JudgeTests(second with { UntilMs = begins + 60_000 }, []));
    }

    /// <summary>Stopped at any instant and gone on from the facts alone, the same people are called at the same times.</summary>
    [Fact]
    public void A_restart_at_any_instant_changes_nothing()
    {
        var whole = new Run(Priority.P0, Night, Everybody());
        whole.Until(1_000);
        for (var cut = 0; cut < whole.Facts.Count; cut++)
        {
            var again = new Run(Priority.P0, Night, Everybody());
            again.Replay(whole.Facts.Take(cut + 1));
            again.Until(1_000);
            Assert.Equal(whole.Facts.Select(ResponseJson.Write), again.Facts.Select(ResponseJson.Write));
        }
    }

    [Fact]
    public void An_hour_away_is_made_up_for_at_once_and_not_four_times_over()
    {
        var run = new Run(Priority.P0, Night, Everybody());
        run.Until(10);
        run.JumpTo(3_610);
        // Whoever should have been called meanwhile is called now; then the repeats keep their pace.
        Assert.Equal(["3610 manager grid", "3610 committee", "3610 sub-district"], run.Calls.Skip(2));
        run.Until(3_800);
        Assert.Equal(7, run.Calls.Count);
    }

    private static long Clock(string time) => DutyRoster.Instant(new DateTime(2026, 11, 21) + TimeOnly.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToTimeSpan());

    private static List<(string Id, Tier Tier)> Everybody(params string[] leaders) =>
    [
        ("guard", Tier.Guard), ("fire-station", Tier.MicroFireStation), ("manager", Tier.PropertyManager), ("grid", Tier.GridOfficer),
        .. leaders.Select(leader => (leader, Tier.StairLeader)), ("committee", Tier.CommitteeDuty), ("sub-district", Tier.SubDistrict),
    ];

    /// <summary>One alert, its people and a clock of whole seconds.</summary>
    private sealed class Run
    {
        private readonly long _startMs;
        private readonly DutyBoard _board;
        private readonly AlertTransition _step;
        private long _nowMs;

        public Run(Priority priority, long startMs, IEnumerable<(string Id, Tier Tier)> people, Permit? permit = null, long? handOverAt = null)
        {
            _startMs = _nowMs = startMs;
            var all = people.ToList();
            var shift = (string id) => new Shift { From = TimeOnly.MinValue, To = TimeOnly.MinValue, Persons = [id] };
            _board = new DutyBoard(
                new DutyRoster(new People
                {
                    Persons = [.. all.Select(one => Person(one.Id)), Person("day-guard")],
                    Teams = [.. all.Select(one => new Team
                    {
                        Id = one.Id,
                        Name = new LocalText(one.Id, one.Id),
                        Tier = one.Tier,
                        Shifts = [shift(one.Id)],
                        Overrides = one.Tier == Tier.Guard && handOverAt is { } at ? [new StandIn(DutyRoster.Wall(at), DutyRoster.Wall(at).AddDays(1), "day-guard", null)] : [],
                    })],
                    Holidays = HolidayCalendar.BuiltIn,
                }),
                channel => channel switch { "app" => Loudness.Message, "sms" => Loudness.Sms, "voice" => Loudness.Voice, _ => null },
                _ => ["siren-1"]);
            _step = new AlertTransition { AlertId = "a1", Rule = "smoke", Priority = priority, Condition = Condition.Active, AtMs = startMs, OnsetMs = startMs, Site = "s", Asset = "s/shed-1/shed-01", Text = new LocalText("", "") };
            Add(ResponseLife.Observe(null, _step, startMs, DutyBoard.FirstDueMs(priority, startMs, null), permit: permit));
        }

        public int OnDuty { get; init; } = 5;

        public List<ResponseEvent> Facts { get; } = [];

        public AlertResponse State { get; private set; } = null!;

        public List<string> Calls { get; } = [];

        public List<IReadOnlyList<string>> Ways { get; } = [];

        public IEnumerable<string> FirstWays => Ways.Select(ways => ways[0]);

        public void Until(double seconds)
        {
            // As the worker does: asleep until something is due, and no longer.
            while (ResponseLife.NextDueMs(State) is { } due && due < _startMs + (long)(seconds * 1_000))
                Advance(Math.Max(_nowMs, due));
            _nowMs = _startMs + (long)(seconds * 1_000);
        }

        public void JumpTo(double seconds) => Advance(_startMs + (long)(seconds * 1_000));

        public void Rules(Condition condition, Priority? priority = null) =>
            Add(ResponseLife.Observe(State, _step with { Condition = condition, Priority = priority ?? _step.Priority, AtMs = _nowMs }, _nowMs, _nowMs));

        public void Acknowledges(string person) => Does(person, new ResponseCommand.Acknowledge());

        public void Does(string person, ResponseCommand command) => Add(Assert.IsType<ResponseDecision.Done>(
            ResponseLife.Decide(State, command, new Actor(person, "link"), _nowMs, ResponseLife.Required(State.Priority, OnDuty))).Events);

        public void Accepted(string person) => Add([new ResponseEvent.PageReported(State.People[person].LastPage, person, "sms", DeliveryOutcome.Accepted, null) { AtMs = _nowMs }]);

        public void Replay(IEnumerable<ResponseEvent> facts)
        {
            Facts.Clear();
            Calls.Clear();
            State = null!;
            Add([.. facts]);
            _nowMs = Facts[^1].AtMs;
        }

        private void Advance(long nowMs)
        {
            _nowMs = nowMs;
            Add(Escalation.Advance(State, _board, nowMs));
        }

        private void Add(IReadOnlyList<ResponseEvent> facts)
        {
            foreach (var fact in facts)
            {
                Facts.Add(fact);
                var at = FormattableString.Invariant($"{(fact.AtMs - _startMs) / 1_000.0}");
                switch (fact)
                {
                    case ResponseEvent.SirenAsked asked:
                        Calls.Add($"{at} {string.Join(' ', asked.Devices)}");
                        break;
                    case ResponseEvent.StepSkipped skipped:
                        Calls.Add($"{at} skipped {skipped.Why}");
                        break;
                    case ResponseEvent.StepFired fired:
                        var word = fired.Reason is PageReason.Step or PageReason.Repeat ? "" : Words.Of(fired.Reason) + " ";
                        Calls.Add($"{at} {word}{string.Join(' ', fired.People)}");
                        if (fired.Step >= 0)
                            Ways.Add([.. _board.Find(State.Chain.At(fired.Step), fired.Step, State.Site, State.Priority, fact.AtMs, out _)[0].Contacts.Select(contact => contact.Channel)]);
                        break;
                }

                State = AlertResponse.Apply("a1", State, fact);
            }
        }

        private static Person Person(string id) => new()
        {
            Id = id,
            Name = new LocalText(id, id),
            NightCalls = id == "leader-awake",
            Contacts = [new PersonContact("app", id, null), new PersonContact("sms", id, null), new PersonContact("voice", id, null), new PersonContact("pigeon", id, null)],
        };
    }
}
