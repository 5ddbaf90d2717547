using System.Globalization;
using System.Text;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>The power in which a charger is looked for, and what is suspected now. A plain value.</summary>
internal struct FlyWireState
{
    public ChargerSignature Signature;

    /// <summary>When the load that is suspected went on, minutes since 1970; 0: none.</summary>
    public double SuspectMin;

    /// <summary>The load whose suspicion is over: it is not suspected a second time.</summary>
    public double OverMin;

    /// <summary>Since when a load that is not suspected yet has been likely enough to be told, minutes since 1970; 0: none is.</summary>
    public double LikelyMin;

    /// <summary>When it was last seen drawing.</summary>
    public long DrawingMs;

    /// <summary>What it drew at first, and what lay below it when it was last followed, W: a charge may last for longer than its curve is kept, and the meter be silent meanwhile.</summary>
    public float DrawnW;
    public float BelowW;

    /// <summary>How likely it charges, as was known last.</summary>
    public float SuspectProbability;

    /// <summary>While it was suspected its terminals became warm, or the circuit carried more than its breaker is rated for.</summary>
    public bool IsDangerous;

    /// <summary>Values in a row at which the circuit carried more than that.</summary>
    public byte Over;

    /// <summary>What is known beside the power.</summary>
    public BikeArrivals Bikes;
    public TerminalWarmth Warmth;
    public UndecidedNights Nights;

    /// <summary>And what it says of each load.</summary>
    public AllSigns Signs;
}

/// <summary>How a suspicion comes, goes and is told: the same for every power in which a charger is looked for.</summary>
internal static class FlyWireSuspicion
{
    public const double MsAMinute = 60_000;

    /// <summary>How long it must have drawn nothing, ms: a charger may pause between two packs.</summary>
    private const int OverMin = 30;

    /// <summary>Less than this share of its step is no drawing: the tail of a charge.</summary>
    private const double TailShare = 0.1;

    /// <summary>Values in a row above the rated current that are an overload: one is a motor that starts.</summary>
    private const int OverValues = 3;

    /// <summary>Less than this share of its step may be no drawing, but an error of what is taken for its floor.</summary>
    private const double RestShare = 0.25;

    /// <summary>How far an expected charger's watts may be off; those of several are independent.</summary>
    private const double ExpectedShare = 0.25;

    /// <summary>More of a circuit's expected chargers are not looked for together.</summary>
    private const int ExpectedTogetherMost = 6;

    /// <summary>Loads that were seen to begin within so many minutes, or two values, are one event seen against two floors.</summary>
    private const double SameBeginMin = 5;

    /// <summary>Where meters are compared, what came a little late is compared anew, and may take back what was likely for a moment: so long it must have been likely, minutes.</summary>
    private const double SettledMin = 2;

    private const int CurvePointsMax = 48;

