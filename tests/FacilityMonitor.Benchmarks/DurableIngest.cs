using FacilityMonitor.Mqtt;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Benchmarks;

/// <summary>The whole way: messages that wait in mosquitto → decode → journal with fsync → acknowledgement → all rules → store. Nothing may be lost.</summary>
internal static class DurableIngest
{
    private const int Piles = 10_000;

    public static Load TenSockets { get; } = new(
        100_000, 10, Neighbourhood.TenSockets,
        "持久接收，10 口消息（约 1 KB）：代理 → 写盘 → 回执 → 全部规则 → 存储", "durable ingest, 10-socket messages (about 1 KB): broker → fsync → acknowledged → all rules → store",
        20_000, 30, 600);

    public static Load Small { get; } = new(
        200_000, 1, Neighbourhood.OneSocket,
        "持久接收，200 字节单读数消息", "durable ingest, 200-byte messages of one reading",
        80_000, 12, 200);

    public static async Task RunAsync(Report report, Load load)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            await using var broker = await Broker.StartAsync();
            new Neighbourhood(Piles).Write(folder);
            await Publisher.OpenSessionAsync(broker.Port);
            // Every device has spoken before: what is measured is the day, not the first minute of a district.
            await PreloadAsync(broker.Port, load, 0, load.Messages);
            await using (var service = Service.Build(folder, broker.Port))
            {
                await service.StartAsync();
                using var reader = service.Database.OpenReader();
                await Service.UntilAsync(() => Stored(reader) >= load.Messages, "the first messages", everyMs: 100);
            }

            var bytes = await PreloadAsync(broker.Port, load, load.Messages, load.Messages);
            await MeasureAsync(report, load, broker.Port, folder, bytes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<long> PreloadAsync(int port, Load load, int from, int count)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var place = new Neighbourhood(Piles);
        var random = new Random(1);
        // They are read within half a minute from now: the rules shall judge them, not set them aside as late.
        var beginMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var answers = new Task<MqttReasonCode>[count];
        long bytes = 0;
        for (var index = 0; index < count; index++)
        {
            var (pile, seq) = ((from + index) % Piles, (from + index) / Piles);
            var payload = load.Make(seq, beginMs + (20_000L * index / count), random);
            bytes += payload.Length;
            answers[index] = publisher.PublishAsync(place.Topic(pile, "data"), payload).AsTask();
        }

        await Task.WhenAll(answers);
        return bytes;
    }

    private static async Task MeasureAsync(Report report, Load load, int port, string folder, long bytes)
    {
        await using var service = Service.Build(folder, port);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        await service.StartAsync();
        await Service.UntilAsync(() => service.Books.Received > 0, "the first message");
        var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
        var began = TimeProvider.System.GetTimestamp();
        await Service.UntilAsync(() => service.Books.Durable >= load.Messages && service.Monitoring.Position >= service.Journal.Last - 2, "the last message");
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        using var reader = service.Database.OpenReader();
        await Service.UntilAsync(() => Stored(reader) >= load.Messages * 2L, "the store", everyMs: 100);
        var cpuUs = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / load.Messages;
        var allocatedBytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)load.Messages;
        var readings = BlockTable.Number(reader, "select sum(readings) from block") ?? 0;
        if (readings != load.Messages * 2L * load.Readings || service.Books.Duplicates != 0)
            throw new InvalidOperationException($"{load.Messages * 2L * load.Readings} readings were sent, {readings} are stored, {service.Books.Duplicates} messages were duplicates.");
        var copied = await AppendPerSecondAsync(folder, bytes / load.Messages, load.Messages);
        report.Add(
            load.Zh, load.En,
            $"{Report.Number(load.Messages / seconds)} msg/s, {Report.Number(cpuUs, "F1")} µs CPU, {Report.Number(allocatedBytes)} B",
            $"≥ {Report.Number(load.Rate)} msg/s, ≤ {load.CpuUs} µs, ≤ {load.Bytes} B",
            $"{Report.Number(load.Messages / seconds / copied, "F2")} × 同样字节追加写盘 a bare append with fsync of the same bytes");
        report.Output.WriteLine($"resident memory of this process {Environment.WorkingSet >> 20} MiB, the sender's share included");
    }

    private static long Stored(Microsoft.Data.Sqlite.SqliteConnection reader) => BlockTable.Number(reader, "select sum(stored) from book") ?? 0;

    /// <summary>What this disk allows: the same payloads appended to a file, an fsync for each thousand.</summary>
    private static async Task<double> AppendPerSecondAsync(string folder, long bytes, int messages)
    {
        var payload = new byte[bytes];
        var began = TimeProvider.System.GetTimestamp();
        await using var file = new FileStream(Path.Combine(folder, "baseline"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        for (var index = 1; index <= messages; index++)
        {
            file.Write(payload);
            if (index % 1_000 == 0)
                file.Flush(flushToDisk: true);
        }

        return messages / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    internal sealed record Load(int Messages, int Readings, Func<long, long, Random, byte[]> Make, string Zh, string En, int Rate, int CpuUs, int Bytes);
}
