using FacilityMonitor.Readings;

namespace FacilityMonitor.Control;

/// <summary>A command as it stands in the book.</summary>
internal sealed record StoredCommand
{
    public required CommandOrder Order { get; init; }

    /// <summary>Number of the device.</summary>
    public required int Device { get; init; }

    public required CommandState State { get; init; }

    /// <summary>When it was ordered, ms since 1970-01-01 UTC; all times here are. In the book later than of every open command that the device was given before.</summary>
    public required long CreatedMs { get; init; }

    /// <summary>Before this it is not sent.</summary>
    public required long DueMs { get; init; }

    /// <summary>After this it is not sent, and the device does not do it.</summary>
    public required long ExpiresMs { get; init; }

    /// <summary>When its state changed last.</summary>
    public required long ChangedMs { get; init; }

    public long? SentMs { get; init; }

    public long? AcceptedMs { get; init; }

    public long? DoneMs { get; init; }

    public long? EndedMs { get; init; }

    /// <summary>What the device, the broker or we said about it last.</summary>
    public string? Result { get; init; }

    /// <summary>The siren that this one ends; null for all others.</summary>
    public string? Ends { get; init; }

    /// <summary>Of a siren that waits in memory: it goes out to a device with sockets and is not followed by an end (<see cref="CommandBook.Sent"/>).</summary>
    public bool EndsItself { get; init; }

    /// <summary>Whether an older command that may still be sent is of no worth beside this one: sent again behind it, it would undo it.</summary>
    /// <remarks>An <c>off</c> ends another only when it lives as long: what makes safer is not cut short by its like. What a device accepted is not sent again, and is left to its end.</remarks>
    public bool Replaces(StoredCommand older)
    {
        // Nobody ordered the end of a siren: it is no word about what was ordered.
        if (Ends is not null || older.Device != Device || older.CreatedMs > CreatedMs || older.Order.Id == Order.Id || older.Ends == Order.Id || older.State is not (CommandState.Queued or CommandState.Sent))
            return false;
        var (of, mine, its) = (older.Order.Operation, Order.Channel ?? ChannelId.Main, older.Order.Channel ?? ChannelId.Main);
        var covers = mine == ChannelId.Main || its == mine;
        return Order.Operation switch
        {
            // A reset is the whole device's, and it may come up with closed relays.
            Operation.Off => of == Operation.Reset || (covers && (of is Operation.On or Operation.Limit or Operation.Unlock or Operation.Siren || (of == Operation.Off && older.ExpiresMs <= ExpiresMs))),
            Operation.On => its == mine && of is Operation.On or Operation.Off,
            // The siren of a pile leaves alone what cuts one of its sockets off.
            Operation.Siren => its == mine && of is Operation.Siren or Operation.Off,
            Operation.Limit or Operation.Unlock or Operation.Reset or Operation.Rebirth or Operation.SelfTest => its == mine && of == Order.Operation,
            Operation.Resend or Operation.Ota => false,
        };
    }
}

/// <summary>What a device said that matters to commands, on its way into the same commit as the message.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="AtMs">When it was received.</param>
/// <param name="Ack">An answer.</param>
/// <param name="Abilities">What its birth says.</param>
/// <param name="Boot">The boot of that birth.</param>
/// <param name="Cfg">Hash of the configuration it runs, of a birth or a status.</param>
internal sealed record DeviceWord(int Device, long AtMs, Contract.CommandAck? Ack, DeviceAbilities? Abilities, string? Boot, string? Cfg);
