using System.Buffers;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// A pooled array that the socket fills and batches point into: a message is never copied between the system and its
/// reader. It goes back to the pool when the connection and every batch have let go.
/// </summary>
internal sealed class ReceiveBuffer(int size)
{
    private int _holders = 1;

    public byte[] Bytes { get; } = ArrayPool<byte>.Shared.Rent(size);

    public bool HeldByBatches => Volatile.Read(ref _holders) > 1;

    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            ArrayPool<byte>.Shared.Return(Bytes);
    }
}
