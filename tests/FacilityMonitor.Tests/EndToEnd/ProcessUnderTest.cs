using System.Diagnostics;
using System.Text;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>One of our programs, running for real beside the tests.</summary>
internal sealed class ProcessUnderTest : IAsyncDisposable
{
    /// <summary>After a hundred kills more is under way than after ten.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("FM_LONG") == "1" ? 180 : 60);

    private readonly string _program;
    private readonly string[] _arguments;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly StringBuilder _log = new();
    private Process? _process;

    public ProcessUnderTest(string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        _program = program;
        _arguments = arguments;
        _environment = environment;
    }

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>The most resident memory it had, bytes.</summary>
    public long PeakBytes
    {
        get
        {
            _process!.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public int Id => _process!.Id;

    public bool HasExited => _process is null or { HasExited: true };

    public void Start()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, _program + ".dll"), .. _arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>kill -9: no goodbye, nothing flushed.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a supervisor does; the program must end by itself.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(Patience, WakingTime.Clock);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits for a condition; the log tells why it never came.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var began = WakingTime.Clock.GetTimestamp();
        while (!await condition())
        {
            if (WakingTime.Clock.GetElapsedTime(began) > Patience)
                throw new TimeoutException($"{what} did not happen within {Patience}. {(HasExited ? $"It has ended with {_process!.ExitCode}." : "It runs.")} The end of the log of {_program}:\n{Log[Math.Max(0, Log.Length - 4000)..]}");
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
            await KillAsync();
        _process?.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
