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

    private static (UnmeteredRemainder Remainder, List<PowerSample> Left) Run(int days, Func<int, double, double> feeder, int followFrom = int.MaxValue)
    {
        var remainder = new UnmeteredRemainder();
        var dice = new Dice(3);
        var rest = new List<PowerSample>();
        var below = 0.0;
        for (var minute = 0; minute < days * 1440; minute++)
        {
            if (minute % 30 == 0)
                below = 180 * dice.Below(12);
            remainder.Below(minute * MinuteMs, below);
            if (remainder.TryTake(minute * MinuteMs, feeder(minute, below), below, minute >= followFrom, out var watts))
                rest.Add(new PowerSample(minute, watts));
        }

        return (remainder, rest);
    }
}
