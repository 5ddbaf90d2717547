using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>A way of a notice whose time has come.</summary>
/// <param name="Id">Row of the notice.</param>
/// <param name="Ordinal">Which way of it, from 0.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Address">Whom to reach there.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="Notice">What to say; without its ways.</param>
/// <param name="Replaces">What the provider calls the message that it takes the place of; null: none.</param>
internal sealed record DueWay(long Id, int Ordinal, string Channel, string Address, int Attempts, Notice Notice, string? Replaces)
{
    public bool IsLifeSafety => Notice.Priority == Priority.P0;
}

/// <summary>How many notices stand where. They sum up to all that were ever put in and are still kept.</summary>
/// <param name="Queued">Nobody took it yet.</param>
/// <param name="OldestMs">When the oldest of those was put in; null: there is none.</param>
/// <param name="Accepted">A provider took it.</param>
/// <param name="Delivered">It reached the telephone or mailbox.</param>
/// <param name="Unreached">Every way came to nothing.</param>
/// <param name="Expired">It was tried for as long as is allowed.</param>
/// <param name="Withdrawn">It was no longer wanted.</param>
internal sealed record NoticeBooks(long Queued, long? OldestMs, long Accepted, long Delivered, long Unreached, long Expired, long Withdrawn);

/// <summary>The ways of notices on disk: claimed before they are tried, booked after. Everything that changes runs inside somebody's commit.</summary>
internal static class NoticeWays
{
    /// <summary>How an attempt ended that the provider took; every other outcome is the code of a failure.</summary>
    public const string AcceptedOutcome = "accepted";

    /// <summary>Notices kept after they are done with, so that one can see who was told what.</summary>
    public const int DoneMax = 200_000;

    /// <summary>Why a way ended that another one was quicker than.</summary>
    public const string Quicker = "another-way";

    /// <summary>Why a way failed whose channel is not configured any more.</summary>
    public const string NoChannel = "no-such-channel";

    /// <summary>What is written of an attempt whose end nobody saw.</summary>
    public const string Unknown = "unknown";

    /// <summary>What is due on a channel, in its order.</summary>
    public static List<DueWay> Due(SqliteConnection connection, string channel, bool onlyLifeSafety, long nowMs, int most)
    {
        using var command = Database.Command(
            connection, """
            select way.notice, ordinal, address, attempts, alert, step, person, notice.priority, drill, brief_zh, brief_en, text_zh, text_en, link, replaces
            from notice_way as way join notice on notice.id = way.notice
            where way.state = 0 and channel = $channel and rank < $below and due_ms <= $now order by rank limit $most
            """,
            ("$channel", channel), ("$now", nowMs), ("$below", onlyLifeSafety ? NoticeBook.LifeSafetyRankEnd : long.MaxValue), ("$most", most));
        using var rows = command.ExecuteReader();
        var due = new List<DueWay>();
        while (rows.Read())
            due.Add(new DueWay(rows.GetInt64(0), rows.GetInt32(1), channel, rows.GetString(2), rows.GetInt32(3), ReadNotice(rows, 4), rows.IsDBNull(14) ? null : rows.GetString(14)));
        return due;
    }

    /// <summary>The channels that something is due on.</summary>
    public static List<string> DueChannels(SqliteConnection connection, long nowMs)
    {
        using var command = Database.Command(connection, "select distinct channel from notice_way where state = 0 and due_ms <= $now", ("$now", nowMs));
        using var rows = command.ExecuteReader();
        var channels = new List<string>();
        while (rows.Read())
            channels.Add(rows.GetString(0));
        return channels;
    }

