using System.Globalization;
using System.Text;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What the settings of a fly-wire rule say for one circuit.</summary>
/// <param name="PriorNats">Logarithm of the odds that an on-step here is a charger before anything is known of it.</param>
/// <param name="Least">Probability at which somebody is told.</param>
/// <param name="Urgent">Probability at which it is urgent on an escape route.</param>
/// <param name="IsEscapeRoute">Whether the circuit feeds stairs and corridors: a battery that burns there shuts people in.</param>
/// <param name="Expected">Chargers that belong here.</param>
internal sealed record FlyWireLimits(double PriorNats, double Least, double Urgent, bool IsEscapeRoute, IReadOnlyList<ExpectedCharger> Expected);

/// <summary>The power in which a charger is looked for, and what is suspected now. A plain value.</summary>
internal struct FlyWireState
{
    public ChargerSignature Signature;

    /// <summary>When the load that is suspected went on, minutes since 1970; 0: none.</summary>
    public double SuspectMin;

    /// <summary>The load whose suspicion is over: it is not suspected a second time.</summary>
    public double OverMin;

    /// <summary>When that was over: what began before and draws nothing then belonged to it.</summary>
    public double EndedMin;

    /// <summary>When it was last seen drawing.</summary>
    public long DrawingMs;
}

/// <summary>How a suspicion comes, goes and is told: the same for every power in which a charger is looked for.</summary>
internal static class FlyWireSuspicion
{
    public const double MsAMinute = 60_000;

    /// <summary>How long it must have drawn nothing, ms: a charger may pause between two packs.</summary>
    private const long OverMs = 30 * 60_000;

    /// <summary>Less than this share of its step is no drawing: the tail of a charge.</summary>
    private const double TailShare = 0.1;

    /// <summary>60 % of what is charged wrongly is charged between 20:00 and 05:00 (reference §3.1), nine of 24 hours: 1.6 times as likely then, 0.64 times else.</summary>
    private const double NightFrom = 20;
    private const double NightTo = 5;
    private const double NightNats = 0.47;
    private const double DayNats = -0.45;

    /// <summary>How far an expected charger's watts may be off.</summary>
    private const double ExpectedShare = 0.25;

    private const int CurvePointsMax = 48;

    /// <summary>Takes a value of the power.</summary>
    public static void Take(ref FlyWireState state, long atMs, double watts, FlyWireLimits limits)
    {
        state.Signature.Add(atMs / MsAMinute, watts);
        if (TryFind(state, limits, out var place, out var probability) && probability >= limits.Least)
        {
            var start = state.Signature.Candidates[place].StartMin;
            if (state.SuspectMin != start)
                (state.SuspectMin, state.DrawingMs) = (start, atMs);
        }

        if (state.SuspectMin == 0)
            return;
        if (Suspect(state) is var suspect and >= 0 && IsDrawing(state.Signature.Candidates[suspect]))
            state.DrawingMs = atMs;
        if (atMs - state.DrawingMs >= OverMs)
            (state.OverMin, state.EndedMin, state.SuspectMin) = (state.SuspectMin, atMs / MsAMinute, 0);
    }

    /// <summary>What is suspected now.</summary>
    public static Verdict Judge(in FlyWireState state, FlyWireLimits limits)
    {
        if (state.SuspectMin == 0)
            return Verdict.Normal;
        var urgent = limits.IsEscapeRoute && Suspect(state) is var place and >= 0 && Probability(state.Signature.Candidates[place], limits) >= limits.Urgent;
        return Verdict.When(active: true, urgent ? Alerts.Priority.P1 : Alerts.Priority.P2, (long)(state.SuspectMin * MsAMinute));
    }

