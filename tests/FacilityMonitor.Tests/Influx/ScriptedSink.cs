using System.Text;
using FacilityMonitor.Influx;

namespace FacilityMonitor.Tests.Influx;

/// <summary>A database that answers as a test says, and can restart and forget.</summary>
internal sealed class ScriptedSink : IPointSink
{
    private readonly Lock _gate = new();
    private readonly List<string[]> _writes = [];
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);

    public string Name => "http://influx.example (facility)";

    /// <summary>What it says to lines; null: it takes them.</summary>
    public Func<string[], WriteAnswer?> Answer { get; set; } = _ => null;

    /// <summary>What it tells of its start; null: nothing.</summary>
    public string? Boot { get; set; } = "first";

    /// <summary>Every attempt, in order.</summary>
    public IReadOnlyList<string[]> Writes
    {
        get
        {
            lock (_gate)
                return [.. _writes];
        }
    }

    /// <summary>The distinct lines it holds now.</summary>
    public IReadOnlySet<string> Kept
    {
        get
        {
            lock (_gate)
                return _kept.ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>It dies with what it had acknowledged, and starts again.</summary>
    public void LoseEverything(string? boot)
    {
        lock (_gate)
            _kept.Clear();
        Boot = boot;
    }

    public async Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        var written = Encoding.UTF8.GetString(lines.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lock (_gate)
        {
            _writes.Add(written);
            if (Answer(written) is { } answer)
            {
                if (answer is WriteAnswer.BeyondRetention beyond)
                    _kept.UnionWith(written.OrderBy(line => line[line.LastIndexOf(' ')..], StringComparer.Ordinal).Skip(beyond.Dropped));
                return answer;
            }

            _kept.UnionWith(written);
            return new WriteAnswer.Written();
        }
    }

    public Task<string?> BootAsync(CancellationToken cancellationToken) => Task.FromResult(Boot);
}
