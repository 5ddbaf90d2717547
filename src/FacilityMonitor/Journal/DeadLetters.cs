using System.Text;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Journal;

/// <summary>A message that was set aside, as stored.</summary>
internal sealed record StoredDeadLetter(long Id, long ReceivedMs, string Topic, byte[] Payload, string Reason, string Detail, long? ReplayedMs);

/// <summary>The table of messages that could not be used: nothing is thrown away unseen.</summary>
internal static class DeadLetters
{
    /// <summary>How many are kept; the oldest go first.</summary>
    public const int LettersMax = 100_000;

    /// <summary>How much of them is kept, bytes: one client that sends nonsense must not fill the disk.</summary>
    public const long BytesMax = 256L << 20;

    public static void Insert(SqliteConnection connection, DeadLetter letter) => Database.Execute(
        connection, "insert into dead_letter (received_ms, topic, payload, reason, detail, device) values ($received, $topic, $payload, $reason, $detail, $device)",
        ("$received", letter.ReceivedMs), ("$topic", Encoding.UTF8.GetString(letter.Topic)), ("$payload", letter.Payload),
        ("$reason", letter.Reason), ("$detail", letter.Detail), ("$device", letter.Device));

    /// <summary>The newest that is beyond one of the limits, with all before it; 0: none is.</summary>
    public static long Excess(SqliteConnection connection, long bytesMax = BytesMax)
    {
        using var command = Database.Command(
            connection, """
            select max(coalesce((select max(id) - $most from dead_letter), 0),
              coalesce((select max(id) from (select id, sum(length(payload)) over (order by id desc) as bytes from dead_letter) where bytes > $bytes), 0))
            """,
            ("$most", LettersMax), ("$bytes", bytesMax));
        return Math.Max(0, (long)command.ExecuteScalar()!);
    }

    /// <summary>Deletes the next of those up to one.</summary>
    /// <returns>How many went.</returns>
    public static int Prune(SqliteConnection connection, long upTo, int most) => Database.Execute(
        connection, "delete from dead_letter where id in (select id from dead_letter where id <= $upTo order by id limit $most)", ("$upTo", upTo), ("$most", most));

    public static IEnumerable<StoredDeadLetter> Read(SqliteConnection connection, long afterId = 0)
    {
        using var command = Database.Command(
            connection, "select id, received_ms, topic, payload, reason, detail, replayed_ms from dead_letter where id > $after order by id", ("$after", afterId));
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return new StoredDeadLetter(
                rows.GetInt64(0), rows.GetInt64(1), rows.GetString(2), (byte[])rows[3], rows.GetString(4), rows.GetString(5), rows.IsDBNull(6) ? null : rows.GetInt64(6));
        }
    }

    public static void MarkReplayed(SqliteConnection connection, long id, long atMs) =>
        Database.Execute(connection, "update dead_letter set replayed_ms = $at where id = $id", ("$at", atMs), ("$id", id));
}
