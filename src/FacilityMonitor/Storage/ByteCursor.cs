using System.Buffers.Binary;
using System.Text;

namespace FacilityMonitor.Storage;

/// <summary>Reads what <see cref="ByteBuffer"/> wrote. Every overrun is an <see cref="InvalidDataException"/>, never a read beyond the end.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes, int position = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; } = position;

    public readonly bool AtEnd => Position >= _bytes.Length;

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => _bytes.Length - Position;

    public byte Byte() => Position < _bytes.Length ? _bytes[Position++] : throw Overrun();

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)(_bytes.Length - Position))
            throw Overrun();
        var span = _bytes.Slice(Position, count);
        Position += count;
        return span;
    }

    public ulong Varint()
    {
        var bytes = _bytes;
        var at = Position;
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if ((uint)at >= (uint)bytes.Length)
                throw Overrun();
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                Position = at;
                return value;
            }
        }

        throw new InvalidDataException("A number is longer than 64 bits.");
    }

    public long Zigzag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A count that must not exceed <paramref name="most"/>.</summary>
    public int Count(int most)
    {
        var value = Varint();
        return value <= (ulong)most ? (int)value : throw new InvalidDataException("A count is out of range.");
    }

    public double Raw() => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(sizeof(double)));

    public string Text() => Encoding.UTF8.GetString(Bytes(Count(_bytes.Length)));

    public string? TextOrNull()
    {
        var length = Count(_bytes.Length + 1);
        return length == 0 ? null : Encoding.UTF8.GetString(Bytes(length - 1));
    }

    private static InvalidDataException Overrun() => new("The bytes end too early.");
}
