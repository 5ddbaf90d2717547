using System.Diagnostics;
using System.Globalization;

namespace FacilityMonitor.Benchmarks;

/// <summary>What a service says of itself.</summary>
/// <param name="Received">Messages received.</param>
/// <param name="Durable">Messages on disk and acknowledged.</param>
/// <param name="Duplicates">Messages that came twice.</param>
/// <param name="DeadLettered">Messages set aside.</param>
/// <param name="Unjudged">Journal entries that the rules have not read.</param>
/// <param name="CpuUs">Processor time since its start, µs.</param>
/// <param name="AllocatedBytes">Memory allocated since its start.</param>
/// <param name="ManagedMiB">What the runtime's heap takes of its memory, MiB; the rest is code, the runtime itself and SQLite.</param>
/// <param name="CompilingUs">What of the processor time compiled code, µs.</param>
/// <param name="LiveMs">How long the last live batch took from receipt to its acknowledgement, ms.</param>
internal readonly record struct ServiceFigures(long Received, long Durable, long Duplicates, long DeadLettered, long Unjudged, double CpuUs, long AllocatedBytes, long LiveMs, double ManagedMiB, double CompilingUs);

/// <summary>
/// The service as <c>run</c> composes it in a process of its own that holds nothing else, so that its processor time, allocations and resident memory are its own.
/// It can be held still while the broker is loaded: it stays warm, and nothing of the load is worked off before the clock runs.
/// </summary>
internal sealed class MeasuredService : IAsyncDisposable
{
    /// <summary>First argument of the process that <see cref="ServeAsync"/> runs in.</summary>
    public const string Verb = "serve";

    private readonly Process _process;

    private MeasuredService(Process process) => _process = process;

    /// <summary>Starts it, and waits until it is ready.</summary>
    public static async Task<MeasuredService> StartAsync(string folder, int brokerPort)
    {
        var dll = typeof(MeasuredService).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [dll, Verb, folder, brokerPort.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // As the unit and run.sh start it.
        start.Environment["DOTNET_GCgen0size"] = "0x600000";
        var service = new MeasuredService(Process.Start(start)!);
        await service.LineAsync();
        return service;
    }

    /// <summary>The other side: serves, and answers every line with figures until there are no more.</summary>
    public static async Task ServeAsync(string folder, int brokerPort)
    {
        await using var service = Service.Build(folder, brokerPort);
        await service.StartAsync();
        await Console.Out.WriteLineAsync("ready");
        while (await Console.In.ReadLineAsync() is not null)
        {
            var unjudged = service.Journal.Last - service.Monitoring.Position;
            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{service.Books.Received} {service.Books.Durable} {service.Books.Duplicates} {service.Books.DeadLetteredTotal} {unjudged} {Environment.CpuUsage.TotalTime.TotalMicroseconds:F0} {GC.GetTotalAllocatedBytes(precise: true)} {service.Ingest.LastLiveMs} {GC.GetGCMemoryInfo().TotalCommittedBytes >> 10} {System.Runtime.JitInfo.GetCompilationTime().TotalMicroseconds:F0}"));
        }
    }

    public async Task<ServiceFigures> FiguresAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        await _process.StandardInput.FlushAsync();
        var figures = (await LineAsync()).Split(' ');
        long Number(int index) => long.Parse(figures[index], CultureInfo.InvariantCulture);
        return new ServiceFigures(Number(0), Number(1), Number(2), Number(3), Number(4), Number(5), Number(6), Number(7), Number(8) / 1024.0, Number(9));
    }

    /// <summary>Holds it still, as a machine that is busy elsewhere would.</summary>
    public Task HoldAsync() => SignalAsync("-STOP");

    /// <summary>Lets it go on, and forgets how much memory it had at most.</summary>
    public async Task GoOnAsync()
    {
        // 5 resets the peak that the kernel keeps, see proc(5).
        await File.WriteAllTextAsync($"/proc/{_process.Id}/clear_refs", "5");
        await SignalAsync("-CONT");
    }

    /// <summary>The most resident memory it had since <see cref="GoOnAsync"/>, MiB.</summary>
    public double PeakMiB() => StatusMiB("VmHWM:");

    /// <summary>Its resident memory now, MiB.</summary>
    public double ResidentMiB() => StatusMiB("VmRSS:");
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private double StatusMiB(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }

    private async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The service has ended.");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
