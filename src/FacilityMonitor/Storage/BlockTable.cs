using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Storage;

/// <summary>The store's tables: blocks, hourly figures and latest values.</summary>
internal static class BlockTable
{
    public static void Insert(SqliteConnection connection, in EncodedBlock block, int generation) => Database.Execute(
        connection, "insert into block (device, hour, generation, first_ms, last_ms, readings, body) values ($device, $hour, $generation, $first, $last, $readings, $body)",
        ("$device", block.Device), ("$hour", block.Hour), ("$generation", generation), ("$first", block.FirstMs), ("$last", block.LastMs),
        ("$readings", block.Readings), ("$body", block.Body));

    /// <summary>The blocks of an hour in order of arrival, added to one; their ids. A damaged block is reported and passed over.</summary>
    public static List<long> Read(SqliteConnection connection, int device, long hour, ReadingBlock into, Action<long, string> damaged, ReadingParts? parts = null)
    {
        using var command = Database.Command(connection, "select id, body from block where device = $device and hour = $hour order by id", ("$device", device), ("$hour", hour));
        using var rows = command.ExecuteReader();
        var ids = new List<long>();
        while (rows.Read())
        {
            try
            {
                BlockCodec.Decode((byte[])rows[1], into, parts);
                ids.Add(rows.GetInt64(0));
            }
            catch (InvalidDataException error)
            {
                damaged(rows.GetInt64(0), error.Message);
            }
        }

        return ids;
    }

    /// <summary>The hours of a device that have blocks, in order.</summary>
    public static List<long> Hours(SqliteConnection connection, int device, long fromHour, long toHour)
    {
        using var command = Database.Command(
            connection, "select distinct hour from block where device = $device and hour between $from and $to order by hour",
            ("$device", device), ("$from", fromHour), ("$to", toHour));
        return Numbers(command);
    }

    /// <summary>The hours of a device that have blocks, each with whether all of them are joined.</summary>
    public static Dictionary<long, bool> AreJoined(SqliteConnection connection, int device, long fromHour, long toHour)
    {
        using var command = Database.Command(
            connection, "select hour, min(generation) from block where device = $device and hour between $from and $to group by hour", ("$device", device), ("$from", fromHour), ("$to", toHour));
        using var rows = command.ExecuteReader();
        var hours = new Dictionary<long, bool>();
        while (rows.Read())
            hours.Add(rows.GetInt64(0), rows.GetInt32(1) > 0);
        return hours;
    }

    /// <summary>Writes what an hour came to, see <see cref="HourFigures"/>.</summary>
    public static void SaveFigures(SqliteConnection connection, int device, long hour, ReadOnlyMemory<byte> body) => Database.Execute(
        connection, "insert or replace into hour_figures (device, hour, body) values ($device, $hour, $body)", ("$device", device), ("$hour", hour), ("$body", body));

    /// <summary>What hours of a device came to. A damaged row is reported and left out: its readings are still there.</summary>
    public static Dictionary<long, List<HourFigure>> Figures(
        SqliteConnection connection, int device, long fromHour, long toHour, IReadOnlyList<ChannelId> channels, Metric metric, Action<long, string> damaged)
    {
        using var command = Database.Command(
            connection, "select hour, body from hour_figures where device = $device and hour between $from and $to", ("$device", device), ("$from", fromHour), ("$to", toHour));
        using var rows = command.ExecuteReader();
        var figures = new Dictionary<long, List<HourFigure>>();
        while (rows.Read())
        {
            var hour = rows.GetInt64(0);
            try
            {
                figures.Add(hour, HourFigures.Read(hour, (byte[])rows[1], channels, metric));
            }
            catch (InvalidDataException error)
            {
                damaged(hour, error.Message);
            }
        }

        return figures;
    }

    /// <summary>The hours of any device that got a block after this one.</summary>
    public static List<long> HoursAfter(SqliteConnection connection, long block, long fromHour, long toHour)
    {
        using var command = Database.Command(
            connection, "select distinct hour from block where id > $block and hour between $from and $to", ("$block", block), ("$from", fromHour), ("$to", toHour));
        return Numbers(command);
    }

