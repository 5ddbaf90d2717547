using System.Diagnostics;
using System.Runtime.CompilerServices;
using FacilityMonitor.Tests;

namespace FacilityMonitor.Benchmarks;

/// <summary>A mosquitto with the configuration we ship, on a free port, in a folder of its own.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private Broker(Process process, string folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public static async Task<Broker> StartAsync([CallerFilePath] string here = "")
    {
        var folder = Directory.CreateTempSubdirectory("fm-benchmark-broker-").FullName;
        var port = LoopbackPort.Free();
        var shipped = await File.ReadAllLinesAsync(Path.Combine(Path.GetDirectoryName(here)!, "../../src/deploy/mosquitto.conf"));
        var file = Path.Combine(folder, "mosquitto.conf");
        await File.WriteAllLinesAsync(file,
        [
            .. shipped.Where(line => !line.StartsWith("allow_anonymous", StringComparison.Ordinal) && !line.StartsWith("log_type", StringComparison.Ordinal)),
            "allow_anonymous true", "log_type none", $"persistence_location {folder}/", $"listener {port} 127.0.0.1",
            // Started by root, it would become another user that cannot write here.
            .. Environment.UserName == "root" ? ["user root"] : Array.Empty<string>(),
        ]);
        var broker = new Broker(Process.Start("mosquitto", ["-c", file]), folder, port);
        await broker.ListensAsync();
        return broker;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ListensAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            // Whoever answers at the port may be somebody else.
            if (LoopbackPort.IsListenedOnBy(Port, _process.Id))
                return;
            if (_process.HasExited || attempt == 500)
                throw new InvalidOperationException($"mosquitto does not listen on port {Port}.");
            await Task.Delay(10);
        }
    }
}
