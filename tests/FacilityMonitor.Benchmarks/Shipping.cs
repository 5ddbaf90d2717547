using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Benchmarks;

/// <summary>From the journal into a real influxd: how fast beside a bare loop that posts the same lines, how fast while readings come in, and what the writer itself costs.</summary>
internal static class Shipping
{
    private const int Messages = 60_000;
    private const int Readings = Messages * SocketsAMessage;
    private const int SocketsAMessage = 10;
    private const int Rounds = 3;
    private const int LivePerSecond = 10_000;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            await using (var day = new ShippedJournal(folder))
                await day.FillAsync(Messages);
            await using var influx = await Influxd.StartAsync();
            // Read from disk, as after an hour without the database: nothing of it is in memory.
            await using var bench = new ShippedJournal(folder);
            var lines = await AloneAsync(report, bench);
            var bare = await BesideABareLoopAsync(report, bench, influx, lines);
            await CatchUpAsync(report, bench, influx, bare);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The writer alone: out of the journal, into lines, compressed, and to somebody who takes them at once.</summary>
    private static async Task<List<byte[]>> AloneAsync(Report report, ShippedJournal bench)
    {
        var lines = new List<byte[]>();
        // Once to have the lines and to compile everything, once to measure.
        await bench.ShipAsync(new LineKeeper(lines), Readings);
        using var alone = new InfluxClient(ShippedJournal.Settings(new Uri("http://influx.example"), "alone"), new HttpMessageInvoker(new Nobody()), TimeProvider.System);
        await bench.ShipAsync(alone, Readings);
        var (cpu, allocated) = (TimeSpan.Zero, 0L);
        var took = await bench.ShipAsync(alone, Readings, () => (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true)));
        const double Measured = Readings * 0.9;
        var cpuS = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds * 1_000_000 / Measured;
        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / Measured;
        var zip = Environment.CpuUsage.TotalTime;
        var zipped = new MemoryStream();
        foreach (var batch in lines)
        {
            zipped.SetLength(0);
            Zip(batch, zipped);
        }

        var zipS = (Environment.CpuUsage.TotalTime - zip).TotalSeconds * 1_000_000 / Readings;
        // What is read from disk is read into memory of its own, whoever reads it.
        var body = bench.Bytes / (double)Readings;
        report.Add(
            "送入 InfluxDB：只算写入一侧（日志、行、gzip）", "shipping to InfluxDB: the writer alone (journal, lines, gzip)",
            $"{Report.Number(cpuS, "F2")} CPU-s/M, {Report.Number(Readings / took)} 读数 readings/s, {Report.Number(Math.Max(0, bytes - body), "F1")} B/读数 reading (每批 a batch {Report.Number(Math.Max(0, bytes - body) * 5)} KB)",
            "0 B (每批的请求除外 beside each batch's request)", bytes - body < 1,
            $"{Report.Number(cpuS / zipS, "F2")} × 只压缩同样的行 compressing the same lines ({Report.Number(zipS, "F2")} CPU-s/M)");
        return lines;
    }

    /// <summary>By turns, each into a database of its own, so that neither has the warmer server.</summary>
    /// <returns>What the bare loop sends, readings/s.</returns>
    private static async Task<double> BesideABareLoopAsync(Report report, ShippedJournal bench, Influxd influx, List<byte[]> lines)
    {
        await influx.CreateAsync("warm");
        await PostAsync(influx, "warm", lines);
        var (ours, bare) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            await influx.CreateAsync($"bare-{round}");
            await influx.CreateAsync($"ours-{round}");
            bare.Add(await PostAsync(influx, $"bare-{round}", lines));
            using var client = Client(ShippedJournal.Settings(influx.Url, $"ours-{round}"));
            ours.Add(await bench.ShipAsync(client, Readings));
            var (there, here) = (await influx.CountAsync($"bare-{round}"), await influx.CountAsync($"ours-{round}"));
            if (there != Readings || here != Readings)
                throw new InvalidOperationException($"Of {Readings} readings {here} were shipped and {there} posted.");
        }

        var (our, their) = (Readings / ours.Order().ElementAt(Rounds / 2), Readings / bare.Order().ElementAt(Rounds / 2));
        report.Add(
            "送入 InfluxDB 1.6.7，每批 5,000，gzip", "shipping to InfluxDB 1.6.7, batches of 5,000, gzip", $"{Report.Number(our)} 读数 readings/s", "≥ 0.8 × 裸循环 a bare loop", our >= 0.8 * their,
            $"{Report.Number(our / their, "F2")} × 裸循环发送同样的行 a bare loop that posts the same lines ({Report.Number(their)}/s)");
        return their;
    }

    /// <summary>It was away; readings go on coming in while what it missed is sent.</summary>
    private static async Task CatchUpAsync(Report report, ShippedJournal bench, Influxd influx, double bare)
    {
        await influx.CreateAsync("catch-up");
        using var client = Client(ShippedJournal.Settings(influx.Url, "catch-up"));
        using var enough = new CancellationTokenSource();
        var live = bench.LiveAsync(LivePerSecond / SocketsAMessage, enough.Token);
        double took;
        try
        {
            took = await bench.ShipAsync(client, Readings);
        }
        finally
        {
            await enough.CancelAsync();
        }

        var came = await live;
        report.Add(
            "送入 InfluxDB：每秒再收 10,000 读数时补送", "shipping to InfluxDB: catching up while 10,000 readings/s come in", $"{Report.Number(Readings / took)} 读数 readings/s", "≥ 5 × 接收 what comes in", Readings >= 5 * came,
            $"{Report.Number(Readings / took / (came / took), "F1")} × 同时接收的 what came in meanwhile ({Report.Number(came / took)}/s), {Report.Number(Readings / took / bare, "F2")} × 裸循环 the bare loop alone");
    }

    private static InfluxClient Client(InfluxSettings settings) => new(settings, new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);

    /// <summary>A loop as anybody would write it: compress, post, the next.</summary>
    /// <returns>How long it took, s.</returns>
    private static async Task<double> PostAsync(Influxd influx, string database, List<byte[]> lines)
    {
        using var client = new HttpClient();
        var address = new Uri(influx.Url, $"/write?db={database}&precision=ns");
        var zipped = new MemoryStream();
        var began = TimeProvider.System.GetTimestamp();
        foreach (var batch in lines)
        {
            zipped.SetLength(0);
            Zip(batch, zipped);
            using var content = new ReadOnlyMemoryContent(zipped.GetBuffer().AsMemory(0, (int)zipped.Length));
            content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
            content.Headers.ContentEncoding.Add("gzip");
            using var answer = await client.PostAsync(address, content);
            answer.EnsureSuccessStatusCode();
        }

        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static void Zip(byte[] lines, MemoryStream target)
    {
        using var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true);
        gzip.Write(lines);
    }

    /// <summary>Keeps every line.</summary>
    private sealed class LineKeeper(List<byte[]> lines) : IPointSink
    {
        public string Name => "nowhere";

        public Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> batch, CancellationToken cancellationToken)
        {
            lines.Add(batch.ToArray());
            return Task.FromResult<WriteAnswer>(new WriteAnswer.Written());
        }

        public Task<string?> BootAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);
    }

    /// <summary>Takes everything at once.</summary>
    private sealed class Nobody : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.NoContent) { Content = new ByteArrayContent([]) });
    }
}
