using System.Threading.Channels;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall;

/// <summary>Where a notification stands. The numbers are stored.</summary>
internal enum OutboxState
{
    /// <summary>To be sent.</summary>
    Queued = 0,

    /// <summary>The receiver took it.</summary>
    Sent = 1,

    /// <summary>The receiver refused it for good.</summary>
    Refused = 2,

    /// <summary>It was tried for as long as is allowed.</summary>
    Expired = 3,

    /// <summary>A later one of the same alert says it too.</summary>
    Superseded = 4,
}

/// <summary>What has to be told to whom, on disk in the same commit as the alert's step, so that no restart forgets or repeats it.</summary>
internal sealed class Outbox(TimeProvider time)
{
    private readonly Channel<bool> _some = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Completes when there may be something to send.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _some.Reader.ReadAsync(cancellationToken);

    public void Wake() => _some.Writer.TryWrite(true);

    /// <summary>Puts a step in for everybody who looks after the site; pending and recovering are nobody's business yet.</summary>
    public void Enqueue(SqliteConnection connection, AlertTransition step, IReadOnlyList<Contact> contacts)
    {
        if (step.Condition is not (Condition.Active or Condition.Cleared or Condition.NoData))
            return;
        // Nobody is told that something is over who was never told that it was on.
        var first = step.Condition == Condition.Cleared && WasNeverActive(connection, step);
        if (first)
            return;
        var payload = TransitionJson.Write(step);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var contact in contacts.Where(contact => contact.Sites.Count == 0 || (step.Site is { } site && contact.Sites.Contains(site))))
        {
            Database.Execute(
                connection, """
                insert or ignore into outbox (alert, transition, recipient, channel, payload, state, attempts, due_ms, created_ms)
                  values ($alert, $transition, $recipient, $channel, $payload, $state, 0, $now, $now)
                """,
                ("$alert", step.AlertId), ("$transition", step.Sequence), ("$recipient", contact.Id), ("$channel", contact.Webhook is null ? "log" : "webhook"),
                ("$payload", payload), ("$state", (int)OutboxState.Queued), ("$now", now));
        }
    }

    private static bool WasNeverActive(SqliteConnection connection, AlertTransition step)
    {
        using var command = Database.Command(
            connection, "select count(*) from alert_transition where alert = $alert and number < $number and json_extract(body, '$.state') in ('active', 'nodata')",
            ("$alert", step.AlertId), ("$number", step.Sequence));
        return (long)command.ExecuteScalar()! == 0;
    }
}
