namespace FacilityMonitor.Tests;

/// <summary>
/// Time in which we had our turn, for deadlines: while a machine stands still, or gives us no thread, nothing happens that anybody could have waited for.
/// A virtual machine that its host stops for two minutes wakes with every deadline passed and nothing wrong.
/// </summary>
internal sealed class WakingTime : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>All that a tick counts, however late it comes.</summary>
    private static readonly TimeSpan TickMax = TimeSpan.FromMilliseconds(250);

    private static readonly WakingTime Ours = new(TimeProvider.System);

    private readonly ManualTime _clock = new();
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _ticked;

    /// <param name="time">All time, also that of others.</param>
    public WakingTime(TimeProvider time)
    {
        (_time, _ticked) = (time, time.GetTimestamp());
        // On the threads that everybody shares: where those are missing, this comes late like everything else.
        _timer = time.CreateTimer(_ => Count(), null, Tick, Tick);
    }

    /// <summary>That of this process, for whatever takes a <see cref="TimeProvider"/>. Of use are durations; what day it is it does not know.</summary>
    public static TimeProvider Clock => Ours._clock;

    /// <summary>That of this one.</summary>
    public TimeProvider Counted => _clock;

    public void Dispose() => _timer.Dispose();

    private void Count()
    {
        // One at a time: whoever is called off by a tick may take longer than until the next.
        if (!_gate.TryEnter())
            return;
        try
        {
            var now = _time.GetTimestamp();
            var passed = _time.GetElapsedTime(_ticked, now);
            _ticked = now;
            _clock.Advance(passed < TickMax ? passed : TickMax);
        }
        finally
        {
            _gate.Exit();
        }
    }
}
