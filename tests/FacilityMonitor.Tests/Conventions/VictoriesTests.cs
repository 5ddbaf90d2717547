using System.Reflection;
using System.Text.RegularExpressions;

namespace FacilityMonitor.Tests.Conventions;

/// <summary>What we say that existing tools get wrong and we do not is shown by tests that are there.</summary>
public sealed partial class VictoriesTests
{
    [Fact]
    public void Every_line_of_the_table_of_what_goes_wrong_elsewhere_names_tests_that_exist()
    {
        var tests = typeof(VictoriesTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.GetCustomAttributes<FactAttribute>().Any()).Select(method => method.Name).ToHashSet(StringComparer.Ordinal);
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "src/FacilityMonitor/OnCall/README.md")).SkipWhile(line => !line.StartsWith("| what goes wrong", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).ToList();
        Assert.True(lines.Count >= 25);
        Assert.All(lines, line =>
        {
            var named = Name().Matches(line.Split('|')[3]).Select(match => match.Groups[1].Value).ToList();
            Assert.NotEmpty(named);
            Assert.All(named, name => Assert.Contains(name, tests));
        });
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
