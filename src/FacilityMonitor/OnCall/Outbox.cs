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

    /// <summary>The receiver refused it for good, or there was no room for it; the result says which.</summary>
    Refused = 2,

    /// <summary>It was tried for as long as is allowed.</summary>
    Expired = 3,

    /// <summary>A later one of the same alert took its place before it was taken; that one says so.</summary>
    Superseded = 4,

    /// <summary>It is about a device that is not registered, and the receiver was told of enough of those; a summary says how many.</summary>
    Withheld = 5,
}

/// <summary>A notification that is due.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Alert">The alert.</param>
/// <param name="Number">Which step of it.</param>
/// <param name="Recipient">Who is to be told.</param>
/// <param name="Step">The step as JSON.</param>
/// <param name="OnsetMs">Onset of the alert, ms since 1970-01-01 UTC.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="CreatedMs">When it was put in.</param>
/// <param name="Untold">Earlier steps of this alert, since the last that this receiver took, that it was never told.</param>
internal sealed record Letter(long Id, string Alert, int Number, string Recipient, string Step, long OnsetMs, int Attempts, long CreatedMs, int Untold);

/// <summary>How much is in the outbox, by what became of it.</summary>
/// <param name="Queued">To be sent.</param>
/// <param name="OldestMs">When the oldest of those was put in, ms since 1970-01-01 UTC; null: there is none.</param>
/// <param name="Sent">Taken.</param>
/// <param name="Refused">Refused for good, or without room.</param>
/// <param name="Expired">Tried for as long as is allowed.</param>
/// <param name="Superseded">A later one took its place.</param>
/// <param name="Withheld">About devices that are not registered, beyond the quota.</param>
internal sealed record OutboxBooks(long Queued, long? OldestMs, long Sent, long Refused, long Expired, long Superseded, long Withheld);

/// <summary>What has to be told to whom, on disk in the same commit as the alert's step, so that no restart forgets or repeats it.</summary>
/// <remarks>Of one alert at most one notification waits for a receiver: a newer state takes the place of an older one that was not taken yet. So a receiver
/// hears the states of an alert in their order, and the queue is bounded by open alerts times receivers.</remarks>
internal sealed class Outbox(TimeProvider time)
{
    /// <summary>Notifications that may wait. Beyond it those of P2 and P3 are refused, beyond twice as many those of P0 and P1 too; each is kept as refused and counted.</summary>
    public const int QueuedMax = 20_000;

    /// <summary>Notifications kept after they are done with, so that one can see who was told what.</summary>
    public const int DoneMax = 200_000;

    /// <summary>What is remembered of what was told, written or not.</summary>
    private const int ToldMax = 5_000;

    /// <summary>Why one counts as sent that was told before it was written.</summary>
    private const string Unwritten = "told while the disk refused";

    /// <summary>Why one was refused for which there was no room.</summary>
    public const string NoRoom = "the outbox is full";

    private readonly Channel<bool> _some = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Queue<string> _toldOrder = new();
    private long _version;

    /// <summary>Changes when something was put in.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Completes when there may be something to send.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _some.Reader.ReadAsync(cancellationToken);

    /// <summary>Says that something was put in.</summary>
    public void Announce()
    {
        Interlocked.Increment(ref _version);
        Wake();
    }

    /// <summary>Says that it is worth looking again.</summary>
    public void Wake() => _some.Writer.TryWrite(true);

    /// <summary>A receiver took a notification. If it could not be written yet, it is booked as sent once it can be; it is not sent again.</summary>
    public void Told(string key)
    {
        lock (_gate)
        {
            if (!_told.Add(key))
                return;
            _toldOrder.Enqueue(key);
            if (_toldOrder.Count > ToldMax)
                _told.Remove(_toldOrder.Dequeue());
        }
    }