    /// <summary>Messages about an alert that some channels took, and what their providers call them.</summary>
    /// <param name="connection">The commit.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="channels">The channels.</param>
    public static List<(int Step, string Person, Reach Told)> ToldBy(SqliteConnection connection, string alert, IReadOnlySet<string> channels)
    {
        using var command = Database.Command(
            connection, """
            select step, person, channel, address, receipt from notice join notice_way as way on way.notice = notice.id
            where alert = $alert and way.state in ($accepted, $delivered) and receipt is not null order by notice.id
            """,
            ("$alert", alert), ("$accepted", (int)WayState.Accepted), ("$delivered", (int)WayState.Delivered));
        using var rows = command.ExecuteReader();
        var told = new List<(int, string, Reach)>();
        while (rows.Read())
        {
            if (channels.Contains(rows.GetString(2)))
                told.Add((rows.GetInt32(0), rows.GetString(1), new Reach(rows.GetString(2), rows.GetString(3), rows.GetString(4))));
        }

        return told;
    }

    /// <summary>Writes that an attempt is about to be made. It counts from now on, whatever becomes of us.</summary>
    /// <returns>The attempt; null: somebody ended the way meanwhile.</returns>
    public static long? Claim(SqliteConnection connection, DueWay way, string lease, long leaseMs, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        var claimed = Database.Execute(
            connection, "update notice_way set state = $sending, attempts = attempts + 1, lease = $lease, lease_ms = $until where notice = $id and ordinal = $ordinal and state = $queued",
            ("$sending", (int)WayState.Sending), ("$lease", lease), ("$until", leaseMs), ("$id", way.Id), ("$ordinal", way.Ordinal), ("$queued", (int)WayState.Queued));
        if (claimed == 0)
            return null;
        Database.Execute(
            connection, "insert into notice_attempt (notice, ordinal, channel, address, priority, at_ms) values ($id, $ordinal, $channel, $address, $priority, $now)",
            ("$id", way.Id), ("$ordinal", way.Ordinal), ("$channel", way.Channel), ("$address", way.Address), ("$priority", (int)way.Notice.Priority), ("$now", nowMs));
        var attempt = Number(connection, "select last_insert_rowid()");
        if (way is { Ordinal: > 0, Attempts: 0 })
            NoticeBook.Tell(connection, way.Id, DeliveryKind.FailedOver, way.Channel, null, nowMs, logs);
        return attempt;
    }

    /// <summary>The provider took it: the notice has reached somebody, and no other way begins any more.</summary>
    public static void Accepted(SqliteConnection connection, DueWay way, long attempt, string? receipt, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        EndAttempt(connection, attempt, AcceptedOutcome, nowMs);
        Database.Execute(
            connection, "update notice_way set state = $accepted, receipt = $receipt, done_ms = $now where notice = $id and ordinal = $ordinal and state <> $delivered",
            ("$accepted", (int)WayState.Accepted), ("$receipt", receipt), ("$now", nowMs), ("$id", way.Id), ("$ordinal", way.Ordinal), ("$delivered", (int)WayState.Delivered));
        // An answer that came after the end is still the truth; what was withdrawn stays so, for nobody waits for it.
        Database.Execute(
            connection, "update notice set state = $accepted, done_ms = $now, result = null where id = $id and state in ($queued, $unreached, $expired)",
            ("$accepted", (int)NoticeState.Accepted), ("$now", nowMs), ("$id", way.Id), ("$queued", (int)NoticeState.Queued), ("$unreached", (int)NoticeState.Unreached), ("$expired", (int)NoticeState.Expired));
        Database.Execute(
            connection, "update notice_way set state = $done, result = $reason, done_ms = $now where notice = $id and state = $queued",
            ("$done", (int)WayState.NotNeeded), ("$reason", Quicker), ("$now", nowMs), ("$id", way.Id), ("$queued", (int)WayState.Queued));
        NoticeBook.Tell(connection, way.Id, DeliveryKind.Accepted, way.Channel, null, nowMs, logs);
    }

