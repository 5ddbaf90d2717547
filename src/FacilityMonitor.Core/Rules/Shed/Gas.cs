using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Battery gas: hydrogen ≥ 50 ppm over its baseline for 30 s (P1), ≥ 200 ppm (P0); carbon monoxide ≥ 50 ppm for 30 s (P1), ≥ 150 ppm (P0).</summary>
/// <remarks>Hydrogen sensors drift with air and age, so the baseline is learned: it falls at once and rises with a time constant of 6 h, and not while there is a breach.</remarks>
internal sealed class Gas : StateRule<Gas.State, Gas.GasLimits>
{
    /// <summary>Time constant with which the baseline follows upwards, ms. Our choice: a venting battery is over in minutes, a day's drift is not.</summary>
    private const double BaselineTauMs = 6 * 3_600_000.0;

    private static readonly RuleSetting H2Ppm = new("h2_ppm", "ppm", 50, 5, 10_000, "H2 comes 2 to 8 min before visible smoke (bench figures of a vendor); our choice, far below 1 % of the explosion limit");
    private static readonly RuleSetting H2UrgentPpm = new("h2_urgent_ppm", "ppm", 200, 10, 20_000, "our choice");
    private static readonly RuleSetting CoPpm = new("co_ppm", "ppm", 50, 5, 1000, "our choice: what household detectors call within an hour");
    private static readonly RuleSetting CoUrgentPpm = new("co_urgent_ppm", "ppm", 150, 10, 5000, "our choice: what household detectors call within minutes");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 30, 0, 600, "our choice: exhaust of a passing motorcycle is gone by then");

    private Gas()
    {
    }

    /// <summary>The rule.</summary>
    public static Gas Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "gas";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("电池气体", "Battery gas");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "氢气高出本底 50 ppm 或一氧化碳 50 ppm 满 30 秒：P1；氢气高出 200 ppm 或一氧化碳 150 ppm：P0",
        "Hydrogen 50 ppm over its baseline or carbon monoxide 50 ppm for 30 s: P1; hydrogen 200 ppm over it or carbon monoxide 150 ppm: P0");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [H2Ppm, H2UrgentPpm, CoPpm, CoUrgentPpm, HoldS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("可能有电池正在热失控，几分钟内会冒烟起火", "A battery may be venting; smoke and fire can follow within minutes");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("断开充电回路，疏散附近的人", "Switch the charging circuit off and keep people away"),
        new("不要开关电灯和明火，打开通风", "No switches, no flames; let air in"),
        new("看到烟或闻到刺鼻气味拨打 119", "With smoke or an acrid smell call 119"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Channel;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.H2Ppm, Metric.CoPpm);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Gas);

    /// <inheritdoc/>
    internal override int StateVersion => 3;

    /// <inheritdoc/>
    internal override int StateVersionOldest => 2;

    internal override bool AppliesTo(in Subject subject) => true;

    internal override GasLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        scopes.Value(this, H2Ppm), scopes.Value(this, H2UrgentPpm), scopes.Value(this, CoPpm), scopes.Value(this, CoUrgentPpm),
        new HoldTiming((int)(scopes.Value(this, HoldS) * 1000), 2, AlertTiming.OffDelayMs(Priority.P1)), new HoldTiming(0, 1, AlertTiming.OffDelayMs(Priority.P0)));

    internal override void Step(ref State state, in Sight sight, GasLimits limits)
    {
        if (sight.Event is { } fact)
        {
            // No reading tells what the detector itself calls gas: what it takes back is over.
            if (fact.On == false)
                state.Said = default;
            else
                state.Said.Step(breach: true, clear: false, sight.AtMs, 0, limits.Urgent);
            return;
        }

        if (sight.Values.TryGet(Metric.CoPpm, out var co))
        {
            var counted = state.CoPace.Next(sight);
            (state.Co, state.HasCo) = ((float)co, true);
            state.CoHigh.Step(co >= limits.CoPpm, co < 0.8 * limits.CoPpm, sight.AtMs, counted, limits.High);
            state.CoUrgent.Step(co >= limits.CoUrgentPpm, co < 0.8 * limits.CoUrgentPpm, sight.AtMs, counted, limits.Urgent);
        }

        if (sight.Values.TryGet(Metric.H2Ppm, out var h2))
            Hydrogen(ref state, sight.AtMs, h2, state.H2Pace.Next(sight), limits);
    }

    private static void Hydrogen(ref State state, long atMs, double h2, long counted, GasLimits limits)
    {
        state.H2 = (float)h2;
        // The air is clean when we first look, or nothing could ever be found after a start; a sensor that is off by more than the limit shows at once.
        if (!state.HasBaseline)
            (state.Baseline, state.HasBaseline) = ((float)Math.Min(h2, limits.H2Ppm / 2), true);
        var over = h2 - state.Baseline;
        state.H2High.Step(over >= limits.H2Ppm, over < 0.8 * limits.H2Ppm, atMs, counted, limits.High);
        state.H2Urgent.Step(over >= limits.H2UrgentPpm, over < 0.8 * limits.H2UrgentPpm, atMs, counted, limits.Urgent);
        if (over < 0)
            state.Baseline = (float)h2;
        else if (over < limits.H2Ppm / 2)
            state.Baseline += (float)(over * (1 - Math.Exp(-counted / BaselineTauMs)));
    }

    internal override Verdict Judge(in State state, GasLimits limits, long nowMs) => Verdict.Normal
        .Or(Priority.P1, state.H2High).Or(Priority.P1, state.CoHigh).Or(Priority.P0, state.Said).Or(Priority.P0, state.H2Urgent).Or(Priority.P0, state.CoUrgent);

    internal override LocalText Explain(in State state, GasLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var over = Math.Round((double)(state.H2 - state.Baseline), 1);
        var co = Math.Round((double)state.Co, 1);
        if (state.HasBaseline)
        {
            evidence["h2_ppm"] = Math.Round((double)state.H2, 1);
            evidence["h2_over_baseline_ppm"] = over;
            evidence["limit_h2_ppm"] = Math.Round(state.Baseline + (telling.Priority == Priority.P0 ? limits.H2UrgentPpm : limits.H2Ppm), 1);
        }

        if (state.HasCo)
        {
            evidence["co_ppm"] = co;
            evidence["limit_co_ppm"] = telling.Priority == Priority.P0 ? limits.CoUrgentPpm : limits.CoPpm;
        }

        var isMeasured = state.HasBaseline || state.HasCo;
        if (state.Said.IsActive || !isMeasured)
            evidence["detector"] = state.Said.IsActive;
        var (isH2, isCo) = (IsHigh(state.H2High, state.H2Urgent), IsHigh(state.CoHigh, state.CoUrgent));
        if (state.Said.IsActive && !isH2 && !isCo)
            return new LocalText("探测器报气体", "the detector says gas");
        if (!isMeasured)
            return new LocalText("探测器不再报气体", "the detector no longer says gas");
        var culture = CultureInfo.InvariantCulture;
        if (!state.HasBaseline || (isCo && !isH2))
            return new LocalText(string.Create(culture, $"一氧化碳 {co} ppm"), string.Create(culture, $"carbon monoxide {co} ppm"));
        return state.HasCo
            ? new LocalText(string.Create(culture, $"氢气高出本底 {over} ppm，一氧化碳 {co} ppm"), string.Create(culture, $"hydrogen {over} ppm over its baseline, carbon monoxide {co} ppm"))
            : new LocalText(string.Create(culture, $"氢气高出本底 {over} ppm"), string.Create(culture, $"hydrogen {over} ppm over its baseline"));
    }

    private static bool IsHigh(in Hold high, in Hold urgent) => high.Phase != HoldPhase.Idle || urgent.Phase != HoldPhase.Idle;

    internal record struct State
    {
        // One each: told in messages of their own, each would cut the other's time short.
        public Pace H2Pace;
        public Hold Said;
        public Hold H2High;
        public Hold H2Urgent;
        public Hold CoHigh;
        public Hold CoUrgent;
        public float H2;
        public float Co;
        public float Baseline;
        public bool HasBaseline;

        /// <summary>Whether carbon monoxide is measured, and not only gas told.</summary>
        public bool HasCo;

        // Last: what version 2 had stands where it stood.
        public Pace CoPace;
    }

    internal sealed record GasLimits(double H2Ppm, double H2UrgentPpm, double CoPpm, double CoUrgentPpm, HoldTiming High, HoldTiming Urgent);
}