    /// <summary>Puts steps in for everybody who looks after their sites. Pending and recovering are nobody's business, nor what was told already.</summary>
    public void Enqueue(SqliteConnection connection, IReadOnlyList<AlertTransition> steps, IReadOnlyList<Contact> contacts)
    {
        long? queued = null;
        var quota = new StrangerQuota(connection, time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var step in steps)
        {
            if (!IsNews(connection, step))
                continue;
            queued ??= Number(connection, "select count(*) from outbox where state = 0");
            var payload = TransitionJson.Write(step);
            foreach (var contact in contacts)
            {
                if (contact.Sites.Count > 0 && (step.Site is not { } site || !contact.Sites.Contains(site)))
                    continue;
                var superseded = Supersede(connection, step.AlertId, contact.Id);
                queued -= superseded;
                var state = quota.Withholds(step, contact.Id, superseded > 0) ? OutboxState.Withheld
                    : WasTold(NotificationJson.Key(step.AlertId, step.Sequence, contact.Id)) ? OutboxState.Sent
                    : StateFor(step.Priority, queued.Value);
                if (Insert(connection, step, contact, payload, state) && state == OutboxState.Queued)
                    queued++;
            }
        }

        quota.Summarize();
    }

    /// <summary>Whether a receiver took this notification lately.</summary>
    public bool WasTold(string key)
    {
        lock (_gate)
            return _told.Contains(key);
    }

    private static OutboxState StateFor(Priority priority, long queued) => queued < (priority <= Priority.P1 ? 2 * QueuedMax : QueuedMax) ? OutboxState.Queued : OutboxState.Refused;

    /// <summary>Who has something to send at a time.</summary>
    public static List<string> DueRecipients(SqliteConnection connection, long nowMs)
    {
        using var command = Database.Command(connection, "select distinct recipient from outbox where state = 0 and due_ms <= $now", ("$now", nowMs));
        using var rows = command.ExecuteReader();
        var recipients = new List<string>();
        while (rows.Read())
            recipients.Add(rows.GetString(0));
        return recipients;
    }

    /// <summary>What is due for one receiver: the most urgent first, of those the ones about registered devices; and one that fails again and again gives way to
    /// the less urgent.</summary>
    public static List<Letter> Due(SqliteConnection connection, string recipient, long nowMs, int most)
    {
        using var command = Database.Command(
            connection, """
            select outbox.id, outbox.alert, transition, recipient, payload, coalesce(onset_ms, created_ms), attempts, created_ms,
              (select count(*) from outbox as earlier where earlier.alert = outbox.alert and earlier.recipient = outbox.recipient and earlier.id < outbox.id
                and earlier.state <> $sent and earlier.id > coalesce((select max(taken.id) from outbox as taken
                  where taken.alert = outbox.alert and taken.recipient = outbox.recipient and taken.state = $sent), 0))
            from outbox left join alert on alert.id = outbox.alert
            where state = 0 and recipient = $recipient and due_ms <= $now
            order by coalesce(alert.priority, iif(stranger = 2, $summary, 0)) + attempts, stranger, outbox.id limit $most
            """,
            ("$summary", (int)StrangerQuota.SummaryPriority), ("$sent", (int)OutboxState.Sent), ("$recipient", recipient), ("$now", nowMs), ("$most", most));
        using var rows = command.ExecuteReader();
        var letters = new List<Letter>();
        while (rows.Read())
        {
            letters.Add(new Letter(
                rows.GetInt64(0), rows.GetString(1), rows.GetInt32(2), rows.GetString(3), rows.GetString(4), rows.GetInt64(5), rows.GetInt32(6), rows.GetInt64(7), rows.GetInt32(8)));
        }

        return letters;
    }

    /// <summary>Writes what became of an attempt. One that was superseded while it was on its way stays so unless it was taken.</summary>
    public static void Book(SqliteConnection connection, long id, OutboxState state, long dueMs, long nowMs, string? result) => Database.Execute(
        connection, "update outbox set state = $state, attempts = attempts + 1, due_ms = $due, done_ms = $done, result = $result where id = $id and (state = $queued or $state = $sent)",
        ("$state", (int)state), ("$due", dueMs), ("$done", state == OutboxState.Queued ? default(long?) : nowMs), ("$result", result), ("$id", id),
        ("$queued", (int)OutboxState.Queued), ("$sent", (int)OutboxState.Sent));

