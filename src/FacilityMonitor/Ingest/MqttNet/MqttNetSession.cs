using System.Security.Cryptography;
using FacilityMonitor.Mqtt;
using Net = MQTTnet;

namespace FacilityMonitor.Ingest.MqttNet;

/// <summary>
/// A session on MQTTnet, for those who want the client their other services have. Every connection is a client of its own, so
/// that an acknowledgement meant for one can never be sent on the next.
/// </summary>
/// <remarks>
/// It differs from <see cref="MqttClient"/>: one publish is under way at a time, and one that must be repeated is a new message;
/// MQTTnet queues what it received before we can refuse it, which only MQTT 5's Receive Maximum bounds; a QoS 2 message sent
/// again after a reconnect is delivered again; what was acknowledged just before the end may come once more, since it closes with
/// unread bytes in its socket; TLS errors are reported as <see cref="MqttLossReason.ConnectFailed"/>.
/// </remarks>
internal sealed class MqttNetSession : IMqttSession
{
    private readonly TimeProvider _time;
    private readonly MqttNetInbox _inbox;
    private readonly ChangeFeed _changes;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _publishing = new(1, 1);
    private readonly Lock _gate = new();
    private volatile MqttClientOptions _options;
    private volatile TaskCompletionSource<Loss>? _lost;
    private volatile IReadOnlyList<string> _retired;
    private volatile Net.IMqttClient? _client;
    private Task? _running;
    private bool _publishWill;
    private bool _disposed;

