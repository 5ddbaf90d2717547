using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>Builds the body of a packet that is sent seldom; what is sent often is written into place by its own code.</summary>
internal sealed class PacketWriter
{
    private readonly ArrayBufferWriter<byte> _body = new(64);

    public ReadOnlySpan<byte> Written => _body.WrittenSpan;

    public PacketWriter Byte(byte value)
    {
        _body.Write([value]);
        return this;
    }

    public PacketWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_body.GetSpan(2), checked((ushort)value));
        _body.Advance(2);
        return this;
    }

    public PacketWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_body.GetSpan(4), value);
        _body.Advance(4);
        return this;
    }

    public PacketWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _body.Write(bytes);
        return this;
    }

    public PacketWriter Binary(ReadOnlySpan<byte> bytes) => bytes.Length <= ushort.MaxValue
        ? UInt16(bytes.Length).Raw(bytes)
        : throw new ArgumentException($"A field of {bytes.Length} bytes is longer than the 65,535 MQTT allows.");

    public PacketWriter Text(string text) => MqttText.IsValid(text)
        ? Binary(Encoding.UTF8.GetBytes(text))
        : throw new ArgumentException("A text of MQTT has at most 65,535 bytes of UTF-8, no U+0000 and no half of a surrogate pair.");

    /// <summary>The properties with their length in front.</summary>
    public PacketWriter Properties(PacketWriter properties)
    {
        _body.Advance(VariableInteger.Write(_body.GetSpan(4), properties.Written.Length));
        return Raw(properties.Written);
    }

    public byte[] ToPacket(PacketType type, int flags = 0)
    {
        var packet = new byte[1 + VariableInteger.SizeOf(Written.Length) + Written.Length];
        packet[0] = (byte)((int)type << 4 | flags);
        var at = 1 + VariableInteger.Write(packet.AsSpan(1), Written.Length);
        Written.CopyTo(packet.AsSpan(at));
        return packet;
    }
}
