using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>An e-bike that is in a lift and not out within 60 s. P2.</summary>
/// <remarks>Many cameras tell only who comes in, and a blocker that began anew knows of nobody: so it ends by itself, or it would stay for ever and swallow every bike that comes later.</remarks>
internal sealed class EBikeInLift : StateRule<EBikeInLift.Inside, EBikeInLift.LiftLimits>
{
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 5, 600, "the blocker holds the door and speaks; most leave within half a minute; our choice");
    private static readonly RuleSetting KeepMin = new("keep_min", "min", 10, 1, 1440, "our choice: a bike is upstairs by then; who knows that it is still there says so again");

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
        "电动自行车进电梯 60 秒没有退出：P2，10 分钟没有新的报告，或设备重启后解除",
        "An e-bike is in the lift and not out within 60 s: P2, until 10 min went by without another word of it, or its device began anew");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldS, KeepMin];

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

    internal override bool HearsBoots => true;

    /// <inheritdoc/>
    internal override int StateVersion => 2;

    internal override bool IsTimed => true;

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind is null or DeviceKind.LiftBlocker or DeviceKind.Camera;

    internal override LiftLimits LimitsFor(in Subject subject, SettingScopes scopes) =>
        new((long)(scopes.Value(this, HoldS) * 1000), (long)(scopes.Value(this, KeepMin) * 60_000));

    internal override void Step(ref Inside state, in Sight sight, LiftLimits limits)
    {
        if (!sight.IsEvent(EventKind.EBikeInLift) || sight.Event!.On == false)
        {
            state = default;
            return;
        }

        if (!state.IsStill(limits, sight.AtMs))
            state.SinceMs = sight.AtMs;
        state.LastMs = sight.AtMs;
    }

    internal override Verdict Judge(in Inside state, LiftLimits limits, long nowMs) =>
        Verdict.When(state.IsStill(limits, nowMs) && nowMs - state.SinceMs >= limits.HoldMs, Priority.P2, state.SinceMs);

    internal override LocalText Explain(in Inside state, LiftLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        if (state.SinceMs == 0)
            return new LocalText("已退出，或设备已重启", "it is out, or its device began anew");
        var seconds = (telling.NowMs - state.SinceMs) / 1000;
        evidence["inside_s"] = seconds;
        return state.IsStill(limits, telling.NowMs)
            ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"已在轿厢 {seconds} 秒"), string.Create(CultureInfo.InvariantCulture, $"inside for {seconds} s"))
            : new LocalText("没有新的报告，不知是否已退出", "nothing was told of it any more; nobody knows whether it is out");
    }

    /// <summary>What is remembered of one lift.</summary>
    internal record struct Inside
    {
        /// <summary>Since when a bike is inside; 0: none is.</summary>
        public long SinceMs;

        /// <summary>When that was last said.</summary>
        public long LastMs;

        /// <summary>Whether one may still be inside as far as anybody said.</summary>
        public readonly bool IsStill(LiftLimits limits, long nowMs) => SinceMs != 0 && nowMs - LastMs < limits.HoldMs + limits.KeepMs;
    }

    /// <summary>Limits of one lift.</summary>
    /// <param name="HoldMs">How long a bike may be inside.</param>
    /// <param name="KeepMs">How long an alert stays without another word.</param>
    internal sealed record LiftLimits(long HoldMs, long KeepMs);
}
