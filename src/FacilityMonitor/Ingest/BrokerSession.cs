using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Ingest;

/// <summary>Whose client speaks with the broker: ours, or MQTTnet in a build with <c>-p:UpstreamClients=true</c>.</summary>
internal static class BrokerSession
{
    public static IMqttSession Open(MqttClientOptions options, TimeProvider time) =>
#if UPSTREAM_CLIENTS
        new MqttNet.MqttNetSession(options, time);
#else
        new MqttClient(options, time);
#endif
}
