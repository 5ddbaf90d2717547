using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Where a notice stands. The numbers are stored.</summary>
internal enum NoticeState
{
    /// <summary>Nobody took it yet.</summary>
    Queued = 0,

    /// <summary>A provider took it.</summary>
    Accepted = 1,

    /// <summary>It reached the telephone or mailbox.</summary>
    Delivered = 2,

    /// <summary>Every way came to nothing.</summary>
    Unreached = 3,

    /// <summary>It was tried for as long as is allowed.</summary>
    Expired = 4,

    /// <summary>It was no longer wanted.</summary>
    Withdrawn = 5,
}

/// <summary>Where one way of a notice stands. The numbers are stored.</summary>
internal enum WayState
{
    /// <summary>To be tried when it is due.</summary>
    Queued = 0,

    /// <summary>Leased: it is on its way to the provider, or was when we crashed.</summary>
    Sending = 1,

    /// <summary>The provider took it.</summary>
    Accepted = 2,

    /// <summary>It reached the telephone or mailbox.</summary>
    Delivered = 3,

    /// <summary>It came to nothing; the result says why.</summary>
    Failed = 4,

    /// <summary>Another way was quicker, or the whole notice came to its end first.</summary>
    NotNeeded = 5,
}

/// <summary>The notices on disk. Everything here runs inside somebody's commit.</summary>
/// <remarks>
/// A notice has its ways as rows of their own. All of them are queued at once, each due one fail-over time after the one before: fail-over is nothing but
/// a due time, and survives every restart. When a way fails, the next one is due at once.
/// </remarks>
internal static class NoticeBook
{
    /// <summary>Notices that may wait; beyond it those of P2 and P3 end unreached with <see cref="NoRoom"/>, beyond twice as many all.</summary>
    public const int QueuedMax = 20_000;

    /// <summary>Why one ended for which there was no room.</summary>
    public const string NoRoom = "outbox-full";

    /// <summary>Why one ended that names no way at all.</summary>
    public const string NoWay = "no-channel";

    /// <summary>How long the next way waits for this one to be accepted.</summary>
    public static TimeSpan FailOverAfter(Priority priority) => priority switch
    {
        Priority.P0 => TimeSpan.FromSeconds(10),
        Priority.P1 => TimeSpan.FromSeconds(60),
        Priority.P2 or Priority.P3 => TimeSpan.FromMinutes(15),
    };

    /// <summary>Until when a notice is tried. One of life safety that is ten minutes old would lead people astray: a fresh one follows from the escalation's repeat.</summary>
    public static TimeSpan ExpiresAfter(Priority priority) => priority switch
    {
        Priority.P0 => TimeSpan.FromMinutes(10),
        Priority.P1 => TimeSpan.FromHours(1),
        Priority.P2 or Priority.P3 => TimeSpan.FromHours(24),
    };

    /// <summary>Every rank of life safety is below, every other one above.</summary>
    public const long LifeSafetyRankEnd = 0;

    /// <summary>Where a notice stands in the queue of its channel: by time, each priority with a lead. What is less urgent is overtaken but never for ever.</summary>
    private static long Rank(Priority priority, long nowMs) => priority switch
    {
        Priority.P0 => nowMs - (long)TimeSpan.FromDays(36_500).TotalMilliseconds,
        Priority.P1 => nowMs,
        Priority.P2 => nowMs + (long)TimeSpan.FromMinutes(5).TotalMilliseconds,
        Priority.P3 => nowMs + (long)TimeSpan.FromMinutes(30).TotalMilliseconds,
    };

    /// <summary>Puts a notice in.</summary>
    /// <returns>False: it is in already, and nothing was changed.</returns>
    public static bool Enqueue(SqliteConnection connection, Notice notice, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        var inserted = Database.Execute(
            connection, """
            insert or ignore into notice (key, alert, step, person, priority, drill, brief_zh, brief_en, text_zh, text_en, link, state, created_ms, expires_ms)
              values ($key, $alert, $step, $person, $priority, $drill, $brief_zh, $brief_en, $text_zh, $text_en, $link, $queued, $now, $expires)
            """,
            ("$key", notice.Key), ("$alert", notice.Alert), ("$step", notice.Step), ("$person", notice.Person), ("$priority", (int)notice.Priority), ("$drill", notice.IsDrill ? 1 : 0),
            ("$brief_zh", notice.Brief.Zh), ("$brief_en", notice.Brief.En), ("$text_zh", notice.Text.Zh), ("$text_en", notice.Text.En), ("$link", notice.Link),
            ("$queued", (int)NoticeState.Queued), ("$now", nowMs), ("$expires", nowMs + (long)ExpiresAfter(notice.Priority).TotalMilliseconds));
        if (inserted == 0)
            return false;
        var id = Number(connection, "select last_insert_rowid()");
        if (notice.Reaches.Count == 0)
            End(connection, id, NoticeState.Unreached, NoWay, nowMs, logs);
        else if (IsFull(connection, notice.Priority <= Priority.P1 ? 2 * QueuedMax : QueuedMax))
            End(connection, id, NoticeState.Unreached, NoRoom, nowMs, logs);
        else
            InsertWays(connection, id, notice, nowMs);
        return true;
    }