    public MqttNetSession(MqttClientOptions options, TimeProvider time)
    {
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));

        _options = options;
        _retired = options.Retired;
        _time = time;
        _inbox = new MqttNetInbox(options);
        _changes = new ChangeFeed(time);
    }

    public MqttConnectionChange LastChange => _changes.Latest;

    public IReadOnlyList<string> Retired => _retired;

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_running is not null || _stop.IsCancellationRequested)
                throw new InvalidOperationException("An MQTT session is started once.");
            _running = Task.Run(RunAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public IAsyncEnumerable<MqttConnectionChange> WatchAsync(CancellationToken cancellationToken = default) => _changes.WatchAsync(cancellationToken);

    public ValueTask<IMqttBatch?> ReceiveAsync(CancellationToken cancellationToken = default) => _inbox.ReceiveAsync(cancellationToken);

    public async ValueTask<MqttReasonCode> PublishAsync(
        string topic,
        ReadOnlyMemory<byte> payload,
        MqttQos qos,
        bool retain,
        MqttPublishProperties? properties = null,
        CancellationToken cancellationToken = default)
    {
        if (!MqttTopic.IsName(topic))
            throw new ArgumentException("A topic name has 1 to 65,535 bytes of UTF-8 and no wildcard.", nameof(topic));
        if (qos > MqttQos.AtLeastOnce)
            throw new ArgumentOutOfRangeException(nameof(qos), qos, "This session publishes with QoS 0 or 1.");

        var called = _time.GetTimestamp();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        // One at a time keeps the order of the calls.
        await _publishing.WaitAsync(either.Token);
        try
        {
            while (true)
            {
                // MQTTnet knows nothing of it: an order that waited for the broker, or whose acknowledgement was lost, must not come when nobody expects it any more.
                var left = properties?.MessageExpiry - _time.GetElapsedTime(called);
                if (left <= TimeSpan.Zero)
                    return MqttReasonCode.ServerUnavailable;
                var lost = _lost;
                if (_client is not { IsConnected: true } client)
                {
                    if (qos == MqttQos.AtMostOnce)
                        return MqttReasonCode.ServerUnavailable;
                    await ConnectedAsync(either.Token);
                    continue;
                }

                try
                {
                    var message = MqttNetTranslation.Message(topic, payload, qos, retain, properties is null ? null : properties with { MessageExpiry = left });
                    var result = await AnsweredAsync(patience => client.PublishAsync(message, patience), lost, either.Token);
                    return (MqttReasonCode)result.ReasonCode;
                }
                catch (Exception error) when (IsLoss(error, either.Token))
                {
                    // Whether the server has it is not known: at least once means once more.
                    if (qos == MqttQos.AtMostOnce)
                        return MqttReasonCode.ServerUnavailable;
                    await Task.Delay(_options.ReconnectMin, _time, either.Token);
                }
            }
        }
        finally
        {
            _publishing.Release();
        }
    }

    public void MayHold(int batches) => _inbox.MayHold(batches);

    public void Resubscribe(IReadOnlyList<MqttSubscription> subscriptions)
    {
        var options = _options with { Subscriptions = subscriptions };
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(subscriptions));
        lock (_gate)
        {
            _retired = [.. _retired.Concat(_options.Subscriptions.Select(one => one.Filter)).Except(subscriptions.Select(one => one.Filter), StringComparer.Ordinal)];
            _options = options;
        }

        _lost?.TrySetResult(new Loss(MqttLossReason.Requested));
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => StopAsync(publishWill: false, cancellationToken);

    public async Task StopAsync(bool publishWill, CancellationToken cancellationToken = default)
    {
        Task? running;
        lock (_gate)
        {
            running = _running;
            _publishWill |= publishWill && !_stop.IsCancellationRequested;
        }

        await _stop.CancelAsync();
        if (running is null)
            Finish(new Loss(MqttLossReason.Stopped));
        else
            await running.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;

        _disposed = true;
        await StopAsync();
        _stop.Dispose();
        _publishing.Dispose();
        _inbox.Dispose();
    }

    private async Task RunAsync()
    {
        var loss = new Loss(MqttLossReason.Stopped);
        try
        {
            for (var (failures, clean) = (0, _options.CleanStart); !_stop.IsCancellationRequested;)
            {
                var began = _time.GetTimestamp();
                (loss, var accepted) = await ConnectOnceAsync(clean);
                clean &= !accepted || _options.Version == MqttVersion.V311;
                failures = accepted && _time.GetElapsedTime(began) >= _options.ReconnectMax ? 0 : failures + 1;
                if (!_stop.IsCancellationRequested)
                    await WaitToReconnectAsync(loss, failures);
            }
        }
        finally
        {
            Finish(loss);
        }
    }

    private async Task<(Loss Loss, bool Accepted)> ConnectOnceAsync(bool cleanStart)
    {
        _changes.Report(MqttConnectionState.Connecting, change => change);
        using var client = new Net.MqttClientFactory().CreateMqttClient();
        var lost = new TaskCompletionSource<Loss>(TaskCreationOptions.RunContinuationsAsynchronously);
        _lost = lost;
        var connection = _inbox.Connected();
        client.ApplicationMessageReceivedAsync += message => _inbox.TakeAsync(connection, message);
        client.DisconnectedAsync += gone =>
        {
            lost.TrySetResult(MqttNetTranslation.LossOf(gone));
            return Task.CompletedTask;
        };
        var accepted = false;
        try
        {
            var answer = await client.ConnectAsync(MqttNetTranslation.Options(_options, cleanStart), _stop.Token);
            if (answer.ResultCode != Net.MqttClientConnectResultCode.Success)
                return (new Loss(MqttLossReason.Refused, (MqttReasonCode)answer.ResultCode, answer.ReasonString), false);

            accepted = true;
            _client = client;
            _changes.Report(MqttConnectionState.Connected, change => change with
            {
                SessionPresent = answer.IsSessionPresent,
                ClientId = answer.AssignedClientIdentifier ?? _options.ClientId,
                Detail = answer.ReasonString,
            });
            await SubscribeAsync(client, lost);
            return (await lost.Task.WaitAsync(_stop.Token), true);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // MQTTnet's goodbye waits for its callback, and that may be waiting for room nobody makes any more.
            _inbox.ConnectionLost();
            await SayGoodbyeAsync(client);
            return (new Loss(MqttLossReason.Stopped), accepted);
        }
        catch (Exception error) when (MqttNetTranslation.IsGone(error)
            || error is Net.Adapter.MqttConnectingFailedException or Net.Exceptions.MqttProtocolViolationException or UnauthorizedAccessException or CryptographicException or OperationCanceledException)
        {
            return (accepted && lost.Task.IsCompleted ? await lost.Task : MqttNetTranslation.LossOf(error), accepted);
        }
        finally
        {
            _client = null;
            _inbox.ConnectionLost();
        }
    }

    private async Task SubscribeAsync(Net.IMqttClient client, TaskCompletionSource<Loss> lost)
    {
        MqttClientOptions options;
        IReadOnlyList<string> retired;
        lock (_gate)
            (options, retired) = (_options, _retired);
        List<MqttSubscriptionResult> results = [];
        if (retired.Count > 0)
        {
            await AnsweredAsync(patience => client.UnsubscribeAsync(new Net.MqttClientUnsubscribeOptions { TopicFilters = [.. retired] }, patience), lost, _stop.Token);
            lock (_gate)
                _retired = [.. _retired.Except(retired, StringComparer.Ordinal)];
        }

        if (options.Subscriptions.Count > 0)
        {
            var answer = await AnsweredAsync(patience => client.SubscribeAsync(MqttNetTranslation.Subscribe(options), patience), lost, _stop.Token);
            results.AddRange(answer.Items.Select((item, index) => new MqttSubscriptionResult(options.Subscriptions[index], (MqttReasonCode)item.ResultCode)));
        }

        _changes.Report(MqttConnectionState.Subscribed, change => change with { Subscriptions = results });
    }

    /// <summary>What the server answers within <see cref="MqttClientOptions.AckTimeout"/>; without an answer the connection counts as dead. One publish is under way at a time: it would hold up all others.</summary>
    private async Task<T> AnsweredAsync<T>(Func<CancellationToken, Task<T>> ask, TaskCompletionSource<Loss>? lost, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.AckTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await ask(either.Token);
        }
        // MQTTnet has an exception of its own for a wait that was cancelled.
        catch (Exception) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            lost?.TrySetResult(new Loss(MqttLossReason.AckTimeout));
            throw;
        }
    }

    private async Task SayGoodbyeAsync(Net.IMqttClient client)
    {
        // 3.1.1 has no goodbye after which the will is published: there the connection is just closed.
        if (!client.IsConnected || _publishWill && _options.Version == MqttVersion.V311)
            return;

        var reason = _publishWill ? Net.MqttClientDisconnectOptionsReason.DisconnectWithWillMessage : Net.MqttClientDisconnectOptionsReason.NormalDisconnection;
        try
        {
            using var patience = new CancellationTokenSource(_options.AckTimeout, _time);
            await client.DisconnectAsync(new Net.MqttClientDisconnectOptions { Reason = reason }, patience.Token);
        }
        catch (Exception error) when (MqttNetTranslation.IsGone(error) || error is OperationCanceledException)
        {
            // The server was faster.
        }
    }

    private async Task ConnectedAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (change.State is MqttConnectionState.Connected or MqttConnectionState.Subscribed && _client is { IsConnected: true })
                return;
        }

        throw new OperationCanceledException("The MQTT session was stopped.");
    }

    private static bool IsLoss(Exception error, CancellationToken ours) =>
        MqttNetTranslation.IsGone(error) || error is OperationCanceledException && !ours.IsCancellationRequested;

    private async Task WaitToReconnectAsync(Loss loss, int failures)
    {
        var delay = Backoff.Delay(_options, failures);
        _changes.Report(MqttConnectionState.Waiting, change => change with { Loss = loss.Reason, ReasonCode = loss.Code, Detail = loss.Detail, RetryIn = delay });
        await Task.Delay(delay, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Finish(Loss loss)
    {
        _inbox.Stop();
        if (LastChange.State != MqttConnectionState.Stopped)
            _changes.Report(MqttConnectionState.Stopped, change => change with { Loss = loss.Reason, ReasonCode = loss.Code, Detail = loss.Detail });
    }
}
