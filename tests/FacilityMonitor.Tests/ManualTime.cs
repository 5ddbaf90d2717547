namespace FacilityMonitor.Tests;

/// <summary>A clock that moves only when a test says so; its timers fire in order of their due times.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start;
    private TimeSpan _setBack;

    public ManualTime()
        : this(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now - _setBack;
    }

    public override long GetTimestamp()
    {
        lock (_gate)
            return _now.Ticks;
    }

    /// <summary>Somebody sets the clock on the wall back. Timers and time stamps know nothing of it.</summary>
    public void SetBack(TimeSpan by)
    {
        lock (_gate)
            _setBack += by;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock; every timer due on the way fires at its own instant.</summary>
    public void Advance(TimeSpan by)
    {
        DateTimeOffset end;
        lock (_gate)
            end = _now + by;
        while (NextDue(end) is { } due)
        {
            lock (_gate)
                _now = due.At > _now ? due.At : _now;
            due.Timer.Fire();
        }

        lock (_gate)
            _now = end;
    }

    /// <summary>The machine sleeps and wakes: it is later at once, and every timer that came due meanwhile fires a single time.</summary>
    /// <remarks>A month passes in the time of a second. Whoever needs each tick of it uses <see cref="Advance"/>.</remarks>
    public void Sleep(TimeSpan by)
    {
        ManualTimer[] due;
        lock (_gate)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now).OrderBy(timer => timer.Due)];
        }

        foreach (var timer in due)
            timer.Wake();
    }

    private (DateTimeOffset At, ManualTimer Timer)? NextDue(DateTimeOffset end)
    {
        lock (_gate)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            return next is null ? null : (next.Due!.Value, next);
        }
    }

    private sealed class ManualTimer(ManualTime owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                _period = period;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : owner._now + dueTime;
                if (!owner._timers.Contains(this))
                    owner._timers.Add(this);
            }

            return true;
        }

        /// <summary>Once for all that was missed; the period goes on from now.</summary>
        public void Wake()
        {
            lock (owner._gate)
                Due = owner._now;
            Fire();
        }

        public void Fire()
        {
            lock (owner._gate)
                Due = _period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero ? null : Due + _period;
            callback(state);
        }

        public void Dispose()
        {
            lock (owner._gate)
                owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