    /// <summary>Ends what still waits of an alert: it was acknowledged, or is over. What a provider took already cannot be taken back.</summary>
    /// <param name="connection">The commit.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="person">Whom it concerns; null: everybody.</param>
    /// <param name="reason">Why, in one word.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    /// <param name="logs">Who hears of it.</param>
    /// <returns>How many were ended.</returns>
    public static int Withdraw(SqliteConnection connection, string alert, string? person, string reason, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        var ids = new List<long>();
        using (var command = Database.Command(
            connection, "select id from notice where alert = $alert and state = $queued and ($person is null or person = $person)",
            ("$alert", alert), ("$person", person), ("$queued", (int)NoticeState.Queued)))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                ids.Add(rows.GetInt64(0));
        }

        foreach (var id in ids)
            End(connection, id, NoticeState.Withdrawn, reason, nowMs, logs);
        return ids.Count;
    }

    /// <summary>Ends a notice that nobody took, and every way of it that is not on its way.</summary>
    public static void End(SqliteConnection connection, long id, NoticeState state, string reason, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        Database.Execute(
            connection, "update notice set state = $state, result = $reason, done_ms = $now where id = $id",
            ("$state", (int)state), ("$reason", reason), ("$now", nowMs), ("$id", id));
        Database.Execute(
            connection, "update notice_way set state = $done, result = $reason, done_ms = $now where notice = $id and state = $queued",
            ("$done", (int)WayState.NotNeeded), ("$reason", reason), ("$now", nowMs), ("$id", id), ("$queued", (int)WayState.Queued));
        var kind = state switch
        {
            NoticeState.Unreached => DeliveryKind.Unreached,
            NoticeState.Expired => DeliveryKind.Expired,
            NoticeState.Withdrawn => DeliveryKind.Withdrawn,
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "That is no end without acceptance."),
        };
        Tell(connection, id, kind, null, reason, nowMs, logs);
    }

    /// <summary>Alerts with a notice that nobody would ever try again: it waits and none of its ways does, or it has ended and a way goes on waiting.</summary>
    public static List<string> Stranded(SqliteConnection connection, int most)
    {
        using var command = Database.Command(
            connection, """
            select alert from notice where state = $queued and not exists (select 1 from notice_way where notice = notice.id and notice_way.state in ($waits, $sending))
            union select alert from notice_way join notice on notice.id = notice_way.notice where notice_way.state = $waits and notice.state <> $queued limit $most
            """,
            ("$queued", (int)NoticeState.Queued), ("$waits", (int)WayState.Queued), ("$sending", (int)WayState.Sending), ("$most", most));
        using var rows = command.ExecuteReader();
        var alerts = new List<string>();
        while (rows.Read())
            alerts.Add(rows.GetString(0));
        return alerts;
    }

    /// <summary>Tells everybody who wants to hear it what happened to a notice.</summary>
    public static void Tell(SqliteConnection connection, long id, DeliveryKind kind, string? channel, string? code, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        using var command = Database.Command(connection, "select alert, step, person, drill from notice where id = $id", ("$id", id));
        using var row = command.ExecuteReader();
        row.Read();
        var happened = new DeliveryEvent(row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetInt32(3) != 0, kind, channel, code, nowMs);
        foreach (var log in logs)
            log.Write(connection, happened);
    }

    /// <summary>Whether more than so many wait, this one included. Counting ten thousand for each of ten thousand would take longer than sending them; their span says enough.</summary>
    private static bool IsFull(SqliteConnection connection, int max) =>
        Number(connection, "select coalesce((select max(id) from notice where state = 0) - (select min(id) from notice where state = 0), 0)") >= max
        && Number(connection, "select count(*) from notice where state = 0") > max;

    private static void InsertWays(SqliteConnection connection, long id, Notice notice, long nowMs)
    {
        var ordinal = 0;
        foreach (var reach in notice.Reaches)
        {
            Database.Execute(
                connection, """
                insert into notice_way (notice, ordinal, channel, address, priority, rank, state, attempts, due_ms, replaces)
                  values ($notice, $ordinal, $channel, $address, $priority, $rank, $queued, 0, $due, $replaces)
                """,
                ("$notice", id), ("$ordinal", ordinal), ("$channel", reach.Channel), ("$address", reach.Address), ("$priority", (int)notice.Priority),
                ("$rank", Rank(notice.Priority, nowMs)), ("$queued", (int)WayState.Queued), ("$due", nowMs + (long)(ordinal * FailOverAfter(notice.Priority).TotalMilliseconds)), ("$replaces", reach.Replaces));
            ordinal++;
        }
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = Database.Command(connection, sql);
        return (long)command.ExecuteScalar()!;
    }
}
