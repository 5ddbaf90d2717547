using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A feeder that carries what none of its sockets tells of, and that looks like a charger.</summary>
internal sealed class UnmeteredLoad : StateRule<UnmeteredState, FlyWireLimits>
{
    private static readonly RuleSetting Prior = new("prior", "", 0.0025, 0.0001, 0.5, "1 in 400 rises of the floor: what two meters differ by rises, too; what staff find on the spot teaches a feeder its own");
    private static readonly RuleSetting BikeShare = new(
        "bike_share", "", 0.3, 0, 0.95, "assumed: so many leads past the piles are for a bike that came in the half hour before and was counted; to be set per site");

    /// <summary>A rise of the sum below that is a socket's start, W: less than any charger's.</summary>
    private const double StartW = 25;

    private UnmeteredLoad()
    {
    }

    /// <summary>The rule.</summary>
    public static UnmeteredLoad Instance { get; } = new();

    public override string Name => "unmetered-load";

    public override LocalText Title { get; } = new("计量外负载", "Load that no socket tells of");

    public override LocalText Detects { get; } = new(
        "总表减去各充电口后剩余功率出现 ≥ 60 W 台阶并像电池充电，概率 ≥ 90%：P2；接线端发热或线路过载：P1",
        "What a feeder's meter shows beyond its sockets steps up by 60 W or more and then behaves like a charging battery, probability ≥ 90 %: P2; with warm terminals or an overloaded line: P1");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [FlyWireSettings.Least, Prior, FlyWireSettings.NightShare, BikeShare, FlyWireSettings.HeatShare, FlyWireSettings.NightsMost];

    public override LocalText Next { get; } = new("有人可能绕过充电桩取电，该负载不受充电桩保护", "Somebody may take power past the piles: nothing of theirs protects that load");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("查看配电箱到充电桩之间有无私接线", "Look for a lead between the distribution box and the piles"),
        new("核对是否有未登记的充电口或设备", "Check whether a socket or device is not registered"),
        new("发现私接先断电，再联系电工", "Cut the power of such a lead first, then call the electrician"),
    ];

    public override SubjectKind Subject => SubjectKind.Circuit;

    internal override int StateVersion => 8;

    internal override bool NeedsBelow => true;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Tc, Metric.Bikes);

    internal override bool AppliesTo(in Subject subject) => subject.Circuit is { Kind: CircuitKind.Feeder or CircuitKind.Charging, Meter: not null };

    internal override FlyWireLimits LimitsFor(in Subject subject, SettingScopes scopes)
    {
        var prior = subject.Lesson.Taught(scopes.Value(this, Prior));
        return new FlyWireLimits(Math.Log(prior / (1 - prior)), scopes.Value(this, FlyWireSettings.Least), 1, IsEscapeRoute: false, subject.Circuit!.ExpectedChargers)
        {
            NightShare = scopes.Value(this, FlyWireSettings.NightShare),
            BikeShare = scopes.Value(this, BikeShare),
            HeatShare = scopes.Value(this, FlyWireSettings.HeatShare),
            NightsMost = scopes.Value(this, FlyWireSettings.NightsMost),
            RatedA = subject.Circuit.RatedA ?? double.PositiveInfinity,
        };
    }

    internal override void Step(ref UnmeteredState state, in Sight sight, FlyWireLimits limits)
    {
        var minute = sight.AtMs / FlyWireSuspicion.MsAMinute;
        if (sight.IsReading)
        {
            if (sight.Values.TryGet(Metric.Tc, out var celsius))
                state.Suspicion.Warmth.Take(minute, celsius);
            if (sight.Values.TryGet(Metric.Bikes, out var bikes))
                state.Bikes.Count(minute, bikes);
            return;
        }

        // While the meter is silent there is nothing to compare: what jumped below meanwhile counts as a jump when it is back.
        if (sight.Load is not { } load || double.IsNaN(load.BelowWatts) || double.IsNaN(load.Watts))
            return;
        if (load.IsBelowTouched)
            state.SocketStep.Take(load.BelowWatts);
        if (load.IsTouched)
            state.FeederStep.Take(load.Watts);
        if (load.IsBelowTouched && state.Remainder.Below(sight.AtMs, load.BelowWatts) >= StartW)
            state.Bikes.Started(minute);

        // A socket that was not heard is not zero: what it draws would look like a thief, and who plugged in there like somebody who did not.
        if (!load.IsBelowComplete)
            state.Bikes.Forget();
        if (!load.IsTouched || !load.IsBelowComplete || double.IsNaN(load.Watts))
            return;
        state.Bikes.Settle(minute, ref state.Suspicion.Bikes);
        if (!state.Remainder.TryTake(sight.AtMs, load.Watts, load.BelowWatts, state.Suspicion.Signature.IsFollowing, out var rest))
            return;
        var stepW = Beside.JointStepW(state.FeederStep.Watts, state.SocketStep.Watts, load.BelowWatts, load.BelowMeters);
        FlyWireSuspicion.Take(ref state.Suspicion, sight.AtMs, rest, load.MostAmps, limits, new Beside(load.BelowWatts, load.BelowMeters, stepW));
    }

    internal override Verdict Judge(in UnmeteredState state, FlyWireLimits limits, long nowMs) => FlyWireSuspicion.Judge(state.Suspicion, limits);

    internal override LocalText Explain(in UnmeteredState state, FlyWireLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["gain"] = Math.Round(state.Remainder.Gain, 4);
        evidence["lag_s"] = Math.Round(state.Remainder.LagMin * 60);
        evidence["standing_w"] = Math.Round(state.Remainder.StandingW, 1);
        var name = telling.Subject.Circuit!.Name;
        return FlyWireSuspicion.Explain(state.Suspicion, limits, evidence, new LocalText($"{name.Zh}（各充电口之外）", $"{name.En} beyond its sockets"));
    }
}

/// <summary>What <see cref="UnmeteredLoad"/> remembers of a feeder.</summary>
internal struct UnmeteredState
{
    public UnmeteredRemainder Remainder;
    public BikesAtSockets Bikes;
    public MeterStep FeederStep;
    public MeterStep SocketStep;
    public FlyWireState Suspicion;
}
