using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>A pile or cabinet whose sockets together deliver more than it is rated for. P1.</summary>
/// <remarks>Without a registered rating the limit of real piles of ten and more sockets holds, and of smaller ones nothing is known: they are not judged.</remarks>
internal sealed class PileOverload : StateRule<PileOverload.State, PileOverload.PileLimits>
{
    private const int SocketsOfUsualPile = 10;

    private static readonly RuleSetting LimitW = new("limit_w", "W", 7800, 500, 100_000, "firmware of a 10-socket pile refuses a start above it; the registry's rated-w goes before it, and it holds only for 10 sockets or more");
    private static readonly RuleSetting HoldS = new("hold_s", "s", 60, 0, 3600, "our choice: one round of reports");
    private static readonly RuleSetting UrgentRatio = new("urgent_ratio", "", 1.12, 1, 2, "the same firmware switches off at 8,700 W");
    private static readonly RuleSetting ClearRatio = new("clear_ratio", "", 0.95, 0.5, 1, "5 % below the limit, ISA-18.2 practice for power and current");

    private PileOverload()
    {
    }

    public static PileOverload Instance { get; } = new();

    public override string Name => "pile-overload";

    public override LocalText Title { get; } = new("充电桩过载", "Pile overload");

    public override LocalText Detects { get; } = new(
        "各充电口合计超过整桩额定 60 秒，或一次达到 1.12 倍：P1；没有登记额定、10 口以上按 7800 W，10 口以下不判断",
        "The sockets together exceed the pile's rating for 60 s, or 1.12 of it once: P1; where no rating is registered 7,800 W hold for 10 sockets or more, and smaller piles are not judged");

    public override IReadOnlyList<RuleSetting> Settings { get; } = [LimitW, HoldS, UrgentRatio, ClearRatio];

    public override LocalText Next { get; } = new("若不处理，桩内线路和进线端子会过热", "If nobody acts, its wiring and its terminals overheat");

    public override IReadOnlyList<LocalText> Steps { get; } =
    [
        new("停掉该桩功率最大的充电口", "Stop its largest sockets"),
        new("检查进线端子是否发烫、有焦味", "Check its terminals for heat and smell"),
        new("核对登记的整桩额定功率", "Check the registered rating of the pile"),
    ];

    public override SubjectKind Subject => SubjectKind.Pile;

    internal override bool AppliesTo(in Subject subject) => subject.Device is { } pile && (pile.RatedW is not null || pile.Sockets >= SocketsOfUsualPile);

    internal override double WakesAboveW(object limits) => ((PileLimits)limits).LimitW * 0.8;

    internal override PileLimits LimitsFor(in Subject subject, SettingScopes scopes)
    {
        var pile = subject.Device!;
        var limit = new SettingScopes(pile.Rules).Override(this, LimitW) ?? pile.RatedW ?? scopes.Value(this, LimitW);
        return new PileLimits(limit, limit * scopes.Value(this, UrgentRatio), scopes.Value(this, ClearRatio), (int)(scopes.Value(this, HoldS) * 1000));
    }

    internal override void Step(ref State state, in Sight sight, PileLimits limits)
    {
        var load = sight.Load!;
        var complete = load.Phases[0].IsComplete;
        state.Watts = (float)load.Watts;
        var counted = load.Phases[0].PassedMs;
        var off = AlertTiming.OffDelayMs(Priority.P1);
        state.Over.Step(load.Watts > limits.LimitW, complete && load.Watts < limits.LimitW * limits.ClearRatio, sight.AtMs, counted, new HoldTiming(limits.HoldMs, 1, off));
        state.Urgent.Step(load.Watts >= limits.UrgentW, complete && load.Watts < limits.UrgentW * limits.ClearRatio, sight.AtMs, counted, new HoldTiming(0, 1, off));
    }

    internal override Verdict Judge(in State state, PileLimits limits, long nowMs) => Verdict.Normal.Or(Priority.P1, state.Urgent).Or(Priority.P1, state.Over);

    internal override bool IsQuiet(in State state) => state.Over.Phase == HoldPhase.Idle && state.Urgent.Phase == HoldPhase.Idle;

    internal override LocalText Explain(in State state, PileLimits limits, in Telling telling, SortedDictionary<string, object> evidence)
    {
        evidence["w"] = Math.Round((double)state.Watts, 1);
        evidence["limit_w"] = Math.Round(limits.LimitW, 1);
        var culture = CultureInfo.InvariantCulture;
        return new LocalText(
            string.Create(culture, $"各充电口合计 {state.Watts:0} W，整桩限值 {limits.LimitW:0} W"),
            string.Create(culture, $"its sockets together deliver {state.Watts:0} W where {limits.LimitW:0} W is the limit"));
    }

    internal struct State
    {
        public float Watts;
        public Hold Over;
        public Hold Urgent;
    }

    internal sealed record PileLimits(double LimitW, double UrgentW, double ClearRatio, int HoldMs);
}
