using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// Our publishes in the order they were accepted: first those under way, then those that wait for the window. It outlives
/// connections, so what was not acknowledged is sent again, in the same order and under the same identifiers.
/// </summary>
internal sealed class OutboundWindow
{
    private readonly MqttClientOptions _options;
    private readonly MqttCounters _counters;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Queue<OutboundPublish> _waiting = new();
    private readonly OutboundPublish?[] _byId;
    private readonly Queue<ushort> _freeIds;
    private OutboundPublish? _first;
    private OutboundPublish? _last;
    private OutboundPublish? _nextToSend;
    private Connection? _connection;
    private ConnAckPacket _limits = new();
    private int _freePlaces;
    private int _underWay;
    private bool _stopped;

    public OutboundWindow(MqttClientOptions options, MqttCounters counters, TimeProvider time)
    {
        _options = options;
        _counters = counters;
        _time = time;
        _freePlaces = options.OutboundWindow + options.OutboundQueue;
        _byId = new OutboundPublish?[options.OutboundWindow + 1];
        _freeIds = new Queue<ushort>(Enumerable.Range(1, options.OutboundWindow).Select(id => (ushort)id));
    }

    /// <summary>Gives a publish a place, or lets it and its caller wait for one in turn.</summary>
    public void Accept(OutboundPublish publish)
    {
        Connection? connection;
        publish.AcceptedAt = _time.GetTimestamp();
        lock (_gate)
        {
            connection = _connection;
            if (_stopped)
                publish.TrySetCanceled();
            else
                _waiting.Enqueue(publish);
            GivePlaces();
            Pump();
        }

        connection?.Flush();
    }

    /// <summary>The caller gave up. What has a place is sent nevertheless; what has none is forgotten.</summary>
    public void Withdraw(OutboundPublish publish, CancellationToken cancellationToken)
    {
        lock (_gate)
            publish.Withdrawn = !publish.Encoded;
        publish.TrySetCanceled(cancellationToken);
    }

    public void Connected(Connection connection, ConnAckPacket limits)
    {
        lock (_gate)
        {
            _connection = connection;
            _limits = limits;
            _underWay = 0;
            _nextToSend = _first;
            for (var publish = _first; publish is { PacketId: not 0 }; publish = publish.Next)
            {
                publish.Sent = false;
                publish.MarkDup(limits.SessionPresent);
            }

            Pump();
        }

        connection.Flush();
    }

    public void ConnectionLost(Connection connection)
    {
        lock (_gate)
        {
            if (_connection != connection)
                return;

            _connection = null;
            for (var publish = _first; publish is not null; publish = publish.Next)
            {
                if (publish.Qos != MqttQos.AtMostOnce)
                    continue;
                Remove(publish);
                Drop(publish);
            }
        }
    }

    /// <returns>False when nothing with this identifier is under way on this connection.</returns>
    public bool Acknowledged(ushort packetId, MqttReasonCode reason)
    {
        lock (_gate)
        {
            if (packetId >= _byId.Length || _byId[packetId] is not { Sent: true } publish)
                return false;

            _underWay--;
            Complete(publish, reason);
            Pump();
            return true;
        }
    }

    /// <summary>The server took bytes: there may be room for more.</summary>
    public void Drained()
    {
        lock (_gate)
            Pump();
    }

