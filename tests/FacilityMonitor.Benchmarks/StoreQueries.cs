using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
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
            await new BlockMerger(database, store, new StorageOptions(), TimeProvider.System).MergeAsync(everything: true, CancellationToken.None);
            using var connection = database.OpenReader();
            var readings = BlockTable.Number(connection, "select sum(readings) from block") ?? 1;
            var bytes = (BlockTable.Number(connection, "select sum(length(body)) from block") ?? 0) / (double)readings;
            var first = devices.All.OrderBy(device => device.Number).First();
            const long DayMs = 24 * HourBook.HourMs;
            var series = await MedianMsAsync(async () => (await store.SeriesAsync(first, ChannelId.Socket(1), Metric.W, Start, Start + DayMs, 500, CancellationToken.None)).Count);
            var hourly = await MedianMsAsync(async () => (await store.HourlyAsync([.. devices.All], Start, Start + DayMs, CancellationToken.None)).Count);
            report.Add("内嵌存储：写入，含 fsync", "embedded store: journal and blocks, with fsync", $"{Report.Number(readings / took)} 读数 readings/s, {Report.Number(bytes, "F1")} B/读数 reading", "1,500,000 /s, 6 B");
            report.Add("内嵌存储：一个充电口 24 小时 → 500 点", "embedded store: one socket, 24 h → 500 points", $"{Report.Number(series, "F1")} ms", "1.5 ms");
            report.Add("内嵌存储：点位 240 口一天的每小时电量", "embedded store: hourly energy of a site of 240 sockets, one day", $"{Report.Number(hourly, "F1")} ms", "13 ms (一个月 a month)");
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
