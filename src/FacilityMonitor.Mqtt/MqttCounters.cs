namespace FacilityMonitor.Mqtt;

/// <summary>What the client did since it was made. Every number only grows; reading is safe from any thread.</summary>
public sealed class MqttCounters
{
    private long _received;
    private long _receivedBytes;
    private long _batches;
    private long _acknowledged;
    private long _rejected;
    private long _acksSuppressed;
    private long _abandoned;
    private long _duplicatesSuppressed;
    private long _published;
    private long _publishRefused;
    private long _publishDropped;
    private long _publishExpired;
    private long _redelivered;
    private long _connects;
    private long _connectsFailed;
    private long _losses;
    private long _protocolErrors;
    private long _pauses;
    private long _overReceiveMaximum;
    private long _tooLarge;

    /// <summary>Messages handed to batches.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Bytes read from the network.</summary>
    public long ReceivedBytes => Volatile.Read(ref _receivedBytes);

    /// <summary>Batches handed to the caller.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>QoS 1 and 2 messages acknowledged to the server, rejected ones included.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Messages the caller rejected with a reason.</summary>
    public long Rejected => Volatile.Read(ref _rejected);

    /// <summary>Acknowledgements not sent because the connection that delivered the message was gone; the server redelivers these.</summary>
    public long AcksSuppressed => Volatile.Read(ref _acksSuppressed);

    /// <summary>Batches disposed without acknowledgement; the server redelivers them after the next reconnect.</summary>
    public long Abandoned => Volatile.Read(ref _abandoned);

    /// <summary>QoS 1 and 2 messages that the server sent beyond our receive maximum and that were taken all the same.</summary>
    public long OverReceiveMaximum => Volatile.Read(ref _overReceiveMaximum);

    /// <summary>Messages of a 3.1.1 server above our maximum packet size: the begin was handed on, the rest skipped.</summary>
    public long TooLarge => Volatile.Read(ref _tooLarge);

    /// <summary>QoS 2 messages received again and not delivered again.</summary>
    public long DuplicatesSuppressed => Volatile.Read(ref _duplicatesSuppressed);

    /// <summary>Messages published: QoS 0 when written, QoS 1 when acknowledged.</summary>
    public long Published => Volatile.Read(ref _published);

    /// <summary>Publishes answered with a reason code of 0x80 or above, by the server or by its announced limits.</summary>
    public long PublishRefused => Volatile.Read(ref _publishRefused);

    /// <summary>QoS 0 publishes given up because there was no connection.</summary>
    public long PublishDropped => Volatile.Read(ref _publishDropped);

    /// <summary>Publishes that were not sent, or not sent again, because their message expiry had passed.</summary>
    public long PublishExpired => Volatile.Read(ref _publishExpired);

    /// <summary>QoS 1 messages sent again after a reconnect.</summary>
    public long Redelivered => Volatile.Read(ref _redelivered);

    /// <summary>Connections the server accepted.</summary>
    public long Connects => Volatile.Read(ref _connects);

    /// <summary>Attempts that ended without an accepted connection.</summary>
    public long ConnectsFailed => Volatile.Read(ref _connectsFailed);

    /// <summary>Accepted connections that were lost, <see cref="MqttClient.StopAsync(CancellationToken)"/> aside.</summary>
    public long Losses => Volatile.Read(ref _losses);

    /// <summary>Packets that broke the protocol.</summary>
    public long ProtocolErrors => Volatile.Read(ref _protocolErrors);

    /// <summary>Times the client stopped reading because the caller held too many batches, or the server did not take our answers.</summary>
    public long Pauses => Volatile.Read(ref _pauses);

    internal void AddReceived(int messages) => Interlocked.Add(ref _received, messages);

    internal void AddReceivedBytes(int bytes) => Interlocked.Add(ref _receivedBytes, bytes);

    internal void AddBatch() => Interlocked.Increment(ref _batches);

    internal void AddAcknowledged(int messages) => Interlocked.Add(ref _acknowledged, messages);

    internal void AddRejected() => Interlocked.Increment(ref _rejected);

    internal void AddAcksSuppressed(int messages) => Interlocked.Add(ref _acksSuppressed, messages);

    internal void AddOverReceiveMaximum() => Interlocked.Increment(ref _overReceiveMaximum);

    internal void AddTooLarge() => Interlocked.Increment(ref _tooLarge);

    internal void AddAbandoned() => Interlocked.Increment(ref _abandoned);

    internal void AddDuplicateSuppressed() => Interlocked.Increment(ref _duplicatesSuppressed);

    internal void AddPublished() => Interlocked.Increment(ref _published);

    internal void AddPublishRefused() => Interlocked.Increment(ref _publishRefused);

    internal void AddPublishDropped() => Interlocked.Increment(ref _publishDropped);

    internal void AddPublishExpired() => Interlocked.Increment(ref _publishExpired);

    internal void AddRedelivered() => Interlocked.Increment(ref _redelivered);

    internal void AddConnect() => Interlocked.Increment(ref _connects);

    internal void AddConnectFailed() => Interlocked.Increment(ref _connectsFailed);

    internal void AddLoss() => Interlocked.Increment(ref _losses);

    internal void AddProtocolError() => Interlocked.Increment(ref _protocolErrors);

    internal void AddPause() => Interlocked.Increment(ref _pauses);
}
