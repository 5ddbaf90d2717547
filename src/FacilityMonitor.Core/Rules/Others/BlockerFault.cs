using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A lift blocker that holds the door for 10 min, says that it is at fault, or is gone for 10 min. P3.</summary>
internal sealed class BlockerFault : StateRule<BlockerFault.State, BlockerFault.BlockerLimits>
{
    private static readonly RuleSetting HoldMin = new("hold_min", "min", 10, 1, 240, "our choice: longer than any argument at the door");

    private BlockerFault()
    {
    }

    /// <summary>The rule.</summary>
    public static BlockerFault Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "blocker-fault";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("电梯阻车故障", "Lift blocker fault");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "一直拦着门，或故障、离线，满 10 分钟：P3", "It holds the door, is at fault or away for 10 min: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("电梯用不了，或电动自行车可以随便进", "The lift is out of use, or any e-bike can enter");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("到电梯口看有没有人和车", "Look whether anybody is at the lift"),
        new("重启阻车设备", "Restart the blocker"),
        new("报修", "Call for repair"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Door);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.DoorHeld);

    internal override bool HearsPresence => true;

    /// <inheritdoc/>
    internal override bool HearsWords => true;

    internal override bool IsTimed => true;

    /// <inheritdoc/>
    internal override bool NeedsData => false;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.LiftBlocker;

    internal override BlockerLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, HoldMin) * 60_000));

    internal override void Step(ref State state, in Sight sight, BlockerLimits limits)
    {
        if (sight.Kind == SightKind.Presence)
            state.Away.Step(sight.Presence != Presence.Online, sight);
        else if (sight.Event is { } fact)
            state.Held.Step(fact.On != false, sight);
        else
            Read(ref state, sight);
    }

    private static void Read(ref State state, in Sight sight)
    {
        state.Away = default;
        if (sight.Values.Has(Metric.Door))
            state.Held.Step(sight.Values.Is(Metric.Door), sight);
        if (sight.State is { } word)
            state.Faulty.Step(word is "fault" or "error", sight);
    }

    internal override Verdict Judge(in State state, BlockerLimits limits, long nowMs) => state.Worst(nowMs).After(limits.HoldMs, Priority.P3, nowMs);

    internal override LocalText Explain(in State state, BlockerLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var minutes = state.Worst(telling.NowMs).DurationMs(telling.NowMs) / 60_000;
        evidence["min"] = minutes;
        var culture = CultureInfo.InvariantCulture;
        if (state.Away.IsOn)
            return new LocalText(string.Create(culture, $"离线 {minutes} 分钟"), string.Create(culture, $"away for {minutes} min"));
        if (state.Faulty.IsOn)
            return new LocalText(string.Create(culture, $"报故障 {minutes} 分钟"), string.Create(culture, $"at fault for {minutes} min"));
        return state.Held.IsOn
            ? new LocalText(string.Create(culture, $"拦门 {minutes} 分钟"), string.Create(culture, $"holding the door for {minutes} min"))
            : new LocalText("已恢复工作", "it works again");
    }

    internal record struct State
    {
        public Lasting Held;
        public Lasting Faulty;
        public Lasting Away;

        public readonly Lasting Worst(long nowMs)
        {
            var worst = Held.DurationMs(nowMs) >= Faulty.DurationMs(nowMs) ? Held : Faulty;
            return worst.DurationMs(nowMs) >= Away.DurationMs(nowMs) ? worst : Away;
        }
    }

    internal sealed record BlockerLimits(long HoldMs);
}
