using FacilityMonitor.Configuration;
using FacilityMonitor.Readings;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Rules;

/// <summary>What every rule there is keeps to. That each speaks two languages and asks for at most three steps stands in AlertTextTests.</summary>
public sealed class RuleCatalogueTests
{
    public static TheoryData<string> Names => [.. RuleCatalogue.All.Select(rule => rule.Name)];

    [Fact]
    public void No_rule_that_was_written_is_missing_in_the_catalogue() => Assert.Equal(
        typeof(Rule).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Rule)) && !type.IsAbstract).Select(type => type.Name).Order(StringComparer.Ordinal),
        RuleCatalogue.All.Select(rule => rule.GetType().Name).Order(StringComparer.Ordinal));

    [Fact]
    public void No_two_rules_have_one_name() => Assert.Equal(RuleCatalogue.All.Count, RuleCatalogue.All.Select(rule => rule.Name).Distinct().Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_rule_says_in_both_languages_when_it_speaks_and_how_urgent_that_is(string name)
    {
        var rule = RuleCatalogue.Find(name)!;
        Assert.Contains("P", rule.Detects.Zh, StringComparison.Ordinal);
        Assert.Contains("P", rule.Detects.En, StringComparison.Ordinal);
        Assert.DoesNotContain("|", rule.Detects.Zh + rule.Detects.En, StringComparison.Ordinal);
        Assert.InRange(rule.Steps.Count, 1, Rule.StepsMax);
        Assert.Equal(rule.Settings.Count, rule.Settings.Select(setting => setting.Name).Distinct().Count());
    }

    [Fact]
    public void The_table_in_the_readme_is_the_one_of_the_code()
    {
        var readme = Path.Combine(SourceTree.Root, "README.md");
        var text = File.ReadAllText(readme);
        if (Environment.GetEnvironmentVariable("FM_ACCEPT") == "1" && RulesTable.In(text) is { } old)
            File.WriteAllText(readme, text = text.Replace($"{RulesTable.Begin}\n{old}{RulesTable.End}", $"{RulesTable.Begin}\n{RulesTable.Markdown()}{RulesTable.End}", StringComparison.Ordinal));

        Assert.Equal(RulesTable.Markdown(), RulesTable.In(text));
    }

    [Fact]
    public void A_set_of_metrics_has_room_for_all() => Assert.InRange(MetricKeys.Count, 1, 64);
}
