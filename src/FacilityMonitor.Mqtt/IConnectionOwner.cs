namespace FacilityMonitor.Mqtt;

/// <summary>What a connection tells its client, in order and from the connection's own thread, and the one thing it asks.</summary>
internal interface IConnectionOwner
{
    /// <summary>Reason of the last DISCONNECT when the client is stopped; null sends none, so that the will is published.</summary>
    MqttReasonCode? Goodbye { get; }

    void Accepted(Packets.ConnAckPacket answer);

    void Subscribed(IReadOnlyList<MqttSubscriptionResult> results);

    /// <summary>The server no longer delivers for these.</summary>
    void Unsubscribed(IReadOnlyList<string> filters);
}
