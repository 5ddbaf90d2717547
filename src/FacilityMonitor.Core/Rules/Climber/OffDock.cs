using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A stair-climber that is away from its dock for 30 min though nobody rides it and no trip was booked. P3.</summary>
internal sealed class OffDock : StateRule<OffDock.State, OffDock.OffDockLimits>
{
    private static readonly RuleSetting HoldMin = new("hold_min", "min", 30, 1, 1440, "our choice: the way back, and a wipe");

    private OffDock()
    {
    }

    /// <summary>The rule.</summary>
    public static OffDock Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "off-dock";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机离开充电座", "Stair-climber away from its dock");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "没有行程、没有人乘坐，离开充电座 30 分钟：P3", "Away from its dock for 30 min without a trip or a passenger: P3");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [HoldMin];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("下一位老人用时会没电或找不到", "The next passenger finds it gone or its battery low");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("问上一位操作员放在哪里", "Ask the last operator where it stands"),
        new("送回充电座", "Bring it back to its dock"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Occupied, Metric.Batt, Metric.Pitch);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.TripStart, EventKind.TripEnd);

    internal override bool IsTimed => true;

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber;

    internal override OffDockLimits LimitsFor(in Subject subject, SettingScopes scopes) => new((long)(scopes.Value(this, HoldMin) * 60_000));

    internal override void Step(ref State state, in Sight sight, OffDockLimits limits)
    {
        if (sight.Kind == SightKind.Event)
        {
            // A trip is a booking; it counts anew from its end.
            (state.IsBooked, state.Away) = (sight.IsEvent(EventKind.TripStart), default);
            return;
        }

        // Only its own word tells where it stands; one that tells none is not judged.
        if (sight.State is not { } word)
            return;
        var isDocked = word is "dock" or "docked" or "charging";
        if (isDocked)
            state.IsBooked = false;
        state.Away.Step(!isDocked && !state.IsBooked && !sight.Values.Is(Metric.Occupied), sight);
    }

    internal override Verdict Judge(in State state, OffDockLimits limits, long nowMs) =>
        state.Away.After(limits.HoldMs, Priority.P3, nowMs);

    internal override LocalText Explain(in State state, OffDockLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var minutes = state.Away.DurationMs(telling.NowMs) / 60_000;
        evidence["away_min"] = minutes;
        return state.Away.IsOn
            ? new LocalText(string.Create(CultureInfo.InvariantCulture, $"离座 {minutes} 分钟，没有行程"), string.Create(CultureInfo.InvariantCulture, $"away for {minutes} min without a trip"))
            : new LocalText("已回座，或有行程", "it is back, or on a trip");
    }

    internal record struct State
    {
        public Lasting Away;
        public bool IsBooked;
    }

    internal sealed record OffDockLimits(long HoldMs);
}
