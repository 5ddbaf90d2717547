namespace FacilityMonitor.Mqtt;

/// <summary>One received message. Its bytes belong to the batch and are valid until the batch is disposed.</summary>
public readonly struct MqttInboundMessage
{
    private readonly byte[] _bytes;
    private readonly int _topicOffset;
    private readonly int _payloadOffset;
    private readonly int _payloadLength;
    private readonly int _missing;
    private readonly ushort _topicLength;
    private readonly byte _flags;

    internal MqttInboundMessage(byte[] bytes, int bodyOffset, in Packets.PublishLayout layout, int flags)
    {
        _bytes = bytes;
        _topicOffset = bodyOffset + layout.TopicOffset;
        _topicLength = (ushort)layout.TopicLength;
        _payloadOffset = bodyOffset + layout.PayloadOffset;
        _payloadLength = layout.PayloadLength;
        _missing = layout.Missing;
        _flags = (byte)flags;
        PacketId = layout.PacketId;
    }

    /// <summary>A message some other client received.</summary>
    /// <param name="bytes">The topic's bytes, checked, and behind them the payload's; the message does not copy them.</param>
    /// <param name="topicLength">How many of them are the topic's, 1 to 65,535.</param>
    /// <param name="qos">Quality it was delivered with.</param>
    /// <param name="retain">Whether it is a stored message.</param>
    /// <param name="dup">Whether it may have been delivered before.</param>
    public MqttInboundMessage(byte[] bytes, int topicLength, MqttQos qos, bool retain, bool dup)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topicLength, bytes.Length);
        _bytes = bytes;
        _topicLength = checked((ushort)topicLength);
        _payloadOffset = topicLength;
        _payloadLength = bytes.Length - topicLength;
        _flags = (byte)((int)qos << 1 | (retain ? Packets.PublishPacket.RetainFlag : 0) | (dup ? Packets.PublishPacket.DupFlag : 0));
    }

    private MqttInboundMessage(in MqttInboundMessage message, MqttReasonCode reason)
    {
        this = message;
        Reason = reason;
    }

    /// <summary>Topic name, checked: valid UTF-8 of 1 to 65,535 bytes without wildcards.</summary>
    public ReadOnlySpan<byte> Topic => _bytes.AsSpan(_topicOffset, _topicLength);

    /// <summary>The payload, unchecked; may be empty.</summary>
    public ReadOnlySpan<byte> Payload => _bytes.AsSpan(_payloadOffset, _payloadLength);

    /// <summary>The payload for code that cannot hold a span; valid just as long.</summary>
    public ReadOnlyMemory<byte> PayloadMemory => _bytes.AsMemory(_payloadOffset, _payloadLength);

    /// <summary>
    /// How many bytes of the payload were not kept, behind those that are here; 0 as nearly always. More only from a 3.1.1 server, for a message above
    /// <see cref="MqttClientOptions.MaximumPacketSize"/>: acknowledge it, or it comes again for ever.
    /// </summary>
    public int Missing => _missing;

    /// <summary>Quality it was delivered with.</summary>
    public MqttQos Qos => Packets.PublishPacket.QosOf(_flags);

    /// <summary>True for a stored message sent because of a subscription (or any retained one with Retain As Published).</summary>
    public bool Retain => (_flags & Packets.PublishPacket.RetainFlag) != 0;

    /// <summary>True when the server may have delivered this message before.</summary>
    public bool Dup => (_flags & Packets.PublishPacket.DupFlag) != 0;

    /// <summary>What its acknowledgement will say; set by <see cref="MqttInboundBatch.Reject"/>.</summary>
    public MqttReasonCode Reason { get; }

    internal ushort PacketId { get; }

    internal MqttInboundMessage With(MqttReasonCode reason) => new(this, reason);
}
