namespace FacilityMonitor.Mqtt.Packets;

internal static class Property
{
    public const byte PayloadFormat = 0x01;
    public const byte MessageExpiry = 0x02;
    public const byte ContentType = 0x03;
    public const byte ResponseTopic = 0x08;
    public const byte CorrelationData = 0x09;
    public const byte SubscriptionIdentifier = 0x0B;
    public const byte SessionExpiry = 0x11;
    public const byte AssignedClientIdentifier = 0x12;
    public const byte ServerKeepAlive = 0x13;
    public const byte AuthenticationMethod = 0x15;
    public const byte AuthenticationData = 0x16;
    public const byte RequestProblemInformation = 0x17;
    public const byte WillDelay = 0x18;
    public const byte RequestResponseInformation = 0x19;
    public const byte ResponseInformation = 0x1A;
    public const byte ServerReference = 0x1C;
    public const byte ReasonString = 0x1F;
    public const byte ReceiveMaximum = 0x21;
    public const byte TopicAliasMaximum = 0x22;
    public const byte TopicAlias = 0x23;
    public const byte MaximumQos = 0x24;
    public const byte RetainAvailable = 0x25;
    public const byte UserProperty = 0x26;
    public const byte MaximumPacketSize = 0x27;
    public const byte WildcardSubscriptionAvailable = 0x28;
    public const byte SubscriptionIdentifierAvailable = 0x29;
    public const byte SharedSubscriptionAvailable = 0x2A;

    private static readonly Rule[] Rules = BuildRules();

    internal enum Form : byte
    {
        Unknown,
        Flag,
        UInt16,
        UInt32,
        Variable,
        Text,
        Binary,
        Pair,
    }

    /// <summary>How the property is written, and which packets from a server may carry it (MQTT 5 §2.2.2.2).</summary>
    public static Form FormOf(byte id, PacketType packet) =>
        id < Rules.Length && (Rules[id].Packets & 1 << (int)packet) != 0 ? Rules[id].Form : Form.Unknown;

    public static bool MayRepeat(byte id) => id is UserProperty or SubscriptionIdentifier;

    private static Rule[] BuildRules()
    {
        var rules = new Rule[SharedSubscriptionAvailable + 1];
        Allow(PayloadFormat, Form.Flag, PacketType.Publish);
        Allow(MessageExpiry, Form.UInt32, PacketType.Publish);
        Allow(ContentType, Form.Text, PacketType.Publish);
        Allow(ResponseTopic, Form.Text, PacketType.Publish);
        Allow(CorrelationData, Form.Binary, PacketType.Publish);
        Allow(SubscriptionIdentifier, Form.Variable, PacketType.Publish);
        Allow(SessionExpiry, Form.UInt32, PacketType.ConnAck);
        Allow(AssignedClientIdentifier, Form.Text, PacketType.ConnAck);
        Allow(ServerKeepAlive, Form.UInt16, PacketType.ConnAck);
        Allow(AuthenticationMethod, Form.Text, PacketType.ConnAck);
        Allow(AuthenticationData, Form.Binary, PacketType.ConnAck);
        Allow(ResponseInformation, Form.Text, PacketType.ConnAck);
        Allow(ServerReference, Form.Text, PacketType.ConnAck, PacketType.Disconnect);
        Allow(ReasonString, Form.Text, PacketType.ConnAck, PacketType.PubAck, PacketType.PubRec, PacketType.PubRel, PacketType.PubComp, PacketType.SubAck, PacketType.UnsubAck, PacketType.Disconnect);
        Allow(ReceiveMaximum, Form.UInt16, PacketType.ConnAck);
        Allow(TopicAliasMaximum, Form.UInt16, PacketType.ConnAck);
        Allow(TopicAlias, Form.UInt16, PacketType.Publish);
        Allow(MaximumQos, Form.Flag, PacketType.ConnAck);
        Allow(RetainAvailable, Form.Flag, PacketType.ConnAck);
        Allow(UserProperty, Form.Pair, PacketType.ConnAck, PacketType.Publish, PacketType.PubAck, PacketType.PubRec, PacketType.PubRel, PacketType.PubComp, PacketType.SubAck, PacketType.UnsubAck, PacketType.Disconnect);
        Allow(MaximumPacketSize, Form.UInt32, PacketType.ConnAck);
        Allow(WildcardSubscriptionAvailable, Form.Flag, PacketType.ConnAck);
        Allow(SubscriptionIdentifierAvailable, Form.Flag, PacketType.ConnAck);
        Allow(SharedSubscriptionAvailable, Form.Flag, PacketType.ConnAck);
        return rules;

        void Allow(byte id, Form form, params ReadOnlySpan<PacketType> packets)
        {
            rules[id].Form = form;
            foreach (var packet in packets)
                rules[id].Packets |= 1 << (int)packet;
        }
    }

    private struct Rule
    {
        public Form Form;
        public int Packets;
    }
}
