using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Benchmarks;

/// <summary>The embedded store: how small, and how fast what a page asks for.</summary>
internal static class StoreQueries
{
    private const int Piles = 24;
    private const int PeriodS = 30;
    private const long Start = 1_767_225_600_000;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            var devices = new DeviceTable();
            await using var database = Database.Open(folder, TimeProvider.System);
            var journal = new MessageJournal(database, devices);
            var store = new EmbeddedStore(database, devices, NullLogger<EmbeddedStore>.Instance);
            var worker = new StoreWorker(database, journal, store, devices, TimeProvider.System, NullLogger<StoreWorker>.Instance);
            using var reader = await worker.OpenAsync();
            var took = await FillAsync(devices, journal, worker, reader);
            var bare = BareWriteS(database, folder);
            await new BlockMerger(database, store, new StorageOptions(), TimeProvider.System).MergeAsync(everything: true, CancellationToken.None);
            using var connection = database.OpenReader();
            var readings = BlockTable.Number(connection, "select sum(readings) from block") ?? 1;
            var bytes = (BlockTable.Number(connection, "select sum(length(body)) from block") ?? 0) / (double)readings;
            var first = devices.All.OrderBy(device => device.Number).First();
            const long DayMs = 24 * HourBook.HourMs;
            var series = await MedianMsAsync(async () => (await store.SeriesAsync(first, ChannelId.Socket(1), Metric.W, Start, Start + DayMs, 500, CancellationToken.None)).Count);
            var hourly = await MedianMsAsync(async () => (await store.HourlyAsync([.. devices.All], Start, Start + DayMs, CancellationToken.None)).Count);
            var blocks = await MedianMsAsync(() => Task.FromResult(Decompress(connection, first, Start, Start + DayMs)));
            var rows = await MedianMsAsync(() => Task.FromResult(ReadHourly(connection, Start, Start + DayMs)));
            report.Add("内嵌存储：写入，含 fsync", "embedded store: journal and blocks, with fsync", $"{Report.Number(readings / took)} 读数 readings/s, {Report.Number(bytes, "F1")} B/读数 reading", "≥ 1,500,000 /s, ≤ 6 B", readings / took >= 1_500_000 && bytes <= 6,
                $"{Report.Number(took / bare, "F1")} × 只把日志的字节写进文件并 fsync 的时间 writing the journal's bytes to a file with as many fsyncs");
            report.Add("内嵌存储：一个充电口 24 小时 → 500 点", "embedded store: one socket, 24 h → 500 points", $"{Report.Number(series, "F1")} ms", "≤ 1.5 ms", series <= 1.5,
                $"{Report.Number(series / blocks, "F1")} × 读出这些块并解压 reading these blocks and decompressing them ({Report.Number(blocks, "F1")} ms)");
            report.Add("内嵌存储：点位 240 口一天的每小时电量", "embedded store: hourly energy of a site of 240 sockets, one day", $"{Report.Number(hourly, "F1")} ms", "≤ 13 ms (一个月 a month)", hourly <= 13,
                $"{Report.Number(hourly / rows, "F1")} × 只用 SQLite 读这些行 reading these rows with SQLite alone ({Report.Number(rows, "F1")} ms)");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> FillAsync(DeviceTable devices, MessageJournal journal, StoreWorker worker, JournalReader reader)
    {
        var random = new Random(1);
        var decoder = new MessageDecoder(devices);
        var message = new DeviceMessage();
        var writer = new JournalWriter();
        var place = new Neighbourhood(Piles);
        var busy = TimeSpan.Zero;
        for (var round = 0; round < 24 * 3600 / PeriodS; round++)
        {
            for (var pile = 0; pile < Piles; pile++)
            {
                var atMs = Start + (round * PeriodS * 1_000L);
                var payload = Neighbourhood.TenSockets(round, atMs, random);
                decoder.Decode(System.Text.Encoding.ASCII.GetBytes(place.Topic(pile, "data")), payload, false, atMs, message);
                var began = TimeProvider.System.GetTimestamp();
                writer.Message(message);
                busy += TimeProvider.System.GetElapsedTime(began);
            }

            if (writer.Messages < 500)
                continue;
            var appendBegan = TimeProvider.System.GetTimestamp();
            await journal.AppendAsync(writer);
            writer.Clear();
            await worker.ReadOnAsync(reader, CancellationToken.None);
            busy += TimeProvider.System.GetElapsedTime(appendBegan);
        }

        await journal.AppendAsync(writer);
        await worker.ReadOnAsync(reader, CancellationToken.None);
        await worker.FlushAsync();
        return busy.TotalSeconds;
    }

    /// <summary>The same bytes in as many pieces into a file that is flushed to the disk after each.</summary>
    private static double BareWriteS(Database database, string folder)
    {
        using var connection = database.OpenReader();
        using var command = Database.Command(connection, "select body from journal order by position");
        using var rows = command.ExecuteReader();
        var bodies = new List<byte[]>();
        while (rows.Read())
            bodies.Add((byte[])rows[0]);
        var began = TimeProvider.System.GetTimestamp();
        using var file = new FileStream(Path.Combine(folder, "bare"), FileMode.Create, FileAccess.Write, FileShare.None, 1);
        foreach (var body in bodies)
        {
            file.Write(body);
            file.Flush(flushToDisk: true);
        }

        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static int Decompress(SqliteConnection connection, Device device, long fromMs, long toMs)
    {
        using var command = Database.Command(
            connection, "select body from block where device = $device and hour between $from and $to", ("$device", device.Number), ("$from", HourlyRollup.HourOf(fromMs)), ("$to", HourlyRollup.HourOf(toMs - 1)));
        using var rows = command.ExecuteReader();
        var plain = new byte[1 << 20];
        var bytes = 0;
        while (rows.Read())
        {
            var body = new ByteCursor((byte[])rows[0], 1 + Checksum.Length);
            body.Varint();
            if (!System.IO.Compression.BrotliDecoder.TryDecompress(((byte[])rows[0]).AsSpan(body.Position), plain, out var length))
                throw new InvalidOperationException("A block does not decompress.");
            bytes += length;
        }

        return bytes;
    }

    private static int ReadHourly(SqliteConnection connection, long fromMs, long toMs)
    {
        using var command = Database.Command(
            connection, "select channel, hour, readings, min_w, max_w, mean_w, max_a, wh, revision from hourly where hour between $from and $to", ("$from", HourlyRollup.HourOf(fromMs)), ("$to", HourlyRollup.HourOf(toMs - 1)));
        using var rows = command.ExecuteReader();
        var count = 0;
        while (rows.Read())
            count += rows.GetInt32(2) > 0 ? 1 : 0;
        return count;
    }

    private static async Task<double> MedianMsAsync(Func<Task<int>> ask)
    {
        var times = new List<double>();
        for (var round = 0; round < 31; round++)
        {
            var began = TimeProvider.System.GetTimestamp();
            if (await ask() == 0)
                throw new InvalidOperationException("The query found nothing.");
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        return times.Order().ElementAt(times.Count / 2);
    }
}
