namespace FacilityMonitor.Rules;

/// <summary>What words that come late cost: to put one at its place, what was derived since has to be derived anew. How much of it one device may cause is bound, or a single
/// one that speaks often and late would hold up the rules of every site.</summary>
/// <remarks>An honest device is far below: one that speaks every second on a circuit with four hundred instants in half a minute, and always late, needs 12,000 steps.</remarks>
internal sealed class LateWork
{
    /// <summary>Most steps that are derived anew for one device in <see cref="PerMs"/>: what fills a circuit's whole memory, 32 times. Beyond it what comes late is taken as too late.</summary>
    public const int StepsMax = 32 * LoadTrack.SamplesMax;

    /// <summary>How long a share is for, ms of engine time.</summary>
    public const long PerMs = 30_000;

    private DeviceMemory? _by;
    private long _nowMs;

    /// <summary>Steps that were derived anew.</summary>
    public long Steps { get; private set; }

    /// <summary>Words that were taken as too late because their device had used up its share.</summary>
    public long Refused { get; private set; }

    /// <summary>Sights and samples that were settled early because there was no room for more.</summary>
    public long Overflows { get; private set; }

    /// <summary>Whether who speaks has used up its share.</summary>
    public bool IsSpent => _by is { } device && device.LateSteps >= StepsMax && _nowMs < device.LateUntilMs;

    /// <summary>Who speaks now; null: nobody, seconds go by.</summary>
    public void Begin(DeviceMemory? device, long nowMs) => (_by, _nowMs) = (device, nowMs);

    /// <summary>Steps were derived anew for who speaks.</summary>
    /// <param name="steps">How many it were.</param>
    /// <param name="charged">How many its share pays for: the same after a restart, when less is known of what went before.</param>
    public void Take(int steps, int charged)
    {
        Steps += steps;
        Charge(charged);
    }

    /// <summary>Who speaks caused other work that is worth so many steps.</summary>
    public void Charge(int steps)
    {
        if (_by is not { } device || steps == 0)
            return;
        if (_nowMs >= device.LateUntilMs)
            (device.LateUntilMs, device.LateSteps) = (_nowMs + PerMs, 0);
        device.LateSteps += steps;
    }

    public void Refuse() => Refused++;

    public void Overflow(int count) => Overflows += count;
}
