using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class PowerHistoryTests
{
    [Fact]
    public void Of_a_minute_the_mean_is_kept_to_a_tenth_of_a_watt()
    {
        var history = default(PowerHistory);
        history.Add(10, 100);
        history.Add(10.5, 101.26);
        history.Add(11, 50);

        Assert.Equal([(10L, 100.6), (11L, 50.0)], Values(history));
    }

    [Fact]
    public void Minutes_without_a_value_stay_empty_and_what_is_older_than_the_newest_is_not_taken()
    {
        var history = default(PowerHistory);
        history.Add(-3, 1);
        history.Add(2, 2);

        Assert.Equal(0, history.Add(1, 9));
        Assert.Equal([(-3L, 1.0), (2L, 2.0)], Values(history));
    }

    [Fact]
    public void After_twelve_hours_a_minute_is_forgotten()
    {
        var history = default(PowerHistory);
        history.Add(0, 1);
        history.Add(1, 2);

        Assert.Equal(PowerHistory.Length - 1, history.Add(PowerHistory.Length, 3));
        Assert.Equal([(1L, 2.0), (PowerHistory.Length, 3.0)], Values(history));
    }

    [Fact]
    public void What_does_not_fit_is_the_largest_and_the_least_that_does()
    {
        var history = default(PowerHistory);
        history.Add(0, 50_000);
        history.Add(1, -50_000);

        Assert.Equal([(0L, 6053.4), (1L, -500.0)], Values(history));
    }

    private static List<(long Minute, double Watts)> Values(in PowerHistory history)
    {
        var (minutes, watts) = (new short[PowerHistory.Length], new float[PowerHistory.Length]);
        var count = history.Read(minutes, watts, out var from);
        return [.. Enumerable.Range(0, count).Select(index => (from + minutes[index], Math.Round((double)watts[index], 2)))];
    }
}
