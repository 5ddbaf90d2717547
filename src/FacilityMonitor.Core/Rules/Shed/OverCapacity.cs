using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>More than 110 % of the bikes a place is registered for, for 15 min. P3.</summary>
internal sealed class OverCapacity : ChannelRule
{
    private static readonly RuleSetting Percent = new("percent", "%", 110, 50, 300, "our choice: a bike or two at the door at noon is no matter");
    private static readonly RuleSetting HoldMin = new("hold_min", "min", 15, 0, 1440, "our choice: the school run is over by then");

    private OverCapacity()
    {
    }

    /// <summary>The rule.</summary>
    public static OverCapacity Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "over-capacity";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("停车超量", "Over capacity");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("车辆超过登记车位的 110 % 满 15 分钟：P3", "More than 110 % of the registered capacity for 15 min: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Percent, HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("车挨着车，一辆起火会很快蔓延，通道也会被占", "Bikes stand so close that one fire spreads, and aisles fill up");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } = [new("引导新来的车去别的车棚", "Send newcomers to another shed"), new("清理长期不动的车", "Clear bikes that never move")];

    // Many count by a camera that looks a few times an hour.
    internal override long GapLeastMs => 3_600_000;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Bikes);

    internal override bool AppliesTo(in Subject subject) => subject is { Channel.Kind: ChannelKind.Main, Place.Capacity: not null };

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var limit = (float)(subject.Place!.Capacity!.Value * scopes.Value(this, Percent) / 100);
        return [new Grade(Priority.P3, limit, false, limit, new HoldTiming((int)(scopes.Value(this, HoldMin) * 60_000), 2, AlertTiming.OffDelayMs(Priority.P3)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Bikes, out var bikes);
        value = (float)bikes;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        evidence["bikes"] = (int)value;
        evidence["limit"] = Math.Round((double)grade.Limit, 1);
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"停了 {(int)value} 辆，限 {(int)grade.Limit} 辆"),
        string.Create(CultureInfo.InvariantCulture, $"{(int)value} bikes where {(int)grade.Limit} are the limit"));
}