    /// <summary>The last hour before this one that has blocks; null when there is none.</summary>
    public static long? HourBefore(SqliteConnection connection, int device, long hour) =>
        Number(connection, "select max(hour) from block where device = $device and hour < $hour", ("$device", device), ("$hour", hour));

    /// <summary>The first hour after this one that has blocks; null when there is none.</summary>
    public static long? HourAfter(SqliteConnection connection, int device, long hour) =>
        Number(connection, "select min(hour) from block where device = $device and hour > $hour", ("$device", device), ("$hour", hour));

    public static long? Number(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Database.Command(connection, sql, parameters);
        return command.ExecuteScalar() is long number ? number : null;
    }

    public static void Delete(SqliteConnection connection, IEnumerable<long> ids)
    {
        foreach (var id in ids)
            Database.Execute(connection, "delete from block where id = $id", ("$id", id));
    }

    /// <summary>The next blocks of hours before this one.</summary>
    public static List<long> BlocksBefore(SqliteConnection connection, long hour, int most)
    {
        using var command = Database.Command(connection, "select id from block where hour < $hour limit $most", ("$hour", hour), ("$most", most));
        return Numbers(command);
    }

    /// <summary>The next blocks of hours before this one that lie in no gap of a shipping.</summary>
    public static List<long> BlocksOutsideGaps(SqliteConnection connection, string shipping, long hour, int most)
    {
        using var command = Database.Command(
            connection,
            """
            select id from block where hour < $hour
              and not exists (select 1 from shipping_gap where name = $name and from_ms < (hour + 1) * 3600000 and to_ms > hour * 3600000) limit $most
            """,
            ("$hour", hour), ("$name", shipping), ("$most", most));
        return Numbers(command);
    }

    /// <summary>The next hourly rows of hours before this one.</summary>
    public static List<(int Device, int Channel, long Hour)> HourlyBefore(SqliteConnection connection, long hour, int most)
    {
        using var command = Database.Command(connection, "select device, channel, hour from hourly where hour < $hour limit $most", ("$hour", hour), ("$most", most));
        using var rows = command.ExecuteReader();
        var keys = new List<(int, int, long)>();
        while (rows.Read())
            keys.Add((rows.GetInt32(0), rows.GetInt32(1), rows.GetInt64(2)));
        return keys;
    }

    /// <summary>The latest joined hours without figures, from one on: they were joined before there were any.</summary>
    public static List<(int Device, long Hour)> WithoutFigures(SqliteConnection connection, long fromHour, int most)
    {
        using var command = Database.Command(
            connection,
            """
            select device, hour from block where hour >= $from group by device, hour
              having min(generation) > 0 and not exists (select 1 from hour_figures as known where known.device = block.device and known.hour = block.hour) order by hour desc limit $most
            """,
            ("$from", fromHour), ("$most", most));
        return Hours(command);
    }

    /// <summary>The next figures of hours before this one.</summary>
    public static List<(int Device, long Hour)> FiguresBefore(SqliteConnection connection, long hour, int most)
    {
        using var command = Database.Command(connection, "select device, hour from hour_figures where hour < $hour limit $most", ("$hour", hour), ("$most", most));
        return Hours(command);
    }

    public static void DeleteFigures(SqliteConnection connection, IEnumerable<(int Device, long Hour)> keys)
    {
        foreach (var (device, hour) in keys)
            Database.Execute(connection, "delete from hour_figures where device = $device and hour = $hour", ("$device", device), ("$hour", hour));
    }

    public static void DeleteHourly(SqliteConnection connection, IEnumerable<(int Device, int Channel, long Hour)> keys)
    {
        foreach (var (device, channel, hour) in keys)
        {
            Database.Execute(
                connection, "delete from hourly where device = $device and channel = $channel and hour = $hour", ("$device", device), ("$channel", channel), ("$hour", hour));
        }
    }

