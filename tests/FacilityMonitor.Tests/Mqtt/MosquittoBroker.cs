using System.Diagnostics;

namespace FacilityMonitor.Tests.Mqtt;

/// <summary>
/// A real mosquitto with a configuration and persistence of its own on a free port. It can be stopped, killed and started
/// again on the same port with what it had on disk.
/// </summary>
internal sealed class MosquittoBroker : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);
    private readonly string[] _extraLines;
    private readonly List<string> _log = [];
    private Process? _process;

    private MosquittoBroker(string[] extraLines)
    {
        _extraLines = extraLines;
        Folder = Directory.CreateTempSubdirectory("fm-mosquitto-").FullName;
    }

    /// <summary>Where configuration, persistence and anything a test adds live; removed at the end.</summary>
    public string Folder { get; }

    public string Host => "127.0.0.1";

    public int Port { get; private set; }

    /// <summary>What the broker printed so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    /// <param name="extraLines">Configuration lines after ours. Without a <c>listener</c> line of its own ("listener {port} …"
    /// with the literal <c>{port}</c>) the broker listens in the clear; <c>{folder}</c> is the broker's folder.</param>
    public static async Task<MosquittoBroker> StartAsync(params string[] extraLines)
    {
        var broker = new MosquittoBroker(extraLines);
        await broker.StartAgainAsync();
        return broker;
    }

    /// <summary>Starts it on the same port with what is on disk; the first time on a free port.</summary>
    public async Task StartAgainAsync()
    {
        // Between choosing a free port and listening on it somebody else may take it.
        var attempts = Port == 0 ? 5 : 1;
        for (var attempt = 1; ; attempt++)
        {
            Port = attempts > 1 ? LoopbackPort.Free() : Port;
            Launch();
            if (await ListensAsync())
                return;

            await KillAsync();
            if (attempt == attempts)
                throw new InvalidOperationException($"mosquitto does not listen on port {Port}:\n{Log}");
        }
    }

    /// <summary>A clean stop: it writes its persistence file.</summary>
    public async Task StopAsync()
    {
        if (_process is null)
            return;

        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
            await kill.WaitForExitAsync();
        await ExitAsync();
    }

    /// <summary>Makes it write its persistence file now.</summary>
    public async Task SaveAsync()
    {
        var file = Path.Combine(Folder, "mosquitto.db");
        var before = File.Exists(file) ? File.GetLastWriteTimeUtc(file) : default;
        using (var kill = Process.Start("kill", ["-USR1", $"{_process!.Id}"]))
            await kill.WaitForExitAsync();
        await Until.TrueAsync(() => File.Exists(file) && File.GetLastWriteTimeUtc(file) > before, "the broker saved its sessions");
    }

    /// <summary>It hears and says nothing any more, until it is killed.</summary>
    public async Task FreezeAsync()
    {
        using var kill = Process.Start("kill", ["-STOP", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;

        _process.Kill();
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private void Launch()
    {
        var program = RealServerFactAttribute.FindProgram("mosquitto")
            ?? throw new InvalidOperationException("mosquitto is not installed, and FM_REQUIRE_SERVERS=1 asks for it.");
        var file = Path.Combine(Folder, "mosquitto.conf");
        File.WriteAllLines(file, Configuration());
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(program, ["-c", file]) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private IEnumerable<string> Configuration()
    {
        string[] own =
        [
            // A broker started by root would otherwise become the user mosquitto, who may not enter our folder.
            $"user {Environment.UserName}",
            "persistence true",
            $"persistence_location {Folder}/",
            "autosave_interval 1",
            "max_inflight_messages 1000",
            "max_queued_messages 1000000000",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_dest stdout",
        ];
        var listens = _extraLines.Any(line => line.StartsWith("listener ", StringComparison.Ordinal));
        string[] listener = listens ? [] : [$"listener {Port} {Host}"];
        var allowsAnyone = _extraLines.Any(line => line.StartsWith("allow_anonymous ", StringComparison.Ordinal));
        string[] anyone = allowsAnyone ? [] : ["allow_anonymous true"];
        return own.Concat(listener).Concat(anyone)
            .Concat(_extraLines.Select(line => line
                .Replace("{port}", $"{Port}", StringComparison.Ordinal)
                .Replace("{folder}", Folder, StringComparison.Ordinal)));
    }

    /// <summary>Whoever answers at the port may be somebody else, while ours has found it taken and is about to end.</summary>
    private async Task<bool> ListensAsync()
    {
        var started = WakingTime.Clock.GetTimestamp();
        while (!_process!.HasExited && WakingTime.Clock.GetElapsedTime(started) < Deadline)
        {
            if (LoopbackPort.IsListenedOnBy(Port, _process.Id))
                return true;
            await Task.Delay(10);
        }

        return false;
    }

    private async Task ExitAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline, WakingTime.Clock);
        await _process!.WaitForExitAsync(deadline.Token);
        _process.Dispose();
        _process = null;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;

        lock (_log)
        {
            // The end is what explains a failure.
            if (_log.Count == 1_000)
                _log.RemoveAt(0);
            _log.Add(line);
        }
    }
}
