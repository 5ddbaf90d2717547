using FacilityMonitor.Evaluation;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class UnmeteredRemainderTests
{
    private const long MinuteMs = 60_000;

    [Fact]
    public void Gain_and_standing_load_are_learned_from_what_the_sockets_do()
    {
        var (remainder, _) = Run(days: 2, (_, below) => (1.018 * below) + 42);

        Assert.Equal(1.018, remainder.Gain, 3);
        Assert.Equal(42, remainder.StandingW, 0);
    }

    [Fact]
    public void A_standing_load_that_changes_is_learned_anew()
    {
        var (remainder, _) = Run(days: 12, (minute, below) => below + (minute < 3 * 1440 ? 40 : 60));

        Assert.InRange(remainder.StandingW, 57, 61);
    }

    [Fact]
    public void The_error_of_two_meters_never_looks_like_a_load()
    {
        var (_, rest) = Run(days: 2, (_, below) => (1.03 * below) + 30);

        Assert.All(rest.Where(one => one.Minute > 1440), one => Assert.InRange(one.Watts, 25, 35));
    }

    [Fact]
    public void What_no_socket_tells_of_is_left()
    {
        var (_, rest) = Run(days: 2, (minute, below) => (1.01 * below) + 30 + (minute > 2000 ? 150 : 0), followFrom: 2000);

        Assert.All(rest.Where(one => one.Minute > 2010), one => Assert.InRange(one.Watts, 170, 190));
    }

    [Fact]
    public void Nothing_is_compared_for_a_minute_and_a_half_after_the_sockets_jumped()
    {
        var remainder = new UnmeteredRemainder();
        for (var minute = 0; minute < 60; minute++)
        {
            remainder.Below(minute * MinuteMs, 100);
            remainder.TryTake(minute * MinuteMs, 130, 100, false, out _);
        }

        remainder.Below(60 * MinuteMs, 280);
        Assert.False(remainder.TryTake(60 * MinuteMs, 130, 280, false, out _));
        Assert.False(remainder.TryTake((60 * MinuteMs) + 89_999, 130, 280, false, out _));
        Assert.True(remainder.TryTake((60 * MinuteMs) + 90_000, 310, 280, false, out var rest));
        Assert.Equal(30, rest, 0);
    }

    [Fact]
    public void Lamps_that_burn_while_most_bikes_charge_are_no_gain()
    {
        // At night 2 kW are drawn and 120 W of lamps are on: over whole days that looks like 6 %.
        var (remainder, rest) = Run(days: 6, (minute, below) => below + 30 + (minute % 1440 < 720 ? 120 : 0), below: minute => minute % 1440 < 720 ? 12 : 2);

        Assert.InRange(remainder.Gain, 0.995, 1.005);
        Assert.All(rest.Where(one => one.Minute > 1440 && one.Minute % 720 > 30), one => Assert.InRange(one.Watts, one.Minute % 1440 < 720 ? 140 : 20, one.Minute % 1440 < 720 ? 160 : 40));
    }

    [Fact]
    public void A_sum_that_is_told_later_than_the_feeder_s_value_is_put_right_while_bikes_taper()
    {
        var remainder = new UnmeteredRemainder();
        var rest = new List<PowerSample>();
        for (var minute = 0; minute < 3 * 1440; minute++)
        {
            // Six bikes taper together, again and again; the feeder's value is forty seconds newer than the sum.
            remainder.Below(minute * MinuteMs, Below(minute));
            if (remainder.TryTake(minute * MinuteMs, Below(minute + (2 / 3.0)) + 30, Below(minute), false, out var watts))
                rest.Add(new PowerSample(minute, watts));
        }

        Assert.InRange(remainder.LagMin, 0.55, 0.75);
        // Uncorrected it would lie 8 W lower or higher all the time; where the slope turns it takes a quarter of an hour to be known.
        Assert.All(rest.Where(one => one.Minute > 1440 && one.Minute % 45 > 15), one => Assert.InRange(one.Watts, 27, 33));

        static double Below(double minute) => 1200 - (12 * Math.Abs((minute % 90) - 45));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(180, 0, 1.21)]
    [InlineData(90, 0, 0.6)]
    [InlineData(1800, 0, 3.81)]
    [InlineData(1800, 4, 6.03)]
    public void What_bikes_change_by_leaves_the_errors_of_their_elements_in_the_rest(double rangeW, int meters, double errorW) =>
        Assert.Equal(errorW, new Beside(0, meters).ErrorW(rangeW), 2);

    private static (UnmeteredRemainder Remainder, List<PowerSample> Left) Run(int days, Func<int, double, double> feeder, int followFrom = int.MaxValue, Func<int, int>? below = null)
    {
        var remainder = new UnmeteredRemainder();
        var dice = new Dice(3);
        var rest = new List<PowerSample>();
        var watts = 0.0;
        for (var minute = 0; minute < days * 1440; minute++)
        {
            if (minute % 30 == 0)
                watts = 180 * dice.Below(below?.Invoke(minute) ?? 12);
            remainder.Below(minute * MinuteMs, watts);
            if (remainder.TryTake(minute * MinuteMs, feeder(minute, watts), watts, minute >= followFrom, out var left))
                rest.Add(new PowerSample(minute, left));
        }

        return (remainder, rest);
    }
}
