using System.Diagnostics;
using System.Text;

namespace FacilityMonitor.Tests.Mqtt.Interoperability;

/// <summary>A program of somebody else's that speaks MQTT, run beside the test and ended with it.</summary>
internal sealed class ForeignProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];

    public ForeignProgram(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it printed so far, errors included.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public TextWriter Input => _process.StandardInput;

    public Task PrintsAsync(string line) => WaitAsync(() => Lines.Contains(line), $"it prints {line}");

    public Task PrintsAsync(int lines) => WaitAsync(() => Lines.Count >= lines, $"it prints {lines} lines");

    public async Task EndsWellAsync()
    {
        await WaitAsync(() => _process.HasExited, "it ends");
        await _process.WaitForExitAsync(Until.DeadlineToken());
        Assert.True(_process.ExitCode == 0, $"{_process.StartInfo.FileName} ended with {_process.ExitCode}:\n{string.Join('\n', Lines)}");
    }

    public async ValueTask DisposeAsync()
    {
        // With its children: RabbitMQ is a shell script around a virtual machine with helpers.
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(Until.DeadlineToken());
        _process.Dispose();
    }

    private async Task WaitAsync(Func<bool> condition, string what)
    {
        try
        {
            await Until.TrueAsync(condition, what);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message} {_process.StartInfo.FileName} said:\n{string.Join('\n', Lines)}");
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;

        lock (_lines)
            _lines.Add(line);
    }
}
