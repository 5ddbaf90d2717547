namespace FacilityMonitor.Mqtt;

/// <summary>The protocol level a client speaks; the number is the one CONNECT carries.</summary>
public enum MqttVersion
{
    /// <summary>MQTT 3.1.1 (OASIS, 2014).</summary>
    V311 = 4,

    /// <summary>MQTT 5.0 (OASIS, 2019).</summary>
    V500 = 5,
}
