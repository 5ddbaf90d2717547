using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A battery charger on a circuit that feeds stairs, lifts, pumps or a guard room: a fly-wire.</summary>
internal sealed class ChargerOnPublicCircuit : StateRule<FlyWireState, FlyWireLimits>
{
    private static readonly RuleSetting Urgent = new("urgent_probability", "", 0.9, 0.5, 0.99, "design: P1 from here on, on an escape route");
    private static readonly RuleSetting Prior = new("prior", "", 0.01, 0.0001, 0.5, "1 in 100 rises of the floor; what staff find on the spot teaches a circuit its own");
    private static readonly RuleSetting LiftShare = new(
        "lift_share", "", 0.3, 0, 0.95, "assumed: so many charges follow an e-bike in the building's lift by at most half an hour; to be set per site");

    private ChargerOnPublicCircuit()
    {
    }

    /// <summary>The rule.</summary>
    public static ChargerOnPublicCircuit Instance { get; } = new();

    public override string Name => "charger-on-public-circuit";

    public override LocalText Title { get; } = new("疑似飞线充电", "Perhaps fly-wire charging");

    public override LocalText Detects { get; } = new(
        "公共回路上出现 60–700 W 负载并像电池那样缓慢上升、平滑下降，概率 ≥ 90%：P2；疏散通道上，或接线端发热、回路过载：P1",
        "A load of 60–700 W on a public circuit climbs slowly or tapers smoothly as a battery does, probability ≥ 90 %: P2; on an escape route, with warm terminals or an overloaded circuit: P1");

    public override IReadOnlyList<RuleSetting> Settings { get; } =
        [FlyWireSettings.Least, Urgent, Prior, FlyWireSettings.NightShare, LiftShare, FlyWireSettings.HeatShare, FlyWireSettings.NightsMost];

    public override LocalText Next { get; } = new("若属实，电池可能在疏散通道旁充电；请尽快现场核实", "If it is true, a battery charges beside an escape route: somebody should look soon");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("沿该回路查看楼道、门厅、机房有无拉线或插座取电", "Walk along the circuit: look for a lead or a plug in stairs, halls and plant rooms"),
        new("若有人充电，劝导移到充电桩并登记；有发热、异味先断电", "If somebody charges, ask them to move to a pile and note it; with heat or smell cut the power first"),
        new("若是本就该在此充电的（如保洁车），登记为该回路的已知充电设备，以后不再怀疑", "If it may charge there (a cleaning cart), register it as an expected charger of the circuit: it is not suspected again"),
    ];

    public override SubjectKind Subject => SubjectKind.Circuit;

    internal override int StateVersion => 8;

    internal override MetricSet Metrics { get; } = MetricSet.Of(Metric.Tc);

    internal override EventSet Events { get; } = EventSet.Of(EventKind.EBikeInLift);

    internal override bool AppliesTo(in Subject subject) => subject.Circuit is { Kind: CircuitKind.Corridor or CircuitKind.Lift or CircuitKind.Public };

    internal override FlyWireLimits LimitsFor(in Subject subject, SettingScopes scopes)
    {
        var prior = subject.Lesson.Taught(scopes.Value(this, Prior));
        return new FlyWireLimits(
            Math.Log(prior / (1 - prior)),
            scopes.Value(this, FlyWireSettings.Least),
            scopes.Value(this, Urgent),
            subject.Circuit!.Kind == CircuitKind.Corridor,
            subject.Circuit.ExpectedChargers)
        {
            NightShare = scopes.Value(this, FlyWireSettings.NightShare),
            BikeShare = scopes.Value(this, LiftShare),
            SeesLifts = true,
            HeatShare = scopes.Value(this, FlyWireSettings.HeatShare),
            NightsMost = scopes.Value(this, FlyWireSettings.NightsMost),
            RatedA = subject.Circuit.RatedA ?? double.PositiveInfinity,
        };
    }

    internal override void Step(ref FlyWireState state, in Sight sight, FlyWireLimits limits)
    {
        if (sight.IsEvent(EventKind.EBikeInLift) && sight.Event!.On != false)
            state.Bikes.Came(sight.Event.AtMs / FlyWireSuspicion.MsAMinute);
        else if (sight.IsReading && sight.Values.TryGet(Metric.Tc, out var celsius))
            state.Warmth.Take(sight.AtMs / FlyWireSuspicion.MsAMinute, celsius);
        else if (sight.Load is { IsTouched: true } load && double.IsFinite(load.Watts))
            FlyWireSuspicion.Take(ref state, sight.AtMs, load.Watts, load.MostAmps, limits);
    }

    internal override Verdict Judge(in FlyWireState state, FlyWireLimits limits, long nowMs) => FlyWireSuspicion.Judge(state, limits);

    internal override LocalText Explain(in FlyWireState state, FlyWireLimits limits, in Telling telling, SortedDictionary<string, object> evidence) =>
        FlyWireSuspicion.Explain(state, limits, evidence, telling.Subject.Circuit!.Name);
}
