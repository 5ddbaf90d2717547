using System.Runtime.CompilerServices;
using System.Text;
using FacilityMonitor.Mqtt.Packets;

namespace FacilityMonitor.Mqtt;

/// <summary>
/// An MQTT 3.1.1 and 5.0 client for services that must not lose a message: batches are acknowledged when the caller says
/// they are durable, in order of arrival; the connection comes back by itself and resumes its session; nothing is queued
/// without a limit. Safe for use by several threads; <see cref="ReceiveAsync"/> by one at a time.
/// </summary>
/// <remarks>
/// The reader stops when the caller holds <see cref="MqttClientOptions.InboundBatchesInFlight"/> batches and one more is full,
/// and answers to publishes are read by the same reader. So do not wait for a QoS 1 publish while holding batches.
/// </remarks>
public sealed class MqttClient : IMqttSession, IConnectionOwner
{
    private volatile MqttClientOptions _options;
    private volatile IReadOnlyList<string> _retired;
    private readonly TimeProvider _time;
    private readonly Inbox _inbox;
    private readonly OutboundWindow _outbound;
    private readonly ChangeFeed _changes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Connection? _connection;
    private Task? _running;
    private MqttReasonCode? _goodbye;
    private bool _acceptedOnce;
    private string? _assignedClientId;
    private bool _disposed;

