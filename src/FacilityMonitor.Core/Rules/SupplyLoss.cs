using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What two rules see alike: a circuit that lost its voltage. Which of them speaks depends on whether others have theirs.</summary>
/// <remarks>A circuit counts as dead when a phase that carried load before tells less than <c>lost_v</c> and no current. Of a device that fell silent we do not know: that is <see cref="Offline"/>.</remarks>
internal abstract class SupplyLoss : StateRule<SupplyLoss.State, SupplyLoss.LossLimits>
{
    /// <summary>Below this no load flows, A: what a meter shows of nothing.</summary>
    private const double NoLoadA = 0.05;

    /// <summary>A phase that carried this before was in use, A.</summary>
    private const double LoadA = 0.2;

    /// <summary>No setting calls a voltage above it lost.</summary>
    internal const double LostMaxV = 150;

    private readonly RuleSetting _lostV = new("lost_v", "V", 50, 10, LostMaxV, "our choice: far below any brown-out, above what a dead line picks up");
    private readonly RuleSetting _samples = new("samples", "", 2, 1, 20, "our choice: one wild reading is no loss");

    public override IReadOnlyList<RuleSetting> Settings => [_lostV, _samples];

    public override SubjectKind Subject => SubjectKind.Circuit;

    /// <summary>The event that says it outright.</summary>
    protected abstract EventKind Says { get; }

    /// <summary>Whether it speaks where others still have voltage, or where nobody has.</summary>
    protected abstract bool WhileSiblingsLive { get; }

    internal sealed override EventSet Events => EventSet.Of(Says, EventKind.SupplyBack);

    internal sealed override bool AppliesTo(in Subject subject) => true;

    internal sealed override LossLimits LimitsFor(in Subject subject, SettingScopes scopes) => new(scopes.Value(this, _lostV), (int)scopes.Value(this, _samples));

    internal sealed override void Step(ref State state, in Sight sight, LossLimits limits)
    {
        if (sight.Event is { } fact)
        {
            // What is taken back is over, as it is by the word that the supply is back.
            state.SaidMs = fact.Kind == Says && fact.On != false ? sight.AtMs : 0;
            return;
        }

        var load = sight.Load!;
        var timing = new HoldTiming(0, limits.Samples, AlertTiming.OffDelayMs(Priority.P1));
        var (told, flows) = (false, false);
        for (var index = 0; index < load.Phases.Length; index++)
        {
            ref readonly var phase = ref load.Phases[index];
            told |= phase.IsTouched;
            flows |= phase.IsTouched && phase.Amps > LoadA;
            if (phase.VoltsMs != sight.AtMs)
                continue;
            var dead = phase.Volts < limits.LostV && phase.Amps <= NoLoadA;
            var used = (state.UsedPhases & (1 << index)) != 0;
            Phase(ref state, index).Step(dead && used && load.IsSiblingLive == WhileSiblingsLive, !dead && phase.Volts >= limits.LostV, sight.AtMs, Pace(ref state, index).Next(sight), timing);
            // What it carried before it was dead: an unused phase that tells no voltage is not registered, not lost.
            if (!dead)
                state.UsedPhases = (byte)(phase.Amps > LoadA ? state.UsedPhases | (1 << index) : state.UsedPhases & ~(1 << index));
        }

        // Load flows again: whatever tripped is closed.
        if (told && flows && sight.AtMs > state.SaidMs)
            state.SaidMs = 0;
    }

    internal sealed override Verdict Judge(in State state, LossLimits limits, long nowMs)
    {
        var verdict = Verdict.Normal.Or(Priority.P1, state.First).Or(Priority.P1, state.Second).Or(Priority.P1, state.Third);
        return state.SaidMs > 0 ? new Verdict(Condition.Active, Priority.P1, verdict.Condition == Condition.Active ? Math.Min(verdict.SinceMs, state.SaidMs) : state.SaidMs) : verdict;
    }

