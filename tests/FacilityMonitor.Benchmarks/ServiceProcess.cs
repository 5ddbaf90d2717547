using System.Diagnostics;
using System.Globalization;
using System.Net;
using FacilityMonitor.Tests;

namespace FacilityMonitor.Benchmarks;

/// <summary>The service as a process of its own, to be started, killed and started again on the same data.</summary>
internal sealed class ServiceProcess(string folder, int brokerPort) : IAsyncDisposable
{
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly string _url = $"http://127.0.0.1:{LoopbackPort.Free()}";
    private Process? _process;

    /// <summary>Starts it.</summary>
    /// <returns>Seconds until it said that it is ready, and the seconds of processor time it had used by then: these say what it costs on a busy machine too.</returns>
    public async Task<(double Seconds, double CpuSeconds)> StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "facility-monitor.dll"), "run", "--config", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["FM_BROKER__PORT"] = brokerPort.ToString(CultureInfo.InvariantCulture);
        start.Environment["FM_DATA__DIRECTORY"] = Data;
        start.Environment["FM_WEB__URL"] = _url;
        var began = TimeProvider.System.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (!await IsReadyAsync())
            await Task.Delay(10);
        return (TimeProvider.System.GetElapsedTime(began).TotalSeconds, _process.TotalProcessorTime.TotalSeconds);
    }

    /// <summary>Where its data lie.</summary>
    public string Data => Path.Combine(folder, "data");

    /// <summary>What it holds of the machine's memory, MiB: heap, code, buffers and what the collector has not given back.</summary>
    public double ResidentMebibytes
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / (double)(1 << 20);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await KillAsync();
        _process?.Dispose();
        _client.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException($"The service ended with {_process.ExitCode}.");
        try
        {
            using var answer = await _client.GetAsync(new Uri(_url + "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
