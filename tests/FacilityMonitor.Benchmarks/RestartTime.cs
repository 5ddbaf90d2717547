namespace FacilityMonitor.Benchmarks;

/// <summary>From the start of the process to ready: with nothing, and after kill -9 at full load with a journal to catch up.</summary>
internal static class RestartTime
{
    /// <summary>Each says something once a second: more from fewer devices would be a load that does not exist.</summary>
    private const int Piles = 20_000;
    private const int PerSecond = 20_000;
    private static readonly TimeSpan LoadFor = TimeSpan.FromSeconds(12);

    public static async Task RunAsync(Report report)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-").FullName;
        try
        {
            await using var broker = await Broker.StartAsync();
            var place = new Neighbourhood(Piles);
            place.Write(folder);
            await using var service = new ServiceProcess(folder, broker.Port);
            var bare = await EmptyProcessAsync();
            var first = await service.StartAsync();
            var sent = await LoadAsync(broker.Port, place);
            await service.KillAsync();
            var again = await service.StartAsync();
            report.Output.WriteLine($"{sent} messages of ten sockets were sent before the kill");
            report.Add("启动到就绪", "start to ready", $"{Report.Number(first.Seconds, "F2")} s, {Report.Number(first.CpuSeconds, "F2")} s CPU", "≤ 2 s", $"{Report.Number(first.Seconds / bare, "F1")} × 空的 .NET 进程 an empty .NET process ({Report.Number(bare, "F2")} s)");
            report.Add("满载中 kill -9 后重启到就绪", "restart to ready after kill -9 at full load", $"{Report.Number(again.Seconds, "F2")} s, {Report.Number(again.CpuSeconds, "F2")} s CPU", "≤ 3 s", $"{Report.Number(again.Seconds / bare, "F1")} × 空的 .NET 进程 an empty .NET process");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What any program of ours takes to begin and end: its own help text.</summary>
    private static async Task<double> EmptyProcessAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll"), "--version"]) { RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<int> LoadAsync(int port, Neighbourhood place)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var random = new Random(5);
        var began = TimeProvider.System.GetTimestamp();
        var sent = 0;
        var window = new Queue<Task>();
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < LoadFor)
        {
            for (var due = (int)(elapsed.TotalSeconds * PerSecond); sent < due; sent++)
            {
                var payload = Neighbourhood.TenSockets(sent / Piles, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), random);
                window.Enqueue(publisher.PublishAsync(place.Topic(sent % Piles, "data"), payload).AsTask());
                if (window.Count >= 20_000)
                    await window.Dequeue();
            }

            await Task.Delay(2);
        }

        await Task.WhenAll(window);
        return sent;
    }
}
