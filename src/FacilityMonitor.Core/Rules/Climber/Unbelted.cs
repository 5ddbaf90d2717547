using System.Globalization;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that moves with a passenger whose belt is open: more than 1 step a minute in 2 samples. P1.</summary>
internal sealed class Unbelted : ForbiddenMove
{
    private Unbelted()
    {
    }

    /// <summary>The rule.</summary>
    public static Unbelted Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "unbelted";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机未系安全带", "Passenger not belted");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "有人、安全带未扣就移动（每分钟 1 级以上，2 个读数）：P1", "It moves by more than 1 step a minute with a passenger and the belt open, in 2 samples: P1");

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("人可能从座椅上跌下楼梯", "The passenger may fall down the stairs");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("通知操作员停在平台，扣好安全带再走", "Tell the operator to stop at a landing and close the belt"),
        new("再次发生的，停止该操作员上岗并培训", "If it happens again, train the operator before the next trip"),
    ];

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Occupied, Metric.Belt, Metric.Spm);

    protected override bool TryForbid(in Values values, out bool isForbidden)
    {
        var known = values.TryGet(Metric.Occupied, out var occupied) & values.TryGet(Metric.Belt, out var belt);
        isForbidden = occupied != 0 && belt == 0;
        return known;
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"安全带未扣，每分钟移动 {value:0.#} 级"), string.Create(CultureInfo.InvariantCulture, $"{value:0.#} steps a minute with the belt open"));
}
