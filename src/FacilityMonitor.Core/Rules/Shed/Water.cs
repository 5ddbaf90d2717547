using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Water on the floor: ≥ 5 cm (P2); ≥ 15 cm, or rising by ≥ 1 cm a minute (P1).</summary>
internal sealed class Water : StateRule<Water.State, Water.WaterLimits>
{
    /// <summary>Least depth at which a rise counts, cm: a wave in a puddle rises fast too.</summary>
    private const double RiseFromCm = 2;

    /// <summary>How far apart two samples must be for a rate, ms: an echo of whole centimetres that steps once within a minute would rise by the limit.</summary>
    private const long RateLeastMs = 90_000;

    private static readonly RuleSetting HighCm = new("high_cm", "cm", 5, 1, 100, "our choice: the lowest sockets of chargers on the floor");
    private static readonly RuleSetting UrgentCm = new("urgent_cm", "cm", 15, 2, 200, "our choice: half the height at which piles are mounted low");
    private static readonly RuleSetting RiseCmMin = new("rise_cm_min", "cm/min", 1, 0.1, 20, "our choice: an underground garage is knee-deep within an hour");

    private Water()
    {
    }

    /// <summary>The rule.</summary>
    public static Water Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "water";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("积水", "Water");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("积水 5 厘米：P2；15 厘米，或每分钟上涨 1 厘米：P1", "5 cm of water: P2; 15 cm, or rising by 1 cm a minute: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HighCm, UrgentCm, RiseCmMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("水碰到带电设备会触电，电池泡水会短路", "Water at live equipment can kill, and soaked batteries short out");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("先断电，不要趟水", "Switch the power off first; do not wade"),
        new("封住入口，开水泵", "Close the entrance and start the pump"),
        new("通知车主把车移到高处", "Tell the owners to move their bikes up"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Channel;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.WaterCm);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Water);

    internal override bool AppliesTo(in Subject subject) => true;

    /// <inheritdoc/>
    internal override int StateVersion => 3;

    internal override WaterLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(scopes.Value(this, HighCm), scopes.Value(this, UrgentCm), scopes.Value(this, RiseCmMin));

    internal override void Step(ref State state, in Sight sight, WaterLimits limits)
    {
        var counted = state.Pace.Next(sight);
        if (sight.Event is { } fact)
        {
            // Where no depth is measured nothing more is heard of it: what the device takes back is over.
            if (fact.On == false && !state.IsMeasured)
                state.High = default;
            else
                state.High.Step(fact.On != false, fact.On == false, sight.AtMs, counted, WaterLimits.AtOnce);
            return;
        }

        if (!sight.Values.TryGet(Metric.WaterCm, out var cm))
            return;
        (state.Cm, state.IsMeasured) = ((float)cm, true);
        state.RiseCmMin = state.Rises.Rate(sight.AtMs, (float)cm, RateLeastMs, sight.GapMs);
        state.High.Step(cm >= limits.HighCm, cm < 0.8 * limits.HighCm, sight.AtMs, counted, WaterLimits.TwoSamples);
        state.Urgent.Step(cm >= limits.UrgentCm, cm < 0.8 * limits.UrgentCm, sight.AtMs, counted, WaterLimits.TwoSamples);
        var rises = state.RiseCmMin >= limits.RiseCmMin;
        // What rose needs not rise as fast again, only not fall back as an echo does: a sensor that speaks every five minutes would call a flood in ten.
        var stays = state.Rising.Phase == HoldPhase.Pending && cm >= state.RoseToCm;
        if (rises)
            state.RoseToCm = (float)cm;
        state.Rising.Step(cm >= RiseFromCm && (rises || stays), state.RiseCmMin < limits.RiseCmMin / 2, sight.AtMs, counted, WaterLimits.TwoSamples);
    }

    internal override Verdict Judge(in State state, WaterLimits limits, long nowMs) =>
        Verdict.Normal.Or(Priority.P2, state.High).Or(Priority.P1, state.Urgent).Or(Priority.P1, state.Rising);

    internal override LocalText Explain(in State state, WaterLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        if (!state.IsMeasured)
        {
            evidence["detector"] = state.High.IsActive;
            return state.High.IsActive ? new LocalText("探测器报积水", "the detector says water") : new LocalText("探测器不再报积水", "the detector no longer says water");
        }

        var (cm, rise) = (Math.Round((double)state.Cm, 1), Math.Round((double)state.RiseCmMin, 1));
        evidence["water_cm"] = cm;
        evidence["rise_cm_min"] = rise;
        evidence["limit_cm"] = state.Urgent.IsActive ? limits.UrgentCm : limits.HighCm;
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(string.Create(culture, $"水深 {cm} 厘米，每分钟涨 {rise} 厘米"), string.Create(culture, $"{cm} cm deep, rising by {rise} cm a minute"));
    }

    internal record struct State
    {
        public Pace Pace;
        public Hold High;
        public Hold Urgent;
        public Hold Rising;
        public TemperatureRise Rises;
        public float Cm;
        public float RiseCmMin;

        /// <summary>How deep it was when it last rose as fast as the limit, cm.</summary>
        public float RoseToCm;

        /// <summary>Whether its depth is measured, and not only water told.</summary>
        public bool IsMeasured;
    }

    internal sealed record WaterLimits(double HighCm, double UrgentCm, double RiseCmMin)
    {
        public static HoldTiming AtOnce => new(0, 1, AlertTiming.OffDelayMs(Priority.P2));

        /// <summary>One wild echo of an ultrasonic sensor is no flood.</summary>
        public static HoldTiming TwoSamples => new(0, 2, AlertTiming.OffDelayMs(Priority.P2));
    }
}