    /// <summary>Takes a value of the power.</summary>
    /// <param name="state">What is known.</param>
    /// <param name="atMs">When.</param>
    /// <param name="watts">The power, W.</param>
    /// <param name="amps">What the circuit carries on its fullest phase, A.</param>
    /// <param name="limits">The settings.</param>
    /// <param name="beside">What else is on the line and was taken off, if it was.</param>
    public static void Take(ref FlyWireState state, long atMs, double watts, double amps, FlyWireLimits limits, Beside beside = default)
    {
        var minute = atMs / MsAMinute;
        state.Over = amps > limits.RatedA ? (byte)Math.Min(state.Over + 1, OverValues) : (byte)0;
        state.Bikes.Watch(minute);
        state.Signature.Add(minute, watts, beside);
        for (var place = 0; place < ChargerSignature.TracesMax; place++)
            Follow(ref state, place, limits);
        var isLikely = TryFind(state, limits, out var found) && state.Signs[found].Probability >= limits.Least;
        var isNews = isLikely && state.Signature.Candidates[found].StartMin != state.SuspectMin;
        state.LikelyMin = !isNews ? 0 : state.LikelyMin > 0 ? state.LikelyMin : minute;
        if (isNews && minute - state.LikelyMin >= (beside.StepW > 0 ? SettledMin : 0))
        {
            // Another one is likelier now; what was dangerous stays so until it is over.
            if (state.SuspectMin != 0 && Place(state, state.SuspectMin) is >= 0 and var before)
                state.Signature.Suspect(before, false);
            (state.SuspectMin, state.DrawingMs, state.IsDangerous, state.LikelyMin) = (state.Signature.Candidates[found].StartMin, atMs, state.SuspectMin != 0 && state.IsDangerous, 0);
            state.Signs[found].IsTold = true;
            state.Signature.Suspect(found, true);
        }

        if (state.SuspectMin == 0)
            return;
        var suspect = Place(state, state.SuspectMin);
        // Somebody may register it while it is suspected: nobody goes for what belongs there, and it must not grow more urgent.
        if (suspect >= 0 && state.Signs[suspect].IsExpected)
        {
            // It draws on, and others may be seen with it.
            (state.OverMin, state.SuspectMin) = (state.SuspectMin, 0);
            return;
        }

        if (suspect >= 0)
            state.SuspectProbability = (float)state.Signs[suspect].Probability;
        if (IsDrawing(ref state, suspect))
            state.DrawingMs = atMs;
        state.IsDangerous |= state.Over == OverValues || (suspect >= 0 && state.Signs[suspect].HeatK >= TerminalWarmth.RiseK);
        if (atMs - state.DrawingMs >= OverMin * MsAMinute)
            EndSuspicion(ref state, suspect);
    }

    /// <summary>The suspicion is over, and with it what the same power says of other loads: a charge that was seen against several floors is several, and each of them would ring once more. What
    /// draws on beside it is another load, and what fell until now was not its own.</summary>
    private static void EndSuspicion(ref FlyWireState state, int suspect)
    {
        (state.OverMin, state.SuspectMin, state.LikelyMin) = (state.SuspectMin, 0, 0);
        if (suspect >= 0)
            state.Signature.Suspect(suspect, false);
        for (var place = 0; place < ChargerSignature.TracesMax; place++)
        {
            ref readonly var trace = ref state.Signature.Candidates[place];
            if (!trace.IsOn || place == suspect)
                continue;
            // Who has to stand on a floor that cannot be is none.
            if (IsPossible(trace) && state.Signature.FloorW(OverMin, trace.StartMin) >= trace.FloorW + (trace.StepW / 2))
            {
                state.Signs[place].DrewW = Math.Max(trace.LastW, (float)PowerHistory.StepW);
                continue;
            }

            state.Signs[place].IsTold = true;
            state.Signature.Forget(place);
        }
    }

    /// <summary>How much more likely the curve of a load is a charger's, natural logarithm.</summary>
    private static double CurveNats(in ChargerTrace trace, in LoadSigns signs) => trace.Nats - trace.TaperNats + TaperNats(trace, signs);

    /// <summary>What its fall says; nothing while it has not fallen far since the suspicion of another load ended.</summary>
    private static double TaperNats(in ChargerTrace trace, in LoadSigns signs) =>
        signs.DrewW > 0 && trace.LastW > signs.DrewW - (ChargerEvidence.FallProving * trace.StepW) ? 0 : trace.TaperNats;

    /// <summary>Whether what is suspected draws power. Of one that is followed no more it is known by the level alone: the circuit has stood for half an hour at what lay below it and half of what it
    /// drew. A level that stays says nothing of an end, however long it stays and whoever looked away meanwhile.</summary>
    private static bool IsDrawing(ref FlyWireState state, int place)
    {
        if (place < 0 || state.Signature.Candidates[place].IsLost)
            return IsDrawing(state, state.BelowW, state.DrawnW);
        ref readonly var trace = ref state.Signature.Candidates[place];
        if (!IsPossible(trace))
        {
            (state.DrawnW, state.BelowW) = (trace.StepW, trace.BaseW);
            return IsDrawing(state, state.BelowW, state.DrawnW);
        }

        // A small rest of it, where the circuit stands no higher than before it came, is an error of the path.
        var isNone = trace.LastW < RestShare * trace.StepW && state.Signature.FloorW(OverMin) <= trace.BaseW + (TailShare * trace.StepW);
        if (isNone || !IsDrawing(trace))
            return IsAnotherLikeIt(state, place) && IsDrawing(state, trace.BaseW, trace.StepW);
        (state.DrawnW, state.BelowW) = (trace.StepW, trace.FloorW);
        return true;
    }

