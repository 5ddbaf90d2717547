using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Mqtt;

/// <summary>One network connection from its opening to its loss. Everything that must survive it lives in the inbox and the outbound window.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>How long a server that broke the protocol may take to close, before the socket is closed under it.</summary>
    private static readonly TimeSpan ShortFarewell = TimeSpan.FromSeconds(2);

    /// <summary>Shares the numbers with publishes, whose window ends below it.</summary>
    private const ushort SubscribePacketId = ushort.MaxValue;

    /// <summary>The same number: the two are never on their way at once, SUBSCRIBE is answered first.</summary>
    private const ushort UnsubscribePacketId = SubscribePacketId;

    /// <summary>How much is kept of the payload of a message that is too large: whoever looks at it sees what it was.</summary>
    private const int HeadPayloadBytes = 1024;

    /// <summary>Largest message that is skipped, bytes: 64 times what our broker passes on. Who announces more says nonsense, and is left.</summary>
    private const int SkippedBytesMax = 64 << 20;

    private static readonly byte[] Ping = [0xC0, 0];

    private readonly MqttClientOptions _options;
    private readonly IReadOnlyList<string> _retired;
    private readonly TimeProvider _time;
    private readonly Inbox _inbox;
    private readonly OutboundWindow _outbound;
    private readonly MqttCounters _counters;
    private readonly IConnectionOwner _owner;
    private readonly ReceiveWindow _window;
    private Transport? _transport;
    private Outbox? _outbox;
    private ITimer? _farewell;
    private Loss? _loss;
    private TimeSpan _keepAlive;
    private uint _serverTakes;
    private long _subscribedAt;
    private long _lastRead;
    private long _pingSent;
    private long _resumed;
    private int _packetLength;

    /// <summary>The begin of a message that is too large, while the rest of it is skipped; null: none is.</summary>
    private ReceiveBuffer? _head;
    private FixedHeader _headHeader;
    private PublishLayout _headLayout;
    private int _skip;
    private volatile bool _watching;
    private volatile bool _closing;
    private volatile bool _paused;
    private volatile bool _waitsForOutbox;
    private volatile bool _subscriptionsAnswered;
    private volatile bool _unsubscribing;
    private long _unsubscribedAt;

    public Connection(
        MqttClientOptions options, IReadOnlyList<string> retired, TimeProvider time, Inbox inbox, OutboundWindow outbound, MqttCounters counters, IConnectionOwner owner)
    {
        _options = options;
        _retired = retired;
        _time = time;
        _inbox = inbox;
        _outbound = outbound;
        _counters = counters;
        _owner = owner;
        _window = new ReceiveWindow(options.ReadBufferBytes);
    }

    private enum Step
    {
        NeedMore,
        InboxFull,
        OutboxFull,
    }

    /// <summary>QoS 1 and 2 messages received and not yet acknowledged; guarded by the inbox.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>Our Receive Maximum; 3.1.1 knows none.</summary>
    public int ReceiveMaximum => _options.Version == MqttVersion.V500 ? _options.ReceiveMaximum : int.MaxValue;

    /// <summary>No acknowledgement may be written any more; guarded by the inbox.</summary>
    public bool Lost { get; set; }

    public bool Watching => _watching;

    public bool HasRoom => _outbox!.HasRoom;

    /// <summary>Time stamp of CONNACK; zero when there was none.</summary>
    public long AcceptedAt { get; private set; }

    /// <summary>Lives the whole life of the connection and says how it ended.</summary>
    public async Task<Loss> RunAsync(bool cleanStart, CancellationToken stop)
    {
        try
        {
            if (await ConnectAsync(cleanStart, stop).ConfigureAwait(false) is { } accepted)
                await ServeAsync(accepted, stop).ConfigureAwait(false);
        }
        finally
        {
            End(new Loss(MqttLossReason.ClosedByServer));
            _inbox.ConnectionLost(this);
            _outbound.ConnectionLost(this);
            Dispose();
        }

        return _loss!;
    }

    public void Append(ReadOnlySpan<byte> packet) => _outbox!.Append(packet);

    public void Flush() => _outbox!.Flush();

    public void SendAck(PacketType type, ushort packetId, MqttReasonCode reason)
    {
        Span<byte> packet = stackalloc byte[AckPacket.MaximumWritten];
        Append(packet[..AckPacket.Write(packet, type, packetId, reason, _options.Version)]);
    }

    /// <summary>Closes at once. The first reason given is the one that counts.</summary>
    public void End(Loss loss)
    {
        Interlocked.CompareExchange(ref _loss, loss, null);
        _closing = true;
        _transport?.Dispose();
        _inbox.WakeReader();
    }

    public void Dispose()
    {
        _farewell?.Dispose();
        _transport?.Dispose();
        _window.Dispose();
        _head?.Release();
        _head = null;
    }

    private async Task<ConnAckPacket?> ConnectAsync(bool cleanStart, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            _transport = await Transport.OpenAsync(_options, either.Token).ConfigureAwait(false);
            await _transport.Stream.WriteAsync(ConnectPacket.Write(_options, cleanStart), either.Token).ConfigureAwait(false);
            var answer = await ReadConnAckAsync(_transport.Stream, either.Token).ConfigureAwait(false);
            return cleanStart && answer is { SessionPresent: true }
                ? Broken<ConnAckPacket>(MqttReasonCode.ProtocolError, "The server kept a session that we asked to throw away.")
                : answer;
        }
        catch (OperationCanceledException)
        {
            End(new Loss(stop.IsCancellationRequested ? MqttLossReason.Stopped : MqttLossReason.ConnectTimeout));
        }
        catch (SocketException error)
        {
            End(new Loss(MqttLossReason.ConnectFailed, Detail: error.Message));
        }
        // A file of certificates that we may not read is one that is not there: whoever mends its rights need not start us again.
        catch (Exception error) when (error is AuthenticationException or CryptographicException or UnauthorizedAccessException || error is IOException && _transport is null && _options.Tls is not null)
        {
            End(new Loss(MqttLossReason.TlsFailed, Detail: error.InnerException?.Message ?? error.Message));
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            End(new Loss(MqttLossReason.NetworkError, Detail: error.Message));
        }

        return null;
    }

    private async Task<ConnAckPacket?> ReadConnAckAsync(Stream stream, CancellationToken cancellationToken)
    {
        FixedHeader header;
        while (!TryReadPacket(out header))
        {
            if (_closing)
                return null;

            var read = await stream.ReadAsync(_window.Room(_packetLength), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                End(new Loss(MqttLossReason.ClosedByServer, Detail: "The server closed the connection instead of answering CONNECT."));
                return null;
            }

            _window.Filled(read);
            _counters.AddReceivedBytes(read);
        }

        if (header is not { Type: PacketType.ConnAck, Flags: 0 })
            return Broken<ConnAckPacket>(MqttReasonCode.ProtocolError, $"The first packet was {header.Type}, not CONNACK.");
        var error = ConnAckPacket.Read(Body(header), _options.Version, out var answer);
        if (error != MqttReasonCode.Success)
            return Broken<ConnAckPacket>(error, "CONNACK is not valid.");
        if (answer.ReasonCode != MqttReasonCode.Success)
        {
            End(new Loss(MqttLossReason.Refused, answer.ReasonCode, answer.ReasonString));
            return null;
        }

        _window.Consume(header.PacketLength);
        return answer;
    }

    private async Task ServeAsync(ConnAckPacket accepted, CancellationToken stop)
    {
        var stream = _transport!.Stream;
        _outbox = new Outbox(stream, _options.WriteBufferBytes, _time, error => End(new Loss(MqttLossReason.NetworkError, Detail: error.Message)), Drained);
        AcceptedAt = Math.Max(1, _time.GetTimestamp());
        _lastRead = _resumed = _subscribedAt = AcceptedAt;
        _keepAlive = KeepAliveOf(accepted.ServerKeepAlive);
        _serverTakes = accepted.MaximumPacketSize;
        if (!accepted.SessionPresent)
            _inbox.SessionLost();
        _owner.Accepted(accepted);
        Subscribe();
        if (!_closing)
            _outbound.Connected(this, accepted);

        await using var stopping = stop.UnsafeRegister(
            static state => ((Connection)state!).BeginClose(new Loss(MqttLossReason.Stopped), ((Connection)state)._owner.Goodbye, ((Connection)state)._options.AckTimeout), this).ConfigureAwait(false);
        using var watch = _time.CreateTimer(static state => ((Connection)state!).Watch(), this, WatchInterval, WatchInterval);
        _watching = true;
        try
        {
            await ReadAsync(stream).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            End(new Loss(MqttLossReason.NetworkError, Detail: error.Message));
        }
    }

    /// <summary>The server's interval, unless ours is shorter. A client may ping more often than it has to; with an interval of hours, or none, a line that died unseen would look like a quiet evening.</summary>
    private TimeSpan KeepAliveOf(TimeSpan? server) => server is { Ticks: > 0 } wanted && (_options.KeepAlive == TimeSpan.Zero || wanted < _options.KeepAlive) ? wanted : _options.KeepAlive;

    private void Subscribe()
    {
        if (_options.Subscriptions.Count == 0)
        {
            _subscriptionsAnswered = true;
            _owner.Subscribed([]);
            Unsubscribe();
            return;
        }

        // On a resumed session too: it costs one packet and follows a changed configuration.
        AppendIfTaken(SubscribePacket.Write(SubscribePacketId, _options.Subscriptions, _options.Version), "SUBSCRIBE");
    }

    private async Task ReadAsync(Stream stream)
    {
        while (true)
        {
            var step = _closing ? Discard() : Parse();
            Flush();
            if (step == Step.NeedMore || _closing)
            {
                var read = await stream.ReadAsync(_window.Room(_packetLength)).ConfigureAwait(false);
                if (read == 0)
                    return;

                _window.Filled(read);
                _counters.AddReceivedBytes(read);
                Volatile.Write(ref _lastRead, _time.GetTimestamp());
                Volatile.Write(ref _pingSent, 0);
            }
            else
            {
                await PauseAsync(step).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reading stops while the caller holds too much, or the server does not take our answers. That is our doing, so no time-out runs.</summary>
    private async ValueTask PauseAsync(Step step)
    {
        _counters.AddPause();
        _waitsForOutbox = step == Step.OutboxFull;
        _paused = true;
        // The outbox may have drained between the look at it and the note that we wait.
        if (step == Step.InboxFull || !HasRoom)
            await _inbox.RoomAsync().ConfigureAwait(false);
        _waitsForOutbox = false;
        Volatile.Write(ref _resumed, _time.GetTimestamp());
        Volatile.Write(ref _pingSent, 0);
        _paused = false;
    }

    private Step Discard()
    {
        _window.DiscardAll();
        _packetLength = 0;
        return Step.NeedMore;
    }

    /// <summary>Handles every complete packet there is.</summary>
    private Step Parse()
    {
        while (!_closing)
        {
            if (!HasRoom)
                return Step.OutboxFull;
            if (_head is not null)
            {
                var rest = Math.Min(_skip, _window.Unread.Length);
                _window.Consume(rest);
                _skip -= rest;
                if (_skip > 0)
                    return Step.NeedMore;
                if (!ReceiveHead())
                    return Step.InboxFull;
                continue;
            }

            if (!TryReadPacket(out var header))
            {
                if (_head is null)
                    return Step.NeedMore;
                continue;
            }

            if (header.Type == PacketType.Publish)
            {
                if (!ReceivePublishes())
                    return Step.InboxFull;
                continue;
            }

            Handle(header);
            _window.Consume(header.PacketLength);
        }

        return Step.NeedMore;
    }

    /// <summary>Finds the next whole packet; notes the length of one that is not whole yet.</summary>
    private bool TryReadPacket(out FixedHeader header)
    {
        _packetLength = 0;
        var unread = _window.Unread;
        switch (FixedHeader.TryRead(unread, _options.MaximumPacketSize, out header))
        {
            case HeaderStatus.Read:
                _packetLength = header.PacketLength;
                return unread.Length >= header.PacketLength;
            // Without MQTT 5 the server could not know what we take. Broken off here, it would send the same again after every reconnect, and nothing else would ever come.
            case HeaderStatus.TooLarge when _options.Version == MqttVersion.V311 && header.Type == PacketType.Publish && header.PacketLength <= SkippedBytesMax && _outbox is not null:
                if (!TryBeginSkipping(unread, header))
                    Broken(MqttReasonCode.PacketTooLarge, $"A message of {header.PacketLength} bytes exceeds MaximumPacketSize {_options.MaximumPacketSize} before its payload begins.");
                return false;
            case HeaderStatus.TooLarge:
                Broken(MqttReasonCode.PacketTooLarge, $"A packet of {header.PacketLength} bytes exceeds MaximumPacketSize {_options.MaximumPacketSize}.");
                return false;
            case HeaderStatus.Malformed:
                Broken(MqttReasonCode.MalformedPacket, "A packet's length has more than four bytes.");
                return false;
            case HeaderStatus.NeedMore:
            default:
                return false;
        }
    }

    /// <summary>Keeps the begin of a message that is too large, and skips the rest as it comes: no more of it is ever in memory.</summary>
    /// <returns>False when even what stands before its payload is beyond the limit, or makes no sense.</returns>
    private bool TryBeginSkipping(ReadOnlySpan<byte> unread, FixedHeader header)
    {
        if (PublishPacket.LengthBeforePayload(unread[header.Length..], header.Flags) is not { } beforePayload)
        {
            _packetLength = header.Length + sizeof(ushort);
            return true;
        }

        var kept = header with { BodyLength = Math.Min(header.BodyLength, Math.Min(beforePayload + HeadPayloadBytes, _options.MaximumPacketSize - header.Length)) };
        if (kept.BodyLength < beforePayload)
            return false;
        if (unread.Length < kept.PacketLength)
        {
            _packetLength = kept.PacketLength;
            return true;
        }

        if (PublishPacket.Read(unread.Slice(header.Length, kept.BodyLength), header.Flags, _options.Version, out var layout) != MqttReasonCode.Success)
            return false;
        _head = new ReceiveBuffer(kept.PacketLength);
        unread[..kept.PacketLength].CopyTo(_head.Bytes);
        _headHeader = kept;
        _headLayout = layout with { Missing = header.BodyLength - kept.BodyLength };
        _skip = _headLayout.Missing;
        _window.Consume(kept.PacketLength);
        _counters.AddTooLarge();
        return true;
    }

    /// <summary>Hands on the begin of a message whose rest was skipped; false when the inbox has no room.</summary>
    private bool ReceiveHead()
    {
        lock (_inbox.Gate)
        {
            switch (_inbox.Append(this, _head!, _headHeader.Length, _headLayout, _headHeader))
            {
                case Inbox.AppendResult.NoRoom:
                    return false;
                case Inbox.AppendResult.ReceiveMaximumExceeded:
                    Broken(MqttReasonCode.ReceiveMaximumExceeded, $"The server sent more than {ReceiveMaximum} unacknowledged messages.");
                    break;
                case Inbox.AppendResult.Appended:
                    break;
            }
        }

        _head!.Release();
        _head = null;
        _counters.AddReceived(1);
        _inbox.WakeReceiver();
        return true;
    }

    /// <summary>Takes a run of PUBLISH packets under one lock; false when the inbox has no room.</summary>
    private bool ReceivePublishes()
    {
        var received = 0;
        var room = true;
        lock (_inbox.Gate)
        {
            while (room && !_closing && TryReadPacket(out var header) && header.Type == PacketType.Publish)
            {
                var error = PublishPacket.Read(Body(header), header.Flags, _options.Version, out var layout);
                if (error != MqttReasonCode.Success)
                {
                    Broken(error, "PUBLISH is not valid.");
                    break;
                }

                switch (_inbox.Append(this, _window.Buffer, _window.Start + header.Length, layout, header))
                {
                    case Inbox.AppendResult.Appended:
                        _window.Consume(header.PacketLength);
                        received++;
                        break;
                    case Inbox.AppendResult.NoRoom:
                        room = false;
                        break;
                    case Inbox.AppendResult.ReceiveMaximumExceeded:
                        Broken(MqttReasonCode.ReceiveMaximumExceeded, $"The server sent more than {ReceiveMaximum} unacknowledged messages.");
                        break;
                }
            }
        }

        if (received > 0)
        {
            _counters.AddReceived(received);
            _inbox.WakeReceiver();
        }

        return room;
    }

    private ReadOnlySpan<byte> Body(FixedHeader header) => _window.Unread.Slice(header.Length, header.BodyLength);

    private void Handle(FixedHeader header)
    {
        var body = Body(header);
        if (header.Flags != (header.Type == PacketType.PubRel ? 2 : 0))
        {
            Broken(MqttReasonCode.MalformedPacket, $"{header.Type} has flags {header.Flags}.");
            return;
        }

        switch (header.Type)
        {
            case PacketType.PubAck:
            case PacketType.PubRec:
            case PacketType.PubRel:
            case PacketType.PubComp:
                HandleAck(header.Type, body);
                break;
            case PacketType.SubAck:
                HandleSubAck(body);
                break;
            case PacketType.UnsubAck when _unsubscribing:
                HandleUnsubAck(body);
                break;
            case PacketType.PingResp when body.IsEmpty:
                break;
            case PacketType.Disconnect when _options.Version == MqttVersion.V500:
                HandleDisconnect(body);
                break;
            default:
                Broken(MqttReasonCode.ProtocolError, $"A server must not send {header.Type} here.");
                break;
        }
    }

    private void HandleAck(PacketType type, ReadOnlySpan<byte> body)
    {
        var error = AckPacket.Read(body, type, _options.Version, out var ack);
        if (error != MqttReasonCode.Success)
        {
            Broken(error, $"{type} is not valid.");
            return;
        }

        if (type == PacketType.PubRel)
            _inbox.Release(this, ack.PacketId);
        else if (type == PacketType.PubAck && !_outbound.Acknowledged(ack.PacketId, ack.ReasonCode))
            _counters.AddProtocolError();
        // We publish nothing with QoS 2; a session inherited from another program may. Let its handshake end.
        else if (type == PacketType.PubRec && ack.ReasonCode < MqttReasonCode.UnspecifiedError)
            SendAck(PacketType.PubRel, ack.PacketId, MqttReasonCode.PacketIdentifierNotFound);
    }

    private void HandleSubAck(ReadOnlySpan<byte> body)
    {
        var error = SubscribePacket.ReadAnswer(body, _options.Version, _options.Subscriptions, out var packetId, out var results);
        if (error != MqttReasonCode.Success || packetId != SubscribePacketId || _subscriptionsAnswered)
        {
            Broken(error == MqttReasonCode.Success ? MqttReasonCode.ProtocolError : error, "SUBACK does not answer our SUBSCRIBE.");
            return;
        }

        _subscriptionsAnswered = true;
        _owner.Subscribed(results);
        Unsubscribe();
    }

    private void Unsubscribe()
    {
        if (_retired.Count == 0)
            return;
        Volatile.Write(ref _unsubscribedAt, _time.GetTimestamp());
        _unsubscribing = true;
        AppendIfTaken(UnsubscribePacket.Write(UnsubscribePacketId, _retired, _options.Version), "UNSUBSCRIBE");
    }

    private void HandleUnsubAck(ReadOnlySpan<byte> body)
    {
        var error = UnsubscribePacket.ReadAnswer(body, _options.Version, _retired.Count, out var packetId);
        if (error != MqttReasonCode.Success || packetId != UnsubscribePacketId)
        {
            Broken(error == MqttReasonCode.Success ? MqttReasonCode.ProtocolError : error, "UNSUBACK does not answer our UNSUBSCRIBE.");
            return;
        }

        _unsubscribing = false;
        _owner.Unsubscribed(_retired);
    }

    private void HandleDisconnect(ReadOnlySpan<byte> body)
    {
        var error = DisconnectPacket.Read(body, out var reason, out var text);
        if (error != MqttReasonCode.Success)
            Broken(error, "DISCONNECT is not valid.");
        else
            End(new Loss(MqttLossReason.ServerDisconnect, reason, text));
    }

    private void Drained()
    {
        _outbound.Drained();
        if (_waitsForOutbox)
            _inbox.WakeReader();
    }

    private T? Broken<T>(MqttReasonCode code, string detail)
        where T : class
    {
        Broken(code, detail);
        return null;
    }

    private void Broken(MqttReasonCode code, string detail)
    {
        _counters.AddProtocolError();
        var loss = new Loss(MqttLossReason.ProtocolError, code, detail);
        if (_outbox is null)
            End(loss);
        else
            BeginClose(loss, _options.Version == MqttVersion.V500 ? code : null, ShortFarewell);
    }

    /// <summary>With a packet larger than the server takes there is no living with it.</summary>
    private void AppendIfTaken(byte[] packet, string name)
    {
        if (packet.Length <= _serverTakes)
        {
            Append(packet);
            return;
        }

        var detail = $"{name} has {packet.Length} bytes, the server takes {_serverTakes}: use fewer filters.";
        BeginClose(new Loss(MqttLossReason.Refused, MqttReasonCode.PacketTooLarge, detail), MqttReasonCode.Success, ShortFarewell);
    }

    /// <summary>
    /// Says goodbye and lets the server close: closing first, with unread bytes in our socket, would reset the
    /// connection and could destroy our last acknowledgements and the goodbye itself. A loaded broker takes seconds.
    /// </summary>
    private void BeginClose(Loss loss, MqttReasonCode? goodbye, TimeSpan limit)
    {
        if (Interlocked.CompareExchange(ref _loss, loss, null) is not null)
            return;
        if (_outbox is not { } outbox)
        {
            End(loss);
            return;
        }

        _inbox.ConnectionLost(this);
        _outbound.ConnectionLost(this);
        _closing = true;
        _farewell = _time.CreateTimer(static state => ((Connection)state!)._transport?.Dispose(), this, limit, Timeout.InfiniteTimeSpan);
        _ = EndSendingAsync(outbox.FinishAsync(goodbye is { } reason ? DisconnectPacket.Write(reason, _options.Version) : default));
        _inbox.WakeReader();
    }

    private async Task EndSendingAsync(Task finished)
    {
        await finished.ConfigureAwait(false);
        _transport!.EndSending();
    }

    private TimeSpan WatchInterval
    {
        get
        {
            var shortest = _keepAlive > TimeSpan.Zero && _keepAlive < _options.AckTimeout ? _keepAlive : _options.AckTimeout;
            return shortest / 4;
        }
    }

    /// <summary>Keeps the connection alive and finds out when it is not.</summary>
    private void Watch()
    {
        if (_closing || _outbox is not { } outbox)
            return;

        if (outbox.Stalled > _options.AckTimeout)
            End(new Loss(MqttLossReason.WriteTimeout));
        else if (!_paused && IsOverdue())
            End(new Loss(MqttLossReason.AckTimeout));
        else if (_keepAlive > TimeSpan.Zero)
            KeepAlive(outbox);
    }

    private bool IsOverdue()
    {
        var resumed = Volatile.Read(ref _resumed);
        return _outbound.OldestWait(notBefore: resumed) > _options.AckTimeout
            || !_subscriptionsAnswered && _time.GetElapsedTime(Math.Max(_subscribedAt, resumed)) > _options.AckTimeout
            || _unsubscribing && _time.GetElapsedTime(Math.Max(Volatile.Read(ref _unsubscribedAt), resumed)) > _options.AckTimeout;
    }

    private void KeepAlive(Outbox outbox)
    {
        var pingSent = Volatile.Read(ref _pingSent);
        var patience = _keepAlive < _options.AckTimeout ? _keepAlive : _options.AckTimeout;
        if (!_paused && pingSent != 0 && _time.GetElapsedTime(pingSent) >= patience)
        {
            End(new Loss(MqttLossReason.KeepAliveTimeout));
            return;
        }

        // Half the interval, looked at every quarter: the server hears from us in time, also while we do not read.
        var silentToServer = _time.GetElapsedTime(outbox.LastWrite) >= _keepAlive / 2;
        var silentFromServer = pingSent == 0 && _time.GetElapsedTime(Volatile.Read(ref _lastRead)) >= _keepAlive / 2;
        if (!silentToServer && (!silentFromServer || _paused))
            return;

        // Any later byte proves life: behind a backlog the answer may come late although all is well.
        if (pingSent == 0)
            Volatile.Write(ref _pingSent, Math.Max(1, _time.GetTimestamp()));
        Append(Ping);
        Flush();
    }
}
