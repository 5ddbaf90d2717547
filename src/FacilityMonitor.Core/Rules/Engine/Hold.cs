namespace FacilityMonitor.Rules;

/// <summary>How far a limit's breach has come.</summary>
internal enum HoldPhase : byte
{
    Idle = 0,
    Pending = 1,
    On = 2,
    Releasing = 3,
}

/// <summary>How long a breach must last before it counts, and how long quiet before it is over.</summary>
/// <param name="OnMs">Least time above the limit, measured between samples in event time.</param>
/// <param name="Samples">Least number of samples above the limit.</param>
/// <param name="OffMs">Least time below the clear level.</param>
internal readonly record struct HoldTiming(int OnMs, int Samples, int OffMs);

/// <summary>On-delay, deadband and off-delay of one limit, in 16 bytes.</summary>
/// <remarks>Time between two samples is told by the caller, who counts a gap as nothing: a gap neither fills nor empties a hold. A sample between
/// clear level and limit ends a pending breach, but keeps an active one: it is neither above the limit nor quiet.</remarks>
internal record struct Hold
{
    /// <summary>The first breaching sample.</summary>
    public long SinceMs { get; set; }

    /// <summary>Counted time: of the breach while pending, of the quiet while releasing.</summary>
    public int CountedMs { get; set; }

    public ushort Samples { get; set; }

    public HoldPhase Phase { get; set; }

    public readonly bool IsActive => Phase is HoldPhase.On or HoldPhase.Releasing;

    public void Step(bool breach, bool clear, long atMs, long countedMs, in HoldTiming timing)
    {
        switch (Phase)
        {
            case HoldPhase.Idle:
                if (!breach)
                    return;
                this = new Hold { SinceMs = atMs, Samples = 1, Phase = HoldPhase.Pending };
                Mature(timing);
                return;
            case HoldPhase.Pending:
                if (!breach)
                {
                    this = default;
                    return;
                }

                Count(countedMs);
                if (Samples < ushort.MaxValue)
                    Samples++;
                Mature(timing);
                return;
            case HoldPhase.On:
                if (clear)
                    Release(timing, 0);
                return;
            case HoldPhase.Releasing:
                if (clear)
                    Release(timing, countedMs);
                else
                    (Phase, CountedMs) = (HoldPhase.On, 0);
                return;
        }
    }

    private void Mature(in HoldTiming timing)
    {
        if (CountedMs >= timing.OnMs && Samples >= timing.Samples)
            (Phase, CountedMs) = (HoldPhase.On, 0);
    }

    private void Release(in HoldTiming timing, long countedMs)
    {
        Phase = HoldPhase.Releasing;
        Count(countedMs);
        if (CountedMs >= timing.OffMs)
            this = default;
    }

    private void Count(long ms) => CountedMs = (int)Math.Min(int.MaxValue, CountedMs + ms);
}
