namespace FacilityMonitor.Benchmarks;

/// <summary>From the publish of the sample that completes an overload's hold time to the acceptance of its notification by a webhook, under load.</summary>
internal static class AlertLatency
{
    /// <summary>Each says something once a second: more of fewer devices would be a load that does not exist.</summary>
    private const int Piles = 8_060;

    /// <summary>Enough that the slowest hundredth is four of them, and not the one that came first and ran code that was never run before.</summary>
    private const int Trials = 400;
    private const int BackgroundPerSecond = 8_000;

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            var quiet = await MeasureAsync(folder + "/quiet", 0);
            var loaded = await MeasureAsync(folder + "/loaded", BackgroundPerSecond);
            report.Add(
                "告警：完成判定的那条读数发布 → webhook 接受，背景 8,000 条/s", "alert: publish of the deciding sample → accepted by a webhook, 8,000 messages/s beside it",
                $"p50 {Report.Number(At(loaded, .5), "F1")} ms, p99 {Report.Number(At(loaded, .99), "F1")} ms, max {Report.Number(loaded[^1], "F0")} ms", "p50 ≤ 10 ms, p99 ≤ 50 ms (Node-RED: 206 ms)", At(loaded, .5) <= 10 && At(loaded, .99) <= 50,
                $"{Report.Number(At(loaded, .5) / At(quiet, .5), "F1")} × 无背景 without the background (p50 {Report.Number(At(quiet, .5), "F1")} ms)");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The value that this part of them does not exceed.</summary>
    public static double At(double[] sorted, double part) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];

    private static async Task<double[]> MeasureAsync(string folder, int background)
    {
        await using var broker = await Broker.StartAsync();
        using var webhook = new Webhook();
        var place = new Neighbourhood(Piles);
        place.Write(folder, webhook.Address);
        await using var service = await MeasuredService.StartAsync(folder, broker.Port);
        await using var devices = await Publisher.StartAsync(broker.Port);
        using var end = new CancellationTokenSource();
        var beside = background > 0 ? Task.Run(() => BackgroundAsync(broker.Port, place, background, end.Token)) : Task.CompletedTask;
        while ((await service.FiguresAsync()).Received < background)
            await Task.Delay(100);

        var latencies = new List<double>(Trials);
        for (var trial = 0; trial < Trials; trial++)
        {
            // Rules run on the devices' time: the hold of ten seconds can lie in the past, and only the last sample is timed.
            var nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            var topic = place.Topic(trial, "data");
            await devices.PublishAsync(topic, Neighbourhood.Overload(0, nowMs - 11_000, 1_400));
            await devices.PublishAsync(topic, Neighbourhood.Overload(1, nowMs - 5_000, 1_400));
            var sentAt = TimeProvider.System.GetTimestamp();
            await devices.PublishAsync(topic, Neighbourhood.Overload(2, nowMs, 1_400));
            var asset = $"{place.Site(trial)}/pile-{trial}/s1";
            var acceptedAt = await webhook.Of(asset).WaitAsync(TimeSpan.FromMinutes(1));
            latencies.Add(TimeProvider.System.GetElapsedTime(sentAt, acceptedAt).TotalMilliseconds);
            await Task.Delay(37);
        }

        await end.CancelAsync();
        await beside;
        return [.. latencies.Order()];
    }

    private static async Task BackgroundAsync(int port, Neighbourhood place, int perSecond, CancellationToken cancellationToken)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var random = new Random(3);
        var sent = 0;
        var began = TimeProvider.System.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            var due = (int)(TimeProvider.System.GetElapsedTime(began).TotalSeconds * perSecond);
            for (; sent < due; sent++)
            {
                var pile = Trials + (sent % (Piles - Trials));
                await publisher.PublishAsync(place.Topic(pile, "data"), Neighbourhood.OneSocket(sent / (Piles - Trials), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), random));
            }

            await Task.Delay(2, CancellationToken.None);
        }
    }
}
