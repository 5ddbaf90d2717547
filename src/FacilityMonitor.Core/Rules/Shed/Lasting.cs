using FacilityMonitor.Alerts;

namespace FacilityMonitor.Rules;

/// <summary>How long something has been so: counted between the samples that say it, and on to now for as long as the last word holds. 24 bytes in a rule's state.</summary>
/// <remarks>What a reading says holds for one gap; what a fact says holds until the opposite is told, for no reading will repeat it.</remarks>
internal record struct Lasting
{
    /// <summary>Since when; 0: it is not so.</summary>
    public long SinceMs { get; private set; }

    private long LastMs { get; set; }

    private long CountedMs { get; set; }

    private long HoldsMs { get; set; }

    public readonly bool IsOn => SinceMs != 0;

    /// <summary>Takes what a sight says.</summary>
    /// <param name="isOn">Whether it is so.</param>
    /// <param name="sight">The sight.</param>
    public void Step(bool isOn, in Sight sight)
    {
        if (!isOn)
        {
            this = default;
            return;
        }

        var holds = sight.IsReading ? sight.GapMs : long.MaxValue;
        if (SinceMs == 0)
        {
            (SinceMs, LastMs, HoldsMs) = (sight.AtMs, sight.AtMs, holds);
            return;
        }

        var passed = sight.AtMs - LastMs;
        CountedMs += passed > HoldsMs ? 0 : passed;
        (LastMs, HoldsMs) = (sight.AtMs, holds);
    }

    /// <summary>How long it has been so at a moment, ms.</summary>
    public readonly long DurationMs(long nowMs) => IsOn ? CountedMs + Math.Clamp(nowMs - LastMs, 0, HoldsMs) : 0;

    /// <summary>What it means where so long is too long.</summary>
    public readonly Verdict After(long holdMs, Priority priority, long nowMs) => Verdict.When(IsOn && DurationMs(nowMs) >= holdMs, priority, SinceMs);
}
