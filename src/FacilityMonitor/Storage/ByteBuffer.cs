using System.Buffers.Binary;
using System.Text;

namespace FacilityMonitor.Storage;

/// <summary>A growing array of bytes that is used again, and the compact numbers of journal and blocks.</summary>
internal sealed class ByteBuffer(int capacity = 256)
{
    /// <summary>Longest varint of 64 bits.</summary>
    private const int VarintMax = 10;

    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Forgets everything from <paramref name="length"/> on.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Room for <paramref name="count"/> more bytes, which then count as written.</summary>
    public Span<byte> Take(int count)
    {
        Ensure(count);
        var span = _bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    /// <summary>What was already written, to be filled in later.</summary>
    public Span<byte> Patch(int start, int count) => _bytes.AsSpan(start, count);

    public void Byte(byte value)
    {
        Ensure(1);
        _bytes[Length++] = value;
    }

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>7 bits a byte, lowest first.</summary>
    public void Varint(ulong value)
    {
        Ensure(VarintMax);
        var bytes = _bytes;
        var at = Length;
        while (value >= 0x80)
        {
            bytes[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[at++] = (byte)value;
        Length = at;
    }

    /// <summary>A signed number: small magnitudes of either sign are short.</summary>
    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void Raw(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);

    /// <summary>Length, then UTF-8.</summary>
    public void Text(ReadOnlySpan<char> value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>Length + 1, then UTF-8; 0 for null.</summary>
    public void TextOrNull(string? value)
    {
        if (value is null)
        {
            Varint(0);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)length + 1);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    private void Ensure(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
    }
}
