using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Hostile;

/// <summary>Connections in memory, one after the other: each accepts the client, mostly, and then talks damaged packets in pieces of any size.</summary>
internal sealed class HostileNetwork(int seed, MqttVersion version, int connections) : IDisposable
{
    public const int MaximumPacketSize = 4 << 10;

    private readonly Random _random = new(seed);
    private readonly PacketGenerator _generator = new(new Random(seed + 1), version);
    private HostileStream? _last;
    private long _heldEarly;

    public static ReadOnlySpan<byte> LastTopic => "the/end"u8;

    public int Opened { get; private set; }

    /// <summary>What the client did that it must not; null when nothing.</summary>
    public string? Complaint { get; private set; }

    /// <summary>Memory held before the last connection beyond that after a tenth of them.</summary>
    public long GrowthBytes { get; private set; }

    public Stream Open()
    {
        Check();
        Opened++;
        if (Opened == connections / 10)
            _heldEarly = GC.GetTotalMemory(forceFullCollection: true);
        if (Opened > connections)
        {
            GrowthBytes = GC.GetTotalMemory(forceFullCollection: true) - _heldEarly;
            return _last = new HostileStream(Farewell(), _random.Next(), staysOpen: true);
        }

        return _last = new HostileStream(Talk(), _random.Next(), staysOpen: false);
    }

    public void Dispose() => _last?.Dispose();

    private byte[] Accepted => version == MqttVersion.V500 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0];

    private byte[] Talk()
    {
        var talk = new List<byte>(_random.Next(16) == 0 ? _generator.ConnAck() : Accepted);
        // The first damaged packet mostly ends it: a run of good ones before it brings the client into every state.
        for (var good = _random.Next(40); good > 0; good--)
            talk.AddRange(_generator.Polite());
        for (var bad = _random.Next(1, 6); bad > 0; bad--)
            talk.AddRange(_generator.Next());
        return [.. talk];
    }

    private byte[] Farewell()
    {
        byte[] properties = version == MqttVersion.V500 ? [0] : [];
        return [.. Accepted, .. ScriptedConnection.Packet(0x30, [0, (byte)LastTopic.Length, .. LastTopic, .. properties])];
    }

    private void Check()
    {
        if (_last is null || Complaint is not null)
            return;

        // Pools hand out the next power of two.
        if (_last.LargestRead > 2 * MaximumPacketSize)
            Complaint = $"Seed {seed}, connection {Opened}: a read of {_last.LargestRead} bytes though no packet may have more than {MaximumPacketSize}.";
        else if (_last.Fault() is { } fault)
            Complaint = $"Seed {seed}, connection {Opened}: {fault}";
    }
}

/// <summary>Gives its script in pieces, takes whatever is written and looks whether it is MQTT.</summary>
internal sealed class HostileStream(byte[] script, int seed, bool staysOpen) : Stream
{
    private readonly Random _random = new(seed);
    private readonly MemoryStream _written = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _at;
    private bool _disposed;

    public int LargestRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LargestRead = Math.Max(LargestRead, buffer.Length);
        var length = Math.Min(Math.Min(buffer.Length, script.Length - _at), _random.Next(1, 700));
        script.AsMemory(_at, length).CopyTo(buffer);
        _at += length;
        if (length == 0 && staysOpen)
            await _closed.Task.WaitAsync(cancellationToken);
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _written.Write(buffer.Span);
        }

        if (buffer.Span is [.., 0xE0, 0])
            _closed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    /// <summary>CONNECT first, then only packets a client sends, whole, and nothing behind a goodbye; null when all is well.</summary>
    public string? Fault()
    {
        byte[] written;
        lock (_gate)
            written = _written.ToArray();
        var saidGoodbye = false;
        for (var at = 0; at < written.Length;)
        {
            var first = written[at];
            int length = 0, shift = 0, begin = at + 1;
            do
            {
                if (begin >= written.Length)
                    return $"the header at {at} is cut off";
                length |= (written[begin] & 127) << shift;
                shift += 7;
            }
            while (written[begin++] > 127);

            if (saidGoodbye)
                return $"packet {first:X2} follows a goodbye";
            if (at == 0 != (first == 0x10) || first is not (0x10 or 0x32 or 0x3A or 0x40 or 0x50 or 0x62 or 0x70 or 0x82 or 0xC0 or 0xE0))
                return $"packet {first:X2} at {at}";
            if (begin + length > written.Length)
                return $"packet {first:X2} at {at} is cut off";
            saidGoodbye = first == 0xE0;
            at = begin + length;
        }

        return null;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        lock (_gate)
            _disposed = true;
        _closed.TrySetResult();
        base.Dispose(disposing);
    }
}
