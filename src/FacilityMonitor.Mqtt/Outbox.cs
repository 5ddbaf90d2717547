namespace FacilityMonitor.Mqtt;

/// <summary>
/// Bytes on their way to the server. Whoever appends while nothing is being written writes; whatever is appended
/// meanwhile leaves together in the next write. So a lone packet waits for nobody and a crowd shares system calls.
/// </summary>
internal sealed class Outbox(Stream stream, int limit, TimeProvider time, Action<IOException> failed, Action drained)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _pending = new byte[4 << 10];
    private byte[] _writing = new byte[4 << 10];
    private int _pendingLength;
    private bool _busy;
    private bool _closed;
    private long _writeStarted;

    /// <summary>Whether more may be appended by those who can wait. Acknowledgements and pings are bounded by other means and always are.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
                return _pendingLength < limit;
        }
    }

    /// <summary>Time stamp of the last write's begin.</summary>
    public long LastWrite { get; private set; } = time.GetTimestamp();

    /// <summary>How long the system has not taken the bytes of the current write; zero when none is under way.</summary>
    public TimeSpan Stalled => Volatile.Read(ref _writeStarted) is var started and not 0 ? time.GetElapsedTime(started) : TimeSpan.Zero;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!_closed)
                AddPending(bytes);
        }
    }

    public void Flush()
    {
        lock (_gate)
        {
            if (_busy || _pendingLength == 0)
                return;
            _busy = true;
        }

        _ = WriteAsync();
    }

    /// <summary>
    /// Takes the last words and nothing after them: another thread must not squeeze an acknowledgement or a ping in behind a
    /// goodbye. Completes when all is written, or cannot be.
    /// </summary>
    public Task FinishAsync(ReadOnlySpan<byte> lastWords)
    {
        lock (_gate)
        {
            if (!_closed)
                AddPending(lastWords);
            _closed = true;
            if (!_busy && _pendingLength == 0)
                _finished.TrySetResult();
        }

        Flush();
        return _finished.Task;
    }

    private void AddPending(ReadOnlySpan<byte> bytes)
    {
        if (_pendingLength + bytes.Length > _pending.Length)
            Array.Resize(ref _pending, Math.Max(_pending.Length * 2, _pendingLength + bytes.Length));
        bytes.CopyTo(_pending.AsSpan(_pendingLength));
        _pendingLength += bytes.Length;
    }

    private async Task WriteAsync()
    {
        try
        {
            while (Swap() is { Length: > 0 } bytes)
            {
                await stream.WriteAsync(bytes).ConfigureAwait(false);
                Volatile.Write(ref _writeStarted, 0);
                drained();
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            _finished.TrySetResult();
            failed(error as IOException ?? new IOException("The connection is closed.", error));
        }
    }

    private ReadOnlyMemory<byte> Swap()
    {
        lock (_gate)
        {
            var length = _pendingLength;
            if (length == 0)
            {
                _busy = false;
                if (_closed)
                    _finished.TrySetResult();
                return default;
            }

            (_pending, _writing) = (_writing, _pending);
            _pendingLength = 0;
            LastWrite = time.GetTimestamp();
            // Zero stands for "no write"; a clock may well start there.
            Volatile.Write(ref _writeStarted, Math.Max(1, LastWrite));
            return _writing.AsMemory(0, length);
        }
    }
}
