using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>An e-bike that is in a lift and not out within 60 s. P2.</summary>
internal sealed class EBikeInLift : StateRule<Lasting, EBikeInLift.LiftLimits>
{
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 5, 600, "the blocker holds the door and speaks; most leave within half a minute; our choice");

    private EBikeInLift()
    {
    }

    /// <summary>The rule.</summary>
    public static EBikeInLift Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "e-bike-in-lift";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("电动自行车进电梯", "E-bike in the lift");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "电动自行车进电梯 60 秒没有退出：P2", "An e-bike is in the lift and not out within 60 s: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldS];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("有人要把车或电池带上楼充电", "Somebody takes it upstairs to charge");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("喊话劝阻，或派人到电梯口", "Speak through the intercom, or send somebody to the lift"),
        new("引导到充电棚", "Show the way to the shed"),
        new("误判的，放行并反馈", "If it is none, release the door and say so"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.EBikeInLift, EventKind.EBikeOut);

    internal override bool IsTimed => true;

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind is null or DeviceKind.LiftBlocker or DeviceKind.Camera;

    internal override LiftLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, HoldS) * 1000));

    internal override void Step(ref Lasting state, in Sight sight, LiftLimits limits) => state.Step(sight.IsEvent(EventKind.EBikeInLift) && sight.Event!.On != false, sight);

    internal override Verdict Judge(in Lasting state, LiftLimits limits, long nowMs) =>
        state.After(limits.HoldMs, Priority.P2, nowMs);

    internal override LocalText Explain(in Lasting state, LiftLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var seconds = state.DurationMs(telling.NowMs) / 1000;
        evidence["inside_s"] = seconds;
        return state.IsOn
            ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"已在轿厢 {seconds} 秒"), string.Create(CultureInfo.InvariantCulture, $"inside for {seconds} s"))
            : new LocalText("已退出", "it is out");
    }

    internal sealed record LiftLimits(long HoldMs);
}
