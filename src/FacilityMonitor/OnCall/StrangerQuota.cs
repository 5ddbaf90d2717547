using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall;

/// <summary>How much a receiver is told of devices that are not registered. Used within one commit of alerts.</summary>
/// <remarks>
/// Whoever may publish can invent devices that are overloaded, ten thousand at a time, and each alert would page somebody while a registered socket burns.
/// They stay on the page, in the log and in the books; a receiver gets so many an hour, and then one sum. What takes the place of a notification that still
/// waits costs nothing, nor does the end of an alert: that one is told to those who know it as on.
/// </remarks>
internal sealed class StrangerQuota(SqliteConnection connection, long nowMs)
{
    /// <summary>Notifications about devices that are not registered that a receiver gets in <see cref="Window"/>: enough to hear of a new shed before it is
    /// registered, and read within a minute or two.</summary>
    public const int Max = 10;

    /// <summary>Rule that a summary names.</summary>
    public const string SummaryRule = "unregistered-untold";

    /// <summary>A hazard may be among what was withheld, but nobody knows: it comes after every hazard that is known.</summary>
    public const Priority SummaryPriority = Priority.P2;

    /// <summary>Why one was withheld.</summary>
    public const string Reason = "the device is not registered, and the quota of such is used up";

    /// <summary>The time in which they are counted; also the least between two summaries to one receiver.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>How long a summary waits for what else is withheld, so that one flood is one number.</summary>
    public static readonly TimeSpan SummaryAfter = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, int> _used = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withheld = new(StringComparer.Ordinal);

    private long SinceMs => nowMs - (long)Window.TotalMilliseconds;

    /// <summary>Whether a receiver is not told of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="recipient">The receiver.</param>
    /// <param name="takesPlace">Whether an earlier notification of this alert, which was not sent yet, made way for it.</param>
    public bool Withholds(AlertTransition step, string recipient, bool takesPlace)
    {
        if (takesPlace)
            return false;
        if (step.Condition == Condition.Cleared)
            return !KnowsItAsOn(step.AlertId, recipient);
        if (!step.IsStranger)
            return false;
        var used = _used.TryGetValue(recipient, out var counted) ? counted : Used(recipient);
        if (used >= Max)
        {
            _used[recipient] = used;
            _withheld.Add(recipient);
            return true;
        }

        _used[recipient] = used + 1;
        return false;
    }

    /// <summary>Tells those from whom something was withheld how much, once in a window.</summary>
    public void Summarize()
    {
        foreach (var recipient in _withheld)
        {
            var latest = LatestSummary(recipient);
            if (latest is not { State: OutboxState.Queued } && latest is { } known && known.CreatedMs > SinceMs)
                continue;
            var step = Summary(recipient, Number("select count(distinct alert) from outbox where recipient = $recipient and created_ms > $since and state = 5", recipient));
            if (latest is { State: OutboxState.Queued } waiting)
                Database.Execute(connection, "update outbox set payload = $payload where id = $id", ("$payload", TransitionJson.Write(step)), ("$id", waiting.Id));
            else
                Insert(step, recipient);
        }
    }

    /// <summary>Without anything withheld it does: what it was told is the news before this step. Its letters may be gone after a long time, too.</summary>
    private bool KnowsItAsOn(string alert, string recipient)
    {
        using var command = Database.Command(
            connection, """
            select (select count(*) from outbox where alert = $alert and recipient = $recipient and state = $withheld),
              (select json_extract(payload, '$.state') from outbox where alert = $alert and recipient = $recipient and state <> $withheld order by id desc limit 1)
            """,
            ("$alert", alert), ("$recipient", recipient), ("$withheld", (int)OutboxState.Withheld));
        using var row = command.ExecuteReader();
        row.Read();
        return row.GetInt64(0) == 0 || (!row.IsDBNull(1) && row.GetString(1) != TransitionJson.State(Condition.Cleared));
    }

    private int Used(string recipient) => (int)Number(
        "select count(*) from outbox where recipient = $recipient and created_ms > $since and stranger = 1 and state < 4 and json_extract(payload, '$.state') <> 'cleared'", recipient);

    private (long Id, OutboxState State, long CreatedMs)? LatestSummary(string recipient)
    {
        using var command = Database.Command(
            connection, "select id, state, created_ms from outbox where stranger = 2 and recipient = $recipient order by created_ms desc limit 1", ("$recipient", recipient));
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), (OutboxState)row.GetInt32(1), row.GetInt64(2)) : null;
    }

    private AlertTransition Summary(string recipient, long withheld) => new()
    {
        AlertId = AlertId.Of(null, SummaryRule, recipient, nowMs),
        Rule = SummaryRule,
        Priority = SummaryPriority,
        Condition = Condition.Active,
        AtMs = nowMs,
        OnsetMs = nowMs,
        Asset = OwnAlert.AssetPrefix + "unregistered",
        Text = new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"另有 {withheld} 条未登记设备的告警没有逐条通知：请看页面。未登记设备每小时最多通知 {Max} 条，以免耽误已登记设备的告警。请做：1. 在页面上查看；2. 是自己的设备，就登记；3. 不认识的设备，请查谁能向消息代理发布。"),
            string.Create(CultureInfo.InvariantCulture, $"{withheld} further alerts of devices that are not registered: see the page. Of such devices at most {Max} notifications an hour are sent, so that they do not delay those of registered ones. Do: 1. Look at the page; 2. Register the devices that are yours; 3. If you do not know them, find out who may publish at the broker.")),
        Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["withheld"] = withheld },
    };

    private void Insert(AlertTransition step, string recipient) => Database.Execute(
        connection, """
        insert or ignore into outbox (alert, transition, recipient, channel, payload, state, attempts, due_ms, created_ms, stranger)
          values ($alert, 0, $recipient, 'summary', $payload, $state, 0, $due, $now, 2)
        """,
        ("$alert", step.AlertId), ("$recipient", recipient), ("$payload", TransitionJson.Write(step)), ("$state", (int)OutboxState.Queued),
        ("$due", nowMs + (long)SummaryAfter.TotalMilliseconds), ("$now", nowMs));

    private long Number(string sql, string recipient)
    {
        using var command = Database.Command(connection, sql, ("$recipient", recipient), ("$since", SinceMs));
        return (long)command.ExecuteScalar()!;
    }
}
