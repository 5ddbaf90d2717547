using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules;

/// <summary>The image of a breaker against the points of the standard and against values computed elsewhere.</summary>
public sealed class ThermalImageTests
{
    private const double RatedA = 20;

    private static readonly ThermalImage Usual = new(K: 1.25, TauS: 180);

    /// <summary>The corners of k and τ between which one time constant meets all three IEC 60898-1 points for In ≤ 32 A.</summary>
    public static TheoryData<double, double> Corners => new()
    {
        { 1.2, 4.0 }, { 1.2, 239 }, { 1.25, 3.6 }, { 1.25, 180 }, { 1.25, 218 }, { 1.3, 3.3 }, { 1.3, 199 }, { 1.4, 2.8 }, { 1.4, 167 },
    };

    [Theory]
    [InlineData(1.3, 465.2)]
    [InlineData(1.45, 244.7)]
    [InlineData(1.6, 169.7)]
    [InlineData(2.0, 89.2)]
    [InlineData(2.55, 49.5)]
    [InlineData(4.0, 18.5)]
    public void A_cold_breaker_trips_after_the_computed_time(double timesRated, double seconds) =>
        Assert.Equal(seconds, Usual.TimeToTripS(0, timesRated * RatedA, RatedA), 0.05);

    [Theory]
    [InlineData(1.25)]
    [InlineData(1.0)]
    [InlineData(0)]
    public void At_k_times_the_rated_current_or_less_it_never_trips(double timesRated) =>
        Assert.Equal(double.PositiveInfinity, Usual.TimeToTripS(0.9, timesRated * RatedA, RatedA));

    [Fact]
    public void A_breaker_warm_from_the_non_tripping_current_trips_sooner()
    {
        var warm = Math.Pow(1.13 / 1.25, 2);

        // 0.425 τ, as computed elsewhere to three digits.
        Assert.Equal(0.425, Usual.TimeToTripS(warm, 1.45 * RatedA, RatedA) / Usual.TauS, 0.0005);
    }

    [Theory]
    [InlineData(1.0, 0)]
    [InlineData(1.2, 0)]
    public void A_breaker_at_its_level_trips_at_once(double level, double seconds) =>
        Assert.Equal(seconds, Usual.TimeToTripS(level, 2 * RatedA, RatedA));

    [Theory]
    [MemberData(nameof(Corners))]
    public void The_three_points_of_the_standard_are_met(double k, double tauS)
    {
        var image = new ThermalImage(k, tauS);

        // 1.13 In for an hour, cold: no trip. 1.45 In straight after: trip within the hour. 2.55 In, cold: 1 to 60 s; the corners are rounded.
        var afterAnHour = image.Next(0, 1.13 * RatedA, RatedA, 3600);
        Assert.True(afterAnHour < 1);
        Assert.True(image.TimeToTripS(afterAnHour, 1.45 * RatedA, RatedA) < 3600);
        Assert.InRange(image.TimeToTripS(0, 2.55 * RatedA, RatedA), 0.98, 60.1);
    }

    [Fact]
    public void The_level_does_not_depend_on_how_often_it_is_computed()
    {
        var level = 0.3;
        for (var second = 0; second < 600; second++)
            level = Usual.Next(level, 1.2 * RatedA, RatedA, 1);

        Assert.Equal(Usual.Next(0.3, 1.2 * RatedA, RatedA, 600), level, 12);
    }

    [Fact]
    public void The_level_reaches_one_at_the_predicted_time()
    {
        var time = Usual.TimeToTripS(0.5, 1.45 * RatedA, RatedA);

        Assert.Equal(1, Usual.Next(0.5, 1.45 * RatedA, RatedA, time), 9);
    }

    [Theory]
    [InlineData(0.5, 0.16)]
    [InlineData(1.0, 0.64)]
    [InlineData(3.0, 0.64)]
    public void A_breaker_first_seen_is_as_warm_as_its_current_makes_it_but_no_warmer_than_rated(double timesRated, double level) =>
        Assert.Equal(level, Usual.HotStart(timesRated * RatedA, RatedA), 9);
}