    /// <summary>How long the oldest publish under way has waited for its acknowledgement.</summary>
    public TimeSpan OldestWait(long notBefore)
    {
        lock (_gate)
            return _first is { Sent: true, PacketId: not 0 } oldest ? _time.GetElapsedTime(Math.Max(oldest.SentAt, notBefore)) : TimeSpan.Zero;
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            while (_waiting.TryDequeue(out var waiting))
                waiting.TrySetCanceled();
            while (_first is { } publish)
            {
                Remove(publish);
                publish.TrySetCanceled();
            }
        }
    }

    private void GivePlaces()
    {
        while (_freePlaces > 0 && _waiting.TryDequeue(out var publish))
        {
            if (publish.Withdrawn)
                continue;
            if (_connection is null && publish.Qos == MqttQos.AtMostOnce)
            {
                Drop(publish);
                continue;
            }

            _freePlaces--;
            publish.Encode();
            AddLast(publish);
        }
    }

    private void Pump()
    {
        while (_connection is { } connection && _nextToSend is { } publish && connection.HasRoom)
        {
            if (IsExpired(publish))
            {
                Expire(publish);
                continue;
            }

            if (RefusedByLimits(publish) is { } refusal)
            {
                Complete(publish, refusal);
                continue;
            }

            if (publish.Qos == MqttQos.AtLeastOnce && _underWay >= Math.Min(_options.OutboundWindow, _limits.ReceiveMaximum))
                return;

            Send(connection, publish);
        }
    }

    /// <summary>What its sender calls void by now is not sent, nor sent again after a reconnect: a command that switches something on an hour late is worse
    /// than one that never came. [MQTT-4.4.0-1] asks for every unacknowledged publish again; the word of the application goes before it.</summary>
    private bool IsExpired(OutboundPublish publish) => publish.Expiry is { } expiry && _time.GetElapsedTime(publish.AcceptedAt) >= expiry;

    private void Expire(OutboundPublish publish)
    {
        Remove(publish);
        _counters.AddPublishExpired();
        publish.TrySetResult(MqttReasonCode.ServerUnavailable);
    }

    private MqttReasonCode? RefusedByLimits(OutboundPublish publish)
    {
        if (publish.Length > _limits.MaximumPacketSize)
            return MqttReasonCode.PacketTooLarge;
        if (publish.Retain && !_limits.RetainAvailable)
            return MqttReasonCode.RetainNotSupported;
        return publish.Qos > _limits.MaximumQos ? MqttReasonCode.QosNotSupported : null;
    }

    private void Send(Connection connection, OutboundPublish publish)
    {
        if (publish.Expiry is { } expiry)
            publish.Remaining(expiry - _time.GetElapsedTime(publish.AcceptedAt));
        if (publish.Qos == MqttQos.AtMostOnce)
        {
            connection.Append(publish.Packet);
            Complete(publish, MqttReasonCode.Success);
            return;
        }

        if (publish.PacketId != 0)
            _counters.AddRedelivered();
        else
        {
            publish.Assign(_freeIds.Dequeue());
            _byId[publish.PacketId] = publish;
        }

        publish.Sent = true;
        publish.SentAt = _time.GetTimestamp();
        _underWay++;
        _nextToSend = publish.Next;
        connection.Append(publish.Packet);
    }

    private void Drop(OutboundPublish publish)
    {
        _counters.AddPublishDropped();
        publish.TrySetResult(MqttReasonCode.ServerUnavailable);
    }

    private void Complete(OutboundPublish publish, MqttReasonCode reason)
    {
        Remove(publish);
        if (reason >= MqttReasonCode.UnspecifiedError)
            _counters.AddPublishRefused();
        else
            _counters.AddPublished();
        publish.TrySetResult(reason);
    }

    private void AddLast(OutboundPublish publish)
    {
        publish.Previous = _last;
        if (_last is null)
            _first = publish;
        else
            _last.Next = publish;
        _last = publish;
        _nextToSend ??= publish;
    }

    private void Remove(OutboundPublish publish)
    {
        if (publish.Previous is null)
            _first = publish.Next;
        else
            publish.Previous.Next = publish.Next;
        if (publish.Next is null)
            _last = publish.Previous;
        else
            publish.Next.Previous = publish.Previous;
        if (_nextToSend == publish)
            _nextToSend = publish.Next;

        if (publish.PacketId != 0)
        {
            _byId[publish.PacketId] = null;
            _freeIds.Enqueue(publish.PacketId);
        }

        publish.ReturnPacket();
        _freePlaces++;
        GivePlaces();
    }
}
