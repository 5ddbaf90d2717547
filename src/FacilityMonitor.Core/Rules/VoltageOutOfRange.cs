using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Mains outside what devices are made for: above 235.4 V or below 198 V for 10 min (P3), above 250 V for 10 s (P2), above 260 V for 3 s or 270 V at once (P1).</summary>
/// <remarks>
/// The mains are too high or too low for all that hang on them, so P3 is told of the uppermost circuit alone whose meter tells a voltage. What is dangerous is judged on every circuit: where the neutral
/// is lost below a meter, that meter shows nothing of it. Only while a meter above is over the same limit the circuit below has what that one is told of.
/// A voltage that is gone is <see cref="CircuitTripped"/> or <see cref="SupplyLost"/>.
/// </remarks>
internal sealed class VoltageOutOfRange : StateRule<VoltageOutOfRange.State, VoltageOutOfRange.VoltageLimits>
{
    private static readonly RuleSetting LowV = new("low_v", "V", 198, 150, 220, "220 V − 10 % (GB/T 12325)");
    private static readonly RuleSetting HighV = new("high_v", "V", 235.4, 220, 260, "220 V + 7 % (GB/T 12325)");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 600, 10, 7200, "our choice: a motor that starts is no fault of the mains");
    private static readonly RuleSetting UrgentV = new("urgent_v", "V", 250, 230, 300, "our choice: chargers are built for 240 V + 5 %");
    private static readonly RuleSetting UrgentS = new("urgent_s", "s", 10, 0, 600, "our choice");
    private static readonly RuleSetting DangerV = new("danger_v", "V", 260, 240, 300, "our choice: varistors begin to conduct");
    private static readonly RuleSetting DangerS = new("danger_s", "s", 3, 0, 600, "our choice");
    private static readonly RuleSetting MaxV = new("max_v", "V", 270, 250, 400, "our choice: a lost neutral, not a regulator");
    private static readonly RuleSetting ClearV = new("clear_v", "V", 2, 0, 20, "our choice: above the ripple of a quiet network");

    private VoltageOutOfRange()
    {
    }

    public static VoltageOutOfRange Instance { get; } = new();

    public override string Name => "voltage-out-of-range";

    public override LocalText Title { get; } = new("电压异常", "Voltage out of range");

    public override LocalText Detects { get; } = new(
        "高于 235.4 V 或低于 198 V 达 10 分钟：P3；高于 250 V 达 10 秒：P2；高于 260 V 达 3 秒或一次高于 270 V：P1",
        "Above 235.4 V or below 198 V for 10 minutes: P3; above 250 V for 10 s: P2; above 260 V for 3 s, or 270 V once: P1");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [LowV, HighV, HoldS, UrgentV, UrgentS, DangerV, DangerS, MaxV, ClearV];

    public override LocalText Next { get; } = new("电压过高会烧坏充电器，过低会使电机和充电器过热", "Too high a voltage destroys chargers, too low a one overheats motors and chargers");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("高于 250 V 时停止该处充电（可能零线断）", "Above 250 V stop charging there (the neutral may be open)"),
        new("报供电公司（95598）", "Call the power company (95598)"),
    ];

    public override SubjectKind Subject => SubjectKind.Circuit;

    internal override bool AppliesTo(in Subject subject) => true;

    internal override VoltageLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        scopes.Value(this, LowV), scopes.Value(this, HighV), Ms(scopes.Value(this, HoldS)), scopes.Value(this, UrgentV), Ms(scopes.Value(this, UrgentS)),
        scopes.Value(this, DangerV), Ms(scopes.Value(this, DangerS)), scopes.Value(this, MaxV), scopes.Value(this, ClearV));

    internal override void Step(ref State state, in Sight sight, VoltageLimits limits)
    {
        var load = sight.Load!;
        for (var index = 0; index < load.Phases.Length; index++)
        {
            ref readonly var phase = ref load.Phases[index];
            if (phase.VoltsMs == sight.AtMs && phase.Volts >= SocketOverload.LeastV)
                StepPhase(ref state[index], phase.Volts, load.VoltsAbove, sight, limits);
        }
    }

    internal override Verdict Judge(in State state, VoltageLimits limits, long nowMs)
    {
        var verdict = Verdict.Normal;
        for (var index = 0; index < State.PhasesMax; index++)
        {
            ref readonly var phase = ref state[index];
            verdict = verdict.Or(Priority.P1, phase.Max).Or(Priority.P1, phase.Danger).Or(Priority.P2, phase.Urgent).Or(Priority.P3, phase.High).Or(Priority.P3, phase.Low);
        }

        return verdict;
    }

    internal override LocalText Explain(in State state, VoltageLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        // The phase that is furthest from 220 V among those that were heard.
        var worst = -1;
        for (var index = 0; index < State.PhasesMax; index++)
        {
            if (state[index].Pace.LastMs > 0 && (worst < 0 || Math.Abs(state[index].Volts - SocketOverload.NominalV) > Math.Abs(state[worst].Volts - SocketOverload.NominalV)))
                worst = index;
        }

        var volts = Math.Round((double)state[Math.Max(0, worst)].Volts, 1);
        evidence["v"] = volts;
        evidence["low_v"] = limits.LowV;
        evidence["high_v"] = limits.HighV;
        var (zh, en) = telling.Subject.Circuit is { Phases: 3 } ? ($"L{worst + 1} 相", $" on phase L{worst + 1}") : ("", "");
        if (zh.Length > 0)
            evidence["phase"] = worst + 1;
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(
            string.Create(culture, $"{zh}电压 {volts:0.#} V，正常为 {limits.LowV:0.#} 到 {limits.HighV:0.#} V"),
            string.Create(culture, $"{volts:0.#} V{en} where {limits.LowV:0.#} to {limits.HighV:0.#} V is normal"));
    }

    private static void StepPhase(ref Phase phase, double volts, double voltsAbove, in Sight sight, VoltageLimits limits)
    {
        var (atMs, counted) = (sight.AtMs, phase.Pace.Next(sight));
        phase.Volts = (float)volts;
        var isUppermost = double.IsNaN(voltsAbove);
        var over = new Above(volts, voltsAbove, atMs, counted, limits.ClearV);
        var mains = new HoldTiming(limits.HoldMs, 1, AlertTiming.OffDelayMs(Priority.P3));
        phase.High.Step(isUppermost && volts > limits.HighV, !isUppermost || volts < limits.HighV - limits.ClearV, atMs, counted, mains);
        phase.Low.Step(isUppermost && volts < limits.LowV, !isUppermost || volts > limits.LowV + limits.ClearV, atMs, counted, mains);
        over.Step(ref phase.Urgent, limits.UrgentV, limits.UrgentMs, Priority.P2);
        over.Step(ref phase.Danger, limits.DangerV, limits.DangerMs, Priority.P1);
        over.Step(ref phase.Max, limits.MaxV, 0, Priority.P1);
    }

    private static int Ms(double seconds) => (int)(seconds * 1000);

    private readonly record struct Above(double Volts, double VoltsAbove, long AtMs, long CountedMs, double ClearV)
    {
        public void Step(ref Hold hold, double limit, int holdMs, Priority priority)
        {
            // With a meter above two samples are wanted: it has spoken between them, and rings for all below it.
            // NaN is over no limit. What is pending waits: a meter above that is at the limit now and then must not begin it anew each time.
            if (Volts > limit && VoltsAbove > limit && !hold.IsActive)
                return;
            hold.Step(Volts > limit, Volts < limit - ClearV, AtMs, CountedMs, new HoldTiming(holdMs, double.IsNaN(VoltsAbove) ? 1 : 2, AlertTiming.OffDelayMs(priority)));
        }
    }

    internal struct Phase
    {
        public Pace Pace;
        public float Volts;
        public Hold Low;
        public Hold High;
        public Hold Urgent;
        public Hold Danger;
        public Hold Max;
    }

    [InlineArray(PhasesMax)]
    internal struct State
    {
        public const int PhasesMax = 3;

        private Phase _first;
    }

    internal sealed record VoltageLimits(
        double LowV, double HighV, int HoldMs, double UrgentV, int UrgentMs, double DangerV, int DangerMs, double MaxV, double ClearV);
}
