using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that moves though its brake is on: more than 1 step a minute in 2 samples. P1.</summary>
internal sealed class BrakeSlip : ChannelRule
{
    private static readonly RuleSetting LimitSpm = new("limit_spm", "1/min", 1, 0.1, 10, "our choice: a sensor's jitter is less");

    private BrakeSlip()
    {
    }

    /// <summary>The rule.</summary>
    public static BrakeSlip Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "brake-slip";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机刹车打滑", "Stair-climber brake slips");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "刹车已合上仍在移动（每分钟 1 级以上，2 个读数）：P1", "It moves by more than 1 step a minute with its brake on, in 2 samples: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitSpm];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("机器会顺着楼梯往下滑", "It slides down the stairs");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("操作员立即扶住，停到最近的平台", "Hold it at once and stop at the next landing"),
        new("停用并报修刹车", "Take it out of use and have the brake repaired"),
    ];

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Brake, Metric.Spm);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber && subject.Channel.Kind == ChannelKind.Main;

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var limit = (float)scopes.Value(this, LimitSpm);
        return [new Grade(Priority.P1, limit, false, limit, new HoldTiming(0, 2, AlertTiming.OffDelayMs(Priority.P1)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Spm, out var spm) & values.TryGet(Metric.Brake, out var brake);
        value = brake != 0 ? (float)Math.Abs(spm) : 0;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        evidence["spm"] = Math.Round((double)value, 1);
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"刹车合着，每分钟移动 {value:0.#} 级"), string.Create(CultureInfo.InvariantCulture, $"{value:0.#} steps a minute with the brake on"));
}
