using System.Buffers;
using System.Buffers.Binary;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Mqtt;

/// <summary>A publish from the call to its acknowledgement. With a place in the queue it is encoded, once, and kept for redelivery.</summary>
internal sealed class OutboundPublish : TaskCompletionSource<MqttReasonCode>
{
    private readonly PublishFrame _frame;
    private byte[]? _rented;
    private ReadOnlyMemory<byte> _topic;
    private ReadOnlyMemory<byte> _payload;

    public OutboundPublish(ReadOnlyMemory<byte> topic, ReadOnlyMemory<byte> payload, MqttQos qos, bool retain, MqttVersion version, MqttPublishProperties? properties)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _frame = PublishFrame.For(topic.Length, payload.Length, qos, retain, version, properties);
        _topic = topic;
        _payload = payload;
        Qos = qos;
        Retain = retain;
        Expiry = properties?.MessageExpiry;
    }

    /// <summary>How long it is worth anything from the call on; null: for ever. MQTT 3.1.1 cannot tell the server, and we keep to it all the same.</summary>
    public TimeSpan? Expiry { get; }

    /// <summary>Time stamp of the call.</summary>
    public long AcceptedAt { get; set; }

    public MqttQos Qos { get; }

    public bool Retain { get; }

    public int Length => _frame.PacketLength;

    /// <summary>Cancelled before it had a place: its bytes may be the caller's again and must not be read.</summary>
    public bool Withdrawn { get; set; }

    public bool Encoded => _rented is not null;

    /// <summary>0 until it is first sent.</summary>
    public ushort PacketId { get; private set; }

    /// <summary>Sent on the present connection.</summary>
    public bool Sent { get; set; }

    public long SentAt { get; set; }

    public OutboundPublish? Previous { get; set; }

    public OutboundPublish? Next { get; set; }

    public ReadOnlySpan<byte> Packet => _rented.AsSpan(0, Length);

    public void Encode()
    {
        _rented = ArrayPool<byte>.Shared.Rent(Length);
        _frame.Write(_rented, _topic.Span, _payload.Span);
        _topic = default;
        _payload = default;
    }

    public void Assign(ushort packetId)
    {
        PacketId = packetId;
        BinaryPrimitives.WriteUInt16BigEndian(_rented.AsSpan(_frame.IdOffset), packetId);
    }

    /// <summary>Tells the server how much of its time is left.</summary>
    public void Remaining(TimeSpan left)
    {
        if (_frame.ExpiryOffset > 0)
            BinaryPrimitives.WriteUInt32BigEndian(_rented.AsSpan(_frame.ExpiryOffset), PublishFrame.Seconds(left));
    }

    public void MarkDup(bool dup) => _rented![0] = (byte)(dup ? _rented[0] | PublishPacket.DupFlag : _rented[0] & ~PublishPacket.DupFlag);

    public void ReturnPacket()
    {
        ArrayPool<byte>.Shared.Return(_rented!);
        _rented = [];
    }
}
