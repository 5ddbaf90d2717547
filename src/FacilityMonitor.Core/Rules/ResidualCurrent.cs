using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Current that does not come back by the wires: mean of 10 min ≥ 15 mA (P2), or ≥ 30 mA in 2 samples (P1).</summary>
internal sealed class ResidualCurrent : StateRule<ResidualCurrent.State, ResidualCurrent.LeakLimits>
{
    private static readonly RuleSetting MeanMa = new("mean_ma", "mA", 15, 3, 500, "half of the 30 mA at which the protection of a charging loop opens: an RCD may open from there on");
    private static readonly RuleSetting UrgentMa = new("urgent_ma", "mA", 30, 6, 1000, "30 mA Type A protection of charging loops (provincial guides)");
    private static readonly RuleSetting LeastSamples = new("samples", "", 2, 1, 20, "our choice: one wild reading is no leak");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.8, 0.5, 1, "our choice: it changes with every charger that is plugged in");

    private ResidualCurrent()
    {
    }

    public static ResidualCurrent Instance { get; } = new();

    public override string Name => "residual-current";

    public override LocalText Title { get; } = new("剩余电流超限", "Residual current");

    public override LocalText Detects { get; } = new(
        "剩余电流 10 分钟平均达到 15 mA：P2；连续 2 个读数达到 30 mA：P1", "Mean residual current of 10 minutes reaches 15 mA: P2; 30 mA in 2 samples running: P1");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [MeanMa, UrgentMa, LeastSamples, ClearRatio];

    public override LocalText Next { get; } = new("绝缘在变差，可能触电，保护装置也可能断电", "Insulation is failing: a shock is possible, and the protection may cut the supply");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("不要触摸金属外壳，提醒别人离开", "Do not touch metal housings, keep others away"),
        new("逐个断开充电口，找出绝缘不良的充电器或线缆", "Switch sockets off one by one to find the charger or lead"),
        new("雨后检查进水的插座和接头", "After rain look for wet sockets and joints"),
    ];

    public override SubjectKind Subject => SubjectKind.Channel;

    // Many measure it every few minutes, between heartbeats of a minute. Longer than the ten minutes no value stands.
    internal override long GapLeastMs => 600_000;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.RaMa);

    internal override bool AppliesTo(in Subject subject) => true;

    internal override LeakLimits LimitsFor(in Subject subject, SettingScopes scopes) =>
        new(scopes.Value(this, MeanMa), scopes.Value(this, UrgentMa), (int)scopes.Value(this, LeastSamples), scopes.Value(this, ClearRatio));

    // A channel that tells of residual current is remembered from its first word: a mean needs the time before the breach.
    internal override (Metric Metric, double AtLeast)? WakesFrom => (Metric.RaMa, double.NegativeInfinity);

    internal override void Step(ref State state, in Sight sight, LeakLimits limits)
    {
        var ma = Math.Abs(sight.Values.Or(Metric.RaMa));
        var counted = state.Pace.Next(sight, GapLeastMs);
        // After a longer silence than the device's own nobody knows what it was meanwhile: the lesser of the two ends, or one word would be a mean of ten minutes.
        state.Ten.Add(MeanWindow.TenMinutes, sight.AtMs, counted > sight.GapMs ? Math.Min(ma, state.Ma) : ma, counted / 1000.0);
        state.Ma = (float)ma;
        var mean = state.Ten.Mean(MeanWindow.TenMinutes);
        state.Mean.Step(mean >= limits.MeanMa, mean < limits.MeanMa * limits.ClearRatio, sight.AtMs, counted, new HoldTiming(0, 1, AlertTiming.OffDelayMs(Priority.P2)));
        state.Urgent.Step(ma >= limits.UrgentMa, ma < limits.UrgentMa * limits.ClearRatio, sight.AtMs, counted, new HoldTiming(0, limits.Samples, AlertTiming.OffDelayMs(Priority.P1)));
    }

    internal override Verdict Judge(in State state, LeakLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P1, state.Urgent).Or(Priority.P2, state.Mean);

    internal override LocalText Explain(in State state, LeakLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["ra_ma"] = Math.Round((double)state.Ma, 1);
        evidence["limit_ma"] = telling.Priority == Priority.P1 ? limits.UrgentMa : limits.MeanMa;
        var culture = CultureInfo.InvariantCulture;
        if (state.Ten.Mean(MeanWindow.TenMinutes) is not { } mean)
            return new LocalText(string.Create(culture, $"剩余电流 {state.Ma:0.#} mA"), string.Create(culture, $"{state.Ma:0.#} mA of residual current"));
        evidence["mean_10min_ma"] = Math.Round(mean, 1);
        return new LocalText(
            string.Create(culture, $"剩余电流 {state.Ma:0.#} mA，10 分钟平均 {mean:0.#} mA"), string.Create(culture, $"{state.Ma:0.#} mA of residual current, {mean:0.#} mA over 10 minutes"));
    }

    internal struct State
    {
        public Pace Pace;
        public float Ma;
        public Hold Mean;
        public Hold Urgent;
        public RollingMean Ten;
    }

    internal sealed record LeakLimits(double MeanMa, double UrgentMa, int Samples, double ClearRatio);
}
