namespace FacilityMonitor.Mqtt;

/// <summary>What the server does with retained messages when a subscription is made (MQTT 5; 3.1.1 always sends them).</summary>
public enum MqttRetainHandling : byte
{
    /// <summary>Send them at every subscribe, so at every reconnect.</summary>
    SendAtSubscribe,

    /// <summary>Send them only when the subscription did not exist yet: a resumed session is not flooded with what it knows.</summary>
    SendIfNew,

    /// <summary>Never send them.</summary>
    DoNotSend,
}

/// <summary>A subscription the client makes at every connect, resumed session or not.</summary>
/// <param name="Filter">Topic filter, 1 to 65,535 bytes of UTF-8; <c>+</c> and <c>#</c> are wildcards.</param>
/// <param name="Qos">Highest quality the server may deliver with.</param>
public sealed record MqttSubscription(string Filter, MqttQos Qos = MqttQos.AtLeastOnce)
{
    /// <summary>Keep the publisher's retain flag on live messages (MQTT 5). Default false: only stored messages carry it.</summary>
    public bool RetainAsPublished { get; init; }

    /// <summary>Do not deliver what this client itself published (MQTT 5). Default false.</summary>
    public bool NoLocal { get; init; }

    /// <summary>When retained messages are sent (MQTT 5). Default <see cref="MqttRetainHandling.SendIfNew"/>.</summary>
    public MqttRetainHandling RetainHandling { get; init; } = MqttRetainHandling.SendIfNew;
}

/// <summary>The server's answer to one subscription.</summary>
/// <param name="Subscription">What was asked.</param>
/// <param name="ReasonCode">Granted QoS (0 to 2) or the refusal; 3.1.1 knows only <see cref="MqttReasonCode.UnspecifiedError"/>.</param>
public sealed record MqttSubscriptionResult(MqttSubscription Subscription, MqttReasonCode ReasonCode)
{
    /// <summary>True when the server refused: nothing will arrive for this filter.</summary>
    public bool Refused => ReasonCode >= MqttReasonCode.UnspecifiedError;
}
