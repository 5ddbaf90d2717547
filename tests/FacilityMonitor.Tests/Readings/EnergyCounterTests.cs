using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Readings;

public sealed class EnergyCounterTests
{
    [Fact]
    public void A_rising_counter_counts_what_it_rose_by() => Assert.Equal(30, Energy((0, 1000), (60, 1010), (120, 1030)), 6);

    [Fact]
    public void The_first_reading_counts_nothing() => Assert.Equal(0, Energy((0, 10482.3)));

    [Fact]
    public void A_plug_that_tells_zero_for_3_4_seconds_counts_nothing_of_it() =>
        Assert.Equal(0.2, Energy((0, 10482.3), (1, 0), (4.4, 10482.4), (60, 10482.5)), 6);

    [Fact]
    public void A_glitch_that_crept_up_meanwhile_is_taken_back() => Assert.Equal(1, Energy((0, 500), (10, 0), (20, 3), (30, 501)), 6);

    [Fact]
    public void A_counter_that_starts_again_at_zero_goes_on_counting() => Assert.Equal(25, Energy((0, 5000), (60, 5010), (120, 5), (180, 15)), 6);

    [Theory]
    [InlineData(600, 1)]
    [InlineData(601, 501)]
    public void After_ten_minutes_a_fall_was_a_reset_and_not_a_glitch(double backAfterS, double wh) =>
        Assert.Equal(wh, Energy((0, 500), (1, 0), (backAfterS, 501)), 6);

    [Fact]
    public void A_new_epoch_begins_at_zero_even_when_the_number_is_higher()
    {
        var counter = new EnergyCounter();
        counter.Add(0, 100, 1);
        Assert.Equal(120, counter.Add(600_000, 120, 2), 6);
    }

    [Fact]
    public void A_changed_meter_that_stands_at_megawatt_hours_counts_nothing() => Assert.Equal(2, Energy((0, 100), (60, 8_000_000), (120, 8_000_002)), 6);

    [Theory]
    [InlineData(-3_000)]
    [InlineData(double.NaN)]
    public void A_register_that_claims_to_stand_below_zero_was_not_read(double told) => Assert.Equal(3, Energy((0, 5_000), (60, told), (3_600, 5_002), (3_660, told), (7_200, 5_003)), 6);

    private static double Energy(params (double S, double Wh)[] readings)
    {
        var counter = new EnergyCounter();
        return readings.Sum(reading => counter.Add((long)(reading.S * 1000), reading.Wh, null));
    }
}
