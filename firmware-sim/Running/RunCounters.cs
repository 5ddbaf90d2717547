namespace FirmwareSim.Running;

/// <summary>What a run has done so far; printed as one JSON line.</summary>
internal sealed record RunCounters
{
    public required int Devices { get; init; }

    public required int Connected { get; init; }

    /// <summary>MQTT connections that carry them: fewer where a gateway shares its own.</summary>
    public required int Connections { get; init; }

    /// <summary>Counted messages (<c>data</c>, <c>event</c>) that came into being.</summary>
    public required long Produced { get; init; }

    /// <summary>Counted messages handed to the client, repeats included.</summary>
    public required long Sent { get; init; }

    /// <summary>Of these, acknowledged by the broker.</summary>
    public required long BrokerAcked { get; init; }

    /// <summary>Covered by the host's watermark and let go.</summary>
    public required long WatermarkAcked { get; init; }

    /// <summary>Kept until the watermark covers them.</summary>
    public required long Buffered { get; init; }

    /// <summary>Of these, waiting to go out on <c>hist</c>.</summary>
    public required long Backlog { get; init; }

    /// <summary>Fell out of a full buffer.</summary>
    public required long Dropped { get; init; }

    /// <summary>Connections that were lost.</summary>
    public required long Losses { get; init; }

    /// <summary>Publishes the broker refused.</summary>
    public required long Refused { get; init; }
}
