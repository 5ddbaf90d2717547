using FacilityMonitor.Ingest.MqttNet;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>Compiled with <c>-p:UpstreamClients=true</c> only.</summary>
public sealed class MqttNetSessionTests : MqttSessionContract
{
    protected override MqttLossReason TlsLoss => MqttLossReason.ConnectFailed;

    protected override IMqttSession Open(MqttClientOptions options, TimeProvider time) => new MqttNetSession(options, time);
}
