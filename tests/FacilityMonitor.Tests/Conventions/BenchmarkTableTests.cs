namespace FacilityMonitor.Tests.Conventions;

/// <summary>The README's figures: each beside something of the same run, and each target that was missed explained.</summary>
public sealed class BenchmarkTableTests
{
    private const string Missed = " — 未达到 missed";

    private static readonly List<string[]> Rows = Table("README.md", "<!-- benchmarks -->", "<!-- /benchmarks -->");

    [Fact]
    public void Every_row_has_the_name_under_which_a_benchmark_writes_it()
    {
        // A row of another name would stay for ever, beside the one that is measured.
        var written = string.Concat(SourceTree.Files("tests/FacilityMonitor.Benchmarks", "*.cs").Select(File.ReadAllText));

        Assert.True(Rows.Count > 10, $"only {Rows.Count} rows were found");
        Assert.All(Rows.Select(row => row[0].Split("<br>")), name => Assert.Contains($"\"{name[0]}\", \"{name[1]}\"", written, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_figure_is_beside_something_fixed_of_the_same_run() => Assert.All(Rows, row => Assert.Matches("[0-9] ×", row[3]));

    [Fact]
    public void Every_target_that_was_missed_is_explained_and_no_other()
    {
        var missed = Rows.Where(row => row[2].EndsWith(Missed, StringComparison.Ordinal)).Select(row => row[0].Split("<br>")[1]);
        var explained = Table("tests/FacilityMonitor.Benchmarks/README.md", "<!-- missed -->", "<!-- /missed -->");

        Assert.Equal(missed.Order(StringComparer.Ordinal), explained.Select(row => row[0]).Order(StringComparer.Ordinal));
        Assert.All(explained, row => Assert.True(row[1].Length > 50, row[0]));
    }

    /// <summary>The rows of a table between two marks, without its head.</summary>
    private static List<string[]> Table(string file, string begin, string end)
    {
        var text = File.ReadAllText(Path.Combine(SourceTree.Root, file));
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        Assert.True(0 <= from && from < to, file);
        var rows = text[from..to].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(line => line[2..^2].Split(" | ")).ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Equal(rows[0].Length, row.Length));
        return rows;
    }
}
