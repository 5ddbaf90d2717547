using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A call that nobody answers for 60 s (P1), 180 s (P0).</summary>
internal sealed class CallUnanswered : StateRule<CallWaiting, CallUnanswered.CallLimits>
{
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 10, 600, "our choice: a guard puts down his bowl");
    private static readonly RuleSetting UrgentS = new("urgent_s", "s", 180, 20, 1800, "our choice");

    private CallUnanswered()
    {
    }

    /// <summary>The rule.</summary>
    public static CallUnanswered Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "call-unanswered";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("呼叫无人应答", "Call unanswered");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "呼叫 60 秒无人应答：P1；180 秒：P0", "Nobody answers a call for 60 s: P1; for 180 s: P0");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldS, UrgentS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("呼叫的人可能跌倒或不舒服，时间很要紧", "Whoever calls may have fallen or feel ill, and time matters");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("派最近的人马上去", "Send whoever is nearest, now"),
        new("打登记的家属或居委会电话", "Ring the family or the committee"),
        new("情况不明时拨打 120", "If in doubt call 120"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.Call, EventKind.CallAnswered);

    internal override bool IsTimed => true;

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind is null or DeviceKind.CallButton;

    internal override CallLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, HoldS) * 1000), (long)(scopes.Value(this, UrgentS) * 1000));

    internal override void Step(ref CallWaiting state, in Sight sight, CallLimits limits) => state.Step(sight);

    internal override Verdict Judge(in CallWaiting state, CallLimits limits, long nowMs)
    {
        var ms = nowMs - state.SinceMs;
        return Verdict.When(state.SinceMs > 0 && ms >= Math.Min(limits.HoldMs, limits.UrgentMs), ms >= limits.UrgentMs ? Priority.P0 : Priority.P1, state.SinceMs);
    }

    internal override LocalText Explain(in CallWaiting state, CallLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var seconds = state.SinceMs == 0 ? 0 : (telling.NowMs - state.SinceMs) / 1000;
        evidence["waiting_s"] = seconds;
        return state.SinceMs == 0
            ? new LocalText("已应答", "it was answered")
            : new LocalText(string.Create(CultureInfo.InvariantCulture, $"已等 {seconds} 秒"), string.Create(CultureInfo.InvariantCulture, $"waiting for {seconds} s"));
    }

    internal sealed record CallLimits(long HoldMs, long UrgentMs);
}
