using System.Runtime.CompilerServices;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// Between the connection's reader and the caller: one batch is being filled, some are in the caller's hands, and
/// acknowledgements leave in order of arrival. Bounded: a reader that finds no room waits.
/// </summary>
internal sealed class Inbox(MqttClientOptions options, MqttCounters counters)
{
    private readonly Signal _ready = new();
    private readonly Signal _room = new();
    private readonly Queue<MqttInboundBatch> _unsettled = new();
    private readonly ExactlyOnceReceipts _receipts = new();
    private byte[] _acks = new byte[256];
    private MqttInboundBatch? _filling;
    private int _held;
    private int _mayHold = options.InboundBatchesInFlight;
    private int _sizeHint = 1;
    private bool _stopped;
    private Exception? _fault;

    internal enum AppendResult
    {
        Appended,
        NoRoom,
        ReceiveMaximumExceeded,
    }

    /// <summary>Guards everything here. The reader takes it once for a run of packets, not for each. Taken before an outbox's gate.</summary>
    public Lock Gate { get; } = new();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<MqttInboundBatch?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (Gate)
            {
                if (_fault is not null)
                    throw new InvalidOperationException("The MQTT client failed.", _fault);
                if (_stopped)
                    return null;
                if (TryTake() is { } batch)
                    return batch;
            }

