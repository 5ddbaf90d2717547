using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;

namespace FacilityMonitor.OnCall;

/// <summary>Sends what the outbox holds: to each receiver in order, again after 1, 2, 4 … seconds, until it is taken, refused, or too old.</summary>
internal sealed partial class OutboxWorker(
    Outbox outbox, Database database, FacilitySource registry, WebhookNotifier webhook, ServiceSettings settings, TimeProvider time, ILogger<OutboxWorker> log) : BackgroundService
{
    private const int BatchMax = 100;

    private readonly ILogger<OutboxWorker> _log = log;

    /// <summary>Notifications that were taken since the start.</summary>
    public long Sent { get; private set; }

    /// <summary>Notifications given up: refused, or too old.</summary>
    public long GivenUp { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await SendDueAsync(stoppingToken);
            // Woken by a new one, and once a second for those whose turn comes again.
            using var second = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(second.Token, stoppingToken);
            await ((Task)outbox.WaitAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends what is due now.</summary>
    internal async Task SendDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var blocked = new HashSet<(string, string)>();
        foreach (var letter in Read(now))
        {
            // Of one alert a receiver hears the steps in their order; while an earlier one waits, the later ones wait behind it.
            if (letter.DueMs > now || blocked.Contains((letter.Alert, letter.Recipient)))
            {
                blocked.Add((letter.Alert, letter.Recipient));
                continue;
            }

            var delivery = await DeliverAsync(letter, cancellationToken);
            if (delivery is Delivery.RetryAfter)
                blocked.Add((letter.Alert, letter.Recipient));
            await BookAsync(letter, delivery, now);
        }
    }

    private List<Letter> Read(long nowMs)
    {
        using var connection = database.OpenReader();
        // One that has not been taken yet and is over already is told once, by the later one.
        using var command = Database.Command(
            connection, """
            select id, alert, transition, recipient, channel, payload, attempts, due_ms, created_ms,
              exists (select 1 from outbox later where later.alert = outbox.alert and later.recipient = outbox.recipient and later.state = 0 and later.id > outbox.id)
            from outbox where state = 0 order by id limit $most
            """,
            ("$most", BatchMax), ("$now", nowMs));
        using var rows = command.ExecuteReader();
        var letters = new List<Letter>();
        while (rows.Read())
        {
            letters.Add(new Letter(
                rows.GetInt64(0), rows.GetString(1), rows.GetInt32(2), rows.GetString(3), rows.GetString(4), rows.GetString(5), rows.GetInt32(6), rows.GetInt64(7), rows.GetInt64(8),
                rows.GetBoolean(9)));
        }

        return letters;
    }

    private async Task<Delivery> DeliverAsync(Letter letter, CancellationToken cancellationToken)
    {
        if (letter.Attempts > 0 && letter.IsFollowed)
            return new Delivery.Refused("superseded");
        var contact = registry.Current.Facility.Contacts.FirstOrDefault(candidate => candidate.Id == letter.Recipient);
        if (contact is null)
            return new Delivery.Refused("the receiver is no longer registered");
        if (contact.Webhook is not { } address)
        {
            LogNotification(contact.Id, letter.Payload);
            return new Delivery.Sent();
        }

        return await webhook.SendAsync(address, letter.Payload, string.Create(CultureInfo.InvariantCulture, $"{letter.Alert}-{letter.Transition}-{letter.Recipient}"), cancellationToken);
    }

    private async Task BookAsync(Letter letter, Delivery delivery, long nowMs)
    {
        var state = OutboxState.Queued;
        var due = nowMs;
        string? result = null;
        switch (delivery)
        {
            case Delivery.Sent:
                state = OutboxState.Sent;
                Sent++;
                break;
            case Delivery.Refused refused:
                result = refused.Reason;
                state = refused.Reason == "superseded" ? OutboxState.Superseded : OutboxState.Refused;
                if (state == OutboxState.Refused)
                    GiveUp(letter, refused.Reason);
                break;
            case Delivery.RetryAfter retry:
                result = retry.Reason;
                var wait = retry.Wait ?? TimeSpan.FromSeconds(Math.Min(Math.Pow(2, letter.Attempts), settings.OnCall.RetryMax.TotalSeconds));
                due = nowMs + (long)Math.Min(wait.TotalMilliseconds, settings.OnCall.RetryMax.TotalMilliseconds);
                if (nowMs - letter.CreatedMs > settings.OnCall.Expiry.TotalMilliseconds)
                {
                    state = OutboxState.Expired;
                    GiveUp(letter, $"expired after {letter.Attempts + 1} attempts, the last: {retry.Reason}");
                }
                else if (letter.Attempts == 0)
                {
                    LogRetry(letter.Recipient, letter.Alert, retry.Reason);
                }

                break;
        }

        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(
                connection, "update outbox set state = $state, attempts = attempts + 1, due_ms = $due, done_ms = $done, result = $result where id = $id",
                ("$state", (int)state), ("$due", due), ("$done", state == OutboxState.Queued ? null : nowMs), ("$result", result), ("$id", letter.Id)));
        }
        catch (DatabaseUnavailableException)
        {
            // It stays queued and is sent again under the same idempotency key.
        }
    }

    private void GiveUp(Letter letter, string reason)
    {
        GivenUp++;
        LogGivenUp(letter.Recipient, letter.Alert, reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "To {Recipient}: {Payload}")]
    private partial void LogNotification(string recipient, string payload);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Recipient} could not be told of alert {Alert} ({Reason}); trying again")]
    private partial void LogRetry(string recipient, string alert, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Recipient} was not told of alert {Alert}: {Reason}")]
    private partial void LogGivenUp(string recipient, string alert, string reason);

    private sealed record Letter(long Id, string Alert, int Transition, string Recipient, string Channel, string Payload, int Attempts, long DueMs, long CreatedMs, bool IsFollowed);
}
