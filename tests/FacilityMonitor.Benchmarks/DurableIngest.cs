using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Benchmarks;

/// <summary>The whole way: messages that wait in mosquitto → decode → journal with fsync → acknowledgement → all rules → store. Nothing may be lost.</summary>
internal static class DurableIngest
{
    private const int Piles = 10_000;

    /// <summary>How often it is measured. Who of broker and service wakes whom differs from time to time and the rate by a factor of two: the median is told, with the least and the most.</summary>
    private const int Rounds = 5;

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
            // One batch follows the other in the devices' time, as readings do: overlapping, each message would make the rules judge half a minute anew.
            var beganMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - ((Rounds + 1) * load.SpanMs);
            await PreloadAsync(broker.Port, load, 0, beganMs);
            await Service.UntilAsync(() => Stored(reader) >= load.Messages, "the first messages", everyMs: 100);
            var rounds = new List<Round>(Rounds);
            for (var round = 1; round <= Rounds; round++)
            {
                await service.HoldAsync();
                await RawReader.OpenSessionAsync(broker.Port, "fm/1/+/+/data");
                await PreloadAsync(broker.Port, load, round * load.Messages, beganMs + (round * load.SpanMs));
                rounds.Add(await MeasureAsync(load, load.Messages * (round + 1L), broker.Port, service, reader));
            }

            Tell(report, load, rounds);
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

    /// <summary>How fast what waits in the broker is worked off, until as many messages as the target says are stored.</summary>
    private static async Task<Round> MeasureAsync(Load load, long target, int port, MeasuredService service, SqliteConnection reader)
    {
        await service.GoOnAsync();
        var began = TimeProvider.System.GetTimestamp();
        // What arrived in its socket while it was held counts: it is worked off from here on.
        var before = await service.FiguresAsync();
        ServiceFigures now;
        while ((now = await service.FiguresAsync()).Durable < target || now.Unjudged > 2)
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
                throw new TimeoutException($"After two minutes {now.Durable} of {target} messages are on disk.");
            await Task.Delay(20);
        }

        var perSecond = load.Messages / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await Service.UntilAsync(() => Stored(reader) >= target, "the store", everyMs: 100);
        now = await service.FiguresAsync();
        var readings = BlockTable.Number(reader, "select sum(readings) from block") ?? 0;
        if (readings != target * load.Readings || now.Duplicates + now.DeadLettered != 0)
            throw new InvalidOperationException($"{target * load.Readings} readings were sent, {readings} are stored, {now.Duplicates} messages were duplicates, {now.DeadLettered} dead letters.");

        var rawBegan = TimeProvider.System.GetTimestamp();
        await Task.Run(() => RawReader.Drain(port, load.Messages));
        var raw = load.Messages / TimeProvider.System.GetElapsedTime(rawBegan).TotalSeconds;
        return new Round(perSecond, (now.CpuUs - before.CpuUs) / load.Messages, (now.AllocatedBytes - before.AllocatedBytes) / (double)load.Messages, now.ManagedMiB, service.PeakMiB(), raw);
    }

    private static void Tell(Report report, Load load, List<Round> rounds)
    {
        double[] Sorted(Func<Round, double> figure) => [.. rounds.Select(figure).Order()];
        double Median(Func<Round, double> figure) => AlertLatency.At(Sorted(figure), .5);
        var rates = Sorted(round => round.PerSecond);
        foreach (var round in rounds)
            report.Output.WriteLine($"{Report.Number(round.PerSecond)} of {Report.Number(round.Raw)} msg/s, {Report.Number(round.CpuUs, "F1")} µs, {Report.Number(round.Bytes)} B; {Report.Number(round.HeapMiB)} of {Report.Number(round.PeakMiB)} MiB are the runtime's heap");
        report.Add(
            load.Zh, load.En,
            $"{Report.Number(Median(round => round.PerSecond))} msg/s ({Report.Number(rates[0])}–{Report.Number(rates[^1])}), {Report.Number(Median(round => round.CpuUs), "F1")} µs CPU, {Report.Number(Median(round => round.Bytes))} B, {Report.Number(rounds.Max(round => round.PeakMiB))} MiB RSS",
            $"≥ {Report.Number(load.Rate)} msg/s, ≤ {load.CpuUs} µs, ≤ {load.Bytes} B{(load.PeakMb is { } most ? $", ≤ {most} MB" : "")}",
            Median(round => round.PerSecond) >= load.Rate && Median(round => round.CpuUs) <= load.CpuUs && Median(round => round.Bytes) <= load.Bytes
                && !(rounds.Max(round => round.PeakMiB) * 1.048576 > load.PeakMb),
            $"{Report.Number(Median(round => round.PerSecond / round.Raw), "F2")} × 只读不存的裸套接字 a bare socket that reads and stores nothing ({Report.Number(Median(round => round.Raw))}/s)");
    }

    private static long Stored(SqliteConnection reader) => BlockTable.Number(reader, "select sum(stored) from book") ?? 0;

    /// <summary>What one round came to.</summary>
    /// <param name="PerSecond">Messages durable and judged a second.</param>
    /// <param name="CpuUs">Processor time of the service a message, until it is stored, µs.</param>
    /// <param name="Bytes">What it allocated a message.</param>
    /// <param name="HeapMiB">What of its memory was the runtime's heap in the end, MiB.</param>
    /// <param name="PeakMiB">The most resident memory it had, MiB.</param>
    /// <param name="Raw">Messages a second that the bare socket read.</param>
    private sealed record Round(double PerSecond, double CpuUs, double Bytes, double HeapMiB, double PeakMiB, double Raw);

    internal sealed record Load(int Messages, int Readings, Func<long, long, Random, byte[]> Make, string Zh, string En, int Rate, int CpuUs, int Bytes, int? PeakMb)
    {
        /// <summary>What one batch spans in the devices' time, ms.</summary>
        public long SpanMs => Messages / Piles * PeriodMs;
    }
}
