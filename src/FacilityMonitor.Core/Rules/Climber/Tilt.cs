using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber tilts further than it is built for: pitch over its rated angle + 3° for 2 s, or roll over 10° for 2 s. P1.</summary>
internal sealed class Tilt : StateRule<Tilt.State, Tilt.TiltLimits>
{
    private static readonly RuleSetting RatedDeg = new("rated_deg", "°", 35, 10, 60, "ISO 7176-28 tests on stairs of 35°; the registry's rated-angle-deg goes before it");
    private static readonly RuleSetting OverDeg = new("over_deg", "°", 3, 0, 20, "our choice: a sensor and a worn step edge");
    private static readonly RuleSetting RollDeg = new("roll_deg", "°", 10, 2, 45, "our choice: stairs are level across");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 2, 0, 60, "our choice: longer than the jolt of a step");

    private Tilt()
    {
    }

    /// <summary>The rule.</summary>
    public static Tilt Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "tilt";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机倾斜过大", "Stair-climber tilts too far");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "前后倾斜超过额定角度 3°，或侧倾超过 10°，满 2 秒：P1", "Pitch more than 3° over its rated angle, or roll over 10°, for 2 s: P1");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [RatedDeg, OverDeg, RollDeg, HoldS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("可能翻倒", "It may topple");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("通知操作员停下，扶稳人和机器", "Tell the operator to stop and hold passenger and machine"),
        new("慢慢退回平台", "Go back to the landing slowly"),
        new("检查履带和楼梯后再用", "Check tracks and stairs before using it again"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Pitch, Metric.Roll);

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    /// <inheritdoc/>
    internal override int StateVersionOldest => 1;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber;

    internal override TiltLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        (subject.Device?.RatedAngleDeg ?? scopes.Value(this, RatedDeg)) + scopes.Value(this, OverDeg), scopes.Value(this, RollDeg),
        new HoldTiming((int)(scopes.Value(this, HoldS) * 1000), 2, AlertTiming.OffDelayMs(Priority.P1)));

    internal override void Step(ref State state, in Sight sight, TiltLimits limits)
    {
        if (sight.Values.TryGet(Metric.Pitch, out var pitch))
        {
            state.PitchDeg = (float)pitch;
            state.Pitched.Step(Math.Abs(pitch) > limits.PitchDeg, Math.Abs(pitch) <= limits.PitchDeg, sight.AtMs, state.PitchPace.Next(sight), limits.Timing);
        }

        if (!sight.Values.TryGet(Metric.Roll, out var roll))
            return;
        state.RollDeg = (float)roll;
        state.Rolled.Step(Math.Abs(roll) > limits.RollDeg, Math.Abs(roll) <= limits.RollDeg, sight.AtMs, state.RollPace.Next(sight), limits.Timing);
    }

    internal override Verdict Judge(in State state, TiltLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P1, state.Pitched).Or(Priority.P1, state.Rolled);

    internal override LocalText Explain(in State state, TiltLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var (pitch, roll) = (Math.Round((double)state.PitchDeg, 1), Math.Round((double)state.RollDeg, 1));
        (evidence["pitch_deg"], evidence["roll_deg"], evidence["pitch_limit_deg"], evidence["roll_limit_deg"]) = (pitch, roll, limits.PitchDeg, limits.RollDeg);
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(
            string.Create(culture, $"前后倾 {pitch}°（限 {limits.PitchDeg}°），侧倾 {roll}°（限 {limits.RollDeg}°）"),
            string.Create(culture, $"pitch {pitch}° (limit {limits.PitchDeg}°), roll {roll}° (limit {limits.RollDeg}°)"));
    }

    internal record struct State
    {
        // One each: told in messages of their own, each would cut the other's time short.
        public Pace PitchPace;
        public Hold Pitched;
        public Hold Rolled;
        public float PitchDeg;
        public float RollDeg;

        // Last: what version 1 had stands where it stood.
        public Pace RollPace;
    }

    internal sealed record TiltLimits(double PitchDeg, double RollDeg, HoldTiming Timing);
}
