using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules;

/// <summary>The power behind a counter of energy.</summary>
public sealed class CounterSlopeTests
{
    [Theory]
    [InlineData(10, 1870, 208)]
    [InlineData(10, 3740, 416)]
    [InlineData(1, 1870, 208)]
    [InlineData(0.01, 1870, 4)]
    public void Over_ten_steps_of_the_counter_it_is_no_further_off_than_a_step(double stepWh, double watts, double mostOffW)
    {
        var slope = new CounterSlope();
        var (told, worst) = (0, 0.0);
        for (var second = 0; second <= 3600; second += 10)
        {
            if (slope.Watts(Ms(second), Math.Floor(watts * second / 3600 / stepWh) * stepWh) is not { } found)
                continue;
            (told, worst) = (told + 1, Math.Max(worst, Math.Abs(found - watts)));
        }

        Assert.InRange(told, 300, 360);
        Assert.InRange(worst, 0, mostOffW);
    }

    [Fact]
    public void It_waits_for_five_minutes_at_most()
    {
        var slope = new CounterSlope();
        var told = Enumerable.Range(0, 31).Select(ten => slope.Watts(Ms(ten * 10), 5000)).ToList();

        Assert.All(told[..30], value => Assert.Null(value));
        Assert.Equal(0.0, told[30]);
    }

    [Fact]
    public void Values_further_apart_than_that_are_compared_with_the_one_before()
    {
        var slope = new CounterSlope();
        slope.Watts(Ms(0), 0);

        Assert.Equal(400.0, slope.Watts(Ms(900), 100));
        Assert.Equal(4000.0, slope.Watts(Ms(1800), 1100));
        Assert.Equal(0.0, slope.Watts(Ms(2700), 1100));
    }

    [Fact]
    public void What_comes_late_or_falls_says_nothing()
    {
        var slope = new CounterSlope();
        slope.Watts(Ms(0), 100);
        slope.Watts(Ms(60), 131);

        Assert.Null(slope.Watts(Ms(60), 150));
        Assert.Null(slope.Watts(Ms(30), 120));
        Assert.Null(slope.Watts(Ms(90), 3));
        Assert.Equal(2760, slope.Watts(Ms(120), 26)!.Value, 6);
    }

    private static long Ms(double seconds) => Scene.At(seconds);
}
