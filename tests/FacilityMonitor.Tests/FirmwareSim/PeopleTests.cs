using FirmwareSim;
using FirmwareSim.People;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>A month of neighbours with habits.</summary>
public sealed class PeopleTests
{
    private const string Estate = """
        name: estate
        start: 2026-11-02T00:00:00+08:00
        step: 60s
        warm_up: 24h
        sites:
          - id: a
            circuits:
              - { id: c, rated: 100, phases: 3, ohms: 0.02 }
              - { id: stair, rated: 16, phase: 2, meter: m-stair, loads: [{ kind: timed-lamps, w: 12, count: 6, on: 2m }] }
            devices:
              - { id: p1, kind: pile, place: shed, circuit: c, sockets: 20, reserved: [s1, s2] }
              - { id: p2, kind: pile, place: shed, circuit: c, sockets: 20 }
            people: [{ place: shed, bikes: 250, habits: true }]
        """;

    private static readonly Lazy<Month> Watched = new(Watch);

    [Fact]
    public void Every_habit_is_somebodys_and_most_people_have_none()
    {
        var habits = Watched.Value.People.Residents.GroupBy(resident => resident.Habit).ToDictionary(group => group.Key, group => group.Count());
        Assert.True(habits[Habit.None] > 200);
        foreach (var habit in Enum.GetValues<Habit>())
            Assert.True(habits.GetValueOrDefault(habit) > 0, habit.ToString());
    }

    [Fact]
    public void Without_habits_nobody_does_what_they_should_not()
    {
        var world = Scenes.World(Estate.Replace(", habits: true", "", StringComparison.Ordinal));
        Assert.All(world.Sites[0].People[0].Residents, resident => Assert.Equal(Habit.None, resident.Habit));
    }

    [Fact]
    public void On_free_days_bikes_are_fetched_later()
    {
        double Mean(bool isFree) => Watched.Value.Fetched.Where(fetched => fetched.IsFree == isFree && fetched.Hour is > 5 and < 13).Average(fetched => fetched.Hour);
        Assert.InRange(Mean(isFree: true) - Mean(isFree: false), 0.5, 2.5);
    }

    [Fact]
    public void Old_owners_take_reserved_sockets_and_now_and_then_somebody_else_does()
    {
        var (entitled, others) = (Watched.Value.ReservedStarts.Count(start => start), Watched.Value.ReservedStarts.Count(start => !start));
        Assert.True(entitled > 20, $"{entitled} entitled");
        Assert.InRange(others, 1, entitled);
    }

    [Fact]
    public void A_splitter_puts_two_chargers_on_one_socket() => Assert.True(Watched.Value.HighestW > 500, $"{Watched.Value.HighestW}");

    [Fact]
    public void A_lead_on_the_stair_circuit_is_in_the_truth_and_one_from_a_window_is_nobodys_fault_to_miss()
    {
        var truths = Watched.Value.People.Truths;
        Assert.Contains(truths, truth => truth is { Rule: "charger-on-public-circuit", Asset: "a/stair", May: false });
        Assert.Contains(truths, truth => truth is { Rule: Truth.None, Asset: "a", May: true });
        Assert.All(truths, truth => Assert.InRange((truth.ToMs - truth.FromMs) / 3_600_000.0, 0.1, 40));
    }

    [Fact]
    public void Some_bikes_stay_for_days_and_some_chargers_stay_without_their_pack()
    {
        Assert.True(Watched.Value.LongestStayH > 40, $"{Watched.Value.LongestStayH}");
        Assert.True(Watched.Value.SeenStandby);
    }

    [Fact]
    public void Ten_thousand_times_faster_people_still_come_stay_and_go()
    {
        var scenario = Scenes.Parse(Estate) with { StepS = 1 };
        var world = new World(scenario, 1, Scenes.StartMs, speed: World.SpeedMax);
        var people = world.Sites[0].People[0];
        var points = people.Devices.SelectMany(device => device.Points).ToList();
        var stops = 0;
        var clockMs = world.Now.ClockMs;
        var before = points.Sum(point => point.Meter.ExactWattHours);
        for (var step = 0; step < 60; step++)
        {
            world.Step();
            stops += people.Devices.Sum(device => device.TakeFacts().Count(fact => fact.Kind == FacilityMonitor.Contract.EventKind.SessionStop));
        }

        // A minute of the clock is a week of life: 250 bikes charge some 0.5 times a day.
        Assert.Equal(60_000, world.Now.ClockMs - clockMs);
        Assert.InRange(people.Arrived / 6.94, 250 * 0.35, 250 * 0.75);
        Assert.InRange(stops, 0.6 * (people.Arrived - people.TurnedAway), 1.5 * people.Arrived);
        // Counters stay on the clock: forty sockets of at most 540 W for a minute.
        Assert.InRange(points.Sum(point => point.Meter.ExactWattHours) - before, 10, 40 * 540 / 60.0);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(25)]
    [InlineData(200)]
    [InlineData(5_000)]
    public void As_many_come_as_are_expected_however_many_that_is(double mean)
    {
        var random = new Randomness(3, "poisson");
        var counts = Enumerable.Range(0, 2_000).Select(_ => (double)random.Poisson(mean)).ToList();
        Assert.InRange(counts.Average(), 0.93 * mean, 1.07 * mean);
        Assert.InRange(counts.Sum(count => (count - mean) * (count - mean)) / counts.Count, 0.85 * mean, 1.15 * mean);
    }

    private static Month Watch()
    {
        var scenario = Scenes.Parse(Estate);
        var world = new World(scenario, 2, scenario.StartMs);
        var month = new Month { People = world.Sites[0].People[0] };
        var points = month.People.Devices.SelectMany(device => device.Points).ToList();
        var chargers = new Charger?[points.Count];
        var sinceMs = new long[points.Count];
        var sessions = new string?[points.Count];
        for (var step = 0; step < 28 * 24 * 60; step++)
        {
            world.Step();
            for (var index = 0; index < points.Count; index++)
            {
                var point = points[index];
                if (point.Charger != chargers[index])
                {
                    if (chargers[index] is not null)
                    {
                        month.Fetched.Add((world.Now.Hour, world.Now.IsWeekend));
                        month.LongestStayH = Math.Max(month.LongestStayH, (world.Now.LifeMs - sinceMs[index]) / 3_600_000.0);
                    }

                    (chargers[index], sinceMs[index]) = (point.Charger, world.Now.LifeMs);
                }

                if (point.Session is not null && point.Session != sessions[index] && point.IsReserved)
                    month.ReservedStarts.Add(point.IsEntitledUser);
                sessions[index] = point.Session;
                month.HighestW = Math.Max(month.HighestW, point.TrueWatts);
                month.SeenStandby |= point.Charger is { HasPack: false };
            }
        }

        world.Finish();
        return month;
    }

    private sealed class Month
    {
        public required Neighbours People { get; init; }

        public List<(double Hour, bool IsFree)> Fetched { get; } = [];

        public List<bool> ReservedStarts { get; } = [];

        public double HighestW { get; set; }

        public double LongestStayH { get; set; }

        public bool SeenStandby { get; set; }
    }
}
