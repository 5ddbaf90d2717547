namespace FacilityMonitor.Tests;

public sealed class WakingTimeTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void While_nothing_stands_still_it_is_as_long_as_any_time()
    {
        using var waking = new WakingTime(_time);
        var began = waking.Counted.GetTimestamp();

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(TimeSpan.FromSeconds(10), waking.Counted.GetElapsedTime(began));
    }

    [Fact]
    public void Two_minutes_in_which_the_machine_stood_still_end_no_deadline()
    {
        using var waking = new WakingTime(_time);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1), waking.Counted);

        _time.Sleep(TimeSpan.FromMinutes(2));
        Assert.False(deadline.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(700));
        Assert.False(deadline.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.True(deadline.IsCancellationRequested);
    }
}
