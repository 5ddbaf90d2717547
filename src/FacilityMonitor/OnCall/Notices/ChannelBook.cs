using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>How a channel does.</summary>
/// <param name="Name">The channel.</param>
/// <param name="PausedMs">Until when the provider does not want to hear from us.</param>
/// <param name="AcceptedMs">When it last took something; null: never.</param>
/// <param name="FailingMs">Since when it has taken nothing that was given to it; null: it works, or was never tried.</param>
/// <param name="Fault">The code of its latest failure; null: it works.</param>
/// <param name="IsMisconfigured">Nothing will get through until somebody mends it.</param>
internal sealed record ChannelCondition(string Name, long PausedMs, long? AcceptedMs, long? FailingMs, string? Fault, bool IsMisconfigured)
{
    /// <summary>A channel that has taken nothing for so long is dead: providers mend themselves sooner.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Whether nobody can be reached by it.</summary>
    public bool IsDead(long nowMs) => IsMisconfigured || (FailingMs is { } since && nowMs - since >= (long)Patience.TotalMilliseconds);
}

/// <summary>What a channel was given to carry.</summary>
/// <param name="Attempts">Messages that were handed to it and of which the end is known.</param>
/// <param name="Accepted">Of them, it took.</param>
internal readonly record struct ChannelTraffic(long Attempts, long Accepted);

/// <summary>How the channels do, on disk: a lock that a provider gave us, and a wrong key, outlast our restart.</summary>
internal static class ChannelBook
{
    /// <summary>How all of them do that were ever tried.</summary>
    public static List<ChannelCondition> Read(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select name, paused_ms, accepted_ms, failing_ms, fault, misconfigured from channel_state");
        using var rows = command.ExecuteReader();
        var found = new List<ChannelCondition>();
        while (rows.Read())
        {
            found.Add(new ChannelCondition(
                rows.GetString(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetInt64(3),
                rows.IsDBNull(4) ? null : rows.GetString(4), rows.GetInt32(5) != 0));
        }

        return found;
    }

    /// <summary>What each was given since a time, by its name; those that were given nothing are not in it.</summary>
    public static Dictionary<string, ChannelTraffic> Traffic(SqliteConnection connection, long sinceMs)
    {
        using var command = Database.Command(
            connection, "select channel, count(*), sum(outcome = $accepted) from notice_attempt where at_ms >= $since and ended_ms is not null group by channel",
            ("$since", sinceMs), ("$accepted", NoticeWays.AcceptedOutcome));
        using var rows = command.ExecuteReader();
        var traffic = new Dictionary<string, ChannelTraffic>(StringComparer.Ordinal);
        while (rows.Read())
            traffic[rows.GetString(0)] = new ChannelTraffic(rows.GetInt64(1), rows.IsDBNull(2) ? 0 : rows.GetInt64(2));
        return traffic;
    }

    /// <summary>It took something.</summary>
    public static void Works(SqliteConnection connection, string channel, long nowMs) => Database.Execute(
        connection, """
        insert into channel_state (name, accepted_ms) values ($name, $now)
          on conflict (name) do update set accepted_ms = $now, failing_ms = null, fault = null, misconfigured = 0
        """,
        ("$name", channel), ("$now", nowMs));

    /// <summary>It did not, and that says something of the channel: a wrong number does not.</summary>
    public static void Fails(SqliteConnection connection, string channel, Outcome.Failed failed, long pausedMs, long nowMs)
    {
        if (failed.Fault is Fault.WrongAddress or Fault.Unfit or Fault.AddressLimited)
            return;
        // A limit that we met shows that the channel works.
        var isFailing = failed.Fault != Fault.Limited;
        Database.Execute(
            connection, """
            insert into channel_state (name, paused_ms, failed_ms, failing_ms, fault, misconfigured) values ($name, $paused, $now, $failing, $code, $wrong)
              on conflict (name) do update set paused_ms = max(paused_ms, $paused), failed_ms = $now, failing_ms = coalesce(failing_ms, $failing), fault = $code, misconfigured = $wrong
            """,
            ("$name", channel), ("$paused", pausedMs), ("$now", nowMs), ("$failing", isFailing ? nowMs : default(long?)), ("$code", failed.Code),
            ("$wrong", failed.Fault == Fault.Misconfigured ? 1 : 0));
    }

    /// <summary>Forgets what a channel was accused of before its configuration was read anew.</summary>
    public static void Absolve(SqliteConnection connection) => Database.Execute(connection, "update channel_state set misconfigured = 0, failing_ms = null, fault = null where misconfigured = 1");
}
