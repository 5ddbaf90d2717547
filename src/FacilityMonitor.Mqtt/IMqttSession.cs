namespace FacilityMonitor.Mqtt;

/// <summary>
/// A session with a broker as ingest needs it: <see cref="MqttClient"/>, or an adapter on a client of somebody else's. Messages
/// come in batches, are acknowledged when their caller says so, in order of arrival, and come again when it never does.
/// </summary>
public interface IMqttSession : IAsyncDisposable
{
    /// <summary>The last change: the state now, since when and why.</summary>
    MqttConnectionChange LastChange { get; }

    /// <summary>Filters to be given up of which the server has not said yet that it has; the same list until that changes.</summary>
    IReadOnlyList<string> Retired { get; }

    /// <summary>Begins to connect, and to reconnect whenever the connection is lost. Returns at once.</summary>
    /// <param name="cancellationToken">Cancels nothing but the call itself.</param>
    /// <returns>Completes at once.</returns>
    /// <exception cref="InvalidOperationException">It was started before; a stopped session stays stopped.</exception>
    Task StartAsync(CancellationToken cancellationToken = default);

    /// <summary>The state now and every change after it, to the end of the session.</summary>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>Changes in order of their numbers.</returns>
    IAsyncEnumerable<MqttConnectionChange> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>The next messages in order of arrival; waits when there are none, or when the caller holds as many batches as the options allow.</summary>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>A batch the caller must dispose, or null when the session is stopped.</returns>
    ValueTask<IMqttBatch?> ReceiveAsync(CancellationToken cancellationToken = default);

    /// <summary>Publishes a message. QoS 1 completes with the server's answer, over reconnects if need be; QoS 0 is given up without a connection.</summary>
    /// <param name="topic">Topic name, without wildcards.</param>
    /// <param name="payload">The payload; must stay as it is until the returned task completes.</param>
    /// <param name="qos">QoS 0 or 1.</param>
    /// <param name="retain">Whether the server keeps it for later subscribers.</param>
    /// <param name="properties">MQTT 5 properties; 3.1.1 sends none.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The server's reason code; below 0x80 is success.</returns>
    ValueTask<MqttReasonCode> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        bool retain,
        MqttPublishProperties? properties = null,
        CancellationToken cancellationToken = default);

    /// <summary>From now on subscribes to these instead, over a new connection, and gives up what is gone. What is not acknowledged comes again.</summary>
    /// <param name="subscriptions">All subscriptions, the kept ones too.</param>
    /// <exception cref="ArgumentException">A filter is not valid; the message holds every error.</exception>
    void Resubscribe(IReadOnlyList<MqttSubscription> subscriptions);

    /// <summary>From now on the caller may hold so many batches instead of what the options say: while it cannot make anything durable and still wants to know what comes.
    /// The server's window bounds the messages in them.</summary>
    /// <param name="batches">1 to 4,096; fewer than are held: no more are given until so many are given back.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is outside that range.</exception>
    void MayHold(int batches);

    /// <summary>Says goodbye and closes.</summary>
    /// <param name="cancellationToken">Ends the farewell early.</param>
    /// <returns>Completes when the session is stopped.</returns>
    Task StopAsync(CancellationToken cancellationToken = default);

    /// <summary>Closes, and if wished lets the server publish the will all the same.</summary>
    /// <param name="publishWill">Whether the will is published.</param>
    /// <param name="cancellationToken">Ends the farewell early.</param>
    /// <returns>Completes when the session is stopped.</returns>
    Task StopAsync(bool publishWill, CancellationToken cancellationToken = default);
}

/// <summary>Messages in order of arrival, all from one connection. Read them, make them durable, acknowledge, dispose.</summary>
public interface IMqttBatch : IDisposable
{
    /// <summary>Number of messages, at least 1.</summary>
    int Count { get; }

    /// <summary>Bytes of its messages; they are held in memory until it is disposed.</summary>
    int Bytes { get; }

    /// <summary>The message at a place, 0 to <see cref="Count"/> − 1; valid until the batch is disposed.</summary>
    /// <param name="index">Its place in order of arrival.</param>
    ref readonly MqttInboundMessage this[int index] { get; }

    /// <summary>Marks a message as not usable; its acknowledgement then says why, where the protocol has reasons.</summary>
    /// <param name="index">Its place in the batch.</param>
    /// <param name="reason">0x80 or above and allowed in PUBACK.</param>
    void Reject(int index, MqttReasonCode reason);

    /// <summary>Says that every message is durable; acknowledgements leave in order of arrival, also over batches.</summary>
    /// <returns>Completes when they are handed over.</returns>
    ValueTask AcknowledgeAsync();
}
