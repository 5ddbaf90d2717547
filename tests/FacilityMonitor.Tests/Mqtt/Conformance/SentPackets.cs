using System.Buffers.Binary;
using System.Text;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

/// <summary>A CONNECT taken apart field by field, in the order and by the flags the specification gives.</summary>
internal sealed record SentConnect(
    string Protocol,
    int Level,
    int Flags,
    int KeepAlive,
    byte[] Properties,
    byte[] ClientId,
    byte[]? WillProperties,
    byte[]? WillTopic,
    byte[]? WillPayload,
    byte[]? Username,
    byte[]? Password,
    int BytesLeft)
{
    public bool CleanStart => (Flags & 0x02) != 0;

    public int WillQos => Flags >> 3 & 3;

    public bool WillRetain => (Flags & 0x20) != 0;

    public string Client => Encoding.UTF8.GetString(ClientId);

    public static SentConnect Parse(ScriptedPacket packet)
    {
        Assert.Equal(0x10, packet.First);
        var fields = new Fields(packet.Body);
        var protocol = Encoding.UTF8.GetString(fields.Binary());
        var level = fields.Byte();
        var flags = fields.Byte();
        var keepAlive = fields.UInt16();
        var properties = level == 5 ? fields.Take(fields.Variable()) : [];
        var clientId = fields.Binary();
        var hasWill = (flags & 0x04) != 0;
        var willProperties = hasWill && level == 5 ? fields.Take(fields.Variable()) : null;
        return new SentConnect(
            protocol,
            level,
            flags,
            keepAlive,
            properties,
            clientId,
            willProperties,
            hasWill ? fields.Binary() : null,
            hasWill ? fields.Binary() : null,
            (flags & 0x80) != 0 ? fields.Binary() : null,
            (flags & 0x40) != 0 ? fields.Binary() : null,
            fields.Left);
    }
}

/// <summary>A PUBLISH taken apart.</summary>
internal sealed record SentPublish(int Qos, bool Dup, bool Retain, string Topic, int? Id, byte[] Properties, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public static SentPublish Parse(ScriptedPacket packet, bool isV5)
    {
        Assert.Equal(3, packet.First >> 4);
        var fields = new Fields(packet.Body);
        var qos = packet.First >> 1 & 3;
        var topic = Encoding.UTF8.GetString(fields.Binary());
        int? id = qos > 0 ? fields.UInt16() : null;
        var properties = isV5 ? fields.Take(fields.Variable()) : [];
        return new SentPublish(qos, (packet.First & 8) != 0, (packet.First & 1) != 0, topic, id, properties, fields.Take(fields.Left));
    }
}

/// <summary>Fields of a packet's body; one that is not there fails the test.</summary>
internal sealed class Fields(byte[] body)
{
    private int _at;

    public int Left => body.Length - _at;

    public int Byte() => Take(1)[0];

    public int UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public byte[] Binary() => Take(UInt16());

    public int Variable()
    {
        int value = 0, shift = 0, next;
        do
        {
            next = Byte();
            value |= (next & 127) << shift;
            shift += 7;
        }
        while (next > 127);
        return value;
    }

    public byte[] Take(int length)
    {
        Assert.True(length <= Left, $"A field of {length} bytes does not fit into the {Left} that are left.");
        _at += length;
        return body[(_at - length).._at];
    }
}