            await _ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void MayHold(int batches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batches, MqttClientOptions.InboundBatchesMax);
        lock (Gate)
            _mayHold = batches;
        _ready.Set();
    }

    /// <summary>Waits for room for the reader; also ends when <see cref="WakeReader"/> is called.</summary>
    public ValueTask RoomAsync() => _room.WaitAsync(CancellationToken.None);

    public void WakeReader() => _room.Set();

    public void WakeReceiver() => _ready.Set();

    /// <summary>Called by the reader, within the gate.</summary>
    public AppendResult Append(Connection connection, ReceiveBuffer buffer, int bodyOffset, in PublishLayout layout, FixedHeader header)
    {
        if (_filling is { } full && (full.Connection != connection || full.Count >= options.InboundBatchMessages
            || full.Bytes + (long)header.PacketLength > options.InboundBatchBytes))
            return AppendResult.NoRoom;

        var message = new MqttInboundMessage(buffer.Bytes, bodyOffset, layout, header.Flags);
        if (message.Qos != MqttQos.AtMostOnce && ++connection.Unacknowledged > connection.ReceiveMaximum)
        {
            if (options.EnforceReceiveMaximum)
                return AppendResult.ReceiveMaximumExceeded;
            counters.AddOverReceiveMaximum();
        }

        if (message.Qos == MqttQos.ExactlyOnce && IsDuplicate(connection, message))
            return AppendResult.Appended;

        _filling ??= new MqttInboundBatch(this, connection, _sizeHint);
        _filling.Add(buffer, message, header.PacketLength);
        return AppendResult.Appended;
    }

    /// <summary>PUBREL: the server forgets the message, so do we.</summary>
    public void Release(Connection connection, ushort packetId)
    {
        bool known;
        lock (Gate)
        {
            known = _receipts.Release(packetId);
            CountAcknowledged(connection, 1);
        }

        connection.SendAck(PacketType.PubComp, packetId, known ? MqttReasonCode.Success : MqttReasonCode.PacketIdentifierNotFound);
    }

    public void Acknowledge(MqttInboundBatch batch)
    {
        lock (Gate)
        {
            if (batch.Acknowledged)
                return;

            batch.Acknowledged = true;
            if (batch.Settled)
                AcknowledgedTooLate(batch);
            else
                SettleInOrder();
        }

        batch.Connection.Flush();
    }

    public void Disposed(MqttInboundBatch batch)
    {
        lock (Gate)
        {
            batch.ReturnedByCaller = true;
            if (!batch.Acknowledged)
                counters.AddAbandoned();
            if (batch.Settled)
                GiveBack(batch);
            else
                SettleInOrder();
        }

        batch.Connection.Flush();
    }

    public void SessionLost()
    {
        lock (Gate)
            _receipts.SessionLost();
    }

    /// <summary>From here on no acknowledgement for this connection is written.</summary>
    public void ConnectionLost(Connection connection)
    {
        lock (Gate)
        {
            if (connection.Lost)
                return;

            connection.Lost = true;
            _receipts.ConnectionLost();
            while (_unsettled.TryDequeue(out var batch))
            {
                if (batch.Acknowledged)
                    AcknowledgedTooLate(batch);
                Settle(batch);
            }
        }
    }

    /// <summary>Ends <see cref="ReceiveAsync"/>: with null, or with what went wrong in the client itself.</summary>
    public void Stop(Exception? fault = null)
    {
        lock (Gate)
        {
            _stopped = true;
            _fault ??= fault;
            if (_filling is { } batch)
            {
                _filling = null;
                _held++;
                batch.Settled = true;
                batch.Dispose();
            }
        }

        _ready.Set();
        _room.Set();
    }

    private MqttInboundBatch? TryTake()
    {
        if (_filling is not { } batch || _held >= _mayHold)
            return null;

        _filling = null;
        _held++;
        _sizeHint = batch.Count;
        if (batch.Connection.Lost)
            batch.Settled = true;
        else
            _unsettled.Enqueue(batch);
        counters.AddBatch();
        _room.Set();
        return batch;
    }

    private bool IsDuplicate(Connection connection, in MqttInboundMessage message)
    {
        var arrival = _receipts.Publish(message.PacketId, message.Dup);
        if (arrival == ExactlyOnceReceipts.Arrival.New)
            return false;

        counters.AddDuplicateSuppressed();
        if (arrival == ExactlyOnceReceipts.Arrival.AlreadyDurable)
            connection.SendAck(PacketType.PubRec, message.PacketId, MqttReasonCode.Success);
        return true;
    }

    private void SettleInOrder()
    {
        while (_unsettled.TryPeek(out var batch) && (batch.Acknowledged || batch.ReturnedByCaller))
        {
            _unsettled.Dequeue();
            if (batch.Acknowledged)
                WriteAcks(batch);
            Settle(batch);
        }
    }

    private void Settle(MqttInboundBatch batch)
    {
        batch.Settled = true;
        if (batch.ReturnedByCaller)
            GiveBack(batch);
    }

    private void WriteAcks(MqttInboundBatch batch)
    {
        if (_acks.Length < batch.Count * AckPacket.MaximumWritten)
            _acks = new byte[batch.Count * AckPacket.MaximumWritten];

        var length = 0;
        var acknowledged = 0;
        var done = 0;
        foreach (ref readonly var message in batch.Messages)
        {
            if (message.Reason != MqttReasonCode.Success)
                counters.AddRejected();
            if (message.Qos == MqttQos.AtMostOnce)
                continue;

            var rejected = message.Reason != MqttReasonCode.Success && options.Version == MqttVersion.V500;
            if (message.Qos == MqttQos.ExactlyOnce)
                _receipts.Acknowledge(message.PacketId, rejected);
            if (message.Qos == MqttQos.AtLeastOnce || rejected)
                done++;
            acknowledged++;
            length += AckPacket.Write(
                _acks.AsSpan(length), message.Qos == MqttQos.ExactlyOnce ? PacketType.PubRec : PacketType.PubAck, message.PacketId, message.Reason, options.Version);
        }

        CountAcknowledged(batch.Connection, done);
        counters.AddAcknowledged(acknowledged);
        batch.Connection.Append(_acks.AsSpan(0, length));
    }

    private void AcknowledgedTooLate(MqttInboundBatch batch)
    {
        var suppressed = 0;
        foreach (ref readonly var message in batch.Messages)
        {
            if (message.Qos != MqttQos.AtMostOnce)
                suppressed++;
            if (message.Qos == MqttQos.ExactlyOnce)
                _receipts.AcknowledgeLate(message.PacketId);
        }

        counters.AddAcksSuppressed(suppressed);
    }

    // The quota never grows beyond its start (MQTT 5 §4.9): releases of an earlier connection may come late.
    private static void CountAcknowledged(Connection connection, int messages) =>
        connection.Unacknowledged = Math.Max(0, connection.Unacknowledged - messages);

    private void GiveBack(MqttInboundBatch batch)
    {
        batch.ReturnTable();
        _held--;
        _ready.Set();
    }
}
