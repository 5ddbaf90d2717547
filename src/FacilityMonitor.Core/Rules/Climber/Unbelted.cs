using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that moves with a passenger whose belt is open: more than 1 step a minute in 2 samples. P1.</summary>
internal sealed class Unbelted : ChannelRule
{
    private static readonly RuleSetting LimitSpm = new("limit_spm", "1/min", 1, 0.1, 10, "our choice: a sensor's jitter is less");

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
    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitSpm];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("人可能从座椅上跌下楼梯", "The passenger may fall down the stairs");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("通知操作员停在平台，扣好安全带再走", "Tell the operator to stop at a landing and close the belt"),
        new("再次发生的，停止该操作员上岗并培训", "If it happens again, train the operator before the next trip"),
    ];

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Occupied, Metric.Belt, Metric.Spm);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber && subject.Channel.Kind == ChannelKind.Main;

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var limit = (float)scopes.Value(this, LimitSpm);
        return [new Grade(Priority.P1, limit, false, limit, new HoldTiming(0, 2, AlertTiming.OffDelayMs(Priority.P1)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Spm, out var spm) & values.TryGet(Metric.Occupied, out var occupied) & values.TryGet(Metric.Belt, out var belt);
        value = occupied != 0 && belt == 0 ? (float)Math.Abs(spm) : 0;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        evidence["spm"] = Math.Round((double)value, 1);
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"安全带未扣，每分钟移动 {value:0.#} 级"), string.Create(CultureInfo.InvariantCulture, $"{value:0.#} steps a minute with the belt open"));
}
