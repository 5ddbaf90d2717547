using System.Reflection;
using System.Text.RegularExpressions;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Tests.Mqtt.Conformance;

public sealed partial class NormativeStatementsTests
{
    [Theory]
    [InlineData(MqttVersion.V311, 141)]
    [InlineData(MqttVersion.V500, 251)]
    public void Every_statement_of_the_specification_has_a_test_or_a_reason_and_never_both(MqttVersion version, int statements)
    {
        var all = NormativeStatements.All(version);
        var untested = NormativeStatements.Untested(version).Select(entry => entry.Statement).ToList();
        var tested = TestedStatements(version);

        Assert.Equal(statements, all.Distinct().Count());
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Equal(untested.Count, untested.Distinct().Count());
        Assert.Empty(all.Except(tested).Except(untested));
        Assert.Empty(tested.Intersect(untested));
        Assert.Empty(tested.Concat(untested).Except(all));
    }

    [Theory]
    [InlineData(MqttVersion.V311)]
    [InlineData(MqttVersion.V500)]
    public void Every_test_in_a_chapter_is_named_after_a_statement(MqttVersion version) =>
        Assert.All(Tests(version), test => Assert.Matches(Number(), test.Name));

    private static HashSet<string> TestedStatements(MqttVersion version) =>
        [.. Tests(version).Select(test => Number().Match(test.Name)).Select(match => $"{match.Groups[1]}.{match.Groups[2]}.{match.Groups[3]}-{match.Groups[4]}")];

    private static IEnumerable<MethodInfo> Tests(MqttVersion version) => typeof(ConformanceTest).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(ConformanceTest)) && !type.IsAbstract && type.Name.EndsWith($"{version}", StringComparison.Ordinal))
        .SelectMany(type => type.GetMethods())
        .Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null });

    [GeneratedRegex(@"^MQTT_(\d+)_(\d+)_(\d+)_(\d+)_[A-Z]")]
    private static partial Regex Number();
}
