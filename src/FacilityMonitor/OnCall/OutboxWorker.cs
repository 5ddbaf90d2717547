using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall;

/// <summary>Sends what the outbox holds, each receiver in a lane of its own, so that a slow or dead one keeps nobody else waiting.</summary>
/// <remarks>
/// A lane has one notification on its way at a time, the most urgent first. What is not taken is tried again after 1, 2, 4 … s with jitter, until it is
/// taken, refused for good, superseded, or older than <see cref="OnCallSettings.Expiry"/>; a receiver that failed or asked for a pause gets one as a whole.
/// At least once: after a crash in between it is sent again under the same idempotency key.
/// </remarks>
internal sealed partial class OutboxWorker(
    Outbox outbox, Database database, FacilitySource registry, WebhookNotifier webhook, RetryPlan plan, TimeProvider time, ILogger<OutboxWorker> log) : BackgroundService
{
    /// <summary>Read at once for a lane; a new one is looked for before each is sent.</summary>
    private const int LaneBatch = 16;

    /// <summary>Rows deleted in one step: about 2 ms of the writer's time.</summary>
    private const int PruneStep = 500;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);

    private readonly ILogger<OutboxWorker> _log = log;
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private volatile OutboxBooks _books = new(0, null, 0, 0, 0, 0, 0);
    private long _attempts;
    private long _sent;
    private long _givenUp;

    /// <summary>What the outbox held when it was last counted, at most some seconds ago.</summary>
    public OutboxBooks Books => _books;

    /// <summary>Attempts since the start.</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>Notifications that were taken since the start.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Notifications given up since the start: refused, or too old.</summary>
    public long GivenUp => Interlocked.Read(ref _givenUp);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var countedAt = Keep();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await DispatchAsync(stoppingToken);
                if (time.GetElapsedTime(countedAt) >= CountEvery)
                {
                    countedAt = Keep();
                    await PruneAsync();
                }

                // Woken by a new one or by a lane that ended, and once a second for those whose turn comes again.
                using var second = new CancellationTokenSource(LookEvery, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(second.Token, stoppingToken);
                await ((Task)outbox.WaitAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            // What is on its way is cancelled by the same token and stays queued.
            await Task.WhenAll(_lanes.Values.Select(lane => lane.Running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DispatchAsync(CancellationToken stoppingToken)
    {
        var now = NowMs();
        List<string> due;
        using (var connection = database.OpenReader())
            due = Outbox.DueRecipients(connection, now);
        foreach (var recipient in due)
        {
            if (!_lanes.TryGetValue(recipient, out var lane))
                _lanes[recipient] = lane = new Lane();
            if (!lane.Running.IsCompleted || lane.PausedUntilMs > now)
                continue;
            // A lane that ended by a fault ends the service: half of the people untold would only look like quiet.
            await lane.Running;
            lane.Running = RunAsync(recipient, lane, stoppingToken);
        }
    }

    private async Task RunAsync(string recipient, Lane lane, CancellationToken stoppingToken)
    {
        // The dispatcher must not wait for the first send.
        await Task.Yield();
        try
        {
            while (lane.PausedUntilMs <= NowMs())
            {
                var version = outbox.Version;
                List<Letter> letters;
                using (var connection = database.OpenReader())
                    letters = Outbox.Due(connection, recipient, NowMs(), LaneBatch);
                if (letters.Count == 0)
                    break;
                foreach (var letter in letters)
                {
                    await SendAsync(letter, lane, stoppingToken);
                    if (outbox.Version != version || lane.PausedUntilMs > NowMs())
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It stays queued; the next start sends it under the same key.
        }

        outbox.Wake();
    }

    private async Task SendAsync(Letter letter, Lane lane, CancellationToken stoppingToken)
    {
        Interlocked.Increment(ref _attempts);
        var delivery = await DeliverAsync(letter, stoppingToken);
        var now = NowMs();
        switch (delivery)
        {
            case Delivery.Sent:
                outbox.Told(NotificationJson.Key(letter.Alert, letter.Number, letter.Recipient));
                lane.Failures = 0;
                Interlocked.Increment(ref _sent);
                await BookAsync(letter, OutboxState.Sent, now, null, stoppingToken);
                break;
            case Delivery.Refused refused:
                lane.Failures = 0;
                GiveUp(letter, refused.Reason);
                await BookAsync(letter, OutboxState.Refused, now, refused.Reason, stoppingToken);
                break;
            case Delivery.RetryAfter retry:
                lane.PausedUntilMs = now + (long)plan.Pause(++lane.Failures, retry.Wait).TotalMilliseconds;
                await RetryAsync(letter, retry, now, stoppingToken);
                break;
        }
    }

    private async Task RetryAsync(Letter letter, Delivery.RetryAfter retry, long nowMs, CancellationToken stoppingToken)
    {
        var end = plan.EndMs(letter);
        if (nowMs >= end)
        {
            GiveUp(letter, $"expired after {letter.Attempts + 1} attempts, the last: {retry.Reason}");
            await BookAsync(letter, OutboxState.Expired, nowMs, retry.Reason, stoppingToken);
            return;
        }

        if (letter.Attempts == 0)
            LogRetry(letter.Recipient, letter.Alert, retry.Reason);
        var due = Math.Min(end, nowMs + (long)plan.Pause(letter.Attempts + 1, retry.Wait).TotalMilliseconds);
        await BookAsync(letter, OutboxState.Queued, due, retry.Reason, stoppingToken);
    }

    private async Task<Delivery> DeliverAsync(Letter letter, CancellationToken cancellationToken)
    {
        var contact = registry.Current.Facility.Contacts.FirstOrDefault(candidate => candidate.Id == letter.Recipient);
        if (contact is null)
            return new Delivery.Refused("the receiver is no longer registered");
        var key = NotificationJson.Key(letter.Alert, letter.Number, letter.Recipient);
        return await TellAsync(contact, key, NotificationJson.Write(letter.Step, letter.OnsetMs, letter.Number, letter.Untold, key), cancellationToken);
    }

    /// <summary>Tries once. Nothing is booked of it.</summary>
    public async Task<Delivery> TellAsync(Contact contact, string key, string body, CancellationToken cancellationToken)
    {
        if (contact.Webhook is { } address)
            return await webhook.SendAsync(address, body, key, cancellationToken);
        LogNotification(contact.Id, body);
        return new Delivery.Sent();
    }

    /// <summary>Books until the disk takes it: what was taken by its receiver must not be sent again each second because our disk is full.</summary>
    private async Task BookAsync(Letter letter, OutboxState state, long dueMs, string? result, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await database.CommitAsync(CommitPriority.Alerts, connection => Outbox.Book(connection, letter.Id, state, dueMs, NowMs(), result));
                return;
            }
            catch (DatabaseUnavailableException)
            {
                await Task.Delay(LookEvery, time, stoppingToken);
            }
        }
    }

    private long Keep()
    {
        using var connection = database.OpenReader();
        _books = Outbox.Count(connection);
        return time.GetTimestamp();
    }

    private async Task PruneAsync()
    {
        if (_books.Sent + _books.Refused + _books.Expired + _books.Superseded + _books.Withheld <= Outbox.DoneMax)
            return;
        try
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection => Outbox.Prune(connection, Outbox.DoneMax, PruneStep));
        }
        catch (DatabaseUnavailableException)
        {
            // It comes again in ten seconds.
        }
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void GiveUp(Letter letter, string reason)
    {
        Interlocked.Increment(ref _givenUp);
        LogGivenUp(letter.Recipient, letter.Alert, reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "To {Recipient}: {Body}")]
    private partial void LogNotification(string recipient, string body);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Recipient} could not be told of alert {Alert} ({Reason}); trying again")]
    private partial void LogRetry(string recipient, string alert, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Recipient} was not told of alert {Alert}: {Reason}")]
    private partial void LogGivenUp(string recipient, string alert, string reason);

    /// <summary>One receiver. Its lane's task writes it while it runs; the dispatcher reads it only when that has ended.</summary>
    private sealed class Lane
    {
        public Task Running { get; set; } = Task.CompletedTask;

        /// <summary>Failures in a row, of whatever notification.</summary>
        public int Failures { get; set; }

        public long PausedUntilMs { get; set; }
    }
}
