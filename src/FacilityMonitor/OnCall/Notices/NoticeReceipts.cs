using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>What a provider reports later of a message that it took.</summary>
/// <param name="Receipt">Its own name for the message.</param>
/// <param name="IsDelivered">Whether it reached the telephone; of a call: whether somebody answered. Null: that is not known yet.</param>
/// <param name="Key">The key that was pressed; null: none.</param>
/// <param name="Code">The provider's code.</param>
internal sealed record ProviderReport(string Receipt, bool? IsDelivered, string? Key, string Code);

/// <summary>Books what providers report, in any order and as often as they like.</summary>
internal static class NoticeReceipts
{
    /// <summary>Books a report.</summary>
    /// <returns>Whether it belongs to a message of ours.</returns>
    public static bool Book(SqliteConnection connection, string channel, ProviderReport report, long nowMs, IReadOnlyCollection<IDeliveryLog> logs)
    {
        if (Find(connection, channel, report.Receipt) is not var (id, ordinal, state, result))
            return false;
        // A call that was answered by a key reached somebody, whatever else is said of it; and what reached somebody is not undone by a late report.
        if (report.Key is { Length: > 0 } key && result != "key-" + key)
        {
            Update(connection, id, ordinal, WayState.Delivered, "key-" + key, nowMs);
            NoticeBook.Tell(connection, id, DeliveryKind.Acknowledged, channel, key, nowMs, logs);
        }
        else if (report.IsDelivered == true && state == WayState.Accepted)
        {
            Update(connection, id, ordinal, WayState.Delivered, report.Code, nowMs);
            NoticeBook.Tell(connection, id, DeliveryKind.Delivered, channel, report.Code, nowMs, logs);
        }
        else if (report.IsDelivered == false && state == WayState.Accepted)
        {
            Update(connection, id, ordinal, WayState.Failed, report.Code, nowMs);
            NoticeBook.Tell(connection, id, DeliveryKind.Failed, channel, report.Code, nowMs, logs);
            Reopen(connection, id, ordinal, report.Code, nowMs, logs);
        }

        return true;
    }

    /// <summary>The provider took it and the person never got it: the ways behind are wanted after all, unless the time for it is over or another one worked.</summary>
    private static void Reopen(SqliteConnection connection, long id, int ordinal, string code, long nowMs, IReadOnlyCollection<IDeliveryLog> logs)
    {
        var reopened = Database.Execute(
            connection, """
            update notice set state = $queued, done_ms = null, result = null where id = $id and state = $accepted and expires_ms > $now
              and not exists (select 1 from notice_way where notice = $id and state in ($takenToo, $delivered))
            """,
            ("$queued", (int)NoticeState.Queued), ("$id", id), ("$accepted", (int)NoticeState.Accepted), ("$now", nowMs),
            ("$takenToo", (int)WayState.Accepted), ("$delivered", (int)WayState.Delivered));
        if (reopened == 0)
            return;
        // The next one at once, those behind it each in their time: not all of them side by side.
        var ways = Database.Execute(
            connection, """
            update notice_way set state = $queued, due_ms = $now + (ordinal - $ordinal - 1) * $after, done_ms = null where notice = $id and state = $done and result = $quicker and ordinal > $ordinal
            """,
            ("$queued", (int)WayState.Queued), ("$now", nowMs), ("$after", (long)NoticeBook.FailOverAfter(PriorityOf(connection, id)).TotalMilliseconds), ("$id", id),
            ("$done", (int)WayState.NotNeeded), ("$quicker", NoticeWays.Quicker), ("$ordinal", ordinal));
        if (ways == 0)
            NoticeBook.End(connection, id, NoticeState.Unreached, code, nowMs, logs);
    }

    private static Priority PriorityOf(SqliteConnection connection, long id)
    {
        using var command = Database.Command(connection, "select priority from notice where id = $id", ("$id", id));
        return (Priority)(long)command.ExecuteScalar()!;
    }

    private static void Update(SqliteConnection connection, long id, int ordinal, WayState state, string result, long nowMs)
    {
        Database.Execute(
            connection, "update notice_way set state = $state, result = $result, done_ms = $now where notice = $id and ordinal = $ordinal",
            ("$state", (int)state), ("$result", result), ("$now", nowMs), ("$id", id), ("$ordinal", ordinal));
        if (state == WayState.Delivered)
        {
            Database.Execute(
                connection, "update notice set state = $delivered, done_ms = $now where id = $id and state in ($queued, $accepted, $unreached, $expired)",
                ("$delivered", (int)NoticeState.Delivered), ("$now", nowMs), ("$id", id), ("$queued", (int)NoticeState.Queued), ("$accepted", (int)NoticeState.Accepted),
                ("$unreached", (int)NoticeState.Unreached), ("$expired", (int)NoticeState.Expired));
        }
    }

    private static (long Id, int Ordinal, WayState State, string? Result)? Find(SqliteConnection connection, string channel, string receipt)
    {
        using var command = Database.Command(
            connection, "select notice, ordinal, state, result from notice_way where channel = $channel and receipt = $receipt", ("$channel", channel), ("$receipt", receipt));
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt32(1), (WayState)row.GetInt32(2), row.IsDBNull(3) ? null : row.GetString(3)) : null;
    }
}
