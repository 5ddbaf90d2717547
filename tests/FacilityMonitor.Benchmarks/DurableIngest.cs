using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Benchmarks;

/// <summary>The whole way: messages that wait in mosquitto → decode → journal with fsync → acknowledgement → all rules → store. Nothing may be lost.</summary>
internal static class DurableIngest
{
    private const int Piles = 10_000;

    /// <summary>How often a pile speaks, in its own time, ms.</summary>
    private const long PeriodMs = 10_000;

    public static Load TenSockets { get; } = new(
        100_000, 10, Neighbourhood.TenSockets,
        "持久接收，10 口消息（约 1 KB）：代理 → 写盘 → 回执 → 全部规则 → 存储", "durable ingest, 10-socket messages (about 1 KB): broker → fsync → acknowledged → all rules → store",
        20_000, 30, 600, null);

    public static Load Small { get; } = new(
        200_000, 1, Neighbourhood.OneSocket,
        "持久接收，200 字节单读数消息", "durable ingest, 200-byte messages of one reading",
        80_000, 12, 200, 150);

    public static async Task RunAsync(Report report, Load load)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            await using var broker = await Broker.StartAsync();
            new Neighbourhood(Piles).Write(folder);
            await using var service = await MeasuredService.StartAsync(folder, broker.Port);
            using var reader = Database.OpenReader(Path.Combine(folder, "data"));
            // Every device has spoken before, and all code is compiled: what is measured is the day, not the first minute of a district.
            var beganMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            await PreloadAsync(broker.Port, load, 0, beganMs - (2 * load.SpanMs));
            await Service.UntilAsync(() => Stored(reader) >= load.Messages, "the first messages", everyMs: 100);

            await service.HoldAsync();
            await RawReader.OpenSessionAsync(broker.Port, "fm/1/+/+/data");
            // The one batch follows the other in the devices' time, as readings do: overlapping, each message would make the rules judge half a minute anew.
            await PreloadAsync(broker.Port, load, load.Messages, beganMs - load.SpanMs);
            await MeasureAsync(report, load, broker.Port, service, reader);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PreloadAsync(int port, Load load, int from, long beginMs)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var place = new Neighbourhood(Piles);
        var random = new Random(1);
        var answers = new Task<MqttReasonCode>[load.Messages];
        for (var index = 0; index < load.Messages; index++)
        {
            var (pile, seq) = ((from + index) % Piles, (from + index) / Piles);
            answers[index] = publisher.PublishAsync(place.Topic(pile, "data"), load.Make(seq, beginMs + (load.SpanMs * index / load.Messages), random)).AsTask();
        }

        await Task.WhenAll(answers);
    }

    private static async Task MeasureAsync(Report report, Load load, int port, MeasuredService service, SqliteConnection reader)
    {
        await service.GoOnAsync();
        var began = TimeProvider.System.GetTimestamp();
        var before = await service.FiguresAsync();
        // What arrived in its socket while it was held counts: it is worked off from here on.
        var target = (load.Messages * 2L, before.Duplicates);
        ServiceFigures now;
        while ((now = await service.FiguresAsync()).Durable < target.Item1 || now.Unjudged > 2)
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
                throw new TimeoutException($"After two minutes {now.Durable} of {target.Item1} messages are on disk.");
            await Task.Delay(20);
        }

        var perSecond = load.Messages / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await Service.UntilAsync(() => Stored(reader) >= load.Messages * 2L, "the store", everyMs: 100);
        now = await service.FiguresAsync();
        var (cpuUs, bytes, peakMiB) = ((now.CpuUs - before.CpuUs) / load.Messages, (now.AllocatedBytes - before.AllocatedBytes) / (double)load.Messages, service.PeakMiB());
        var readings = BlockTable.Number(reader, "select sum(readings) from block") ?? 0;
        if (readings != load.Messages * 2L * load.Readings || now.Duplicates + now.DeadLettered != 0)
            throw new InvalidOperationException($"{load.Messages * 2L * load.Readings} readings were sent, {readings} are stored, {now.Duplicates} messages were duplicates, {now.DeadLettered} dead letters.");

        var rawBegan = TimeProvider.System.GetTimestamp();
        await Task.Run(() => RawReader.Drain(port, load.Messages));
        var raw = load.Messages / TimeProvider.System.GetElapsedTime(rawBegan).TotalSeconds;
        await report.Output.WriteLineAsync($"{Report.Number(now.ManagedMiB)} of {Report.Number(service.ResidentMiB())} MiB are the runtime's heap");
        report.Add(
            load.Zh, load.En,
            $"{Report.Number(perSecond)} msg/s, {Report.Number(cpuUs, "F1")} µs CPU, {Report.Number(bytes)} B, {Report.Number(peakMiB)} MiB RSS",
            $"≥ {Report.Number(load.Rate)} msg/s, ≤ {load.CpuUs} µs, ≤ {load.Bytes} B{(load.PeakMb is { } most ? $", ≤ {most} MB" : "")}",
            $"{Report.Number(perSecond / raw, "F2")} × 只读不存的裸套接字 a bare socket that reads and stores nothing ({Report.Number(raw)}/s)");
    }

    private static long Stored(SqliteConnection reader) => BlockTable.Number(reader, "select sum(stored) from book") ?? 0;

    internal sealed record Load(int Messages, int Readings, Func<long, long, Random, byte[]> Make, string Zh, string En, int Rate, int CpuUs, int Bytes, int? PeakMb)
    {
        /// <summary>What one batch spans in the devices' time, ms.</summary>
        public long SpanMs => Messages / Piles * PeriodMs;
    }
}
