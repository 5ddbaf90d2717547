using System.Buffers.Binary;
using System.Text.Unicode;

namespace FacilityMonitor.Mqtt.Packets;

/// <summary>Reads the fields of a packet's body. A field that is not there turns <see cref="Failed"/> on, and everything after reads as zero.</summary>
internal ref struct PacketReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    public bool Failed { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte Byte() => Take(1) is { IsEmpty: false } field ? field[0] : (byte)0;

    public ushort UInt16() => Take(2) is { IsEmpty: false } field ? BinaryPrimitives.ReadUInt16BigEndian(field) : (ushort)0;

    public uint UInt32() => Take(4) is { IsEmpty: false } field ? BinaryPrimitives.ReadUInt32BigEndian(field) : 0;

    public ReadOnlySpan<byte> Binary() => Take(UInt16());

    public ReadOnlySpan<byte> Text()
    {
        var text = Binary();
        if (!Utf8.IsValid(text) || text.Contains((byte)0))
            Failed = true;
        return text;
    }

    public int VariableLength()
    {
        var (status, value, used) = VariableInteger.Read(_rest);
        if (status != HeaderStatus.Read)
        {
            Failed = true;
            return 0;
        }

        _rest = _rest[used..];
        return value;
    }

    public ReadOnlySpan<byte> Take(int length)
    {
        if (Failed || length > _rest.Length)
        {
            Failed = true;
            return default;
        }

        var field = _rest[..length];
        _rest = _rest[length..];
        return field;
    }
}
