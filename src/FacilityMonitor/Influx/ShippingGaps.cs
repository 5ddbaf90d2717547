using FacilityMonitor.Journal;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>A time of which the other database does not have every reading.</summary>
/// <param name="FromMs">Begin by the readings' own time, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">End, excluded.</param>
internal readonly record struct ShippingGap(long FromMs, long ToMs);

/// <summary>
/// What was not shipped and is to be filled: by the readings' own time, as that is how the embedded store finds them again. No two of them touch.
/// What lies in one is kept in the embedded store however old it is, until it is filled.
/// </summary>
internal static class ShippingGaps
{
    /// <summary>The gaps, the oldest first.</summary>
    public static List<ShippingGap> Read(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select from_ms, to_ms from shipping_gap where name = $name order by from_ms", ("$name", ShipWorker.Cursor));
        using var rows = command.ExecuteReader();
        var gaps = new List<ShippingGap>();
        while (rows.Read())
            gaps.Add(new ShippingGap(rows.GetInt64(0), rows.GetInt64(1)));
        return gaps;
    }

    /// <summary>Adds a time; those it touches become one with it.</summary>
    public static void Add(SqliteConnection connection, long fromMs, long toMs)
    {
        foreach (var gap in Read(connection).Where(gap => gap.FromMs <= toMs && gap.ToMs >= fromMs))
        {
            (fromMs, toMs) = (Math.Min(fromMs, gap.FromMs), Math.Max(toMs, gap.ToMs));
            Delete(connection, gap);
        }

        Insert(connection, new ShippingGap(fromMs, toMs));
    }

    /// <summary>The last block written so far: what came after it, a backfill that begins now may not see.</summary>
    public static long LastBlock(SqliteConnection connection) => BlockTable.Number(connection, "select max(id) from block") ?? 0;

    /// <summary>Takes away a time that is filled; what remains of a gap on either side of it stands, and so do hours that have got more meanwhile.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="fromMs">Begin of the time.</param>
    /// <param name="toMs">Its end.</param>
    /// <param name="lastBlock">What <see cref="LastBlock"/> was before the filling began.</param>
    public static void Fill(SqliteConnection connection, long fromMs, long toMs, long lastBlock)
    {
        var touched = Read(connection).Where(gap => gap.FromMs < toMs && gap.ToMs > fromMs).ToList();
        foreach (var gap in touched)
        {
            Delete(connection, gap);
            if (gap.FromMs < fromMs)
                Insert(connection, gap with { ToMs = fromMs });
            if (gap.ToMs > toMs)
                Insert(connection, gap with { FromMs = toMs });
        }

        foreach (var hour in BlockTable.HoursAfter(connection, lastBlock, HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(toMs - 1)))
        {
            var (beginMs, endMs) = (hour * HourlyRollup.HourMs, (hour + 1) * HourlyRollup.HourMs);
            if (touched.Any(gap => gap.FromMs < endMs && gap.ToMs > beginMs))
                Add(connection, beginMs, endMs);
        }
    }

    private static void Insert(SqliteConnection connection, ShippingGap gap) => Database.Execute(
        connection, "insert into shipping_gap (name, from_ms, to_ms) values ($name, $from, $to)", ("$name", ShipWorker.Cursor), ("$from", gap.FromMs), ("$to", gap.ToMs));

    private static void Delete(SqliteConnection connection, ShippingGap gap) =>
        Database.Execute(connection, "delete from shipping_gap where name = $name and from_ms = $from", ("$name", ShipWorker.Cursor), ("$from", gap.FromMs));
}
