using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Benchmarks;

/// <summary>3,000 messages a second for 15 s, and kill -9 of the service in between: what is missing afterwards.</summary>
internal static class KillLoss
{
    private const int Piles = 100;
    private const int PerSecond = 3_000;
    private const int Seconds = 15;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            await using var broker = await Broker.StartAsync();
            var place = new Neighbourhood(Piles);
            place.Write(folder);
            await using var service = new ServiceProcess(folder, broker.Port);
            await service.StartAsync();
            var sending = Task.Run(() => SendAsync(broker.Port, place));
            foreach (var pause in (int[])[3, 4, 3])
            {
                await Task.Delay(TimeSpan.FromSeconds(pause));
                await service.KillAsync();
                await service.StartAsync();
            }

            var sent = await sending;
            using var reader = Database.OpenReader(Path.Combine(folder, "data"));
            await Service.UntilAsync(() => (BlockTable.Number(reader, "select sum(stored) from book") ?? 0) >= sent, "everything being stored", everyMs: 200);
            var stored = BlockTable.Number(reader, "select sum(stored) from book") ?? 0;
            var distinct = await DistinctAsync(Path.Combine(folder, "data"));
            report.Add(
                "每秒 3,000 条、15 秒，其间三次 kill -9：缺失 / 多余", "3,000 messages/s for 15 s with three kill -9 of the service: lost / doubled",
                $"{sent - distinct} / {stored - distinct} of {Report.Number(sent)}", "0 / 0", sent == distinct && stored == distinct,
                $"{Report.Number(distinct / (double)sent, "F4")} × 代理收下的 what the broker took in");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> SendAsync(int port, Neighbourhood place)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var random = new Random(7);
        var began = TimeProvider.System.GetTimestamp();
        var answers = new List<Task<MqttReasonCode>>();
        while (answers.Count < PerSecond * Seconds)
        {
            var due = Math.Min(PerSecond * Seconds, (int)(TimeProvider.System.GetElapsedTime(began).TotalSeconds * PerSecond));
            // Each message has a time of its own, so that the store can be asked for every single one.
            for (; answers.Count < due;)
            {
                var (pile, seq) = (answers.Count % Piles, answers.Count / Piles);
                var payload = Neighbourhood.OneSocket(seq, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1_000 * 1_000 + (seq % 1_000), random);
                answers.Add(publisher.PublishAsync(place.Topic(pile, "data"), payload).AsTask());
            }

            await Task.Delay(2);
        }

        await Task.WhenAll(answers);
        return answers.Count;
    }

    private static async Task<int> DistinctAsync(string data)
    {
        var devices = new DeviceTable();
        using (var reader = Database.OpenReader(data))
            MessageJournal.LoadDevices(reader, devices);
        var store = new EmbeddedStore(() => Database.OpenReader(data), devices, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var distinct = new HashSet<(int Device, long Seq)>();
        foreach (var device in devices.All)
        {
            await foreach (var reading in store.ReadingsAsync(device, 0, long.MaxValue / 2, CancellationToken.None))
                distinct.Add((device.Number, reading.Seq));
        }

        return distinct.Count;
    }
}