    /// <summary>This way comes to nothing: the next one is due at once, and without one the person was not reached.</summary>
    public static void Failed(SqliteConnection connection, DueWay way, long? attempt, string code, long nowMs, IReadOnlyCollection<IDeliveryLog> logs)
    {
        if (attempt is { } made)
            EndAttempt(connection, made, code, nowMs);
        Database.Execute(
            connection, "update notice_way set state = $failed, result = $code, done_ms = $now where notice = $id and ordinal = $ordinal and state in ($queued, $sending)",
            ("$failed", (int)WayState.Failed), ("$code", code), ("$now", nowMs), ("$id", way.Id), ("$ordinal", way.Ordinal),
            ("$queued", (int)WayState.Queued), ("$sending", (int)WayState.Sending));
        NoticeBook.Tell(connection, way.Id, DeliveryKind.Failed, way.Channel, code, nowMs, logs);
        HurryNext(connection, way.Id, nowMs);
        if (Number(connection, "select count(*) from notice where id = $id and state = 0 and not exists (select 1 from notice_way where notice = $id and state in (0, 1))", ("$id", way.Id)) > 0)
            NoticeBook.End(connection, way.Id, NoticeState.Unreached, code, nowMs, logs);
    }

    /// <summary>This way is tried again; said once, not at every attempt.</summary>
    /// <param name="connection">The commit.</param>
    /// <param name="way">The way.</param>
    /// <param name="attempt">The attempt that came to nothing.</param>
    /// <param name="code">Why.</param>
    /// <param name="dueMs">When it is tried again.</param>
    /// <param name="hurry">Whether the next way should not wait for its time.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="logs">Who hears of it.</param>
    public static void Retry(SqliteConnection connection, DueWay way, long attempt, string code, long dueMs, bool hurry, long nowMs, IEnumerable<IDeliveryLog> logs)
    {
        EndAttempt(connection, attempt, code, nowMs);
        Database.Execute(
            connection, """
            update notice_way set state = iif((select state from notice where id = $id) = $open, $queued, $done), due_ms = $due, result = $code
            where notice = $id and ordinal = $ordinal and state = $sending
            """,
            ("$open", (int)NoticeState.Queued), ("$queued", (int)WayState.Queued), ("$done", (int)WayState.NotNeeded), ("$due", dueMs), ("$code", code),
            ("$id", way.Id), ("$ordinal", way.Ordinal), ("$sending", (int)WayState.Sending));
        if (way.Attempts == 0)
            NoticeBook.Tell(connection, way.Id, DeliveryKind.Failed, way.Channel, code, nowMs, logs);
        if (hurry)
            HurryNext(connection, way.Id, nowMs);
    }

    /// <summary>What waits for an address that had enough waits until then.</summary>
    public static void Postpone(SqliteConnection connection, string channel, string address, bool isLifeSafety, long dueMs) => Database.Execute(
        connection, "update notice_way set due_ms = $due where state = 0 and channel = $channel and address = $address and due_ms < $due and (priority = 0) = $life",
        ("$due", dueMs), ("$channel", channel), ("$address", address), ("$life", isLifeSafety ? 1 : 0));

    /// <summary>The ways behind those that are stuck need not wait for their time.</summary>
    /// <param name="connection">The commit.</param>
    /// <param name="channel">Where they are stuck.</param>
    /// <param name="address">Only at this address; null: all of the channel.</param>
    /// <param name="stuckFor">For how long.</param>
    /// <param name="nowMs">Now.</param>
    public static int HurryBehind(SqliteConnection connection, string channel, string? address, TimeSpan stuckFor, long nowMs) => Database.Execute(
        connection, $"update notice_way set due_ms = $now where {BehindStuck}",
        ("$now", nowMs), ("$channel", channel), ("$address", address), ("$below", PrioritiesThatWaitLess(stuckFor)));

    /// <summary>Whether <see cref="HurryBehind"/> would change anything.</summary>
    public static bool IsAnyBehind(SqliteConnection connection, string channel, TimeSpan stuckFor, long nowMs)
    {
        var below = PrioritiesThatWaitLess(stuckFor);
        return below > 0 && Number(
            connection, $"select exists (select 1 from notice_way where {BehindStuck})", ("$now", nowMs), ("$channel", channel), ("$address", null), ("$below", below)) > 0;
    }

