using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Journal;

/// <summary>What became of the messages of a device in an hour of receipt. It balances when everything received was stored, a duplicate, or set aside.</summary>
/// <param name="Hour">Hours since 1970-01-01 UTC.</param>
/// <param name="Device">Device number; <see cref="NobodysDevice"/> for dead letters that name none.</param>
/// <param name="Received">Messages that came.</param>
/// <param name="Duplicates">Of them, told before.</param>
/// <param name="DeadLetters">Of them, set aside with a reason.</param>
/// <param name="Stored">Messages that the store took from the journal.</param>
internal sealed record HourBook(long Hour, int Device, long Received, long Duplicates, long DeadLetters, long Stored)
{
    /// <summary>Stands for messages from which no device could be read.</summary>
    public const int NobodysDevice = 0;

    /// <summary>An hour, ms.</summary>
    public const long HourMs = 3_600_000;

    /// <summary>What is on its way, or, in an hour that is settled, missing; below 0 something is there that never came.</summary>
    public long Open => Received - Duplicates - DeadLetters - Stored;

    /// <summary>Writes what ingest knows; the numbers are the hour's whole.</summary>
    public static void SaveReceived(SqliteConnection connection, long hour, int device, long received, long duplicates, long deadLetters) => Database.Execute(
        connection, """
        insert into book (hour, device, received, duplicates, dead_letters) values ($hour, $device, $received, $duplicates, $dead)
          on conflict (hour, device) do update set received = excluded.received, duplicates = excluded.duplicates, dead_letters = excluded.dead_letters
        """,
        ("$hour", hour), ("$device", device), ("$received", received), ("$duplicates", duplicates), ("$dead", deadLetters));

    /// <summary>Adds what the store took, in the commit that holds it.</summary>
    public static void AddStored(SqliteConnection connection, long hour, int device, long messages) => Database.Execute(
        connection, "insert into book (hour, device, stored) values ($hour, $device, $stored) on conflict (hour, device) do update set stored = stored + excluded.stored",
        ("$hour", hour), ("$device", device), ("$stored", messages));

    /// <summary>Every hour's sums over all devices, the oldest first.</summary>
    public static IReadOnlyList<HourBook> Sums(SqliteConnection connection, long fromHour) => Read(
        connection, "select hour, 0, sum(received), sum(duplicates), sum(dead_letters), sum(stored) from book where hour >= $hour group by hour order by hour", ("$hour", fromHour));

    /// <summary>The devices' hours that do not balance, the oldest first.</summary>
    public static IReadOnlyList<HourBook> Unbalanced(SqliteConnection connection, long fromHour, long toHour, int most) => Read(
        connection, """
        select hour, device, received, duplicates, dead_letters, stored from book
          where hour between $from and $to and received <> duplicates + dead_letters + stored order by hour, device limit $most
        """,
        ("$from", fromHour), ("$to", toHour), ("$most", most));

    private static List<HourBook> Read(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Database.Command(connection, sql, parameters);
        using var rows = command.ExecuteReader();
        var books = new List<HourBook>();
        while (rows.Read())
            books.Add(new HourBook(rows.GetInt64(0), rows.GetInt32(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5)));
        return books;
    }
}
