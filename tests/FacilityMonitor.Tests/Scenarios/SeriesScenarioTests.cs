using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Scenarios;

/// <summary>One folder a rule, one folder a case: series of values, and the steps of that rule's alerts which must come of them. The form is told in
/// <c>src/FacilityMonitor.Core/Rules/README.md</c>.</summary>
/// <remarks>With FM_ACCEPT=1 what came out is written below <c>expect</c>; read the difference line by line before it is committed.</remarks>
public sealed class SeriesScenarioTests
{
    /// <summary>An edge is one: the two values lie no further apart than this part of the first, or one step of a count.</summary>
    private const double EdgeWidthMax = 0.025;

    private static readonly string Root = Path.Combine(SourceTree.Root, "tests/FacilityMonitor.Tests/Scenarios");

    public static TheoryData<string> Cases => [.. CasesOf("*")];

    public static TheoryData<string> Rules => [.. RuleCatalogue.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_values_lead_to_exactly_these_steps(string name)
    {
        var (scenario, facility, rule) = Load(name);
        var told = scenario.Play(facility, rule);
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1")
        {
            File.WriteAllText(Path.Combine(Root, name, "case.txt"), scenario.Head + string.Concat(told.Select(step => step + "\n")));
            return;
        }

        Assert.Equal(scenario.Expected, told);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_restart_at_any_moment_and_messages_that_come_twice_change_nothing(string name)
    {
        var (scenario, facility, rule) = Load(name);
        var told = scenario.Play(facility, rule);

        Assert.Equal(told, scenario.Play(facility, rule, restartEvery: 3));
        Assert.Equal(told, scenario.Play(facility, rule, twice: true));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void At_an_edge_the_next_value_of_the_setting_comes_out_otherwise(string name)
    {
        var (scenario, facility, rule) = Load(name);
        Assert.All(scenario.Edges, edge =>
        {
            var setting = RuleCatalogue.Find(rule)!.FindSetting(edge.Setting);
            Assert.NotNull(setting);
            Assert.True(setting.Accepts(edge.At) && setting.Accepts(edge.Beyond));
            var isCount = setting is { Unit: "", Default: var usual } && usual == Math.Floor(usual) && Math.Abs(edge.Beyond - edge.At) <= 1;
            Assert.True(isCount || Math.Abs(edge.Beyond - edge.At) <= Math.Abs(edge.At) * EdgeWidthMax, $"{edge} is no edge: the two values lie too far apart.");

            var (at, beyond) = (With(facility, rule, edge.Setting, edge.At), With(facility, rule, edge.Setting, edge.Beyond));
            Assert.NotEqual(scenario.Play(at, rule, numbers: edge.InNumbers), scenario.Play(beyond, rule, numbers: edge.InNumbers));
        });
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_rule_is_shown_coming_going_and_just_not_coming(string rule)
    {
        var cases = CasesOf(rule).Select(name => (Name: Path.GetFileName(name), Load(name).Scenario)).ToList();
        Assert.Contains(Of("on"), scenario => Tells(scenario, "active"));
        // What a date says ends only with another date in the registry.
        if (RuleCatalogue.Find(rule) is not DateRule)
            Assert.Contains(Of("off"), scenario => Tells(scenario, "cleared"));
        Assert.Contains(Of("just-not"), scenario => !Tells(scenario, "active"));

        IEnumerable<SeriesScenario> Of(string kind) => cases.Where(one => one.Name.StartsWith(kind, StringComparison.Ordinal)).Select(one => one.Scenario);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_setting_of_every_rule_has_an_edge_that_is_shown_from_both_sides(string rule)
    {
        var shown = CasesOf(rule).SelectMany(name => Load(name).Scenario.Edges).Select(edge => edge.Setting).ToHashSet(StringComparer.Ordinal);
        var missing = RuleCatalogue.Find(rule)!.Settings.Select(setting => setting.Name).Except(shown);
        Assert.True(!missing.Any(), $"No case of {rule} has an edge of: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Every_folder_belongs_to_a_rule() =>
        Assert.All(Directory.EnumerateDirectories(Root).Select(Path.GetFileName).Except(["replay", "lane"]), name => Assert.NotNull(RuleCatalogue.Find(name!)));

    private static bool Tells(SeriesScenario scenario, string state) => scenario.Expected.Exists(step => step.Split(' ')[1] == state);

    /// <summary>Every case of a rule; <c>*</c>: of all.</summary>
    internal static IEnumerable<string> CasesOf(string rule) =>
        from folder in Directory.EnumerateDirectories(Root, rule)
        from file in Directory.EnumerateFiles(folder, "case.txt", SearchOption.AllDirectories)
        orderby file
        select Path.GetRelativePath(Root, Path.GetDirectoryName(file)!);

    /// <summary>The nearest registry: the case's own, its rule's, or the common lane.</summary>
    internal static (SeriesScenario Scenario, Facility Facility, string Rule) Load(string name)
    {
        var folder = Path.Combine(Root, name);
        var rule = name.Split(Path.DirectorySeparatorChar)[0];
        var registry = new[] { folder, Path.Combine(Root, rule), Path.Combine(Root, "lane") }.First(candidate => File.Exists(Path.Combine(candidate, "facility.yaml")));
        var loaded = FacilityLoader.Load(registry, RunCommand.Rules);
        Assert.True(loaded.Facility is not null, string.Join("\n", loaded.Errors.Select(error => error.In("en"))));
        return (SeriesScenario.Read(Path.Combine(folder, "case.txt")), loaded.Facility, rule);
    }

    private static Facility With(Facility facility, string rule, string setting, double value)
    {
        var rules = facility.Rules.ByRule.ToDictionary(pair => pair.Key, pair => pair.Value);
        var settings = rules.GetValueOrDefault(rule)?.ToDictionary(pair => pair.Key, pair => pair.Value) ?? [];
        settings[setting] = value;
        rules[rule] = settings;
        return facility with { Rules = new RuleSettings(rules) };
    }
}
