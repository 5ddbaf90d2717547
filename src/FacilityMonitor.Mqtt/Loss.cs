namespace FacilityMonitor.Mqtt;

/// <summary>How a connection ended.</summary>
internal sealed record Loss(MqttLossReason Reason, MqttReasonCode Code = MqttReasonCode.Success, string? Detail = null);
