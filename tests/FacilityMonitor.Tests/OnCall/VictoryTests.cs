using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>The table of what others get wrong names tests that exist, one in every line.</summary>
public sealed partial class VictoryTests
{
    private static readonly string Table = File.ReadAllText(Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/OnCall/victories.md"));

    [Fact]
    public void Every_line_of_the_table_names_a_test_that_is_run()
    {
        var tests = typeof(VictoryTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Cast<FactAttribute>().Any(fact => fact.Skip is null || fact is RealServerFactAttribute)).Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet(StringComparer.Ordinal);
        var lines = Table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| **", StringComparison.Ordinal) && !line.EndsWith("| our test |", StringComparison.Ordinal)).ToList();

        Assert.InRange(lines.Count, 60, 200);
        Assert.All(lines, line => Assert.Contains(Named().Match(line).Groups[1].Value, tests));
    }

    [Fact]
    public void The_readme_leads_there_in_both_languages() =>
        Assert.Equal(3, File.ReadAllText(Path.Combine(SourceTree.Root, "README.md")).Split("(tests/FacilityMonitor.Tests/OnCall/victories.md)").Length);

    [GeneratedRegex(@"\| `([A-Za-z]+\.[A-Za-z0-9_]+)` \|$")]
    private static partial Regex Named();
}