    /// <summary>Writes hourly rows; a row that was there and differs gets the next revision.</summary>
    public static void Save(SqliteConnection connection, IEnumerable<HourlyRollup> rollups)
    {
        foreach (var row in rollups)
        {
            Database.Execute(
                connection,
                """
                insert into hourly (device, channel, hour, readings, min_w, max_w, mean_w, max_a, wh, revision)
                values ($device, $channel, $hour, $readings, $min, $max, $mean, $a, $wh, 0)
                on conflict (device, channel, hour) do update set readings = excluded.readings, min_w = excluded.min_w, max_w = excluded.max_w, mean_w = excluded.mean_w,
                  max_a = excluded.max_a, wh = excluded.wh, revision = revision + 1
                where (readings, min_w, max_w, mean_w, max_a, wh) is not (excluded.readings, excluded.min_w, excluded.max_w, excluded.mean_w, excluded.max_a, excluded.wh)
                """,
                ("$device", row.Device), ("$channel", (int)row.Channel.Code), ("$hour", row.Hour), ("$readings", row.Readings), ("$min", row.MinW), ("$max", row.MaxW),
                ("$mean", row.MeanW), ("$a", row.MaxA), ("$wh", row.Wh));
        }
    }

    public static IEnumerable<HourlyRollup> Hourly(SqliteConnection connection, int device, long fromHour, long toHour)
    {
        using var command = Database.Command(
            connection,
            "select channel, hour, readings, min_w, max_w, mean_w, max_a, wh, revision from hourly where device = $device and hour between $from and $to order by channel, hour",
            ("$device", device), ("$from", fromHour), ("$to", toHour));
        using var rows = command.ExecuteReader();
        // Each of these is a call into SQLite: with one more for every column a page of a site takes a third longer.
        double? Real(int column) => rows.IsDBNull(column) || rows.GetDouble(column) is var value && !double.IsFinite(value) ? null : value;
        while (rows.Read())
        {
            yield return new HourlyRollup(
                device, ChannelId.FromCode((ushort)rows.GetInt32(0)), rows.GetInt64(1), rows.GetInt32(2), Real(3), Real(4), Real(5), Real(6), Real(7), rows.GetInt32(8));
        }
    }

    /// <summary>Writes what all channels of a device said last, see <see cref="LatestTable.Write"/>.</summary>
    public static void SaveLatest(SqliteConnection connection, int device, ReadOnlyMemory<byte> body) => Database.Execute(
        connection, "insert or replace into latest (device, body) values ($device, $body)", ("$device", device), ("$body", body));

    /// <summary>What every channel said last.</summary>
    /// <param name="connection">Where from.</param>
    /// <param name="devices">Who they are.</param>
    /// <param name="damaged">Told of a device whose row cannot be read; it is shown again when it speaks.</param>
    public static IEnumerable<LatestReading> Latest(SqliteConnection connection, DeviceTable devices, Action<long, string> damaged)
    {
        using var command = Database.Command(connection, "select device, body from latest");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            if (devices.Find(rows.GetInt32(0)) is not { } device)
                continue;
            List<LatestReading> channels;
            try
            {
                channels = ReadLatest(device, (byte[])rows[1]);
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException)
            {
                damaged(device.Number, error.Message);
                continue;
            }

            foreach (var latest in channels)
                yield return latest;
        }
    }

    private static List<LatestReading> ReadLatest(Device device, byte[] body)
    {
        var cursor = new ByteCursor(body);
        var channels = new List<LatestReading>();
        while (!cursor.AtEnd)
        {
            var channel = ChannelId.FromCode((ushort)cursor.Varint());
            var atMs = cursor.Zigzag();
            var quality = (Quality)cursor.Byte();
            var state = cursor.TextOrNull();
            var count = cursor.Count(MetricKeys.Count);
            var values = new List<LatestValue>(count);
            for (; count > 0; count--)
            {
                var value = new LatestValue((Metric)cursor.Byte(), cursor.Raw(), atMs - cursor.Zigzag());
                // An older version took any number, and one that is none would stand here until the channel speaks again.
                if (value.Metric.IsPossible(value.Value))
                    values.Add(value);
            }

            channels.Add(new LatestReading(device, channel, atMs, quality, state, values));
        }

        return channels;
    }

    private static List<(int Device, long Hour)> Hours(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var hours = new List<(int, long)>();
        while (rows.Read())
            hours.Add((rows.GetInt32(0), rows.GetInt64(1)));
        return hours;
    }

    private static List<long> Numbers(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var numbers = new List<long>();
        while (rows.Read())
            numbers.Add(rows.GetInt64(0));
        return numbers;
    }
}
