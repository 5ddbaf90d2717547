using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>The settings of <see cref="Rules.Stale"/>, <see cref="ClockOff"/> and <see cref="SequenceGap"/> for one device.</summary>
internal readonly record struct HealthLimits(SilenceLimits Stale, long ClockHoldMs, long GapHoldMs);

/// <summary>A channel whose newest value could not be used, of a device that has others that can.</summary>
internal sealed class PoorChannel(ChannelId channel)
{
    public ChannelId Channel => channel;

    /// <summary>Since when none of its values could be used, engine time; 0: the last one could.</summary>
    public long SinceMs { get; set; }

    public AbsenceMemory Stale;

    public bool IsWell => SinceMs == 0 && HealthMemory.IsIdle(Stale);
}

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

    /// <summary>Its channels that do not do as well as the others; null: none was ever so.</summary>
    public List<PoorChannel>? Poor { get; set; }

    public AbsenceMemory Stale;

    public AbsenceMemory Clock;

    public AbsenceMemory Gap;

    /// <summary>Whether there is nothing to remember.</summary>
    public bool IsWell => PoorSinceMs == 0 && WrongClockMs == 0 && Missing == 0 && Poor is not { Count: > 0 } && IsIdle(Stale) && IsIdle(Clock) && IsIdle(Gap);

    /// <summary>Numbers were left out.</summary>
    public void Miss(long count, long nowMs)
    {
        GapFirstMs = Missing == 0 ? nowMs : GapFirstMs;
        (GapLastMs, Missing) = (nowMs, Missing + count);
    }

    /// <summary>Takes in whether the values of a channel in one message can be used.</summary>
    public void Note(ChannelId channel, bool isGood, long nowMs)
    {
        var known = Poor?.Find(one => one.Channel == channel);
        if (known is null && !isGood)
            (Poor ??= []).Add(known = new PoorChannel(channel));
        if (known is not null)
            known.SinceMs = isGood ? 0 : known.SinceMs == 0 ? nowMs : known.SinceMs;
    }

    public static bool IsIdle(in AbsenceMemory absence) => absence is { Phase: HoldPhase.Idle, Told: 0 };
}
