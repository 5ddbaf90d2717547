namespace FacilityMonitor.Mqtt;

/// <summary>The message the server publishes in our name when the connection ends without a goodbye.</summary>
/// <param name="Topic">Topic name, without wildcards.</param>
/// <param name="Payload">At most 65,535 bytes.</param>
/// <param name="Qos">Quality it is published with.</param>
/// <param name="Retain">Whether the server keeps it as the topic's retained message.</param>
public sealed record MqttWill(string Topic, ReadOnlyMemory<byte> Payload, MqttQos Qos = MqttQos.AtLeastOnce, bool Retain = true)
{
    /// <summary>How long the server waits for our return before it publishes (MQTT 5, whole seconds). Default zero.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;
}
