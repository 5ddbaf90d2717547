using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Tests.Scenarios;
using FacilityMonitor.Web;

namespace FacilityMonitor.Tests.Web;

/// <summary>The half hours around an alert, drawn with the limit that was crossed: of every rule, from the alerts that its scenarios raise.</summary>
public sealed class AlertChartTests
{
    /// <summary>Rules whose alerts draw a quantity that has no limit of its own: what was crossed is a time, a count or a shape.</summary>
    private static readonly string[] Lineless =
        ["reserved-socket-misuse", "implausible-energy", "low-battery-start", "stuck", "charge-too-long", "restart-after-full", "no-taper", "unbelted", "brake-slip"];

    public static TheoryData<string> Rules => [.. RuleCatalogue.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Whatever_crossed_a_limit_is_drawn_with_it_and_first(string rule)
    {
        var charts = SeriesScenarioTests.CasesOf(rule).SelectMany(Charts).ToList();

        // A word of the device, and a circuit without a rating, cross nothing.
        Assert.All(charts.Where(one => !Lineless.Contains(rule) && one.Step.Evidence.Keys.Any(key => key.Contains("limit", StringComparison.Ordinal))), one => Assert.True(one.Chart.Metrics[0].HasLine));
        Assert.Equal(charts.Count > 0 && !Lineless.Contains(rule), charts.Exists(one => one.Chart.Metrics[0].HasLine));
    }

    [Theory]
    [InlineData("gas", "co_ppm", 50d, null)]
    [InlineData("gas", "co_ppm", 150d, null)]
    [InlineData("gas", "h2_ppm", 52d, null)]
    [InlineData("smoke", "smoke_dbm", 0.15, null)]
    [InlineData("water", "water_cm", 5d, null)]
    [InlineData("water", "water_cm", 15d, null)]
    [InlineData("noise-limit", "laeq", 50d, null)]
    [InlineData("tilt", "pitch", 38d, -38d)]
    [InlineData("tilt", "roll", 10d, -10d)]
    [InlineData("voltage-out-of-range", "v", 235.4, 198d)]
    [InlineData("fire-equipment-pressure", "kpa", null, 400d)]
    [InlineData("battery-low", "batt", null, 20d)]
    public void The_line_is_the_limit_of_the_rule_above_or_below(string rule, string metric, double? limit, double? floor) =>
        Assert.Contains((metric, limit, floor), SeriesScenarioTests.CasesOf(rule).SelectMany(Charts).Select(one => (one.Chart.Metrics[0].Key, one.Chart.Metrics[0].Limit, one.Chart.Metrics[0].Floor)));

    private static IEnumerable<(AlertTransition Step, ChartView Chart)> Charts(string name)
    {
        var (scenario, facility, rule) = SeriesScenarioTests.Load(name);
        var index = new FacilityIndex(facility);
        return scenario.Steps(facility, rule).Where(step => step.Condition == Condition.Active).Select(step => (step, AlertChart.Of(step, index, null, step.AtMs)!)).Where(one => one.Item2 is not null);
    }
}
