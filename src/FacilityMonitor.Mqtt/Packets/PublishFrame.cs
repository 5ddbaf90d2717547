using System.Buffers.Binary;

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>The shape of a PUBLISH we send: whatever can be wrong with it is found here, before it takes a place in a queue.</summary>
internal readonly record struct PublishFrame(byte First, int BodyLength, int IdOffset, bool HasId, byte[] Properties, int ExpiryAt)
{
    private static readonly byte[] NoProperties = [0];

    /// <summary>Where the four bytes of the message expiry stand in the packet; 0: it has none.</summary>
    public int ExpiryOffset => ExpiryAt == 0 ? 0 : IdOffset + (HasId ? 2 : 0) + ExpiryAt;

    public int PacketLength => 1 + VariableInteger.SizeOf(BodyLength) + BodyLength;

    public static PublishFrame For(int topicLength, int payloadLength, MqttQos qos, bool retain, MqttVersion version, MqttPublishProperties? properties)
    {
        var expiryAt = 0;
        var encoded = version == MqttVersion.V500 ? WriteProperties(properties, out expiryAt) : [];
        var hasId = qos != MqttQos.AtMostOnce;
        var bodyLength = 2L + topicLength + (hasId ? 2 : 0) + encoded.Length + payloadLength;
        if (bodyLength > VariableInteger.Maximum)
            throw new ArgumentException($"A message of {bodyLength} bytes does not fit into an MQTT packet of at most 256 MiB.", nameof(payloadLength));

        var first = (byte)((int)PacketType.Publish << 4 | (int)qos << 1 | (retain ? PublishPacket.RetainFlag : 0));
        return new PublishFrame(first, (int)bodyLength, 1 + VariableInteger.SizeOf((int)bodyLength) + 2 + topicLength, hasId, encoded, expiryAt);
    }

    /// <summary>Writes the packet; the place of the packet identifier stays open.</summary>
    public void Write(Span<byte> target, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        target[0] = First;
        var at = 1 + VariableInteger.Write(target[1..], BodyLength);
        BinaryPrimitives.WriteUInt16BigEndian(target[at..], (ushort)topic.Length);
        topic.CopyTo(target[(at + 2)..]);
        at = IdOffset + (HasId ? 2 : 0);
        Properties.CopyTo(target[at..]);
        payload.CopyTo(target[(at + Properties.Length)..]);
    }

    /// <summary>Whole seconds, never longer than asked, and at least one: some brokers (Mosquitto 2.0) read 0 as "never".</summary>
    public static uint Seconds(TimeSpan expiry) => (uint)Math.Clamp(expiry.TotalSeconds, 1, uint.MaxValue);

    private static byte[] WriteProperties(MqttPublishProperties? properties, out int expiryAt)
    {
        expiryAt = 0;
        if (properties is null)
            return NoProperties;

        var writer = new PacketWriter();
        if (properties.PayloadIsText)
            writer.Byte(Property.PayloadFormat).Byte(1);
        if (properties.MessageExpiry is { } expiry)
        {
            writer.Byte(Property.MessageExpiry);
            expiryAt = writer.Written.Length;
            writer.UInt32(Seconds(expiry));
        }

        if (properties.ContentType is { } contentType)
            writer.Byte(Property.ContentType).Text(contentType);
        if (properties.ResponseTopic is { } responseTopic && !MqttTopic.IsName(responseTopic))
            throw new ArgumentException("A response topic has 1 to 65,535 bytes of UTF-8 and no wildcard.", nameof(properties));
        if (properties.ResponseTopic is not null)
            writer.Byte(Property.ResponseTopic).Text(properties.ResponseTopic);
        if (!properties.CorrelationData.IsEmpty)
            writer.Byte(Property.CorrelationData).Binary(properties.CorrelationData.Span);
        foreach (var (name, value) in properties.UserProperties)
            writer.Byte(Property.UserProperty).Text(name).Text(value);
        var written = new PacketWriter().Properties(writer).Written.ToArray();
        if (expiryAt > 0)
            expiryAt += written.Length - writer.Written.Length;
        return written;
    }
}
