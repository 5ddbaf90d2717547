using System.Buffers.Binary;
using System.Numerics;

namespace FacilityMonitor.Journal;

/// <summary>What a record of the journal is. The numbers are stored: add at the end.</summary>
internal enum JournalRecordKind : byte
{
    /// <summary>A message of a device.</summary>
    Message = 1,

    /// <summary>A second went by: the only clock the rules know.</summary>
    Tick = 2,

    /// <summary>The service started.</summary>
    Started = 3,

    /// <summary>A message that was told before; nothing of it is kept but that it came.</summary>
    Duplicate = 4,

    /// <summary>A message that was set aside; it lies among the dead letters of the same commit.</summary>
    DeadLetter = 5,

    /// <summary>A command that goes out, or did not after all. Older journals have none; an older service cannot read on behind one.</summary>
    Command = 6,
}

/// <summary>The journal's body: a format byte, a CRC-32C over what follows, then records one after another.</summary>
internal static class JournalFormat
{
    public const byte Version = 1;

    public const int HeaderBytes = 5;

    /// <summary>What a foreign message is recognised by.</summary>
    public const int HashBytes = 16;

    /// <summary>Powers of ten that a decimal value is scaled by.</summary>
    public static readonly double[] Powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    /// <summary>Stands in place of an exponent: eight raw bytes follow.</summary>
    public const byte RawDouble = 0x7F;

    /// <summary>Puts the header before the records.</summary>
    public static void Seal(Span<byte> body)
    {
        body[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(body[1..], Checksum(body[HeaderBytes..]));
    }

    /// <summary>Whether a body is whole and of a format we know.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> body) =>
        body.Length >= HeaderBytes && body[0] == Version && BinaryPrimitives.ReadUInt32LittleEndian(body[1..]) == Checksum(body[HeaderBytes..]);

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var single in bytes)
            crc = BitOperations.Crc32C(crc, single);
        return ~crc;
    }
}