    internal sealed override LocalText Explain(in State state, LossLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["sign"] = state.SaidMs > 0 ? "event" : "voltage";
        return What(state.SaidMs > 0);
    }

    /// <summary>What is the matter: said by the device itself, or seen by the voltage.</summary>
    protected abstract LocalText What(bool said);

    private static ref Hold Phase(ref State state, int index)
    {
        if (index == 0)
            return ref state.First;
        if (index == 1)
            return ref state.Second;
        return ref state.Third;
    }

    private static ref Pace Pace(ref State state, int index)
    {
        if (index == 0)
            return ref state.FirstPace;
        if (index == 1)
            return ref state.SecondPace;
        return ref state.ThirdPace;
    }

    internal struct State
    {
        /// <summary>When a device said it; 0: none did, or it is over.</summary>
        public long SaidMs;

        /// <summary>Phases that carried load when they last had voltage, one bit each.</summary>
        public byte UsedPhases;
        public Hold First;
        public Hold Second;
        public Hold Third;
        public Pace FirstPace;
        public Pace SecondPace;
        public Pace ThirdPace;
    }

    internal sealed record LossLimits(double LostV, int Samples);
}

/// <summary>A circuit whose breaker opened: a device says so, or its load went and its voltage with it while other circuits have theirs. P1.</summary>
internal sealed class CircuitTripped : SupplyLoss
{
    private CircuitTripped()
    {
    }

    public static CircuitTripped Instance { get; } = new();

    public override string Name => "circuit-tripped";

    public override LocalText Title { get; } = new("回路跳闸", "Circuit tripped");

    public override LocalText Detects { get; } = new(
        "设备报告跳闸，或带载的回路连续 2 个读数失压断流、而别的回路有电：P1",
        "A device reports a trip, or a circuit under load has neither voltage nor current for 2 samples while others have theirs: P1");

    public override LocalText Next { get; } = new("该回路上的充电、照明和探测都停了", "Charging, light and sensors on this circuit are off");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("先查跳闸原因：过载、剩余电流、短路", "Find the cause first: overload, residual current, short circuit"),
        new("断开该回路的负荷后再合闸，再跳就不要再合", "Take the load off, then close it; if it trips again, leave it open"),
        new("报电工", "Call the electrician"),
    ];

    protected override EventKind Says => EventKind.Trip;

    protected override bool WhileSiblingsLive => true;

    protected override LocalText What(bool said) => said
        ? new("设备报告断路器跳闸", "a device reports that the breaker opened")
        : new("负荷和电压同时消失，别的回路仍有电", "load and voltage went together while other circuits have theirs");
}

/// <summary>The supply of a circuit is gone, not its breaker: a device on battery says so, or its voltage went and no other circuit has any. P1.</summary>
internal sealed class SupplyLost : SupplyLoss
{
    private SupplyLost()
    {
    }

    public static SupplyLost Instance { get; } = new();

    public override string Name => "supply-lost";

    public override LocalText Title { get; } = new("供电中断", "Supply lost");

    public override LocalText Detects { get; } = new(
        "设备报告断电，或带载的回路连续 2 个读数失压断流、别的回路也没有电：P1",
        "A device reports that its supply is gone, or a circuit under load has neither voltage nor current for 2 samples and no other has any: P1");

    public override LocalText Next { get; } = new("照明、探测、呼叫只能靠电池", "Light, sensors and calls run on batteries, where they have any");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("查看是整个小区停电还是总开关断开", "See whether the whole estate is dark or the main switch is open"),
        new("联系供电公司（95598）", "Call the power company (95598)"),
        new("来电后确认充电口没有异常", "When it is back, see that no socket misbehaves"),
    ];

    protected override EventKind Says => EventKind.SupplyLost;

    protected override bool WhileSiblingsLive => false;

    protected override LocalText What(bool said) => said
        ? new("设备报告失去供电", "a device reports that its supply is gone")
        : new("负荷和电压同时消失，别的回路也没有电", "load and voltage went together and no other circuit has any");
}