    /// <summary>The evidence: what was seen, how sure it is, and how well the meter could see.</summary>
    public static LocalText Explain(in FlyWireState state, FlyWireLimits limits, SortedDictionary<string, object> evidence, LocalText where)
    {
        var culture = CultureInfo.InvariantCulture;
        if (Suspect(state) is not (var place and >= 0))
            return new LocalText($"{where.Zh}的疑似充电负载已停止", $"The load on {where.En} that looked like charging is off");
        ref readonly var trace = ref state.Signature.Candidates[place];
        var probability = Probability(trace, limits);
        var minutes = trace.LastMin - trace.StartMin;
        evidence["p"] = Math.Round(probability, 3);
        evidence["level_w"] = Math.Round(trace.StepW, 1);
        evidence["minutes"] = Math.Round(minutes);
        evidence["climb_pct_min"] = Math.Round(trace.ClimbShareAMin * 100, 3);
        evidence["fit_error_pct"] = Math.Round(trace.FitShare * 100, 3);
        evidence["fallen_pct"] = Math.Round(trace.Fallen * 100);
        evidence["energy_wh"] = Math.Round(trace.EnergyWh);
        evidence["hour"] = Math.Round(ShanghaiTime.HourOf((long)(trace.StartMin * MsAMinute)), 1);
        evidence["nats_climb"] = Math.Round(trace.ClimbNats, 1);
        evidence["nats_taper"] = Math.Round(trace.TaperNats, 1);
        evidence["nats_against"] = Math.Round(trace.RestlessNats + trace.RepeatNats, 1);
        evidence["interval_s"] = Math.Round(state.Signature.IntervalMin * 60);
        evidence["meter_step_w"] = state.Signature.MeterStepW;
        evidence["noise_w"] = Math.Round(state.Signature.SigmaW, 2);
        evidence["curve"] = Curve(state.Signature.CurveOf(place));
        var tapers = trace.TaperNats > trace.ClimbNats;
        var percent = Math.Round(probability * 100);
        var zh = tapers ? $"已平滑下降 {trace.Fallen * 100:0}%" : string.Create(culture, $"以每分钟 {trace.ClimbShareAMin * 100:0.00}% 缓慢上升");
        var en = tapers ? $"has sunk smoothly by {trace.Fallen * 100:0} %" : string.Create(culture, $"climbs slowly, by {trace.ClimbShareAMin * 100:0.00} % a minute");
        return new LocalText(
            string.Create(culture, $"疑似飞线充电：{where.Zh}多出约 {trace.StepW:0} W，已 {minutes:0} 分钟，{zh}，像电池充电，概率 {percent:0}%；这是线索，须现场核实"),
            string.Create(culture, $"Perhaps somebody charges by a fly-wire: about {trace.StepW:0} W more on {where.En} for {minutes:0} minutes, which {en}, as a battery does; probability {percent:0} %. A suspicion, to be checked on the spot"));
    }

    /// <summary>Whether any load that is not expected here may be a charger, and how likely.</summary>
    private static bool TryFind(in FlyWireState state, FlyWireLimits limits, out int place, out double probability)
    {
        (place, probability) = (-1, 0);
        var candidates = state.Signature.Candidates;
        for (var index = 0; index < candidates.Length; index++)
        {
            ref readonly var trace = ref candidates[index];
            if (!trace.IsOn || trace.StartMin == state.OverMin || (trace.StartMin < state.EndedMin && !IsDrawing(trace)) || IsExpected(trace, limits))
                continue;
            var here = Probability(trace, limits);
            if (here > probability)
                (place, probability) = (index, here);
        }

        return place >= 0;
    }

    private static double Probability(in ChargerTrace trace, FlyWireLimits limits)
    {
        var hour = ShanghaiTime.IsBetween((long)(trace.StartMin * MsAMinute), NightFrom, NightTo) ? NightNats : DayNats;
        return ChargerOdds.Probability(trace.Nats + limits.PriorNats + hour);
    }

    private static int Suspect(in FlyWireState state)
    {
        var candidates = state.Signature.Candidates;
        for (var index = 0; index < candidates.Length; index++)
        {
            if (candidates[index].IsUsed && candidates[index].StartMin == state.SuspectMin)
                return index;
        }

        return -1;
    }

    private static bool IsDrawing(in ChargerTrace trace) => trace.IsOn && trace.LastW > TailShare * trace.StepW;

    private static bool IsExpected(in ChargerTrace trace, FlyWireLimits limits)
    {
        foreach (var expected in limits.Expected)
        {
            if (Math.Abs(trace.StepW - expected.Watts) <= ExpectedShare * expected.Watts
                && (expected.FromHour == expected.ToHour || ShanghaiTime.IsBetween((long)(trace.StartMin * MsAMinute), expected.FromHour, expected.ToHour)))
                return true;
        }

        return false;
    }

    /// <summary>The curve to plot: minute since it went on, and watts.</summary>
    private static string Curve(in ChargerCurve curve)
    {
        var text = new StringBuilder();
        var every = Math.Max(1, (curve.Count + CurvePointsMax - 1) / CurvePointsMax);
        for (var knot = 0; knot < curve.Count; knot += every)
        {
            if (curve.CountOf(knot) == 0)
                continue;
            var (minutes, watts, _) = curve.Knot(knot);
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? " " : "")}{minutes:0.#}:{watts:0.#}");
        }

        return text.ToString();
    }
}