    /// <summary>Deletes the next of the oldest that are done with, beyond what is kept.</summary>
    public static int Prune(SqliteConnection connection, int kept, int most) => Database.Execute(
        connection, "delete from outbox where id in (select id from outbox where state <> 0 order by id limit max(0, min($most, (select count(*) from outbox where state <> 0) - $kept)))",
        ("$most", most), ("$kept", kept));

    /// <summary>Counts it.</summary>
    public static OutboxBooks Count(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select state, count(*), min(created_ms) from outbox group by state");
        using var rows = command.ExecuteReader();
        var counts = new long[Enum.GetValues<OutboxState>().Length];
        long? oldest = null;
        while (rows.Read())
        {
            counts[rows.GetInt32(0)] = rows.GetInt64(1);
            if (rows.GetInt32(0) == (int)OutboxState.Queued)
                oldest = rows.GetInt64(2);
        }

        return new OutboxBooks(
            counts[(int)OutboxState.Queued], oldest, counts[(int)OutboxState.Sent], counts[(int)OutboxState.Refused], counts[(int)OutboxState.Expired],
            counts[(int)OutboxState.Superseded], counts[(int)OutboxState.Withheld]);
    }

    private static bool IsNews(SqliteConnection connection, AlertTransition step)
    {
        if (step.Condition is not (Condition.Active or Condition.Cleared or Condition.NoData))
            return false;
        using var command = Database.Command(
            connection, """
            select json_extract(body, '$.state'), json_extract(body, '$.priority') from alert_transition
            where alert = $alert and number < $number and json_extract(body, '$.state') in ('active', 'nodata', 'cleared') order by number desc
            """,
            ("$alert", step.AlertId), ("$number", step.Sequence));
        using var told = command.ExecuteReader();
        // Nobody is told that something is over who was never told that it was on.
        if (!told.Read())
            return step.Condition != Condition.Cleared;
        if (told.GetString(0) != TransitionJson.State(step.Condition))
            return true;
        // Nor that it is on again who knows it as on: a load that swings about its limit pages once, and again only if it is more urgent than ever.
        do
        {
            if (Enum.Parse<Priority>(told.GetString(1)) <= step.Priority)
                return false;
        }
        while (told.Read() && told.GetString(0) == TransitionJson.State(step.Condition));
        return step.Condition == Condition.Active;
    }

    private bool Insert(SqliteConnection connection, AlertTransition step, Contact contact, string payload, OutboxState state)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var result = state switch
        {
            OutboxState.Refused => NoRoom,
            OutboxState.Withheld => StrangerQuota.Reason,
            OutboxState.Sent => Unwritten,
            _ => null,
        };
        return Database.Execute(
            connection, """
            insert or ignore into outbox (alert, transition, recipient, channel, payload, state, attempts, due_ms, created_ms, done_ms, result, stranger)
              values ($alert, $transition, $recipient, $channel, $payload, $state, 0, $now, $now, $done, $result, $stranger)
            """,
            ("$alert", step.AlertId), ("$transition", step.Sequence), ("$recipient", contact.Id), ("$channel", contact.Webhook is null ? "log" : "webhook"), ("$payload", payload),
            ("$state", (int)state), ("$now", now), ("$done", state == OutboxState.Queued ? default(long?) : now), ("$result", result), ("$stranger", step.IsStranger ? 1 : 0)) > 0;
    }

    private int Supersede(SqliteConnection connection, string alert, string recipient) => Database.Execute(
        connection, "update outbox set state = $superseded, done_ms = $now, result = 'a later one took its place' where alert = $alert and recipient = $recipient and state = $queued",
        ("$superseded", (int)OutboxState.Superseded), ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()), ("$alert", alert), ("$recipient", recipient), ("$queued", (int)OutboxState.Queued));

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = Database.Command(connection, sql);
        return (long)command.ExecuteScalar()!;
    }
}
