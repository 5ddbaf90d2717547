namespace FacilityMonitor.Mqtt;

/// <summary>
/// The unread part of what the socket delivered. Instead of a pipe: a pipe's segments would have to be copied or pinned
/// until the caller is durable, and a packet may straddle them; here every packet lies in one piece and is parsed in place.
/// </summary>
internal sealed class ReceiveWindow(int bufferSize) : IDisposable
{
    private int _end;
    private bool _disposed;

    public ReceiveBuffer Buffer { get; private set; } = new(bufferSize);

    public int Start { get; private set; }

    public ReadOnlySpan<byte> Unread => Buffer.Bytes.AsSpan(Start.._end);

    public void Consume(int bytes) => Start += bytes;

    public void DiscardAll() => Start = _end;

    public void Filled(int bytes) => _end += bytes;

    /// <summary>Room for the next read; for the whole of the packet that has begun, when its length is known (else 0).</summary>
    public Memory<byte> Room(int packetLength)
    {
        var unread = _end - Start;
        // A sixteenth of a buffer is a read worth a system call; below that the little that is unread moves.
        var wanted = Math.Max(packetLength, unread + Math.Max(bufferSize / 16, 1));
        if (Buffer.Bytes.Length - Start < wanted)
            Move(unread, wanted);
        else if (unread == 0 && !Buffer.HeldByBatches)
            Start = _end = 0;
        return Buffer.Bytes.AsMemory(_end);
    }

    public void Dispose()
    {
        if (!_disposed)
            Buffer.Release();
        _disposed = true;
    }

    private void Move(int unread, int wanted)
    {
        var old = Buffer;
        var reuse = !old.HeldByBatches && old.Bytes.Length >= wanted;
        if (!reuse)
            Buffer = new ReceiveBuffer(Math.Max(bufferSize, wanted));

        old.Bytes.AsSpan(Start.._end).CopyTo(Buffer.Bytes);
        if (!reuse)
            old.Release();
        Start = 0;
        _end = unread;
    }
}
