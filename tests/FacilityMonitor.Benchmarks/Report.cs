using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace FacilityMonitor.Benchmarks;

/// <summary>One line of the table.</summary>
/// <param name="Zh">What was measured, in Chinese.</param>
/// <param name="En">The same in English.</param>
/// <param name="Measured">The figure with its unit.</param>
/// <param name="Target">What it has to reach.</param>
/// <param name="Baseline">Its ratio to something fixed that was measured in the same run; absolute figures differ from machine to machine.</param>
internal sealed record Figure(string Zh, string En, string Measured, string Target, string Baseline);

/// <summary>Gathers figures, prints them, and writes them into the README.</summary>
internal sealed class Report(TextWriter output)
{
    private const string Begin = "<!-- benchmarks -->";
    private const string End = "<!-- /benchmarks -->";

    private readonly List<Figure> _figures = [];

    public TextWriter Output { get; } = output;

    public void Add(string zh, string en, string measured, string target, string baseline = "–")
    {
        _figures.Add(new Figure(zh, en, measured, target, baseline));
        Output.WriteLine($"{en}: {measured} (target {target}; {baseline})");
    }

    public static string Number(double value, string format = "N0") => value.ToString(format, CultureInfo.InvariantCulture);

    public async Task PrintAsync()
    {
        await Output.WriteLineAsync();
        foreach (var figure in _figures)
            await Output.WriteLineAsync($"{figure.En,-86} {figure.Measured,-44} {figure.Target,-34} {figure.Baseline}");
    }

    /// <summary>Writes the table of the README.</summary>
    /// <param name="isWhole">Whether every benchmark ran; else the rows of those that did not stay as they are.</param>
    /// <param name="here">Where this file is.</param>
    public async Task WriteReadmeAsync(bool isWhole, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "../../README.md");
        var text = await File.ReadAllTextAsync(path);
        var table = new StringBuilder();
        table.Append(Begin).Append('\n');
        table.Append("| 测量 measured | 结果 result | 目标 target | 同一次运行的参照 baseline of the same run |\n|---|---|---|---|\n");
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        var rows = isWhole ? [] : text[from..to].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();
        foreach (var figure in _figures)
        {
            var name = $"| {figure.Zh}<br>{figure.En} |";
            var row = $"{name} {figure.Measured} | {figure.Target} | {figure.Baseline} |";
            var before = rows.FindIndex(line => line.StartsWith(name, StringComparison.Ordinal));
            if (before < 0)
                rows.Add(row);
            else
                rows[before] = row;
        }

        foreach (var row in rows)
            table.Append(row).Append('\n');
        text = text[..from] + table + text[to..];
        await File.WriteAllTextAsync(path, text);
    }
}