    /// <summary>A client that is not started yet.</summary>
    /// <param name="options">Where and how to connect.</param>
    /// <param name="time">The clock for keep-alive, time-outs and back-off.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message holds every error.</exception>
    public MqttClient(MqttClientOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));

        _options = options;
        _retired = options.Retired;
        _time = time;
        _inbox = new Inbox(options, Counters);
        _outbound = new OutboundWindow(options, Counters, time);
        _changes = new ChangeFeed(time);
    }

    /// <summary>The state now.</summary>
    public MqttConnectionState State => _changes.Latest.State;

    /// <summary>The last change: the state now, since when and why.</summary>
    public MqttConnectionChange LastChange => _changes.Latest;

    /// <inheritdoc/>
    public IReadOnlyList<string> Retired => _retired;

    /// <summary>What was counted so far.</summary>
    public MqttCounters Counters { get; } = new();

    /// <summary>Begins to connect, and to reconnect whenever the connection is lost. Returns at once.</summary>
    /// <param name="cancellationToken">Cancels nothing but the call itself.</param>
    /// <exception cref="InvalidOperationException">It was started before; a stopped client stays stopped.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_running is not null || _stop.IsCancellationRequested)
                throw new InvalidOperationException("An MQTT client is started once.");
            _running = Task.Run(RunAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>Waits until the server has accepted the connection.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The client was stopped.</exception>
    public Task WaitConnectedAsync(CancellationToken cancellationToken = default) =>
        WaitAsync(change => change.State is MqttConnectionState.Connected or MqttConnectionState.Subscribed, cancellationToken);

    /// <summary>
    /// Waits until the server has answered the subscriptions; see <see cref="MqttConnectionChange.Subscriptions"/> for refusals.
    /// A resumed session may deliver a backlog first, so somebody must be receiving meanwhile.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer to each subscription.</returns>
    /// <exception cref="InvalidOperationException">The client was stopped.</exception>
    public async Task<IReadOnlyList<MqttSubscriptionResult>> WaitSubscribedAsync(CancellationToken cancellationToken = default) =>
        (await WaitAsync(change => change.State == MqttConnectionState.Subscribed, cancellationToken).ConfigureAwait(false)).Subscriptions;

    /// <summary>The state now and every change after it, to the end of the client. A watcher more than 64 changes behind misses the oldest.</summary>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>Changes in order of their numbers.</returns>
    public IAsyncEnumerable<MqttConnectionChange> WatchAsync(CancellationToken cancellationToken = default) => _changes.WatchAsync(cancellationToken);

    /// <summary>
    /// The next messages in order of arrival: all that are there, up to the batch limits, without waiting for more; waits when
    /// there are none, or when the caller holds <see cref="MqttClientOptions.InboundBatchesInFlight"/> batches already.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; nothing is lost by it.</param>
    /// <returns>A batch the caller must dispose, or null when the client is stopped.</returns>
    public ValueTask<MqttInboundBatch?> ReceiveAsync(CancellationToken cancellationToken = default) => _inbox.ReceiveAsync(cancellationToken);

    /// <summary>
    /// Publishes a message. QoS 1 completes with the server's answer, over reconnects if need be: a resumed session gets it
    /// again marked as duplicate, a new one gets it anew; past its <see cref="MqttPublishProperties.MessageExpiry"/> it is given up at the next
    /// connection instead, with <see cref="MqttReasonCode.ServerUnavailable"/>. QoS 0 completes when it is handed to the system, or at once with
    /// <see cref="MqttReasonCode.ServerUnavailable"/> when there is no connection. Waits, in turn, while window and queue
    /// are full. Messages leave in the order of the calls.
    /// </summary>
    /// <param name="topic">Topic name in UTF-8, without wildcards.</param>
    /// <param name="payload">The payload; must stay as it is until the returned task completes, for it may have to wait for a place.</param>
    /// <param name="qos">QoS 0 or 1.</param>
    /// <param name="retain">Whether the server keeps it for later subscribers.</param>
    /// <param name="properties">MQTT 5 properties; 3.1.1 sends none.</param>
    /// <param name="cancellationToken">Ends the waiting. A message that was accepted into the queue is sent nevertheless.</param>
    /// <returns>The server's reason code, or the refusal its announced limits imply; below 0x80 is success.</returns>
    /// <exception cref="ArgumentException">The topic or the response topic is no topic name, a property is no text MQTT allows, or the message is larger than it allows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the client was stopped before the server answered.</exception>
    public ValueTask<MqttReasonCode> PublishAsync(
        ReadOnlyMemory<byte> topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        bool retain,
        MqttPublishProperties? properties = null,
        CancellationToken cancellationToken = default)
    {
        if (!MqttTopic.IsName(topic.Span))
            throw new ArgumentException("A topic name has 1 to 65,535 bytes of UTF-8 and no wildcard.", nameof(topic));
        // Our receivers know duplicates by boot and sequence number; a second handshake for each message would buy nothing.
        if (qos > MqttQos.AtLeastOnce)
            throw new ArgumentOutOfRangeException(nameof(qos), qos, "This client publishes with QoS 0 or 1.");

        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<MqttReasonCode>(cancellationToken);

        var publish = new OutboundPublish(topic, payload, qos, retain, _options.Version, properties);
        _outbound.Accept(publish);
        return publish.Task.IsCompleted || !cancellationToken.CanBeCanceled
            ? new ValueTask<MqttReasonCode>(publish.Task)
            : AnswerAsync(publish, cancellationToken);
    }

    /// <inheritdoc cref="PublishAsync(ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, MqttQos, bool, MqttPublishProperties?, CancellationToken)"/>
    public ValueTask<MqttReasonCode> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        bool retain,
        MqttPublishProperties? properties = null,
        CancellationToken cancellationToken = default) =>
        PublishAsync(
            // Half a surrogate pair would be encoded as another character, and be valid then.
            MqttText.IsValid(topic) ? Encoding.UTF8.GetBytes(topic) : throw new ArgumentException("A topic name is well-formed text of at most 65,535 bytes.", nameof(topic)),
            payload,
            qos,
            retain,
            properties,
            cancellationToken);

    /// <summary>
    /// Drops the connection and makes a new one, so that the server delivers again what is not acknowledged: the way back
    /// for a caller that could not store a batch. Without a connection it does nothing.
    /// </summary>
    public void Reconnect() => Volatile.Read(ref _connection)?.End(new Loss(MqttLossReason.Requested));

    /// <inheritdoc/>
    public void MayHold(int batches) => _inbox.MayHold(batches);

    /// <summary>
    /// From now on subscribes to these instead: makes a new connection that asks for them and gives up what is gone, which a kept session would go on
    /// delivering. What is not acknowledged comes again.
    /// </summary>
    /// <param name="subscriptions">All subscriptions, the kept ones too.</param>
    /// <exception cref="ArgumentException">A filter is not valid; the message holds every error.</exception>
    public void Resubscribe(IReadOnlyList<MqttSubscription> subscriptions)
    {
        var options = _options with { Subscriptions = subscriptions };
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(subscriptions));
        lock (_gate)
        {
            // What an earlier change gave up stays until the server has answered, and is wanted no longer if it is asked for again.
            _retired = [.. _retired.Concat(_options.Subscriptions.Select(one => one.Filter)).Except(subscriptions.Select(one => one.Filter), StringComparer.Ordinal)];
            _options = options;
        }

        Reconnect();
    }

    /// <summary>Says goodbye: acknowledgements already given are written, the will is not published, and the server has
    /// <see cref="MqttClientOptions.AckTimeout"/> to take it all and close.</summary>
    /// <param name="cancellationToken">Ends the farewell early and closes at once.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => StopAsync(publishWill: false, cancellationToken);

    /// <summary>Stops the client, and if wished lets the server publish the will all the same (MQTT 5: reason 0x04; 3.1.1: no DISCONNECT).</summary>
    /// <param name="publishWill">Whether the will is published.</param>
    /// <param name="cancellationToken">Ends the farewell early and closes at once.</param>
    public async Task StopAsync(bool publishWill, CancellationToken cancellationToken = default)
    {
        Task? running;
        lock (_gate)
        {
            running = _running;
            if (!_stop.IsCancellationRequested)
                _goodbye = publishWill ? _options.Version == MqttVersion.V500 ? MqttReasonCode.DisconnectWithWill : null : MqttReasonCode.Success;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (running is null)
        {
            Finish(new Loss(MqttLossReason.Stopped), fault: null);
            return;
        }

        await using var hurry = cancellationToken.UnsafeRegister(
            static state => Volatile.Read(ref ((MqttClient)state!)._connection)?.End(new Loss(MqttLossReason.Stopped)), this).ConfigureAwait(false);
        await running.ConfigureAwait(false);
    }

    /// <summary>Stops the client if that was not done, and releases what it holds.</summary>
    /// <returns>Completes when everything is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;

        _disposed = true;
        await StopAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>The connection's timers run. A test that moves the clock waits for this.</summary>
    internal bool Watching => Volatile.Read(ref _connection)?.Watching ?? false;

    MqttReasonCode? IConnectionOwner.Goodbye => _goodbye;

    ValueTask<IMqttBatch?> IMqttSession.ReceiveAsync(CancellationToken cancellationToken)
    {
        // Once a batch, not once a message; and without an allocation where a batch is there already.
        var receive = ReceiveAsync(cancellationToken);
        return receive.IsCompletedSuccessfully ? new ValueTask<IMqttBatch?>(receive.Result) : AsPortAsync(receive);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        static async ValueTask<IMqttBatch?> AsPortAsync(ValueTask<MqttInboundBatch?> receive) => await receive.ConfigureAwait(false);
    }

    void IConnectionOwner.Accepted(ConnAckPacket answer)
    {
        _acceptedOnce = true;
        _assignedClientId = answer.AssignedClientId ?? _assignedClientId;
        Counters.AddConnect();
        _changes.Report(MqttConnectionState.Connected, change => change with
        {
            SessionPresent = answer.SessionPresent,
            ClientId = _assignedClientId ?? _options.ClientId,
            Detail = answer.ReasonString,
        });
    }

    void IConnectionOwner.Subscribed(IReadOnlyList<MqttSubscriptionResult> results) =>
        _changes.Report(MqttConnectionState.Subscribed, change => change with { Subscriptions = results });

    void IConnectionOwner.Unsubscribed(IReadOnlyList<string> filters)
    {
        lock (_gate)
            _retired = [.. _retired.Except(filters, StringComparer.Ordinal)];
    }

    private async Task RunAsync()
    {
        var loss = new Loss(MqttLossReason.Stopped);
        Exception? fault = null;
        try
        {
            for (var failures = 0; !_stop.IsCancellationRequested;)
            {
                bool stable;
                (loss, stable) = await ConnectOnceAsync().ConfigureAwait(false);
                failures = stable ? 0 : failures + 1;
                if (!_stop.IsCancellationRequested)
                    await WaitToReconnectAsync(loss, failures).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            // A defect of the client itself: whoever receives is told, and so is whoever stops us.
            fault = error;
            throw;
        }
        finally
        {
            Finish(loss, fault);
        }
    }

    private async Task<(Loss Loss, bool Stable)> ConnectOnceAsync()
    {
        _changes.Report(MqttConnectionState.Connecting, change => change);
        using var connection = new Connection(ConnectOptions, _retired, _time, _inbox, _outbound, Counters, this);
        Volatile.Write(ref _connection, connection);
        var loss = await connection.RunAsync(CleanStart, _stop.Token).ConfigureAwait(false);
        Volatile.Write(ref _connection, null);
        if (connection.AcceptedAt == 0)
            Counters.AddConnectFailed();
        else if (loss.Reason != MqttLossReason.Stopped)
            Counters.AddLoss();

        // Two clients with one name throw each other out at once: accepted alone does not make a connection good.
        var stable = connection.AcceptedAt != 0 && _time.GetElapsedTime(connection.AcceptedAt) >= _options.ReconnectMax;
        return (loss, stable);
    }

    // The session has the name the server gave it; a second empty name would ask for a second session and orphan the first.
    private MqttClientOptions ConnectOptions =>
        _assignedClientId is { } assigned && !CleanStart ? _options with { ClientId = assigned } : _options;

    private bool CleanStart => _options.CleanStart && (_options.Version == MqttVersion.V311 || !_acceptedOnce);

    private async Task WaitToReconnectAsync(Loss loss, int failures)
    {
        var delay = Backoff.Delay(_options, failures);
        _changes.Report(MqttConnectionState.Waiting, change => change with
        {
            Loss = loss.Reason,
            ReasonCode = loss.Code,
            Detail = loss.Detail,
            RetryIn = delay,
        });
        await Task.Delay(delay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Finish(Loss loss, Exception? fault)
    {
        _inbox.Stop(fault);
        _outbound.Stop();
        if (State != MqttConnectionState.Stopped)
            _changes.Report(MqttConnectionState.Stopped, change => change with { Loss = loss.Reason, ReasonCode = loss.Code, Detail = fault?.Message ?? loss.Detail });
    }

    private async ValueTask<MqttReasonCode> AnswerAsync(OutboundPublish publish, CancellationToken cancellationToken)
    {
        await using var withdrawal = cancellationToken.UnsafeRegister((state, token) => _outbound.Withdraw((OutboundPublish)state!, token), publish).ConfigureAwait(false);
        return await publish.Task.ConfigureAwait(false);
    }

    private async Task<MqttConnectionChange> WaitAsync(Func<MqttConnectionChange, bool> wanted, CancellationToken cancellationToken)
    {
        await foreach (var change in WatchAsync(cancellationToken).ConfigureAwait(false))
        {
            if (wanted(change))
                return change;
        }

        throw new InvalidOperationException("The MQTT client was stopped.");
    }
}