    /// <summary>Whether another load that began later looks like a charger too. Of two that overlap each may be given what the other did.</summary>
    private static bool IsAnotherLikeIt(in FlyWireState state, int place)
    {
        var candidates = state.Signature.Candidates;
        for (var index = 0; index < candidates.Length; index++)
        {
            if (index != place && candidates[index].IsOn && candidates[index].StartMin > candidates[place].StartMin + SameBeginMin && candidates[index].Nats >= ChargerOdds.CurveNatsLeast)
                return true;
        }

        return false;
    }

    /// <summary>Whether the floor that a load is followed on can be one: no line carries less than nothing, nor what is left of a subtraction less than it did.</summary>
    private static bool IsPossible(in ChargerTrace trace) => trace.FloorW >= Math.Min(0, trace.BaseW) - (TailShare * trace.StepW);

    /// <summary>Whether the circuit stands above what lay below a load and half of what that drew.</summary>
    private static bool IsDrawing(in FlyWireState state, double belowW, double drawnW) => state.Signature.FloorW(OverMin) >= belowW + (drawnW / 2);

    /// <summary>What is suspected now.</summary>
    public static Verdict Judge(in FlyWireState state, FlyWireLimits limits)
    {
        if (state.SuspectMin == 0)
            return Verdict.Normal;
        var urgent = state.IsDangerous || (limits.IsEscapeRoute && state.SuspectProbability >= limits.Urgent);
        return Verdict.When(active: true, urgent ? Alerts.Priority.P1 : Alerts.Priority.P2, (long)(state.SuspectMin * MsAMinute));
    }

