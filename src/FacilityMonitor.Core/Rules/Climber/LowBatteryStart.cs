using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A trip that begins on a battery that is left with less than 3 floors. P2.</summary>
internal sealed class LowBatteryStart : StateRule<LowBatteryStart.State, LowBatteryStart.BatteryLimits>
{
    private static readonly RuleSetting Floors = new("floors", "", 3, 1, 20, "makers warn while 3 to 4 floors are left (LIFTKAR)");
    private static readonly RuleSetting FloorsPerCharge = new("floors_per_charge", "", 24, 3, 200, "10 to 40 by maker; write what yours says");

    private LowBatteryStart()
    {
    }

    /// <summary>The rule.</summary>
    public static LowBatteryStart Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "low-battery-start";

    /// <inheritdoc/>
    public override LocalText Title { get; } = new("爬楼机低电量出发", "Stair-climber starts on a low battery");

    /// <inheritdoc/>
    public override LocalText Detects { get; } = new(
        "剩余电量不够 3 层楼就载人出发：P2", "A trip begins with less than 3 floors left in the battery: P2");

    /// <inheritdoc/>
    public override IReadOnlyList<RuleSetting> Settings { get; } = [Floors, FloorsPerCharge];

    /// <inheritdoc/>
    public override LocalText Next { get; } = new("可能停在半路的楼梯上", "It may stop half-way on the stairs");

    /// <inheritdoc/>
    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("通知操作员就近停在平台，请人下来", "Tell the operator to stop at the next landing and let the passenger off"),
        new("送回充电座充满再用", "Put it on its dock until it is full"),
    ];

    /// <inheritdoc/>
    public override SubjectKind Subject => SubjectKind.Device;

    /// <inheritdoc/>
    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Batt, Metric.Occupied, Metric.Spm);

    /// <inheritdoc/>
    internal override EventSet Events { get; } = EventSet.Of(EventKind.TripStart, EventKind.TripEnd);

    internal override bool AppliesTo(in Subject subject) => subject.Device?.Kind == DeviceKind.Climber;

    internal override BatteryLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(scopes.Value(this, Floors), scopes.Value(this, FloorsPerCharge));

    internal override void Step(ref State state, in Sight sight, BatteryLimits limits)
    {
        if (sight.Values.TryGet(Metric.Batt, out var percent))
            (state.Percent, state.IsKnown) = ((float)percent, true);
        var isEnd = sight.IsEvent(EventKind.TripEnd) || (sight.Values.Has(Metric.Occupied) && !sight.Values.Is(Metric.Occupied));
        var isStart = sight.IsEvent(EventKind.TripStart) || (sight.Values.Is(Metric.Occupied) && Math.Abs(sight.Values.Or(Metric.Spm, 0)) >= Stuck.StandsSpm);
        if (isEnd)
            (state.IsTravelling, state.LowSinceMs) = (false, 0);
        else if (isStart && !state.IsTravelling)
            (state.IsTravelling, state.LowSinceMs) = (true, state.IsKnown && limits.FloorsLeft(state.Percent) < limits.Floors ? sight.AtMs : 0);
    }

    internal override Verdict Judge(in State state, BatteryLimits limits, long nowMs) => Verdict.When(state.LowSinceMs > 0, Priority.P2, state.LowSinceMs);

    internal override LocalText Explain(in State state, BatteryLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        var floors = Math.Round(limits.FloorsLeft(state.Percent), 1);
        (evidence["batt"], evidence["floors_left"]) = (Math.Round((double)state.Percent, 1), floors);
        return state.LowSinceMs == 0
            ? new LocalText("已到达", "the trip is over")
            : new LocalText(string.Create(CultureInfo.InvariantCulture, $"电量 {state.Percent:0}%，约够 {floors} 层"), string.Create(CultureInfo.InvariantCulture, $"battery {state.Percent:0} %, enough for about {floors} floors"));
    }

    internal record struct State
    {
        public long LowSinceMs;
        public float Percent;
        public bool IsKnown;
        public bool IsTravelling;
    }

    internal sealed record BatteryLimits(double Floors, double FloorsPerCharge)
    {
        public double FloorsLeft(double percent) => percent / 100 * FloorsPerCharge;
    }
}
