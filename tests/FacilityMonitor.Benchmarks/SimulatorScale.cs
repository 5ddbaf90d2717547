using System.Diagnostics;
using System.Text.Json;

namespace FacilityMonitor.Benchmarks;

/// <summary>What the simulator itself costs: five hundred piles on connections of their own, a district behind gateways, a month into a file.</summary>
internal static class SimulatorScale
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Bare = TimeSpan.FromSeconds(10);
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "firmware-sim.dll");

    public static async Task RunAsync(Report report)
    {
        await LiveAsync(report, "模拟器：500 台 10 口桩各自连接，每秒各一条", "simulator: 500 piles of ten sockets on connections of their own, a message a second each", "load", 500);
        await LiveAsync(report, "模拟器：2 万台桩、20 万口，200 条网关连接，实时", "simulator: 20,000 piles, 200,000 sockets over 200 gateway connections in real time", "district", 20_000);
        await FileAsync(report);
        await FastAsync(report);
    }

    private static async Task LiveAsync(Report report, string zh, string en, string scenario, int piles)
    {
        await using var broker = await Broker.StartAsync();
        using var process = Start(["run", "--scenario", scenario, "--devices", $"{piles}", "--broker", $"mqtt://127.0.0.1:{broker.Port}"]);
        var first = await SaidAsync(process, counters => counters.Connected == counters.Devices);
        var cpu = process.TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        var last = await SaidAsync(process, _ => TimeProvider.System.GetElapsedTime(began) >= Measured);
        var elapsed = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var cores = (process.TotalProcessorTime - cpu).TotalSeconds / elapsed;
        process.Kill();
        await process.WaitForExitAsync();
        var rate = (last.BrokerAcked - first.BrokerAcked) / elapsed;
        var bare = await BareCoresAsync(broker.Port, rate);
        report.Add(
            zh, en, $"{Report.Number(cores, "F2")} 核 cores, {Report.Number(rate)} msg/s, {Report.Number(first.Connections)} 条连接 connections, {Report.Number(first.MegaBytes)} MiB", "≤ 1.00 核 cores", cores <= 1,
            $"{Report.Number(cores / bare, "F1")} × 一条连接上同样多的现成消息 as many ready messages over one connection ({Report.Number(bare, "F3")})");
    }

    /// <summary>What publishing alone takes: the same number of messages that nobody simulates, over one connection of this process.</summary>
    private static async Task<double> BareCoresAsync(int port, double perSecond)
    {
        await using var publisher = await Publisher.StartAsync(port);
        var payload = Neighbourhood.TenSockets(0, 1_767_225_600_000, new Random(1));
        var began = TimeProvider.System.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var sent = 0; TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < Bare;)
        {
            for (var due = (int)(elapsed.TotalSeconds * perSecond); sent < due; sent++)
                await publisher.PublishAsync("fm/1/bare/pile-1/data", payload);
            await Task.Delay(20);
        }

        return (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / Bare.TotalSeconds;
    }

    private static async Task FileAsync(Report report)
    {
        const int days = 5;
        var (cpu, bytes, copyS) = await WriteAsync("--duration", $"{days}d");
        report.Add(
            "模拟器：标准月（三个点位）写成文件", "simulator: the standard month (three sites) into a file",
            $"{Report.Number(days * 86_400 / cpu.TotalSeconds)} × 实时 real time, {Report.Number(bytes / 1e6 / days)} MB/d", "≥ 10,000 ×", days * 86_400 / cpu.TotalSeconds >= 10_000,
            Copying(cpu, copyS));
    }

    /// <summary>A month of life in 260 s of the clock.</summary>
    private static async Task FastAsync(Report report)
    {
        const int speed = 10_000;
        const int clockS = 260;
        var (cpu, _, copyS) = await WriteAsync("--speed", $"{speed}", "--duration", $"{clockS}s");
        report.Add(
            "模拟器：--speed 10000，三个点位的人和电池过一个月", "simulator: --speed 10000, people and batteries of three sites live a month",
            $"{Report.Number(cpu.TotalSeconds, "F1")} CPU-s, {Report.Number(speed * clockS / cpu.TotalSeconds)} × 实时 real time", "≥ 10,000 ×", speed * clockS / cpu.TotalSeconds >= 10_000,
            Copying(cpu, copyS));
    }

    private static string Copying(TimeSpan cpu, double copyS) => $"{Report.Number(cpu.TotalSeconds / copyS)} × 复制同样字节的时间 the time to copy the same bytes";

    /// <summary>Writes the standard month, or a part of it; returns the processor time of the process, how long the file is, and how long its bytes take to be copied.</summary>
    private static async Task<(TimeSpan Cpu, long Bytes, double CopyS)> WriteAsync(params string[] options)
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-sim-").FullName;
        try
        {
            var file = Path.Combine(folder, "month.jsonl");
            using var process = Start(["write", "--scenario", "standard-month", "--out", file, .. options]);
            var cpu = TimeSpan.Zero;
            while (!process.HasExited)
            {
                cpu = process.TotalProcessorTime;
                await Task.Delay(50);
            }

            if (process.ExitCode != 0)
                throw new InvalidOperationException($"firmware-sim write ended with {process.ExitCode}.");
            var written = await File.ReadAllBytesAsync(file);
            var target = new byte[written.Length];
            var began = TimeProvider.System.GetTimestamp();
            written.CopyTo(target, 0);
            return (cpu, written.Length, TimeProvider.System.GetElapsedTime(began).TotalSeconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process Start(string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardError = true })!;

    /// <summary>The first of its own counts for which something holds.</summary>
    private static async Task<Counts> SaidAsync(Process process, Func<Counts, bool> holds)
    {
        using var patience = new CancellationTokenSource(Settle + Measured);
        while (await process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            if (!line.StartsWith('{'))
                continue;
            using var document = JsonDocument.Parse(line);
            process.Refresh();
            long Of(string name) => document.RootElement.GetProperty(name).GetInt64();
            var counts = new Counts(Of("devices"), Of("connected"), Of("connections"), Of("broker_acked"), process.WorkingSet64 / 1024.0 / 1024);
            if (holds(counts))
                return counts;
        }

        throw new InvalidOperationException("firmware-sim ended before it had settled.");
    }

    private sealed record Counts(long Devices, long Connected, long Connections, long BrokerAcked, double MegaBytes);
}
