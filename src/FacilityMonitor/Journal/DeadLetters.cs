using System.Globalization;
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

    /// <summary>How much of them is kept, bytes of topic, detail and payload together: one client that sends nonsense must not fill the disk.</summary>
    public const long BytesMax = 256L << 20;

    /// <summary>What letters of nobody whom the registry names may take of a limit: the rest is for registered devices, whose letters a flood of strangers' must not push out.</summary>
    public static long StrangersShare(long max) => max * 3 / 4;

    /// <summary>How much of a topic is kept, bytes. No topic we read is longer; one that is may be 65,535.</summary>
    public const int TopicMax = 256;

    /// <summary>A topic as it is stored: whole, or its begin and how long it was.</summary>
    public static byte[] Stored(ReadOnlySpan<byte> topic)
    {
        if (topic.Length <= TopicMax)
            return topic.ToArray();
        var end = TopicMax;
        // Not within a character.
        while ((topic[end] & 0xC0) == 0x80)
            end--;
        return [.. topic[..end], .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"… (cut, it had {topic.Length} bytes)"))];
    }

    /// <summary>Whether a stored topic is only the begin of what it was: nobody knows any more what the message was about.</summary>
    public static bool IsCut(string stored) => Encoding.UTF8.GetByteCount(stored) > TopicMax;

    public static void Insert(SqliteConnection connection, DeadLetter letter) => Database.Execute(
        connection, "insert into dead_letter (received_ms, topic, payload, reason, detail, device, stranger) values ($received, $topic, $payload, $reason, $detail, $device, $stranger)",
        ("$received", letter.ReceivedMs), ("$topic", Encoding.UTF8.GetString(letter.Topic)), ("$payload", letter.Payload),
        ("$reason", letter.Reason), ("$detail", letter.Detail), ("$device", letter.Device), ("$stranger", letter.IsStranger ? 1 : 0));

    /// <summary>The newest that is beyond one of the limits, with all before it; 0: none is.</summary>
    /// <param name="connection">Where they are.</param>
    /// <param name="bytesMax">Bytes that are kept.</param>
    /// <param name="lettersMax">Letters that are kept.</param>
    /// <param name="ofStrangers">Only those of nobody whom the registry names; the limits are theirs then.</param>
    public static long Excess(SqliteConnection connection, long bytesMax = BytesMax, long lettersMax = LettersMax, bool ofStrangers = false)
    {
        var whose = ofStrangers ? "where stranger = 1" : "";
        using var command = Database.Command(
            connection, $"""
            select max(coalesce((select id from dead_letter {whose} order by id desc limit 1 offset $most), 0),
              coalesce((select max(id) from (
                select id, sum(length(payload) + length(cast(topic as blob)) + length(cast(detail as blob))) over (order by id desc) as bytes from dead_letter {whose}) where bytes > $bytes), 0))
            """,
            ("$most", lettersMax), ("$bytes", bytesMax));
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>How many there are, and their bytes.</summary>
    public static LetterSums Measure(SqliteConnection connection)
    {
        using var command = Database.Command(
            connection, """
            select count(*), coalesce(sum(bytes), 0), coalesce(sum(stranger), 0), coalesce(sum(bytes * stranger), 0) from (
              select stranger, length(payload) + length(cast(topic as blob)) + length(cast(detail as blob)) as bytes from dead_letter)
            """);
        using var rows = command.ExecuteReader();
        rows.Read();
        return new LetterSums(rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3));
    }

    /// <summary>Deletes the next of those up to one: so many, or so many bytes, but one at least.</summary>
    /// <param name="connection">Where they are.</param>
    /// <param name="upTo">The last that goes.</param>
    /// <param name="most">Letters that go at once.</param>
    /// <param name="bytesMost">The same in bytes.</param>
    /// <param name="ofStrangers">Only those of nobody whom the registry names.</param>
    /// <returns>What went.</returns>
    public static LetterSums Prune(SqliteConnection connection, long upTo, int most, long bytesMost, bool ofStrangers = false)
    {
        var whose = ofStrangers ? "and stranger = 1" : "";
        var (last, gone) = (0L, default(LetterSums));
        using (var command = Database.Command(
            connection, $"""
            select id, length(payload) + length(cast(topic as blob)) + length(cast(detail as blob)), stranger from dead_letter where id <= $upTo {whose} order by id limit $most
            """,
            ("$upTo", upTo), ("$most", most)))
        {
            using var rows = command.ExecuteReader();
            while (rows.Read() && (gone.Letters == 0 || gone.Bytes + rows.GetInt64(1) <= bytesMost))
                (last, gone) = (rows.GetInt64(0), gone.With(rows.GetInt64(1), rows.GetInt64(2) != 0));
        }

        if (gone.Letters > 0)
            Database.Execute(connection, $"delete from dead_letter where id <= $last {whose}", ("$last", last));
        return gone;
    }

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