    private const string BehindStuck = """
        state = 0 and attempts = 0 and due_ms > $now and ordinal > 0 and (notice, ordinal - 1) in (select notice, ordinal from notice_way
          where state = 0 and channel = $channel and due_ms <= $now and priority < $below and ($address is null or address = $address))
        """;

    /// <summary>Whether something stands in the future that cannot: the clock was set back.</summary>
    public static bool IsAnyAhead(SqliteConnection connection, long nowMs) => Number(
        connection, """
        select exists (select 1 from notice_attempt where at_ms > $limit) or exists (select 1 from notice where state = 0 and expires_ms > $limit and created_ms > $limit)
          or exists (select 1 from notice_way where state = 1 and lease_ms > $lease)
        """,
        ("$limit", nowMs + ResponseTiming.ClockSlackMs), ("$lease", LeaseLimit(nowMs))) > 0;

    /// <summary>What was put in or tried in a future that is none was so just now, and what is to come keeps its distance: nobody waits until the clock says that hour again.</summary>
    public static void SetBack(SqliteConnection connection, long nowMs)
    {
        var limit = nowMs + ResponseTiming.ClockSlackMs;
        // A way of an older notice counts from its last attempt, one of a newer notice from when that was put in.
        Database.Execute(
            connection, """
            update notice_way set due_ms = max($now, due_ms - coalesce((select created_ms from notice where id = notice and created_ms > $limit),
                (select max(at_ms) from notice_attempt as made where made.notice = notice_way.notice and made.ordinal = notice_way.ordinal and made.at_ms > $limit), $now) + $now)
              where state = 0 and (notice in (select id from notice where state = 0 and created_ms > $limit) or notice in (select notice from notice_attempt where at_ms > $limit))
            """,
            ("$now", nowMs), ("$limit", limit));
        Database.Execute(connection, "update notice_way set lease_ms = $lease where state = 1 and lease_ms > $lease", ("$lease", LeaseLimit(nowMs)));
        Database.Execute(connection, "update notice set expires_ms = expires_ms - created_ms + $now, created_ms = $now where state = 0 and created_ms > $limit", ("$now", nowMs), ("$limit", limit));
        Database.Execute(connection, "update notice_attempt set at_ms = $now where at_ms > $limit", ("$now", nowMs), ("$limit", limit));
    }

    private static long LeaseLimit(long nowMs) => nowMs + (long)NoticeWorker.LeaseFor.TotalMilliseconds + ResponseTiming.ClockSlackMs;

    /// <summary>Takes up what a process left that is no more, or an attempt that never ended.</summary>
    public static int Recover(SqliteConnection connection, string lease, long nowMs)
    {
        const string Abandoned = "state = 1 and (lease <> $lease or lease_ms < $now)";
        Database.Execute(
            connection, $"update notice_attempt set ended_ms = $now, outcome = $unknown where ended_ms is null and (notice, ordinal) in (select notice, ordinal from notice_way where {Abandoned})",
            ("$now", nowMs), ("$unknown", Unknown), ("$lease", lease));
        return Database.Execute(
            connection, $"""
            update notice_way set state = iif((select state from notice where id = notice_way.notice) = 0, 0, 5), due_ms = min(due_ms, $now), result = $unknown where {Abandoned}
            """,
            ("$now", nowMs), ("$unknown", Unknown), ("$lease", lease));
    }

    /// <summary>Ends what was tried for as long as is allowed.</summary>
    public static void Expire(SqliteConnection connection, long nowMs, IReadOnlyCollection<IDeliveryLog> logs)
    {
        var ended = new List<(long Id, string Last)>();
        using (var command = Database.Command(
            connection, "select id, (select result from notice_way where notice = notice.id and result is not null order by ordinal limit 1) from notice where state = 0 and expires_ms <= $now", ("$now", nowMs)))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                ended.Add((rows.GetInt64(0), rows.IsDBNull(1) ? "no-room" : rows.GetString(1)));
        }

