using System.Diagnostics;
using System.Text.Json;

namespace FacilityMonitor.Benchmarks;

/// <summary>What the simulator itself costs: five hundred piles on connections of their own, a district behind gateways, a month into a file.</summary>
internal static class SimulatorScale
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(60);
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "firmware-sim.dll");

    public static async Task RunAsync(Report report)
    {
        await LiveAsync(report, "模拟器：500 台 10 口桩各自连接，每秒各一条", "simulator: 500 piles of ten sockets on connections of their own, a message a second each", "load", 500);
        await LiveAsync(report, "模拟器：2 万台桩、20 万口，200 条网关连接，实时", "simulator: 20,000 piles, 200,000 sockets over 200 gateway connections in real time", "district", 20_000);
        await FileAsync(report);
    }

    private static async Task LiveAsync(Report report, string zh, string en, string scenario, int devices)
    {
        await using var broker = await Broker.StartAsync();
        using var process = Start(["run", "--scenario", scenario, "--devices", $"{devices}", "--broker", $"mqtt://127.0.0.1:{broker.Port}"]);
        var first = await SaidAsync(process, counters => counters.Connected == devices);
        var cpu = process.TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        var last = await SaidAsync(process, _ => TimeProvider.System.GetElapsedTime(began) >= Measured);
        var elapsed = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var cores = (process.TotalProcessorTime - cpu).TotalSeconds / elapsed;
        process.Kill();
        await process.WaitForExitAsync();
        var rate = (last.BrokerAcked - first.BrokerAcked) / elapsed;
        report.Add(zh, en, $"{Report.Number(cores, "F2")} 核 cores, {Report.Number(rate)} msg/s, {Report.Number(first.MegaBytes)} MiB", "≤ 1.00 核 cores");
    }

    private static async Task FileAsync(Report report)
    {
        const int days = 5;
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-sim-").FullName;
        try
        {
            using var process = Start(["write", "--scenario", "standard-month", "--duration", $"{days}d", "--out", Path.Combine(folder, "month.jsonl")]);
            var cpu = TimeSpan.Zero;
            while (!process.HasExited)
            {
                cpu = process.TotalProcessorTime;
                await Task.Delay(50);
            }

            report.Add(
                "模拟器：标准月（三个点位）写成文件", "simulator: the standard month (three sites) into a file",
                $"{Report.Number(days * 86_400 / cpu.TotalSeconds)} × 实时 real time, {Report.Number(new FileInfo(Path.Combine(folder, "month.jsonl")).Length / 1e6 / days)} MB/d", "≥ 10,000 ×");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process Start(string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardError = true })!;

    /// <summary>The first of its own counts for which something holds.</summary>
    private static async Task<(long Connected, long BrokerAcked, double MegaBytes)> SaidAsync(Process process, Func<(long Connected, long BrokerAcked, double MegaBytes), bool> holds)
    {
        using var patience = new CancellationTokenSource(Settle + Measured);
        while (await process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            if (!line.StartsWith('{'))
                continue;
            using var document = JsonDocument.Parse(line);
            process.Refresh();
            var counters = (document.RootElement.GetProperty("connected").GetInt64(), document.RootElement.GetProperty("broker_acked").GetInt64(), process.WorkingSet64 / 1024.0 / 1024);
            if (holds(counters))
                return counters;
        }

        throw new InvalidOperationException("firmware-sim ended before it had settled.");
    }
}
