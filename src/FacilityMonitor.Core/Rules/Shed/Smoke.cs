using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Smoke: the detector says so, at once; or ≥ 0.15 dB/m in 2 samples. P0.</summary>
internal sealed class Smoke : StateRule<Smoke.State, Smoke.SmokeLimits>
{
    private static readonly RuleSetting LimitDbm = new("limit_dbm", "dB/m", 0.15, 0.02, 5, "within the range of point detectors (0.05 to 0.7 dB/m); our choice");
    private static readonly RuleSetting Samples = new("samples", "", 2, 1, 20, "our choice: one wild analogue reading rings nobody");

    private Smoke()
    {
    }

    /// <summary>The rule.</summary>
    public static Smoke Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "smoke";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("烟雾", "Smoke");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("探测器报烟，或 2 个读数达到 0.15 dB/m：P0", "The detector says smoke, or 0.15 dB/m in 2 samples: P0");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitDbm, Samples];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("锂电池从冒烟到起火往往不到一分钟", "A lithium battery often goes from smoke to fire in less than a minute");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("拨打 119，疏散附近的人，不要靠近冒烟的车", "Call 119, keep people away, do not go near the smoking bike"),
        new("断开充电回路", "Switch the charging circuit off"),
        new("在上风处用大量水或灭火器控制，等消防", "From upwind use much water or extinguishers until the fire brigade comes"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Channel;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Smoke, Metric.SmokeDbm);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Smoke);

    /// <inheritdoc/>
    internal override int StateVersion => 3;

    /// <inheritdoc/>
    internal override int StateVersionOldest => 2;

    internal override bool AppliesTo(in Subject subject) => true;

    internal override bool Wakes(in Sight sight) => sight.Kind == SightKind.Event || sight.Values.Is(Metric.Smoke) || sight.Values.Or(Metric.SmokeDbm, 0) > 0;

    internal override SmokeLimits LimitsFor(in Subject subject, SettingScopes scopes) =>
        new(scopes.Value(this, LimitDbm), new HoldTiming(0, (int)scopes.Value(this, Samples), AlertTiming.OffDelayMs(Priority.P0)));

    internal override void Step(ref State state, in Sight sight, SmokeLimits limits)
    {
        if (sight.Event is { } fact)
        {
            // Where no reading tells smoke nothing more is heard of it: what the detector takes back is over.
            if (fact.On == false && !state.IsMeasured)
                state.Said = default;
            else
                state.Said.Step(fact.On != false, fact.On == false, sight.AtMs, state.SaidPace.Next(sight), limits.Said);
            return;
        }

        if (sight.Values.Has(Metric.Smoke))
        {
            state.IsMeasured = true;
            state.Said.Step(sight.Values.Is(Metric.Smoke), !sight.Values.Is(Metric.Smoke), sight.AtMs, state.SaidPace.Next(sight), limits.Said);
        }

        if (!sight.Values.TryGet(Metric.SmokeDbm, out var dbm))
            return;
        state.Dbm = (float)dbm;
        state.Dense.Step(dbm >= limits.Dbm, dbm < 0.8 * limits.Dbm, sight.AtMs, state.DensePace.Next(sight), limits.Dense);
    }

    internal override Verdict Judge(in State state, SmokeLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P0, state.Said).Or(Priority.P0, state.Dense);

    internal override bool IsQuiet(in State state) => state.Said.Phase == HoldPhase.Idle && state.Dense.Phase == HoldPhase.Idle && state.Dbm <= 0;

    internal override LocalText Explain(in State state, SmokeLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var dbm = Math.Round((double)state.Dbm, 3);
        if (state.Dbm > 0)
            (evidence["smoke_dbm"], evidence["limit_dbm"]) = (dbm, limits.Dbm);
        evidence["detector"] = state.Said.IsActive;
        return state.Dense.IsActive
            ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"烟雾浓度 {dbm} dB/m"), string.Create(CultureInfo.InvariantCulture, $"obscuration {dbm} dB/m"))
            : state.Said.IsActive ? new LocalText("探测器报烟", "the detector says smoke")
            : state.Dbm > 0 ? new LocalText("烟雾浓度升高", "obscuration rises") : new LocalText("探测器不再报烟", "the detector no longer says smoke");
    }

    internal record struct State
    {
        // One each: told in messages of their own, each would cut the other's time short.
        public Pace SaidPace;
        public Hold Said;
        public Hold Dense;
        public float Dbm;

        /// <summary>Whether readings tell smoke or none as well, and not only events.</summary>
        public bool IsMeasured;

        // Last: what version 2 had stands where it stood.
        public Pace DensePace;
    }

    /// <param name="Dbm">Obscuration, dB/m.</param>
    /// <param name="Dense">How it must last.</param>
    internal sealed record SmokeLimits(double Dbm, HoldTiming Dense)
    {
        /// <summary>What the detector says itself needs no second sample.</summary>
        public HoldTiming Said => new(0, 1, Dense.OffMs);
    }
}
