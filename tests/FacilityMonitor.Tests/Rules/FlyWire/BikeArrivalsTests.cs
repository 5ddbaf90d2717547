using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class BikeArrivalsTests
{
    private const double Day = 1440;
    private const double Begin = 29_000_000;

    [Fact]
    public void Before_anything_is_known_one_bike_a_day_is_assumed_and_compared_with_the_busiest_hours()
    {
        var bikes = Watched();

        Assert.Equal(1, bikes.ADay(Begin), 6);
        // 1 − e^(−3·1·30/1440)
        Assert.Equal(0.06059, bikes.Chance(Begin), 5);
    }

    [Theory]
    [InlineData(-2, true)]
    [InlineData(-3, false)]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(31, false)]
    public void A_bike_belongs_to_a_load_that_begins_within_half_an_hour_and_two_minutes_of_clocks(double before, bool belongs)
    {
        var bikes = Watched();
        bikes.Came(Begin + 100);

        Assert.Equal(belongs ? Math.Max(0, before) : null, bikes.Before(Begin + 100 + before));
    }

    [Fact]
    public void The_last_of_several_bikes_is_told()
    {
        var bikes = Watched();
        bikes.Came(Begin + 10);
        bikes.Came(Begin + 20);

        Assert.Equal(5, bikes.Before(Begin + 25));
    }

    [Fact]
    public void A_blocker_that_goes_on_speaking_of_one_bike_is_one_bike()
    {
        var (one, two) = (Watched(), Watched());
        foreach (var minute in (double[])[0, 1, 4.9])
            one.Came(Begin + minute);
        two.Came(Begin);
        two.Came(Begin + 5);

        // Both begin from three imagined bikes in three days.
        Assert.Equal(4 / 3.0, one.ADay(Begin + 5), 1);
        Assert.Equal(5 / 3.0, two.ADay(Begin + 5), 1);
    }

    [Fact]
    public void Where_bikes_ride_all_day_the_one_before_a_load_says_next_to_nothing_and_where_none_do_it_says_more()
    {
        var (busy, quiet) = (Watched(), Watched());
        for (var minute = 0.0; minute < 21 * Day; minute += 72)
            busy.Came(Begin + minute);

        var atEnd = Begin + (21 * Day);
        Assert.InRange(busy.ADay(atEnd), 14, 20);
        Assert.InRange(Math.Exp(ChargerOdds.SignNats(0.3, busy.Chance(atEnd))), 1, 1.5);
        Assert.InRange(quiet.ADay(atEnd), 0.25, 0.3);
        Assert.Equal(ChargerOdds.SignNatsMost, ChargerOdds.SignNats(0.3, quiet.Chance(atEnd)));
    }

    [Fact]
    public void What_was_counted_is_forgotten_by_half_within_a_week()
    {
        var bikes = Watched();
        for (var count = 0; count < 8; count++)
            bikes.Came(Begin + (count * 10));

        // Of eight in a moment four count after a week, in which 5.05 days count, beside three imagined in three days.
        Assert.Equal((4 + 3) / (5.05 + 3), bikes.ADay(Begin + 70 + (7 * Day)), 2);
    }

    private static BikeArrivals Watched()
    {
        var bikes = new BikeArrivals();
        bikes.Watch(Begin);
        return bikes;
    }
}
