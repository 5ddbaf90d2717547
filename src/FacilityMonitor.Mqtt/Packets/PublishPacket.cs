using System.Buffers.Binary;

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>Where the parts of a received PUBLISH lie in its body, and how much of the payload is not there.</summary>
internal readonly record struct PublishLayout(int TopicOffset, int TopicLength, ushort PacketId, int PayloadOffset, int PayloadLength, int Missing = 0);

internal static class PublishPacket
{
    public const int DupFlag = 0x08;
    public const int RetainFlag = 0x01;

    /// <summary>How much of the body of a PUBLISH of MQTT 3.1.1 lies before its payload; null while that cannot be told yet.</summary>
    public static int? LengthBeforePayload(ReadOnlySpan<byte> body, int flags) =>
        body.Length < sizeof(ushort) ? null : sizeof(ushort) + BinaryPrimitives.ReadUInt16BigEndian(body) + (QosOf(flags) == MqttQos.AtMostOnce ? 0 : sizeof(ushort));

    public static MqttQos QosOf(int flags) => (MqttQos)(flags >> 1 & 3);

    /// <summary>Everything a client may rely on is checked here; <see cref="MqttReasonCode.Success"/> or what is wrong.</summary>
    public static MqttReasonCode Read(ReadOnlySpan<byte> body, int flags, MqttVersion version, out PublishLayout layout)
    {
        layout = default;
        var qos = QosOf(flags);
        if (qos > MqttQos.ExactlyOnce || qos == MqttQos.AtMostOnce && (flags & DupFlag) != 0)
            return MqttReasonCode.MalformedPacket;

        var reader = new PacketReader(body);
        var topic = reader.Binary();
        var packetId = qos == MqttQos.AtMostOnce ? (ushort)0 : reader.UInt16();
        if (reader.Failed)
            return MqttReasonCode.MalformedPacket;
        if (qos != MqttQos.AtMostOnce && packetId == 0)
            return MqttReasonCode.ProtocolError;

        if (version == MqttVersion.V500 && CheckProperties(ref reader) is var error and not MqttReasonCode.Success)
            return error;
        // An empty topic would need an alias, and we offer none.
        if (!MqttTopic.IsName(topic))
            return topic.IsEmpty ? MqttReasonCode.ProtocolError : MqttReasonCode.MalformedPacket;

        layout = new PublishLayout(2, topic.Length, packetId, body.Length - reader.Rest.Length, reader.Rest.Length);
        return MqttReasonCode.Success;
    }

    private static MqttReasonCode CheckProperties(ref PacketReader reader)
    {
        // Nearly every message of a telemetry stream has none.
        if (reader.Rest is [0, ..])
        {
            reader.Take(1);
            return MqttReasonCode.Success;
        }

        var properties = new PropertyReader(ref reader, PacketType.Publish);
        while (properties.Next())
        {
            if (properties.Id == Property.TopicAlias)
                return MqttReasonCode.TopicAliasInvalid;
            if (properties is { Id: Property.SubscriptionIdentifier, Number: 0 })
                return MqttReasonCode.ProtocolError;
        }

        return properties.Error;
    }
}
