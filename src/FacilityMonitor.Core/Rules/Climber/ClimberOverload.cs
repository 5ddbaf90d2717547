using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>More weight on a stair-climber than it is rated for, in 2 samples. P1. Without a registered load nothing is computed.</summary>
internal sealed class ClimberOverload : ChannelRule
{
    private static readonly RuleSetting Percent = new("percent", "%", 100, 50, 150, "the maker's rated load is the limit");

    private ClimberOverload()
    {
    }

    /// <summary>The rule.</summary>
    public static ClimberOverload Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "climber-overload";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机超载", "Stair-climber overloaded");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "载重超过登记的额定载重，2 个读数：P1", "More weight than its registered load, in 2 samples: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Percent];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("刹车可能拉不住，电机会过热", "The brake may not hold, the motor overheats");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("停在平台，请乘坐的人下来", "Stop at a landing and let the passenger off"),
        new("核对载重，换大型号或另想办法", "Check the weight; use a larger machine or another way"),
    ];

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.LoadKg);

    internal override bool AppliesTo(in Subject subject) => subject.Device is { Kind: DeviceKind.Climber, RatedLoadKg: not null } && subject.Channel.Kind == ChannelKind.Main;

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var limit = (float)(subject.Device!.RatedLoadKg!.Value * scopes.Value(this, Percent) / 100);
        return [new Grade(Priority.P1, limit, false, limit, new HoldTiming(0, 2, AlertTiming.OffDelayMs(Priority.P1)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.LoadKg, out var kg);
        value = (float)kg;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        (evidence["load_kg"], evidence["limit_kg"]) = (Math.Round((double)value, 1), Math.Round((double)grade.Limit, 1));
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"载重 {value:0.#} kg，限 {grade.Limit:0.#} kg"), string.Create(CultureInfo.InvariantCulture, $"{value:0.#} kg where {grade.Limit:0.#} kg is the limit"));
}
