using FacilityMonitor.Readings;

namespace FacilityMonitor.Control;

/// <summary>A command as somebody orders it: the same id is the same command, whatever happens on the way.</summary>
public sealed record CommandOrder
{
    /// <summary>Names it for ever; see <see cref="CommandLimits.IsId"/>.</summary>
    public required string Id { get; init; }

    /// <summary>To whom.</summary>
    public required DeviceId Device { get; init; }

    /// <summary>Which part of it; null: the whole.</summary>
    public ChannelId? Channel { get; init; }

    /// <summary>What to do.</summary>
    public required Operation Operation { get; init; }

    /// <summary>Of <see cref="Operation.Limit"/>: the most power, W.</summary>
    public double? Watts { get; init; }

    /// <summary>Of <see cref="Operation.Siren"/>: how long, s.</summary>
    public int? Seconds { get; init; }

    /// <summary>Who orders it.</summary>
    public required string By { get; init; }

    /// <summary>Why; for those who ask later.</summary>
    public string Why { get; init; } = "";

    /// <summary>How long it is worth doing, s.</summary>
    public int TtlS { get; init; } = CommandLimits.TtlDefaultS;

    /// <summary>Whether whoever orders it has said a second time that this is meant.</summary>
    public bool IsConfirmed { get; init; }
}

/// <summary>A command that went out, as the journal tells the rules.</summary>
/// <param name="Device">To whom.</param>
/// <param name="Id">Its name.</param>
/// <param name="Operation">What to do.</param>
/// <param name="Channel">Which part of it; <c>main</c>: the whole.</param>
/// <param name="ExpiresMs">After this moment the device no longer does it, ms since 1970-01-01 UTC.</param>
/// <param name="IsVoid">It did not go out after all: nothing follows from it.</param>
/// <param name="IsEnd">It only ends a siren: nobody ordered that no current flows.</param>
public sealed record CommandNotice(Device Device, string Id, Operation Operation, ChannelId Channel, long ExpiresMs, bool IsVoid = false, bool IsEnd = false);

/// <summary>What measurements say of a command.</summary>
/// <param name="Id">Its name.</param>
/// <param name="IsSeen">True: its effect was measured. False: measurements contradict it.</param>
/// <param name="AtMs">Event time of the sample that decided, ms since 1970-01-01 UTC.</param>
public readonly record struct CommandEffect(string Id, bool IsSeen, long AtMs);
