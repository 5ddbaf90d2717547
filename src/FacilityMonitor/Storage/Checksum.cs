using System.Numerics;
using System.Runtime.InteropServices;

namespace FacilityMonitor.Storage;

/// <summary>CRC-32C over bytes; a processor instruction nearly everywhere.</summary>
internal static class Checksum
{
    public const int Length = sizeof(uint);

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