    /// <summary>The evidence: what was seen, how sure it is, what each sign adds to it, and how well the meter could see. When it is over, of the whole charge with its taper.</summary>
    public static LocalText Explain(in FlyWireState state, FlyWireLimits limits, SortedDictionary<string, object> evidence, LocalText where)
    {
        var isOn = state.SuspectMin != 0;
        var place = Place(state, isOn ? state.SuspectMin : state.OverMin);
        if (isOn && (place < 0 || state.Signature.Candidates[place].IsLost))
            return Still(state, evidence, where);
        if (place < 0)
            return new LocalText($"{where.Zh}的疑似充电负载已停止", $"The load on {where.En} that looked like charging is off");
        ref readonly var trace = ref state.Signature.Candidates[place];
        var signs = state.Signs[place];
        var minutes = (trace.IsLost ? state.DrawingMs / MsAMinute : trace.LastMin) - trace.StartMin;
        evidence["p"] = Math.Round(signs.Probability, 3);
        evidence["level_w"] = Math.Round(trace.StepW, 1);
        evidence["minutes"] = Math.Round(minutes);
        evidence["climb_pct_min"] = Math.Round(trace.ClimbShareAMin * 100, 3);
        evidence["fit_error_pct"] = Math.Round(trace.FitShare * 100, 3);
        evidence["fallen_pct"] = Math.Round(trace.Fallen * 100);
        evidence["energy_wh"] = Math.Round(trace.EnergyWh);
        evidence["hour"] = Math.Round(ShanghaiTime.HourOf((long)(trace.StartMin * MsAMinute)), 1);
        evidence["nats_prior"] = Math.Round(limits.PriorNats, 1);
        evidence["nats_climb"] = Math.Round(trace.ClimbNats, 1);
        evidence["nats_taper"] = Math.Round(TaperNats(trace, signs), 1);
        evidence["nats_against"] = Math.Round(trace.RestlessNats + trace.RepeatNats, 1);
        evidence["nats_hour"] = Math.Round(signs.HourNats, 2);
        evidence["nats_bike"] = Math.Round(signs.BikeNats, 2);
        evidence["nats_heat"] = Math.Round(signs.HeatNats, 2);
        evidence["nats_nights"] = Math.Round(signs.NightsNats, 2);
        evidence["interval_s"] = Math.Round(state.Signature.IntervalMin * 60);
        evidence["meter_step_w"] = Math.Round(state.Signature.MeterStepW, 2);
        evidence["noise_w"] = Math.Round(state.Signature.SigmaW, 2);
        if (!trace.IsLost)
            evidence["curve"] = Curve(state.Signature.CurveOf(place));
        if (!isOn && signs.IsExpected)
            return new LocalText($"{where.Zh}的负载与登记的充电器相符，不再视为疑似飞线", $"The load on {where.En} is as large as the chargers that are registered there, and is suspected no more");
        if (!isOn)
        {
            return new LocalText(
                Text($"{where.Zh}的疑似充电负载已停止：共 {minutes:0} 分钟，{(trace.IsLost ? "至少" : "约")} {trace.EnergyWh:0} Wh{(trace.TaperNats > 0 ? Text($"，结束前平滑下降了 {trace.Fallen * 100:0}%，像充满的电池") : "")}"),
                Text($"The load on {where.En} that looked like charging is off: {minutes:0} minutes, {(trace.IsLost ? "at least" : "about")} {trace.EnergyWh:0} Wh{(trace.TaperNats > 0 ? Text($"; before it ended it sank smoothly by {trace.Fallen * 100:0} %, as a battery does that is full") : "")}"));
        }

        var tapers = TaperNats(trace, signs) > trace.ClimbNats;
        var percent = Math.Round(signs.Probability * 100);
        var zh = tapers ? $"已平滑下降 {trace.Fallen * 100:0}%" : Text($"以每分钟 {trace.ClimbShareAMin * 100:0.00}% 缓慢上升");
        var en = tapers ? $"has sunk smoothly by {trace.Fallen * 100:0} %" : Text($"climbs slowly, by {trace.ClimbShareAMin * 100:0.00} % a minute");
        var why = Why(trace, signs, limits);
        return new LocalText(
            Text($"疑似飞线充电：{where.Zh}多出约 {trace.StepW:0} W，已 {minutes:0} 分钟，{zh}，像电池充电，概率 {percent:0}%（{why.Zh}）；这是线索，须现场核实"),
            Text($"Perhaps somebody charges by a fly-wire: about {trace.StepW:0} W more on {where.En} for {minutes:0} minutes, which {en}, as a battery does; probability {percent:0} % ({why.En}). A suspicion, to be checked on the spot"));
    }

    /// <summary>Of one that is followed no more, and still on as far as the level tells.</summary>
    private static LocalText Still(in FlyWireState state, SortedDictionary<string, object> evidence, LocalText where)
    {
        var minutes = (state.DrawingMs / MsAMinute) - state.SuspectMin;
        evidence["p"] = Math.Round((double)state.SuspectProbability, 3);
        evidence["level_w"] = Math.Round((double)state.DrawnW, 1);
        evidence["minutes"] = Math.Round(minutes);
        return new LocalText(
            Text($"疑似飞线充电：{where.Zh}多出的约 {state.DrawnW:0} W 仍在，已 {minutes:0} 分钟；这是线索，须现场核实"),
            Text($"Perhaps somebody charges by a fly-wire: the {state.DrawnW:0} W more on {where.En} are still there, after {minutes:0} minutes. A suspicion, to be checked on the spot"));
    }

