using System.Diagnostics;

namespace FacilityMonitor.Tests;

/// <summary>A real server program that speaks HTTP on a free port. It can be killed and started again on the same port with what it had on disk.</summary>
/// <param name="program">Its name in the path.</param>
/// <param name="healthPath">What answers 2xx when it is ready.</param>
/// <param name="arguments">Its arguments for an address.</param>
internal sealed class HttpServerProgram(string program, string healthPath, Func<Uri, string[]> arguments) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private Process? _process;

    public HttpClient Client { get; } = new() { Timeout = Mqtt.Until.RequestDeadline };

    public Uri Url { get; private set; } = null!;

    /// <summary>Starts it the first time.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            // Between choosing a free port and listening on it somebody else may take it.
            Url = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
            try
            {
                await StartAgainAsync();
                return;
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                await KillAsync();
            }
        }
    }

    /// <summary>Starts it at the same address.</summary>
    public async Task StartAgainAsync()
    {
        var path = RealServerFactAttribute.FindProgram(program) ?? throw new InvalidOperationException($"{program} is not installed, and FM_REQUIRE_SERVERS=1 asks for it.");
        _process = new Process { StartInfo = new ProcessStartInfo(path, arguments(Url)) { RedirectStandardError = true, RedirectStandardOutput = true } };
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var began = WakingTime.Clock.GetTimestamp();
        while (!LoopbackPort.IsListenedOnBy(Url.Port, _process.Id) || !await IsReadyAsync())
        {
            if (_process.HasExited || WakingTime.Clock.GetElapsedTime(began) > Deadline)
                throw new InvalidOperationException($"{program} does not listen on {Url}.");
            await Task.Delay(50);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Client.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Client.GetAsync(new Uri(Url, healthPath));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
