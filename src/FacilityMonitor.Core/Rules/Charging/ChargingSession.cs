using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>By what a session was known to begin or to be over; several at once. The numbers are stored.</summary>
[Flags]
public enum SessionSigns : byte
{
    /// <summary>By nothing.</summary>
    None = 0,

    /// <summary>The device told it as an event.</summary>
    Told = 1,

    /// <summary>The state text of the socket.</summary>
    Word = 2,

    /// <summary>Its relay.</summary>
    Relay = 4,

    /// <summary>Its power.</summary>
    Power = 8,

    /// <summary>Another session had begun on the socket.</summary>
    Successor = 16,

    /// <summary>Nothing was heard of the socket for a day.</summary>
    Silence = 32,
}

/// <summary>Where the energy of a session is from. The numbers are stored.</summary>
public enum EnergySource : byte
{
    /// <summary>Nobody told any.</summary>
    None = 0,

    /// <summary>The socket's counter, right across its resets.</summary>
    Counter = 1,

    /// <summary>The device's own settlement; there was no counter.</summary>
    Settlement = 2,

    /// <summary>Added up from power, because there was neither; <see cref="ChargingSession.UnseenMs"/> is missing from it.</summary>
    Power = 3,
}

/// <summary>Something about a session that is known for good.</summary>
/// <param name="Device">The pile or cabinet.</param>
/// <param name="Channel">The socket or slot.</param>
/// <param name="OpenedMs">With device and channel the name of the session for ever: when we first knew of it, event time, ms since 1970-01-01 UTC.</param>
public abstract record SessionFact(Device Device, ChannelId Channel, long OpenedMs);

/// <summary>A charging session that is over.</summary>
/// <param name="Device">The pile or cabinet.</param>
/// <param name="Channel">The socket or slot.</param>
/// <param name="OpenedMs">When we first knew of it.</param>
public sealed record ChargingSession(Device Device, ChannelId Channel, long OpenedMs) : SessionFact(Device, Channel, OpenedMs)
{
    /// <summary>Begin, ms since 1970-01-01 UTC.</summary>
    public required long StartMs { get; init; }

    /// <summary>End: the first moment at which it was over, ms since 1970-01-01 UTC.</summary>
    public required long EndMs { get; init; }

    /// <summary>Whether we saw or were told the begin; else it ran already when we first heard of the socket.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>The device's name for it; null when it gave none.</summary>
    public string? Name { get; init; }

    /// <summary>A keyed pseudonym; null when not told.</summary>
    public string? User { get; init; }

    /// <summary>Why it ended: as told, else as its power shows; null when nobody knows.</summary>
    public StopReason? Reason { get; init; }

    /// <summary>How we know of its begin.</summary>
    public required SessionSigns StartedBy { get; init; }

    /// <summary>How we know of its end.</summary>
    public required SessionSigns EndedBy { get; init; }

    /// <summary>Energy, Wh; null when nobody told any.</summary>
    public double? Wh { get; init; }

    /// <summary>Where the energy is from.</summary>
    public required EnergySource EnergyFrom { get; init; }

    /// <summary>Energy by the device's settlement, Wh, whatever counts; null when not told.</summary>
    public double? SettledWh { get; init; }

    /// <summary>Highest power two readings in a row reached, W.</summary>
    public required double PeakW { get; init; }

    /// <summary>What the power looked like.</summary>
    public required CurveShape Shape { get; init; }

    /// <summary>Packs charged one after the other; 0 without a load.</summary>
    public required int Packs { get; init; }

    /// <summary>Time at 80 % of the peak and above, ms.</summary>
    public required long ConstantMs { get; init; }

    /// <summary>Time between that and full, ms.</summary>
    public required long TaperMs { get; init; }

    /// <summary>Time below the full threshold after a load, ms.</summary>
    public required long TailMs { get; init; }

    /// <summary>Since when the battery was full, ms since 1970-01-01 UTC; null: not seen to be.</summary>
    public long? FullMs { get; init; }

    /// <summary>How often it began again after it was full.</summary>
    public required int Restarts { get; init; }

    /// <summary>Time in gaps of its readings, ms: no stage and no power is known of it.</summary>
    public required long UnseenMs { get; init; }
}

/// <summary>What a late settlement adds to a session that was taken as over before it came.</summary>
/// <param name="Device">The pile or cabinet.</param>
/// <param name="Channel">The socket or slot.</param>
/// <param name="OpenedMs">When we first knew of the session.</param>
/// <param name="Name">The device's name for it.</param>
/// <param name="User">A keyed pseudonym.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="SettledWh">Energy by the settlement, Wh.</param>
public sealed record SessionAmendment(Device Device, ChannelId Channel, long OpenedMs, string? Name, string? User, StopReason? Reason, double? SettledWh)
    : SessionFact(Device, Channel, OpenedMs);
