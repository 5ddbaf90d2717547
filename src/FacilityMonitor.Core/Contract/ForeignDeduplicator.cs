using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FacilityMonitor.Contract;

/// <summary>Recognises a foreign message that the broker delivers again because our acknowledgement did not reach it. Pure; not thread-safe.</summary>
/// <remarks>
/// Foreign messages carry no number, and a plug may rightly say the same thing twice. So only what the broker itself marks as possibly delivered before
/// (DUP) is held against the messages of the last ten minutes.
/// </remarks>
public sealed class ForeignDeduplicator
{
    /// <summary>How long a message is remembered, ms.</summary>
    public const long MemoryMs = 10 * 60_000;

    /// <summary>How many messages are remembered: ten minutes of 300 a second. Beyond it the oldest are forgotten and counted.</summary>
    public const int MessagesMax = 180_000;

    private readonly HashSet<UInt128> _known = [];
    private readonly Queue<(UInt128 Hash, long AtMs)> _order = new();

    /// <summary>Messages forgotten before their ten minutes were over.</summary>
    public long Forgotten { get; private set; }

    /// <summary>First 128 bits of SHA-256 over topic and payload.</summary>
    public static UInt128 HashOf(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> topicDigest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(topic, topicDigest);
        SHA256.HashData(payload, digest);
        for (var index = 0; index < digest.Length; index++)
            digest[index] ^= topicDigest[(index + 1) % topicDigest.Length];
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    /// <summary>Remembers a message that was taken before a restart.</summary>
    public void Remember(UInt128 hash, long atMs) => IsRepeated(hash, dup: false, atMs);

    /// <summary>Books a message.</summary>
    /// <returns>True when the broker says it may have come before and it did: count it as a duplicate and nothing else.</returns>
    public bool IsRepeated(UInt128 hash, bool dup, long nowMs)
    {
        while (_order.TryPeek(out var oldest) && (oldest.AtMs <= nowMs - MemoryMs || _order.Count >= MessagesMax))
        {
            _order.Dequeue();
            _known.Remove(oldest.Hash);
            if (oldest.AtMs > nowMs - MemoryMs)
                Forgotten++;
        }

        if (_known.Add(hash))
        {
            _order.Enqueue((hash, nowMs));
            return false;
        }

        return dup;
    }
}
