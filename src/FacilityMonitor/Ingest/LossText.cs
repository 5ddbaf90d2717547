using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Ingest;

/// <summary>Why a connection was lost, as a sentence for the log.</summary>
internal static class LossText
{
    /// <summary>The reason in words, with what the other side or the network said to it in brackets.</summary>
    public static string Of(MqttConnectionChange change)
    {
        var code = change.ReasonCode == MqttReasonCode.Success ? null : change.ReasonCode.ToString();
        var said = string.Join(": ", new[] { code, change.Detail }.Where(part => !string.IsNullOrEmpty(part)));
        return said.Length == 0 ? Words(change.Loss) : $"{Words(change.Loss)} ({said})";
    }

    private static string Words(MqttLossReason loss) => loss switch
    {
        MqttLossReason.None => "not connected",
        MqttLossReason.ConnectFailed => "nobody answers there",
        MqttLossReason.ConnectTimeout => "it did not answer in time",
        MqttLossReason.TlsFailed => "the encrypted connection failed, check the certificates",
        MqttLossReason.Refused => "it refused us, check user and password",
        MqttLossReason.ClosedByServer => "it closed the connection",
        MqttLossReason.ServerDisconnect => "it sent us away",
        MqttLossReason.NetworkError => "the network failed",
        MqttLossReason.KeepAliveTimeout => "it fell silent",
        MqttLossReason.AckTimeout => "it did not acknowledge in time",
        MqttLossReason.WriteTimeout => "it takes no more bytes",
        MqttLossReason.ProtocolError => "it broke the protocol",
        MqttLossReason.Requested => "connecting anew",
        MqttLossReason.Stopped => "the service is stopping",
    };
}
