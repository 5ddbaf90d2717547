using FacilityMonitor.Configuration;

namespace FacilityMonitor.OnCall;

/// <summary>When a notification that was not taken is tried again, and until when.</summary>
/// <param name="settings">Longest pause, and how long attempts go on.</param>
/// <param name="jitter">A number from 0 to below 1, another with every call.</param>
internal sealed class RetryPlan(OnCallSettings settings, Func<double> jitter)
{
    /// <summary>A receiver that asks for a longer pause is asked again after this all the same: no group bot locks a sender out for longer, and an alert waits.</summary>
    public static readonly TimeSpan AskedForMax = TimeSpan.FromMinutes(10);

    /// <summary>The pause after so many failures in a row: evenly from the half to the whole of 1, 2, 4 … s, at most <see cref="OnCallSettings.RetryMax"/>;
    /// never less than the receiver asked for.</summary>
    public TimeSpan Pause(int failures, TimeSpan? askedFor) => Pause(settings.RetryMax, failures, askedFor, jitter());

    /// <inheritdoc cref="Pause(int, TimeSpan?)"/>
    public static TimeSpan Pause(TimeSpan retryMax, int failures, TimeSpan? askedFor, double jitter)
    {
        var whole = Math.Min(Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), retryMax.TotalSeconds);
        var own = TimeSpan.FromSeconds(whole * (0.5 + (jitter / 2)));
        var asked = askedFor is { } wait ? TimeSpan.FromTicks(Math.Min(wait.Ticks, AskedForMax.Ticks)) : TimeSpan.Zero;
        return own > asked ? own : asked;
    }

    /// <summary>When the last attempt is due at the latest, ms since 1970-01-01 UTC.</summary>
    public long EndMs(Letter letter) => letter.CreatedMs + (long)settings.Expiry.TotalMilliseconds;
}
