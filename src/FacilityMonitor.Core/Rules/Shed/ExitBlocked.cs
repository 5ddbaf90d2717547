using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A way out that is blocked for 60 s (P3), 300 s (P2).</summary>
internal sealed class ExitBlocked : StateRule<Lasting, ExitBlocked.ExitLimits>
{
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 5, 3600, "our choice: somebody who parks and moves on");
    private static readonly RuleSetting UrgentS = new("urgent_s", "s", 300, 10, 36_000, "our choice");

    private ExitBlocked()
    {
    }

    /// <summary>The rule.</summary>
    public static ExitBlocked Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "exit-blocked";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("出口被堵", "Exit blocked");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new("出口被堵满 60 秒：P3；满 300 秒：P2", "An exit is blocked for 60 s: P3; for 300 s: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldS, UrgentS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("起火时里面的人出不来", "In a fire nobody gets out");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } = [new("到现场挪开堵住出口的车或物品", "Go and clear the exit"), new("联系车主，劝导登记", "Find the owner and record the advice")];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Channel;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.ExitBlocked);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.ExitBlocked);

    internal override bool IsTimed => true;

    internal override bool AppliesTo(in Subject subject) => true;

    internal override bool Wakes(in Sight sight) => sight.Kind == SightKind.Event ? sight.Event!.On != false : sight.Values.Is(Metric.ExitBlocked);

    internal override ExitLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, HoldS) * 1000), (long)(scopes.Value(this, UrgentS) * 1000));

    internal override void Step(ref Lasting state, in Sight sight, ExitLimits limits) =>
        state.Step(sight.Event is { } fact ? fact.On != false : sight.Values.Is(Metric.ExitBlocked), sight);

    internal override Verdict Judge(in Lasting state, ExitLimits limits, long nowMs)
    {
        var ms = state.DurationMs(nowMs);
        return Verdict.When(state.IsOn && ms >= Math.Min(limits.HoldMs, limits.UrgentMs), ms >= limits.UrgentMs ? Priority.P2 : Priority.P3, state.SinceMs);
    }

    internal override bool IsQuiet(in Lasting state) => !state.IsOn;

    internal override LocalText Explain(in Lasting state, ExitLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var seconds = state.DurationMs(telling.NowMs) / 1000;
        evidence["blocked_s"] = seconds;
        return state.IsOn
            ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"已堵 {seconds} 秒"), string.Create(CultureInfo.InvariantCulture, $"blocked for {seconds} s"))
            : new LocalText("出口已通", "the exit is clear again");
    }

    internal sealed record ExitLimits(long HoldMs, long UrgentMs);
}
