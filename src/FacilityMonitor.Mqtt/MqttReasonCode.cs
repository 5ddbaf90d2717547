namespace FacilityMonitor.Mqtt;

/// <summary>
/// Reason codes of MQTT 5 (§2.4): below 0x80 a success, from 0x80 a refusal. The return codes of 3.1.1 are translated to
/// them, so that callers know one vocabulary.
/// </summary>
public enum MqttReasonCode : byte
{
    /// <summary>0x00: success; in DISCONNECT a normal end, in SUBACK QoS 0 granted.</summary>
    Success = 0x00,

    /// <summary>0x01: subscription granted with QoS 1.</summary>
    GrantedQos1 = 0x01,

    /// <summary>0x02: subscription granted with QoS 2.</summary>
    GrantedQos2 = 0x02,

    /// <summary>0x04: disconnect, and publish the will nevertheless.</summary>
    DisconnectWithWill = 0x04,

    /// <summary>0x10: accepted, but nobody subscribes to the topic.</summary>
    NoMatchingSubscribers = 0x10,

    /// <summary>0x11: there was no such subscription.</summary>
    NoSubscriptionExisted = 0x11,

    /// <summary>0x18: continue the authentication exchange.</summary>
    ContinueAuthentication = 0x18,

    /// <summary>0x19: authenticate anew.</summary>
    ReAuthenticate = 0x19,

    /// <summary>0x80: refused without a better word; also SUBACK failure of 3.1.1.</summary>
    UnspecifiedError = 0x80,

    /// <summary>0x81: the packet cannot be parsed.</summary>
    MalformedPacket = 0x81,

    /// <summary>0x82: the packet is well formed but not allowed here.</summary>
    ProtocolError = 0x82,

    /// <summary>0x83: valid, but this receiver does not accept it.</summary>
    ImplementationSpecificError = 0x83,

    /// <summary>0x84: the server does not speak this protocol version (3.1.1: return code 1).</summary>
    UnsupportedProtocolVersion = 0x84,

    /// <summary>0x85: the client identifier is not allowed (3.1.1: return code 2).</summary>
    ClientIdentifierNotValid = 0x85,

    /// <summary>0x86: user name or password refused (3.1.1: return code 4).</summary>
    BadUserNameOrPassword = 0x86,

    /// <summary>0x87: not authorized (3.1.1: return code 5).</summary>
    NotAuthorized = 0x87,

    /// <summary>0x88: the server is not available (3.1.1: return code 3); also what a QoS 0 publish gets without a connection.</summary>
    ServerUnavailable = 0x88,

    /// <summary>0x89: the server is busy.</summary>
    ServerBusy = 0x89,

    /// <summary>0x8A: banned by an administrator.</summary>
    Banned = 0x8A,

    /// <summary>0x8B: the server is shutting down.</summary>
    ServerShuttingDown = 0x8B,

    /// <summary>0x8C: the authentication method is not supported or does not match.</summary>
    BadAuthenticationMethod = 0x8C,

    /// <summary>0x8D: nothing was heard for 1.5 × keep-alive.</summary>
    KeepAliveTimeout = 0x8D,

    /// <summary>0x8E: another connection took this client identifier over.</summary>
    SessionTakenOver = 0x8E,

    /// <summary>0x8F: the topic filter is not allowed.</summary>
    TopicFilterInvalid = 0x8F,

    /// <summary>0x90: the topic name is not accepted.</summary>
    TopicNameInvalid = 0x90,

    /// <summary>0x91: the packet identifier is already in use.</summary>
    PacketIdentifierInUse = 0x91,

    /// <summary>0x92: the packet identifier is unknown.</summary>
    PacketIdentifierNotFound = 0x92,

    /// <summary>0x93: more unacknowledged messages than Receive Maximum allows.</summary>
    ReceiveMaximumExceeded = 0x93,

    /// <summary>0x94: a topic alias outside what was offered.</summary>
    TopicAliasInvalid = 0x94,

    /// <summary>0x95: larger than Maximum Packet Size.</summary>
    PacketTooLarge = 0x95,

    /// <summary>0x96: the receiver's rate limit is exceeded.</summary>
    MessageRateTooHigh = 0x96,

    /// <summary>0x97: a quota is exceeded.</summary>
    QuotaExceeded = 0x97,

    /// <summary>0x98: closed by an administrator.</summary>
    AdministrativeAction = 0x98,

    /// <summary>0x99: the payload is not what its topic promises; what a dead letter is answered with.</summary>
    PayloadFormatInvalid = 0x99,

    /// <summary>0x9A: the server keeps no retained messages.</summary>
    RetainNotSupported = 0x9A,

    /// <summary>0x9B: above the server's Maximum QoS.</summary>
    QosNotSupported = 0x9B,

    /// <summary>0x9C: use another server, for now.</summary>
    UseAnotherServer = 0x9C,

    /// <summary>0x9D: use another server, for good.</summary>
    ServerMoved = 0x9D,

    /// <summary>0x9E: shared subscriptions are not supported.</summary>
    SharedSubscriptionsNotSupported = 0x9E,

    /// <summary>0x9F: connecting too often.</summary>
    ConnectionRateExceeded = 0x9F,

    /// <summary>0xA0: the connection was open as long as it was allowed to.</summary>
    MaximumConnectTime = 0xA0,

    /// <summary>0xA1: subscription identifiers are not supported.</summary>
    SubscriptionIdentifiersNotSupported = 0xA1,

    /// <summary>0xA2: wildcard subscriptions are not supported.</summary>
    WildcardSubscriptionsNotSupported = 0xA2,
}
