namespace FacilityMonitor.Mqtt;

/// <summary>Quality of service: how often a message may arrive between two neighbours on its way.</summary>
public enum MqttQos : byte
{
    /// <summary>QoS 0: once or not at all.</summary>
    AtMostOnce,

    /// <summary>QoS 1: once or more; every copy is acknowledged.</summary>
    AtLeastOnce,

    /// <summary>QoS 2: once. Received only: this client does not publish with it.</summary>
    ExactlyOnce,
}
