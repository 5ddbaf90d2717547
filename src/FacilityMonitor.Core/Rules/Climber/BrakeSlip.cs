using System.Globalization;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that moves though its brake is on: more than 1 step a minute in 2 samples. P1.</summary>
internal sealed class BrakeSlip : ForbiddenMove
{
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
    public override LocalText Next { get; } = new("机器会顺着楼梯往下滑", "It slides down the stairs");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("操作员立即扶住，停到最近的平台", "Hold it at once and stop at the next landing"),
        new("停用并报修刹车", "Take it out of use and have the brake repaired"),
    ];

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Brake, Metric.Spm);

    protected override bool TryForbid(in Values values, out bool isForbidden)
    {
        var known = values.TryGet(Metric.Brake, out var brake);
        isForbidden = brake != 0;
        return known;
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"刹车合着，每分钟移动 {value:0.#} 级"), string.Create(CultureInfo.InvariantCulture, $"{value:0.#} steps a minute with the brake on"));
}
