namespace FacilityMonitor.OnCall.Channels;

/// <summary>Stops asking a provider that does not answer, and asks once in a while whether it is back. One thread at a time.</summary>
internal sealed class CircuitBreaker
{
    /// <summary>Failures in a row that open it.</summary>
    public const int FailuresMax = 3;

    /// <summary>How long it stays open before one is let through.</summary>
    public static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(60);

    private int _failures;
    private long _openUntilMs;

    /// <summary>How long nothing should be sent; zero: send, but only one at a time while <see cref="IsProbing"/>.</summary>
    public TimeSpan Wait(long nowMs)
    {
        // A clock that was set back does not make it longer.
        _openUntilMs = Math.Min(_openUntilMs, nowMs + (long)OpenFor.TotalMilliseconds);
        return IsOpen && nowMs < _openUntilMs ? TimeSpan.FromMilliseconds(_openUntilMs - nowMs) : TimeSpan.Zero;
    }

    /// <summary>Whether it is open, or the one that will tell is on its way.</summary>
    public bool IsOpen => _failures >= FailuresMax;

    /// <summary>It is time for the one that will tell.</summary>
    public bool IsProbing(long nowMs) => IsOpen && nowMs >= _openUntilMs;

    /// <summary>The provider answered, whatever it said.</summary>
    public void Answered() => _failures = 0;

    /// <summary>It did not.</summary>
    public void Failed(long nowMs)
    {
        _failures++;
        if (IsOpen)
            _openUntilMs = nowMs + (long)OpenFor.TotalMilliseconds;
    }
}
