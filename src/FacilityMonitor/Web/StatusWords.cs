using FacilityMonitor.Contract;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What the status calls things.</summary>
internal static class StatusWords
{
    /// <summary>The sign of a level.</summary>
    public static string Sign(StatusLevel level) => level switch
    {
        StatusLevel.Fine => "✓",
        StatusLevel.Plain => "",
        StatusLevel.Unknown => "—",
        StatusLevel.Attention => "!",
        StatusLevel.Bad => "▲",
    };

    /// <summary>The word of a level.</summary>
    public static LocalText Of(StatusLevel level) => level switch
    {
        StatusLevel.Fine => new("正常", "fine"),
        StatusLevel.Plain => new("", ""),
        StatusLevel.Unknown => new("不知道", "not known"),
        StatusLevel.Attention => new("需要留意", "look at it"),
        StatusLevel.Bad => new("需要处理", "needs somebody"),
    };

    /// <summary>Why the broker is away.</summary>
    public static LocalText Of(MqttLossReason loss) => loss switch
    {
        MqttLossReason.None => new("还没有连接", "not connected yet"),
        MqttLossReason.ConnectFailed => new("连不上：地址不对，或代理没有运行", "no answer: wrong address, or the broker is not running"),
        MqttLossReason.ConnectTimeout => new("代理没有按时应答", "the broker did not answer in time"),
        MqttLossReason.TlsFailed => new("加密连接失败", "the encrypted connection failed"),
        MqttLossReason.Refused => new("代理拒绝了登录", "the broker refused us"),
        MqttLossReason.ClosedByServer => new("代理关闭了连接", "the broker closed the connection"),
        MqttLossReason.ServerDisconnect => new("代理让我们断开", "the broker sent us away"),
        MqttLossReason.NetworkError => new("网络出错", "the network failed"),
        MqttLossReason.KeepAliveTimeout => new("代理不再应答", "the broker fell silent"),
        MqttLossReason.AckTimeout => new("代理没有确认收到", "the broker did not acknowledge in time"),
        MqttLossReason.WriteTimeout => new("代理不再接收", "the broker takes no more bytes"),
        MqttLossReason.ProtocolError => new("代理违反了协议", "the broker broke the protocol"),
        MqttLossReason.Requested => new("正在重新连接", "connecting anew"),
        MqttLossReason.Stopped => new("服务正在停止", "the service is stopping"),
    };

    /// <summary>Why a message was set aside.</summary>
    public static LocalText Of(RejectReason reason) => reason switch
    {
        RejectReason.UnknownTopic => new("主题不认识", "unknown topic"),
        RejectReason.BadId => new("编号不合规", "bad id"),
        RejectReason.TooLarge => new("消息过大", "too large"),
        RejectReason.BadUtf8 => new("不是 UTF-8", "not UTF-8"),
        RejectReason.BadJson => new("不是 JSON", "not JSON"),
        RejectReason.UnsupportedVersion => new("版本不支持", "unsupported version"),
        RejectReason.MissingField => new("缺字段", "missing field"),
        RejectReason.BadField => new("字段值不对", "bad field"),
        RejectReason.TooManyReadings => new("读数太多", "too many readings"),
        RejectReason.RetainedData => new("保留消息", "retained data"),
        RejectReason.TooManyDevices => new("设备太多", "too many devices"),
    };
}
