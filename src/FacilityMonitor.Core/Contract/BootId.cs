using System.Buffers.Binary;
using System.Text;

namespace FacilityMonitor.Contract;

/// <summary>Which power-up of a device a sequence number counts in: <c>[0-9a-z-]{1,32}</c>. A value of 32 bytes, so that it costs no allocation.</summary>
/// <remarks>The default value is empty and is what a foreign message has.</remarks>
public readonly record struct BootId
{
    /// <summary>Longest boot id, in characters.</summary>
    public const int LengthMax = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private BootId(ReadOnlySpan<byte> padded)
    {
        _a = BinaryPrimitives.ReadUInt64LittleEndian(padded);
        _b = BinaryPrimitives.ReadUInt64LittleEndian(padded[8..]);
        _c = BinaryPrimitives.ReadUInt64LittleEndian(padded[16..]);
        _d = BinaryPrimitives.ReadUInt64LittleEndian(padded[24..]);
    }

    /// <summary>Whether this is no boot at all.</summary>
    public bool IsEmpty => _a == 0;

    /// <summary>Reads a boot id; false when it is empty, too long, or holds another character.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out BootId boot)
    {
        boot = default;
        if (text.Length is 0 or > LengthMax)
            return false;
        foreach (var character in text)
        {
            if (character is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'z') or (byte)'-'))
                return false;
        }

        Span<byte> padded = stackalloc byte[LengthMax];
        padded.Clear();
        text.CopyTo(padded);
        boot = new BootId(padded);
        return true;
    }

    /// <summary>Writes the text and returns its length; the destination takes <see cref="LengthMax"/> bytes.</summary>
    public int CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, _a);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], _d);
        var end = destination[..LengthMax].IndexOf((byte)0);
        return end < 0 ? LengthMax : end;
    }

    /// <summary>The text; empty for the default value.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[LengthMax];
        return Encoding.ASCII.GetString(text[..CopyTo(text)]);
    }
}
