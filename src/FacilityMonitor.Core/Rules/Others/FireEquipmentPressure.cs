using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A hydrant or extinguisher whose pressure is below 80 % of its registered nominal, in 2 samples. P2.</summary>
internal sealed class FireEquipmentPressure : ChannelRule
{
    private static readonly RuleSetting Percent = new("percent", "%", 80, 10, 99, "our choice: the green band of a gauge ends there");

    private FireEquipmentPressure()
    {
    }

    /// <summary>The rule.</summary>
    public static FireEquipmentPressure Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "fire-equipment-pressure";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("消防压力不足", "Fire equipment pressure low");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "压力低于登记额定值的 80 %，2 个读数：P2", "Pressure below 80 % of its registered nominal, in 2 samples: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Percent];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("起火时喷不出水", "In a fire there is no water");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("现场看压力表核实", "Read the gauge on the spot"),
        new("补压或更换，查漏", "Refill or replace, and look for the leak"),
    ];

    // A gauge on a battery tells it once an hour, or once a day.
    internal override long GapLeastMs => 24 * 3_600_000L;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Kpa);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.NominalKpa is not null && subject.Channel.Kind == ChannelKind.Main;

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        // A floor, not a ceiling: judged by the negative.
        var limit = (float)(-subject.Device!.NominalKpa!.Value * scopes.Value(this, Percent) / 100);
        return [new Grade(Priority.P2, limit, false, limit * 1.05f, new HoldTiming(0, 2, AlertTiming.OffDelayMs(Priority.P2)))];
    }

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        var known = values.TryGet(Metric.Kpa, out var kpa);
        value = (float)-kpa;
        return known;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        (evidence["kpa"], evidence["limit_kpa"]) = (Math.Round((double)-value, 1), Math.Round((double)-grade.Limit, 1));
    }

    internal override LocalText What(in Grade grade, float value) => new(
        string.Create(CultureInfo.InvariantCulture, $"{-value:0.#} kPa，至少应有 {-grade.Limit:0.#} kPa"), string.Create(CultureInfo.InvariantCulture, $"{-value:0.#} kPa where {-grade.Limit:0.#} kPa is the least"));
}
