using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Ingest;

/// <summary>What ingest is told.</summary>
internal sealed record IngestOptions
{
    /// <summary>How both sessions reach the broker; client id and subscriptions are filled in by ingest.</summary>
    public required MqttClientOptions Broker { get; init; }

    /// <summary>Name of this service among the clients of the broker and in <c>fm/1/state/&lt;host&gt;</c>.</summary>
    public required string ClientId { get; init; }

    /// <summary>Topics of foreign devices.</summary>
    public required IReadOnlyList<string> ForeignTopics { get; init; }

    /// <summary>What the journal may hold until everybody has read it, bytes. Beyond it nothing more is taken from the broker, which keeps it for us.</summary>
    public long JournalBytesMax { get; init; } = 4L << 30;

    /// <summary>Most messages in a batch, which is one group commit.</summary>
    public int BatchMessages { get; init; } = 5_000;
}
