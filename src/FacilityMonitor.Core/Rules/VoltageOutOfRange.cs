using System.Globalization;
using System.Runtime.CompilerServices;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Mains outside what devices are made for: above 235.4 V or below 198 V for 10 min (P3), above 250 V for 10 s (P2), above 260 V for 3 s or 270 V at once (P1).</summary>
/// <remarks>
/// The mains are too high or too low for all that hang on them, so P3 is told of the uppermost circuit alone whose meter tells a voltage. What is dangerous is judged on every circuit: where the neutral
/// is lost below a meter, that meter shows nothing of it. Only while a meter above rings for the same limit, or said just now that it is over it, the circuit below has what that one is told of.
/// A voltage that is gone is <see cref="CircuitTripped"/> or <see cref="SupplyLost"/>.
/// </remarks>
internal sealed class VoltageOutOfRange : StateRule<VoltageOutOfRange.State, VoltageOutOfRange.VoltageLimits>
{
    /// <summary>A voltage of a meter above is that of now for so long, ms: what meters below tell meanwhile is the same event.</summary>
    internal const long FreshMs = 10_000;

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
                StepPhase(ref state[index], phase.Volts, sight, limits);
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

    /// <summary>Of which dangerous limits a circuit is over now, on any phase.</summary>
    internal static VoltageGrades RingingOf(in State state)
    {
        var grades = VoltageGrades.None;
        foreach (ref readonly var phase in state)
        {
            grades |= (phase.Urgent.Phase == HoldPhase.On ? VoltageGrades.Urgent : VoltageGrades.None)
                | (phase.Danger.Phase == HoldPhase.On ? VoltageGrades.Danger : VoltageGrades.None)
                | (phase.Max.Phase == HoldPhase.On ? VoltageGrades.Max : VoltageGrades.None);
        }

        return grades;
    }

    private static void StepPhase(ref Phase phase, double volts, in Sight sight, VoltageLimits limits)
    {
        var (atMs, counted) = (sight.AtMs, phase.Pace.Next(sight));
        phase.Volts = (float)volts;
        var isUppermost = double.IsNaN(sight.Above.Volts);
        var over = new Over(volts, sight.Above, atMs, counted, limits.ClearV);
        var mains = new HoldTiming(limits.HoldMs, 1, AlertTiming.OffDelayMs(Priority.P3));
        phase.High.Step(isUppermost && volts > limits.HighV, !isUppermost || volts < limits.HighV - limits.ClearV, atMs, counted, mains);
        phase.Low.Step(isUppermost && volts < limits.LowV, !isUppermost || volts > limits.LowV + limits.ClearV, atMs, counted, mains);
        over.Step(ref phase.Urgent, VoltageGrades.Urgent, limits.UrgentV, limits.UrgentMs, Priority.P2);
        over.Step(ref phase.Danger, VoltageGrades.Danger, limits.DangerV, limits.DangerMs, Priority.P1);
        over.Step(ref phase.Max, VoltageGrades.Max, limits.MaxV, 0, Priority.P1);
    }

    private static int Ms(double seconds) => (int)(seconds * 1000);

    private readonly record struct Over(double Volts, VoltageAbove Above, long AtMs, long CountedMs, double ClearV)
    {
        public void Step(ref Hold hold, VoltageGrades grade, double limit, int holdMs, Priority priority)
        {
            // A meter above rings for all below it, if it does: one word of it that is over the limit, and then silence, rings nobody. So it is waited for while it rings, and while its word is fresh.
            // NaN is over no limit. What is pending waits too: a meter above that is at the limit now and then must not begin it anew each time.
            var isTold = Above.FreshVolts > limit || ((Above.Ringing & grade) != 0 && Above.Volts > limit);
            if (Volts > limit && isTold && !hold.IsActive)
                return;
            // With a meter above two samples are wanted: it has spoken between them.
            hold.Step(Volts > limit, Volts < limit - ClearV, AtMs, CountedMs, new HoldTiming(holdMs, double.IsNaN(Above.Volts) ? 1 : 2, AlertTiming.OffDelayMs(priority)));
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

/// <summary>What the meters of the circuits above another tell of their voltage.</summary>
/// <param name="Volts">The highest that one last told, unless it has been silent since for longer than its gap, V; NaN: none tells any.</param>
/// <param name="FreshVolts">The highest of those that were told just now, see <see cref="VoltageOutOfRange.FreshMs"/>; NaN: none was.</param>
/// <param name="Ringing">Of which limits an alert stands there.</param>
internal readonly record struct VoltageAbove(double Volts, double FreshVolts, VoltageGrades Ringing);

/// <summary>The dangerous limits of <see cref="VoltageOutOfRange"/>.</summary>
[Flags]
internal enum VoltageGrades : byte
{
    None = 0,
    Urgent = 1,
    Danger = 2,
    Max = 4,
}
