using FacilityMonitor.Ingest;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Ingest;

public sealed class LossTextTests
{
    [Theory]
    [InlineData(MqttLossReason.ConnectFailed, MqttReasonCode.Success, "Connection refused", "nobody answers there (Connection refused)")]
    [InlineData(MqttLossReason.ClosedByServer, MqttReasonCode.Success, null, "it closed the connection")]
    [InlineData(MqttLossReason.Refused, MqttReasonCode.NotAuthorized, null, "it refused us, check user and password (NotAuthorized)")]
    [InlineData(MqttLossReason.ServerDisconnect, MqttReasonCode.SessionTakenOver, "bye", "it sent us away (SessionTakenOver: bye)")]
    public void A_lost_connection_is_told_in_words_that_leave_out_what_says_nothing(MqttLossReason loss, MqttReasonCode code, string? detail, string told) =>
        Assert.Equal(told, LossText.Of(new MqttConnectionChange(1, MqttConnectionState.Waiting, default) { Loss = loss, ReasonCode = code, Detail = detail }));
}
