using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The own battery of a device is below 20 % for 10 min. P3. A stair-climber is judged by its trips instead.</summary>
internal sealed class BatteryLow : ChannelRule
{
    private static readonly RuleSetting Percent = new("percent", "%", 20, 1, 90, "our choice: weeks are left for most sensors");
    private static readonly RuleSetting HoldMin = new("hold_min", "min", 10, 0, 1440, "our choice: a radio that transmits pulls a weak cell down for a moment");

    private BatteryLow()
    {
    }

    /// <summary>The rule.</summary>
    public static BatteryLow Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "battery-low";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("设备电量低", "Device battery low");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "设备自带电池低于 20 % 满 10 分钟：P3", "The own battery of a device is below 20 % for 10 min: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Percent, HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("没电后这里就没有人看守", "When it is empty nobody watches here any more");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("更换或充电", "Replace or charge the battery"),
        new("按设备名单安排同批更换", "Plan the others of the same age"),
    ];

    // Most tell it a few times a day, between heartbeats of a minute.
    internal override long GapLeastMs => 24 * 3_600_000L;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Batt);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind is not DeviceKind.Climber && subject.Channel.Kind == ChannelKind.Main;

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        // A floor, not a ceiling: judged by the negative.
        var limit = (float)-scopes.Value(this, Percent);
        return [new Grade(Priority.P3, limit, false, limit - 5, new HoldTiming((int)(scopes.Value(this, HoldMin) * 60_000), 2, AlertTiming.OffDelayMs(Priority.P3)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Batt, out var percent);
        value = (float)-percent;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        (evidence["batt"], evidence["limit"]) = (Math.Round((double)-value, 1), Math.Round((double)-grade.Limit, 1));
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"电量 {-value:0}%"), string.Create(CultureInfo.InvariantCulture, $"{-value:0} % left"));
}