        foreach (var (id, last) in ended)
            NoticeBook.End(connection, id, NoticeState.Expired, last, nowMs, logs);
    }

    /// <summary>Whether <see cref="Expire"/> or <see cref="Recover"/> have anything to do.</summary>
    public static bool IsAnyOverdue(SqliteConnection connection, string lease, long nowMs) => Number(
        connection, "select exists (select 1 from notice where state = 0 and expires_ms <= $now) or exists (select 1 from notice_way where state = 1 and (lease <> $lease or lease_ms < $now))",
        ("$now", nowMs), ("$lease", lease)) > 0;

    /// <summary>When messages went out since a time, so that limits are kept across a restart.</summary>
    public static List<(string Channel, string Address, long AtMs)> AttemptsSince(SqliteConnection connection, long sinceMs)
    {
        using var command = Database.Command(connection, "select channel, address, at_ms from notice_attempt where at_ms > $since order by at_ms", ("$since", sinceMs));
        using var rows = command.ExecuteReader();
        var attempts = new List<(string, string, long)>();
        while (rows.Read())
            attempts.Add((rows.GetString(0), rows.GetString(1), rows.GetInt64(2)));
        return attempts;
    }

    /// <summary>Counts notices by where they stand.</summary>
    public static NoticeBooks Count(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select state, count(*), min(created_ms) from notice group by state");
        using var rows = command.ExecuteReader();
        var counts = new long[Enum.GetValues<NoticeState>().Length];
        long? oldest = null;
        while (rows.Read())
        {
            counts[rows.GetInt32(0)] = rows.GetInt64(1);
            if (rows.GetInt32(0) == (int)NoticeState.Queued)
                oldest = rows.GetInt64(2);
        }

        return new NoticeBooks(counts[0], oldest, counts[1], counts[2], counts[3], counts[4], counts[5]);
    }

    /// <summary>Deletes the next of the oldest that are done with, beyond what is kept.</summary>
    public static void Prune(SqliteConnection connection, int kept, int most)
    {
        const string Old = "select id from notice where state <> 0 order by id limit max(0, min($most, (select count(*) from notice where state <> 0) - $kept))";
        Database.Execute(connection, $"delete from notice_attempt where notice in ({Old})", ("$most", most), ("$kept", kept));
        Database.Execute(connection, $"delete from notice_way where notice in ({Old})", ("$most", most), ("$kept", kept));
        Database.Execute(connection, $"delete from notice where id in ({Old})", ("$most", most), ("$kept", kept));
    }

    private static int PrioritiesThatWaitLess(TimeSpan stuckFor) => Enum.GetValues<Priority>().Count(priority => NoticeBook.FailOverAfter(priority) < stuckFor);

    private static void HurryNext(SqliteConnection connection, long id, long nowMs) => Database.Execute(
        connection, """
        update notice_way set due_ms = $now where notice = $id and state = 0 and due_ms > $now
          and ordinal = (select min(ordinal) from notice_way where notice = $id and state = 0 and attempts = 0 and due_ms > $now)
          and not exists (select 1 from notice_way where notice = $id and state = 0 and attempts = 0 and due_ms <= $now)
        """,
        ("$now", nowMs), ("$id", id));

    private static void EndAttempt(SqliteConnection connection, long attempt, string outcome, long nowMs) => Database.Execute(
        connection, "update notice_attempt set ended_ms = $now, outcome = $outcome where id = $attempt", ("$now", nowMs), ("$outcome", outcome), ("$attempt", attempt));

    private static Notice ReadNotice(SqliteDataReader row, int at) => new()
    {
        Alert = row.GetString(at),
        Step = row.GetInt32(at + 1),
        Person = row.GetString(at + 2),
        Priority = (Priority)row.GetInt32(at + 3),
        IsDrill = row.GetInt32(at + 4) != 0,
        Reaches = [],
        Brief = new LocalText(row.GetString(at + 5), row.GetString(at + 6)),
        Text = new LocalText(row.GetString(at + 7), row.GetString(at + 8)),
        Link = row.IsDBNull(at + 9) ? null : row.GetString(at + 9),
    };

    private static long Number(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Database.Command(connection, sql, parameters);
        return (long)command.ExecuteScalar()!;
    }
}
