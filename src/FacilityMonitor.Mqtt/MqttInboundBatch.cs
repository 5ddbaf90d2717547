using System.Buffers;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// Messages in order of arrival, all from one connection. Read them, make them durable, acknowledge, dispose. Not for
/// use by several threads at once; different batches are independent.
/// </summary>
public sealed class MqttInboundBatch : IMqttBatch
{
    private readonly Inbox _inbox;
    private readonly List<ReceiveBuffer> _buffers = new(1);
    private MqttInboundMessage[] _messages;

    internal MqttInboundBatch(Inbox inbox, Connection connection, int sizeHint)
    {
        _inbox = inbox;
        Connection = connection;
        _messages = ArrayPool<MqttInboundMessage>.Shared.Rent(sizeHint);
    }

    /// <summary>Number of messages, at least 1.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all its packets, headers included.</summary>
    public int Bytes { get; private set; }

    internal Connection Connection { get; }

    internal bool Acknowledged { get; set; }

    /// <summary>The acknowledgements are written, or never will be.</summary>
    internal bool Settled { get; set; }

    /// <summary>Disposed, as the inbox saw it under its gate.</summary>
    internal bool ReturnedByCaller { get; set; }

    private bool Disposed { get; set; }

    internal ReadOnlySpan<MqttInboundMessage> Messages => _messages.AsSpan(0, Count);

    /// <summary>The message at a place, 0 to <see cref="Count"/> − 1.</summary>
    /// <param name="index">Its place in order of arrival.</param>
    /// <exception cref="ObjectDisposedException">The batch was given back.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public ref readonly MqttInboundMessage this[int index]
    {
        get
        {
            ObjectDisposedException.ThrowIf(Disposed, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
            return ref _messages[index];
        }
    }

    /// <summary>
    /// Marks a message as not usable; <see cref="AcknowledgeAsync"/> then answers it with this reason. MQTT 3.1.1 has no
    /// reasons and acknowledges it plainly. Either way the server does not deliver it again.
    /// </summary>
    /// <param name="index">Its place in the batch.</param>
    /// <param name="reason">0x80 or above and allowed in PUBACK, for example <see cref="MqttReasonCode.PayloadFormatInvalid"/>.</param>
    public void Reject(int index, MqttReasonCode reason)
    {
        ref readonly var message = ref this[index];
        if (reason is not (MqttReasonCode.UnspecifiedError or MqttReasonCode.ImplementationSpecificError or MqttReasonCode.NotAuthorized
            or MqttReasonCode.TopicNameInvalid or MqttReasonCode.QuotaExceeded or MqttReasonCode.PayloadFormatInvalid))
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "PUBACK and PUBREC cannot carry this reason.");
        if (Acknowledged)
            throw new InvalidOperationException("The batch is acknowledged already.");

        _messages[index] = message.With(reason);
    }

    /// <summary>
    /// Says that every message is durable. The acknowledgements of the whole batch leave as one write, after those of all
    /// batches received before it: while one of these is neither acknowledged nor disposed, they wait. If the connection
    /// that delivered the batch is gone, nothing is sent (packet identifiers are reused) and the server delivers again.
    /// </summary>
    /// <returns>Completes when the acknowledgements are handed over; it does not wait for earlier batches, nor for the network.</returns>
    /// <exception cref="ObjectDisposedException">The batch was given back.</exception>
    public ValueTask AcknowledgeAsync()
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        _inbox.Acknowledge(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the buffers back. Without a prior acknowledgement the server delivers the messages again after the next reconnect.</summary>
    public void Dispose()
    {
        if (Disposed)
            return;

        Disposed = true;
        foreach (var buffer in _buffers)
            buffer.Release();
        _inbox.Disposed(this);
    }

    internal void Add(ReceiveBuffer buffer, in MqttInboundMessage message, int packetLength)
    {
        if (_buffers.Count == 0 || !ReferenceEquals(_buffers[^1], buffer))
        {
            buffer.Hold();
            _buffers.Add(buffer);
        }

        if (Count == _messages.Length)
            Grow();
        _messages[Count++] = message;
        Bytes += packetLength;
    }

    /// <summary>The message table outlives <see cref="Dispose"/>: acknowledgements may still wait for an earlier batch.</summary>
    internal void ReturnTable()
    {
        Return(_messages);
        _messages = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<MqttInboundMessage>.Shared.Rent(Count * 2);
        Messages.CopyTo(larger);
        Return(_messages);
        _messages = larger;
    }

    private void Return(MqttInboundMessage[] table)
    {
        // Only what was used holds references to buffers.
        table.AsSpan(0, Count).Clear();
        ArrayPool<MqttInboundMessage>.Shared.Return(table);
    }
}
