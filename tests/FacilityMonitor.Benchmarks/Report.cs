using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace FacilityMonitor.Benchmarks;

/// <summary>One line of the table.</summary>
/// <param name="Zh">What was measured, in Chinese.</param>
/// <param name="En">The same in English.</param>
/// <param name="Measured">The figure with its unit.</param>
/// <param name="Target">What it has to reach.</param>
/// <param name="IsMet">Whether it did, with everything that the target names.</param>
/// <param name="Baseline">Its ratio to something fixed that was measured in the same run; absolute figures differ from machine to machine.</param>
internal sealed record Figure(string Zh, string En, string Measured, string Target, bool IsMet, string Baseline)
{
    /// <summary>Behind a target that was missed; what limits it stands in the README beside this file, under the row's English name.</summary>
    private const string Missed = " — 未达到 missed";

    public string Name => $"{Zh}<br>{En}";

    public string Row => $"| {Name} | {Measured} | {Target}{(IsMet ? "" : Missed)} | {Baseline} |";
}

/// <summary>Gathers figures, prints them, and writes them into the README.</summary>
internal sealed class Report(TextWriter output)
{
    private const string Begin = "<!-- benchmarks -->";
    private const string End = "<!-- /benchmarks -->";
    private const string Head = "| 测量 measured | 结果 result | 目标 target | 同一次运行的参照 baseline of the same run |\n|---|---|---|---|";

    private readonly List<Figure> _figures = [];

    public TextWriter Output { get; } = output;

    public void Add(string zh, string en, string measured, string target, bool isMet, string baseline)
    {
        _figures.Add(new Figure(zh, en, measured, target, isMet, baseline));
        Output.WriteLine($"{en}: {measured} (target {target}{(isMet ? "" : ", missed")}; {baseline})");
    }

    public static string Number(double value, string format = "N0") => value.ToString(format, CultureInfo.InvariantCulture);

    public async Task PrintAsync()
    {
        await Output.WriteLineAsync();
        foreach (var figure in _figures)
            await Output.WriteLineAsync($"{figure.En,-86} {figure.Measured,-44} {figure.Target,-34} {figure.Baseline}");
    }

    /// <summary>Puts the figures into the README's table.</summary>
    /// <param name="isWhole">Whether every benchmark of the table was run and came to its end: rows that none of them wrote go, but for those of the simulator, which is asked for by its name.
    /// Otherwise they stay as they are.</param>
    /// <param name="here">Where this file was compiled.</param>
    public async Task WriteReadmeAsync(bool isWhole, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "../../README.md");
        var text = await File.ReadAllTextAsync(path);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        var kept = text[begin..end].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line.Contains(isWhole ? "<br>simulator: " : "<br>", StringComparison.Ordinal));
        await File.WriteAllTextAsync(path, $"{text[..begin]}\n{Table(kept, isWhole)}{text[end..]}");
    }

    private string Table(IEnumerable<string> kept, bool isWhole)
    {
        var table = new StringBuilder();
        // A part of the table may be of another day and machine, so only a whole one says of which it is.
        if (isWhole)
            table.Append(CultureInfo.InvariantCulture, $"{Machine()}\n\n");
        table.Append(Head).Append('\n');
        var written = new HashSet<string>(StringComparer.Ordinal);
        if (isWhole)
            AppendNew(table, written);
        foreach (var row in kept)
        {
            var now = _figures.Find(figure => row.StartsWith($"| {figure.Name} |", StringComparison.Ordinal));
            if (now is null || written.Add(now.Name))
                table.Append(now?.Row ?? row).Append('\n');
        }

        AppendNew(table, written);
        return table.ToString();
    }

    private void AppendNew(StringBuilder table, HashSet<string> written)
    {
        foreach (var figure in _figures.Where(figure => written.Add(figure.Name)))
            table.Append(figure.Row).Append('\n');
    }

    private static string Machine()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}，{Environment.ProcessorCount} 核 cores ({model})，{RuntimeInformation.FrameworkDescription}，代理和服务器在同一台机器 broker and servers on the same machine：`dotnet run -c Release --project tests/FacilityMonitor.Benchmarks -- --readme`");
    }
}
