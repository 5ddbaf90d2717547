using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A socket or slot that delivers more than it may: &gt; tier or rated power for ≥ 10 s and ≥ 2 samples is P2, ≥ 1.25 × it P1.</summary>
/// <remarks>Power is taken as measured; where a socket tells only current, as V·A (at 220 V where it tells no voltage), and the evidence says so:
/// apparent power is never below active power, so this errs on the side of the alert.</remarks>
internal sealed class SocketOverload : ChannelRule
{
    /// <summary>Nominal voltage of a Chinese socket, V (GB/T 156).</summary>
    internal const double NominalV = 220;

    /// <summary>Below this a voltage is a broken measurement or a dead phase, V: with current flowing it says nothing about the power.</summary>
    internal const double LeastV = 50;

    private const byte FromVoltage = 1;
    private const byte FromNominal = 2;

    private static readonly RuleSetting LimitW = new("limit_w", "W", 1000, 10, 7800, "hard limit of one port on real piles; the tier a device is set to (desired limit-w) and the registry's socket-rated-w go before it");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 10, 0, 600, "our choice: longer than the inrush of a charger");
    private static readonly RuleSetting LeastSamples = new("samples", "", 2, 1, 20, "our choice: one wild reading is no overload");
    private static readonly RuleSetting UrgentRatio = new("urgent_ratio", "", 1.25, 1, 3, "our choice");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.95, 0.5, 1, "5 % below the limit, ISA-18.2 practice for power and current");

    private SocketOverload()
    {
    }

    /// <summary>The rule.</summary>
    public static SocketOverload Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "socket-overload";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("充电口过载", "Socket overload");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "充电口功率超过额定（未登记按 1000 W）至少 10 秒、2 个读数：P2；达到 1.25 倍：P1",
        "A socket delivers more than its rating (1,000 W where none is registered) for 10 s and 2 samples: P2; 1.25 times: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitW, HoldS, LeastSamples, UrgentRatio, ClearRatio];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("若不处理，插头、线缆可能过热起火", "If nobody acts, plug and lead may overheat and catch fire");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("断开该充电口", "Switch this socket off"),
        new("检查插头和充电器是否发烫、有焦味", "Check plug and charger for heat and smell"),
        new("联系车主，查明所接电器", "Find the owner and what was plugged in"),
    ];

    internal override bool AppliesTo(in Subject subject) =>
        subject.Channel.Kind is ChannelKind.Socket or ChannelKind.Slot || (subject.Channel.Kind == ChannelKind.Main && subject.Device?.Kind == DeviceKind.Plug);

    internal override Grade[] Grades(in Subject subject, SettingScopes scopes)
    {
        var entry = subject.Device;
        var ofDevice = entry is null ? null : new SettingScopes(entry.Rules).Override(this, LimitW);
        // The tier a socket was set to is below its rating, or the registry would not have been accepted.
        var limit = ofDevice ?? entry?.Desired?.LimitW ?? entry?.SocketRatedW ?? scopes.Value(this, LimitW);
        var clear = scopes.Value(this, ClearRatio);
        var urgent = limit * scopes.Value(this, UrgentRatio);
        var on = (int)(scopes.Value(this, HoldS) * 1000);
        var samples = (int)scopes.Value(this, LeastSamples);
        return
        [
            new Grade(Priority.P2, (float)limit, false, (float)(limit * clear), new HoldTiming(on, samples, AlertTiming.OffDelayMs(Priority.P2))),
            new Grade(Priority.P1, (float)urgent, true, (float)(urgent * clear), new HoldTiming(on, samples, AlertTiming.OffDelayMs(Priority.P1))),
        ];
    }

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.W, Metric.A);

    internal override bool TryMeasure(in Values values, out float value, out byte origin)
    {
        origin = 0;
        if (values.TryGet(Metric.W, out var w))
        {
            value = (float)w;
            return true;
        }

        if (!values.TryGet(Metric.A, out var a))
        {
            value = 0;
            return false;
        }

        var told = values.TryGet(Metric.V, out var v) && v > LeastV;
        origin = told ? FromVoltage : FromNominal;
        value = (float)(a * (told ? v : NominalV));
        return true;
    }

    internal override void Explain(in Grade grade, float value, byte origin, SortedDictionary<string, object> evidence)
    {
        evidence["limit_w"] = Round(grade.Limit);
        evidence["w"] = Round(value);
        if (origin != 0)
            evidence["w_from"] = origin == FromVoltage ? "v*a" : "220*a";
    }

    internal override LocalText What(in Grade grade, float value)
    {
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(
            string.Create(culture, $"功率 {Round(value):0.#} W，限值 {Round(grade.Limit):0.#} W"),
            string.Create(culture, $"{Round(value):0.#} W where {Round(grade.Limit):0.#} W is the limit"));
    }

    private static double Round(float value) => Math.Round((double)value, 1);
}
