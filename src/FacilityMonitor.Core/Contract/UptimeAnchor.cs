namespace FacilityMonitor.Contract;

/// <summary>When a boot began by our clock, as its live messages show it: this places what a device without a clock had buffered. Pure.</summary>
/// <remarks>
/// Receipt minus uptime can only be too late, by as long as the message was on its way, so the least delayed message is right. But the device's quartz runs
/// a little differently from ours: an anchor that only ever moved back would, after weeks, put the live readings of a slow one minutes into the past, where
/// they can raise nothing. So it may also move forward, as fast as a bad oscillator drifts.
/// </remarks>
/// <param name="Boot">The boot.</param>
/// <param name="BeganMs">When it began, ms since 1970-01-01 UTC.</param>
/// <param name="HeardMs">When a live message of it was last received, ms since 1970-01-01 UTC.</param>
public readonly record struct UptimeAnchor(BootId Boot, long BeganMs, long HeardMs)
{
    /// <summary>One part in this many is the drift allowed for: 0.5 %, a ceramic resonator.</summary>
    public const long DriftOneIn = 200;

    /// <summary>The anchor of a boot first heard.</summary>
    public static UptimeAnchor First(BootId boot, long upMs, long receivedMs) => new(boot, receivedMs - upMs, receivedMs);

    /// <summary>The anchor after one more live message.</summary>
    /// <param name="upMs">The uptime it tells, ms.</param>
    /// <param name="receivedMs">When it was received, ms since 1970-01-01 UTC.</param>
    public UptimeAnchor Heard(long upMs, long receivedMs)
    {
        var began = receivedMs - upMs;
        var drifted = BeganMs + (Math.Max(0, receivedMs - HeardMs) / DriftOneIn);
        // Nobody delivers live readings a day late: an uptime that says so has run over, as 32-bit milliseconds do after 49.7 days.
        return began - BeganMs > ClockCorrection.DataAgeMaxMs
            ? new UptimeAnchor(Boot, began, receivedMs)
            : new UptimeAnchor(Boot, Math.Min(began, drifted), receivedMs);
    }
}
