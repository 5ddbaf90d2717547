namespace FacilityMonitor.Rules;

/// <summary>The settings of <see cref="Rules.Stale"/>, <see cref="ClockOff"/> and <see cref="SequenceGap"/> for one device.</summary>
internal readonly record struct HealthLimits(SilenceLimits Stale, long ClockHoldMs, long GapHoldMs);

/// <summary>What is known of a device that does not do its own work well. One that does has none.</summary>
internal sealed class HealthMemory
{
    /// <summary>Since when no value could be used, engine time; 0: the last one could.</summary>
    public long PoorSinceMs { get; set; }

    /// <summary>Since when its times cannot be believed; 0: they can.</summary>
    public long WrongClockMs { get; set; }

    /// <summary>Numbers of its messages that did not come.</summary>
    public long Missing { get; set; }

    /// <summary>When the first and the last gap was seen that is not filled.</summary>
    public long GapFirstMs { get; set; }

    public long GapLastMs { get; set; }

    public AbsenceMemory Stale;

    public AbsenceMemory Clock;

    public AbsenceMemory Gap;

    /// <summary>Whether there is nothing to remember.</summary>
    public bool IsWell => PoorSinceMs == 0 && WrongClockMs == 0 && Missing == 0 && IsIdle(Stale) && IsIdle(Clock) && IsIdle(Gap);

    /// <summary>Numbers were left out.</summary>
    public void Miss(long count, long nowMs)
    {
        GapFirstMs = Missing == 0 ? nowMs : GapFirstMs;
        (GapLastMs, Missing) = (nowMs, Missing + count);
    }

    private static bool IsIdle(in AbsenceMemory absence) => absence is { Phase: HoldPhase.Idle, Told: 0 };
}
