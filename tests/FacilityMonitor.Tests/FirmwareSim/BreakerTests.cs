using FirmwareSim;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>A simulated breaker against the points of IEC 60898-1 that every real one has to meet.</summary>
public sealed class BreakerTests
{
    public static TheoryData<double, int> Breakers
    {
        get
        {
            var data = new TheoryData<double, int>();
            foreach (var rated in new[] { 10.0, 25, 32, 40, 63 })
            {
                for (var specimen = 0; specimen < 5; specimen++)
                    data.Add(rated, specimen);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Breakers))]
    public void A_cold_breaker_holds_1_13_times_its_current_for_an_hour_and_then_trips_at_1_45_within_another(double ratedA, int specimen)
    {
        var breaker = One(ratedA, specimen);
        Assert.Null(SecondsToTrip(breaker, 1.13, 3_600));
        Assert.InRange(SecondsToTrip(breaker, 1.45, 3_600) ?? double.NaN, 5, 3_600);
    }

    [Theory]
    [MemberData(nameof(Breakers))]
    public void At_2_55_times_its_current_a_cold_breaker_takes_seconds(double ratedA, int specimen) =>
        Assert.InRange(SecondsToTrip(One(ratedA, specimen), 2.55, 3_600) ?? double.NaN, 1, ratedA <= 32 ? 60 : 120);

    [Theory]
    [InlineData("B", 3, 5)]
    [InlineData("C", 5, 10)]
    [InlineData("D", 10, 20)]
    public void The_magnet_answers_between_its_two_limits(string letter, double holds, double trips)
    {
        var curve = Enum.Parse<BreakerCurve>(letter);
        for (var specimen = 0; specimen < 20; specimen++)
        {
            Assert.Null(SecondsToTrip(One(16, specimen, curve), holds, 0.1));
            Assert.NotNull(SecondsToTrip(One(16, specimen, curve), trips, 0.1));
        }
    }

    [Fact]
    public void A_breaker_switched_on_again_onto_the_same_load_trips_sooner_than_the_first_time()
    {
        var breaker = One(25, 0);
        var first = SecondsToTrip(breaker, 1.6, 3_600);
        Run(breaker, 0, 120);
        breaker.Close();
        var second = SecondsToTrip(breaker, 1.6, 3_600);
        Assert.True(second < 0.8 * first, $"{second} after {first}");
    }

    [Fact]
    public void Nothing_flows_through_a_tripped_breaker_and_its_warmth_goes()
    {
        var breaker = One(25, 0);
        SecondsToTrip(breaker, 2, 3_600);
        Assert.True(breaker.HasTripped);
        Run(breaker, 2, 7_200);
        Assert.False(breaker.IsClosed);
        Assert.InRange(breaker.Level, 0, 0.01);
    }

    [Fact]
    public void An_overloaded_circuit_of_a_scenario_trips_tells_so_and_is_switched_on_again_by_somebody()
    {
        var world = Scenes.World("""
            name: trip
            start: 2026-11-20T18:00:00+08:00
            sites:
              - id: a
                reset_after: 20m
                circuits: [{ id: c, rated: 16, meter: m }]
            script:
              - { at: 10s, for: 30m, do: circuit-load, on: a/c, watts: 5600 }
            """);
        var meter = world.Devices.OfType<global::FirmwareSim.Devices.Meter>().Single();
        var trips = 0;
        var deadSeconds = 0;
        for (var second = 0; second < 3_000; second++)
        {
            world.Step();
            trips += meter.TakeFacts().Count(fact => fact.Kind == FacilityMonitor.Contract.EventKind.Trip);
            deadSeconds += meter.Elements[0].Volts == 0 ? 1 : 0;
        }

        // 26.6 A on 16 A: trips within minutes, is put on after twenty, and trips once more before the load ends.
        Assert.InRange(trips, 1, 2);
        Assert.Equal(trips * 1_200, deadSeconds, 30.0);
        Assert.True(meter.Measured.IsClosed);
    }

    private static Breaker One(double ratedA, int specimen, BreakerCurve curve = BreakerCurve.C) =>
        new(ratedA, curve, new Randomness((ulong)specimen, "breaker"));

    private static void Run(Breaker breaker, double ratio, double seconds) => SecondsToTrip(breaker, ratio, seconds);

    private static double? SecondsToTrip(Breaker breaker, double ratio, double longestS)
    {
        const double step = 0.1;
        ReadOnlySpan<double> amps = [ratio * breaker.RatedA, 0, 0];
        var wasClosed = breaker.IsClosed;
        for (var elapsed = step; elapsed <= longestS + (step / 2); elapsed += step)
        {
            breaker.Step(amps, step);
            if (wasClosed && !breaker.IsClosed)
                return elapsed;
        }

        return null;
    }
}
