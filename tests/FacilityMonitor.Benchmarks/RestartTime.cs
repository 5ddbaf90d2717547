namespace FacilityMonitor.Benchmarks;

/// <summary>From the start of the process to ready: with nothing, and after kill -9 in the middle of full load, which goes on while it is away and while it starts.</summary>
internal static class RestartTime
{
    /// <summary>Each says something once a second: more from fewer devices would be a load that does not exist.</summary>
    private const int Piles = 20_000;
    private const int PerSecond = 20_000;
    private static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(12);

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
            using var end = new CancellationTokenSource();
            var load = new Load(broker.Port, place);
            var loading = load.RunAsync(end.Token);
            await Task.WhenAny(loading, Task.Delay(KillAfter));
            var (before, underWay) = (load.Sent, load.UnderWay);
            await service.KillAsync();
            var again = await service.StartAsync();
            var after = load.Sent;
            await end.CancelAsync();
            await loading;
            report.Output.WriteLine($"{before} messages of ten sockets were sent before the kill, {underWay} of them not yet taken by the broker; {after - before} until it was ready again");
            report.Add("启动到就绪", "start to ready", $"{Report.Number(first.Seconds, "F2")} s, {Report.Number(first.CpuSeconds, "F2")} s CPU", "≤ 2 s", first.Seconds <= 2, $"{Report.Number(first.Seconds / bare, "F1")} × 空的 .NET 进程 an empty .NET process ({Report.Number(bare, "F2")} s)");
            report.Add("满载中 kill -9 后重启到就绪", "restart to ready after kill -9 at full load", $"{Report.Number(again.Seconds, "F2")} s, {Report.Number(again.CpuSeconds, "F2")} s CPU", "≤ 3 s", again.Seconds <= 3, $"{Report.Number(again.Seconds / bare, "F1")} × 空的 .NET 进程 an empty .NET process");
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

    /// <summary>The piles, talking until they are told to stop.</summary>
    private sealed class Load(int port, Neighbourhood place)
    {
        private int _sent;
        private int _underWay;

        public int Sent => Volatile.Read(ref _sent);

        /// <summary>Messages that the broker has not acknowledged.</summary>
        public int UnderWay => Volatile.Read(ref _underWay);

        public async Task RunAsync(CancellationToken end)
        {
            await using var publisher = await Publisher.StartAsync(port);
            var random = new Random(5);
            var began = TimeProvider.System.GetTimestamp();
            var window = new Queue<Task>();
            while (!end.IsCancellationRequested)
            {
                for (var due = (int)(TimeProvider.System.GetElapsedTime(began).TotalSeconds * PerSecond); _sent < due && !end.IsCancellationRequested; Volatile.Write(ref _sent, _sent + 1))
                {
                    var payload = Neighbourhood.TenSockets(_sent / Piles, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), random);
                    window.Enqueue(publisher.PublishAsync(place.Topic(_sent % Piles, "data"), payload).AsTask());
                    while (window.Count >= 20_000 || (window.TryPeek(out var oldest) && oldest.IsCompleted))
                        await window.Dequeue();
                    Volatile.Write(ref _underWay, window.Count);
                }

                await Task.Delay(2, CancellationToken.None);
            }

            await Task.WhenAll(window);
        }
    }
}
