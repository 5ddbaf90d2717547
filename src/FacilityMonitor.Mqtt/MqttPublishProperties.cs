namespace FacilityMonitor.Mqtt;

/// <summary>Optional properties of a published message. MQTT 3.1.1 has none and sends the message without them.</summary>
public sealed record MqttPublishProperties
{
    /// <summary>How long the message is worth anything from the call on, up to 2^32−1 s. Past it we do not send it, nor send it again after a reconnect, and the publish
    /// completes with <see cref="MqttReasonCode.ServerUnavailable"/>; the server is told what is left in whole seconds, at least 1. Default null: for ever.</summary>
    public TimeSpan? MessageExpiry { get; init; }

    /// <summary>Says the payload is UTF-8 text. Default false: unspecified bytes.</summary>
    public bool PayloadIsText { get; init; }

    /// <summary>Media type of the payload, for example <c>application/json</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary>Where an answer is expected.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>What an answer must repeat; at most 65,535 bytes.</summary>
    public ReadOnlyMemory<byte> CorrelationData { get; init; }

    /// <summary>Free name-value pairs, in order; names may repeat.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> UserProperties { get; init; } = [];
}