    /// <summary>What each sign adds: so many times as likely a charger as before.</summary>
    private static LocalText Why(in ChargerTrace trace, in LoadSigns signs, FlyWireLimits limits)
    {
        var (zh, en) = (new StringBuilder(), new StringBuilder());
        var rises = Math.Round(1 / ChargerOdds.Probability(limits.PriorNats));
        zh.Append(CultureInfo.InvariantCulture, $"平常 {rises:0} 次里有 1 次是");
        en.Append(CultureInfo.InvariantCulture, $"1 in {rises:0} usually is");
        var isNight = signs.HourNats > 0;
        Add("功率曲线", "curve of the power", CurveNats(trace, signs));
        Add(isNight ? "夜间开始" : "白天开始", isNight ? "begun at night" : "begun by day", signs.HourNats);
        if (limits.SeesLifts)
            Add(Text($"{signs.BikeMin:0} 分钟前楼里的电梯进了电动自行车"), Text($"an e-bike was in a lift of the building {signs.BikeMin:0} minutes before"), signs.BikeNats);
        else
            Add(Text($"{signs.BikeMin:0} 分钟前来了电动自行车，没有充电口开始充电"), Text($"an e-bike came {signs.BikeMin:0} minutes before and no socket began to charge"), signs.BikeNats);
        Add(Text($"接线端升温 {signs.HeatK:0} K"), Text($"terminals {signs.HeatK:0} K warmer"), signs.HeatNats);
        Add("前几晚也有类似负载", "a load like it on nights before", signs.NightsNats);
        return new LocalText(zh.ToString(), en.ToString());

        void Add(string inZh, string inEn, double nats)
        {
            var times = Math.Exp(nats);
            // What changes nothing is not worth its words.
            if (Math.Abs(times - 1) < 0.05)
                return;
            var shown = times < 10 ? Text($"{times:0.0#}") : Text($"{times:0}");
            zh.Append(CultureInfo.InvariantCulture, $"，{inZh} ×{shown}");
            en.Append(CultureInfo.InvariantCulture, $", {inEn} ×{shown}");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Brings what stands beside the curve of a load up to date, and remembers what a load that is over was believed to be.</summary>
    private static void Follow(ref FlyWireState state, int place, FlyWireLimits limits)
    {
        ref readonly var trace = ref state.Signature.Candidates[place];
        ref var signs = ref state.Signs[place];
        if (signs.StartMin != trace.StartMin)
        {
            End(ref state.Nights, ref signs);
            signs = Begin(state, trace, limits);
        }

        if (!trace.IsUsed || signs.IsOver)
            return;
        signs.HeatK = Math.Max(signs.HeatK, (float)state.Warmth.Rise(trace.StartMin));
        signs.HeatNats = signs.HeatK >= TerminalWarmth.RiseK ? (float)ChargerOdds.SignNats(limits.HeatShare, TerminalWarmth.Chance) : 0;
        signs.OddsNats = (float)(CurveNats(trace, signs) + limits.PriorNats + signs.Nats);
        signs.IsExpected |= IsExpected(trace, limits) || IsSeenWithExpected(state, place);
        signs.IsTold |= trace.StartMin == state.SuspectMin || signs.IsExpected;
        if (trace.IsOver)
            End(ref state.Nights, ref signs);
    }

    private static LoadSigns Begin(in FlyWireState state, in ChargerTrace trace, FlyWireLimits limits)
    {
        var signs = new LoadSigns { StartMin = trace.StartMin, StepW = trace.StepW };
        if (!trace.IsUsed)
            return signs;
        var isNight = ShanghaiTime.IsBetween((long)(trace.StartMin * MsAMinute), ChargerOdds.NightFrom, ChargerOdds.NightTo);
        signs.HourNats = (float)ChargerOdds.HourNats(isNight, limits.NightShare);
        signs.NightsNats = (float)ChargerOdds.NightsNats(state.Nights.Of(trace.StartMin, trace.StepW, limits.NightsMost));
        if (state.Bikes.Before(trace.StartMin) is { } before)
            (signs.BikeNats, signs.BikeMin) = ((float)ChargerOdds.SignNats(limits.BikeShare, state.Bikes.Chance(trace.StartMin)), (float)before);
        return signs;
    }

    private static void End(ref UndecidedNights nights, ref LoadSigns signs)
    {
        if (signs is { StartMin: > 0, IsOver: false, IsTold: false })
            nights.Ended(signs.StartMin, signs.StepW, signs.Probability);
        signs.IsOver = true;
    }

    /// <summary>The load that is not expected here and is most likely a charger; false when nothing but a sign beside the curve speaks for any. A load that only became sure when it had
    /// stopped drawing wakes nobody, as nobody charges any more: it is remembered among the undecided nights.</summary>
    private static bool TryFind(in FlyWireState state, FlyWireLimits limits, out int place)
    {
        place = -1;
        var candidates = state.Signature.Candidates;
        for (var index = 0; index < candidates.Length; index++)
        {
            ref readonly var trace = ref candidates[index];
            if (!trace.IsOn || CurveNats(trace, state.Signs[index]) < ChargerOdds.CurveNatsLeast || trace.StartMin == state.OverMin || (trace.StartMin != state.SuspectMin && !IsDrawing(trace)) || state.Signs[index].IsExpected)
                continue;
            if (place < 0 || state.Signs[index].OddsNats > state.Signs[place].OddsNats)
                place = index;
        }

        return place >= 0;
    }

    /// <summary>Where a load is followed; -1: nowhere any more.</summary>
    private static int Place(in FlyWireState state, double startMin)
    {
        var candidates = state.Signature.Candidates;
        for (var index = 0; index < candidates.Length; index++)
        {
            if (candidates[index].IsUsed && candidates[index].StartMin == startMin)
                return index;
        }

        return -1;
    }

    private static bool IsDrawing(in ChargerTrace trace) => trace.IsOn && trace.LastW > TailShare * trace.StepW;

    /// <summary>Whether a load is as large as one of the chargers that belong here, or as some of them together.</summary>
    private static bool IsExpected(in ChargerTrace trace, FlyWireLimits limits)
    {
        var chargers = limits.Expected;
        for (var one = ExpectedTogetherMost; one < chargers.Count; one++)
        {
            if (Math.Abs(trace.StepW - WattsOf(chargers[one], trace)) <= ExpectedShare * chargers[one].Watts)
                return true;
        }

        for (var some = 1; some < (1 << Math.Min(chargers.Count, ExpectedTogetherMost)); some++)
        {
            var (watts, squares) = (0.0, 0.0);
            for (var one = 0; (some >> one) != 0; one++)
            {
                if (((some >> one) & 1) != 0)
                    (watts, squares) = (watts + WattsOf(chargers[one], trace), squares + (chargers[one].Watts * chargers[one].Watts));
            }

            if (Math.Abs(trace.StepW - watts) <= ExpectedShare * Math.Sqrt(squares))
                return true;
        }

        return false;

        // NaN outside its hours is as large as nothing.
        static double WattsOf(ExpectedCharger charger, in ChargerTrace trace) =>
            charger.FromHour == charger.ToHour || ShanghaiTime.IsBetween((long)(trace.StartMin * MsAMinute), charger.FromHour, charger.ToHour) ? charger.Watts : double.NaN;
    }

    /// <summary>Whether it is the rise of an expected charger, seen against another floor: against that of an hour ago its step is larger by whatever was switched on meanwhile, and the climb is
    /// still its own. Both rose to the same level then; what rose higher has another load in it, which began right after the expected one.</summary>
    private static bool IsSeenWithExpected(in FlyWireState state, int place)
    {
        var candidates = state.Signature.Candidates;
        for (var other = 0; other < candidates.Length; other++)
        {
            if (other != place && candidates[other].IsUsed && state.Signs[other].IsExpected && state.Signs[other].StartMin == candidates[other].StartMin
                && Math.Abs(candidates[other].StartMin - candidates[place].StartMin) <= Math.Max(SameBeginMin, 2 * state.Signature.IntervalMin)
                && candidates[other].StepW < candidates[place].StepW && IsOneLevel(candidates[other], candidates[place]))
                return true;
        }

        return false;
    }

    private static bool IsOneLevel(in ChargerTrace expected, in ChargerTrace trace) =>
        Math.Abs(expected.BaseW + expected.StepW - trace.BaseW - trace.StepW) <= (ChargerSignature.SameShare * trace.StepW) + ChargerSignature.SameW;

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
