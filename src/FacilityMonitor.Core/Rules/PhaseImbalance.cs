using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A three-phase circuit whose phases carry very different loads: (max − mean)/mean &gt; 50 % and the largest &gt; 50 % of In, for 30 min. P3.</summary>
internal sealed class PhaseImbalance : StateRule<PhaseImbalance.State, PhaseImbalance.ImbalanceLimits>
{
    private static readonly RuleSetting Ratio = new("ratio", "", 0.5, 0.1, 2, "our choice: one phase carries one and a half times the mean");
    private static readonly RuleSetting LoadRatio = new("load_ratio", "", 0.5, 0, 1, "our choice: below half of the rating it does no harm");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 1800, 60, 86_400, "our choice: longer than the coming and going of single chargers");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.9, 0.5, 1, "our choice");

    private PhaseImbalance()
    {
    }

    public static PhaseImbalance Instance { get; } = new();

    public override string Name => "phase-imbalance";

    public override LocalText Title { get; } = new("三相不平衡", "Phase imbalance");

    public override LocalText Detects { get; } = new(
        "最大相比三相平均高 50% 以上，且超过额定的 50%，持续 30 分钟：P3", "The largest phase is more than 50 % above the mean and above 50 % of the rating for 30 minutes: P3");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [Ratio, LoadRatio, HoldS, ClearRatio];

    public override LocalText Next { get; } = new("最大相先过载，零线电流大，电压会偏", "The largest phase overloads first, the neutral carries the difference, voltages drift apart");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("把部分充电引导到轻载相的桩上", "Lead some of the charging to piles on the light phases"),
        new("请电工把桩均匀改接到三相", "Have the electrician spread the piles over the phases"),
    ];

    public override SubjectKind Subject => SubjectKind.Circuit;

    internal override bool AppliesTo(in Subject subject) => subject.Circuit is { Phases: 3, RatedA: not null };

    internal override ImbalanceLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(
        scopes.Value(this, Ratio), subject.Circuit!.RatedA!.Value * scopes.Value(this, LoadRatio), (int)(scopes.Value(this, HoldS) * 1000), scopes.Value(this, ClearRatio));

    internal override void Step(ref State state, in Sight sight, ImbalanceLimits limits)
    {
        double sum = 0;
        double largest = 0;
        foreach (ref readonly var phase in sight.Load!.Phases)
        {
            // Of a phase nobody told of in time nothing is known: neither balance nor the lack of it.
            if (!phase.IsComplete || phase.LastMs == 0 || sight.AtMs - phase.LastMs > sight.GapMs)
                return;
            sum += phase.Amps;
            largest = Math.Max(largest, phase.Amps);
        }

        var mean = sum / sight.Load.Phases.Length;
        var ratio = mean > 0 ? (largest - mean) / mean : 0;
        (state.LargestA, state.MeanA, state.Ratio) = ((float)largest, (float)mean, (float)ratio);
        state.Uneven.Step(
            ratio > limits.Ratio && largest > limits.LoadA, ratio < limits.Ratio * limits.ClearRatio || largest < limits.LoadA * limits.ClearRatio,
            sight.AtMs, state.Pace.Next(sight), new HoldTiming(limits.HoldMs, 1, AlertTiming.OffDelayMs(Priority.P3)));
    }

    internal override Verdict Judge(in State state, ImbalanceLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P3, state.Uneven);

    internal override LocalText Explain(in State state, ImbalanceLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["largest_a"] = Math.Round((double)state.LargestA, 2);
        evidence["mean_a"] = Math.Round((double)state.MeanA, 2);
        evidence["imbalance"] = Math.Round((double)state.Ratio, 3);
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(
            string.Create(culture, $"最大相 {state.LargestA:0.0} A，三相平均 {state.MeanA:0.0} A，高出 {state.Ratio * 100:0}%"),
            string.Create(culture, $"the largest phase carries {state.LargestA:0.0} A, {state.Ratio * 100:0} % above the mean of {state.MeanA:0.0} A"));
    }

    internal struct State
    {
        public Pace Pace;
        public float LargestA;
        public float MeanA;
        public float Ratio;
        public Hold Uneven;
    }

    internal sealed record ImbalanceLimits(double Ratio, double LoadA, int HoldMs, double ClearRatio);
}
