namespace FacilityMonitor.Rules;

/// <summary>What the curve of one load says for and against a battery charger.</summary>
/// <remarks>
/// A charger holds its current while the pack's voltage rises: its power climbs, slowly and steadily, 0.015 to 0.2 % of its level a minute for hours
/// (reference §2.2: 0.036 to 0.18 measured, lead-acid and lithium), and not more than the voltage does from empty to full, 4 to 17 %, twice that with two
/// packs in turn. Then it holds the voltage: the current, and with it the power, sinks to almost nothing in twenty minutes to three hours, and is never
/// switched off. No resistance or motor relaxes by half so slowly, and nothing but a battery takes both.
/// The best evidence that was ever reached counts: a likelihood ratio that once exceeded 1/α does so by chance with a probability of at most α,
/// however often one looks (Ville), so looking at every knot is no gamble.
/// </remarks>
internal static class ChargerEvidence
{
    /// <summary>Climb, as a share of the on-step a minute; a little more than measured.</summary>
    private const double ClimbLeast = 0.00015;
    private const double ClimbMost = 0.0025;

    /// <summary>No pack's voltage rises by more than this; two in turn.</summary>
    private const double ClimbTotalMost = 0.30;

    private const double ClimbMinutesLeast = 25;
    private const double WarmUpMin = 16;
    private const double WarmUpShare = 0.02;

    /// <summary>Scatter of a charger's own power about a low polynomial, as a share of the on-step: 0.03 to 0.05 % was measured behind fine meters.</summary>
    private const double ClimbSmoothShare = 0.0006;
    private const double TightShare = 1.0 / 9;

    /// <summary>The same in the taper, which no polynomial fits so well.</summary>
    private const double TaperSmoothShare = 0.006;

    /// <summary>What loads that came later may drift by, as a share of theirs: the settled 1 % of a lamp.</summary>
    private const double CompanyShare = 0.01;

    /// <summary>Evidence of one kind is not believed beyond this: the models are not that exact.</summary>
    private const double ClimbNatsMost = 15;
    private const double SmoothNatsMost = 10;
    private const double AgainstNatsMost = 3;

    /// <summary>A fall that is less than this is not looked at; one that is not four times as deep as ordinary loads relax proves nothing alone.</summary>
    private const double FallLooked = 0.3;
    public const double FallProving = 4 * RelaxationMean;
    private const double TaperMinutesLeast = 20;

    /// <summary>Errors of meters are taken for granted up to so many standard deviations.</summary>
    private const double BesideDeviations = 3;

    /// <summary>A line through so many knots still has two to be wrong by.</summary>
    private const int TaperKnotsLeast = 4;

    /// <summary>Four single values with three falls between them may be three switches; a knot that is the mean of several shows a switch within it. So a fall of single values needs one more to prove anything.</summary>
    private const int TaperValuesProving = 5;

    /// <summary>The depth of a smooth fall: ordinary loads relax by a tenth on average, and twice as deep is e times as rare.</summary>
    private const double RelaxationMean = 0.1;
    private const double DepthNatsMost = 6;

    /// <summary>No battery of a portable device may hold more (air transport limit), so less may be a laptop's.</summary>
    private const double PortableWh = 100;

    /// <summary>What a taper says that may be a laptop's, or has not gone far: with one rise in a hundred a charger's it is told of from 6.3 at night, so it proves nothing alone.</summary>
    private const double DoubtfulNatsMost = 6;

    /// <summary>A taper neither rises again nor falls at once: faster, that is, than e-fold in 20 minutes, which is the fast part of a lead-acid battery's (reference §2.2). Between knots
    /// that are far apart, because something else hid what was between, it falls far, and not at once.</summary>
    private const double RiseMost = 0.05;
    private const double FallAtOnceMost = 0.4;
    private const double FastestTauMin = 20;

    /// <summary>Between knots further apart than this a fall was not seen: 35 minutes, in which a fridge runs, or nine values; of a lift at its busiest hour six values in ten are full, so nine
    /// in a row are hidden once in a hundred times.</summary>
    private const double SeenMin = 35;
    private const double HiddenValues = 9;

    /// <summary>What ends where it began, with this much of the fall seen, proves as much as half of it seen.</summary>
    private const double BackLeast = 0.85;
    private const double BackMost = 1.1;
    private const double BackSeen = 0.3;

    /// <summary>More than its own step cannot go.</summary>
    private const double FallenMost = 1.15;

    /// <summary>At rest for this long, minutes, above a charger's tail (a few percent; 15 W for some that have no battery on them), slower than any battery's end, and further below the peak
    /// than ordinary loads relax.</summary>
    private const double RestMin = 18;
    private const double FallBegun = RelaxationMean;
    private const double TailShare = 0.15;
    private const double TailW = 17;
    private const double SlowestTauMin = 240;

    /// <summary>The fall when one pack follows another; 10 % was measured. It takes 20 minutes of the first to be one.</summary>
    private const double PackChangeShare = 0.04;
    private const int PackKnots = 4;

    /// <summary>How much more restless a circuit may become by chance (a lift in the morning), and how many values in a row tell one thing.</summary>
    private const double RestlessTimes = 1.5;
    private const double RestlessMore = 0.06;
    private const double RestlessMost = 0.95;
    private const double RestlessAlike = 3;
    private const int RestlessValues = 8;

    /// <summary>Share of the values of a charger that are a bad word of a meter, or the moment between two packs.</summary>
    private const double DipShare = 0.01;

    /// <summary>Values further apart than this do not show a taper, minutes: a taper of an hour would have five of them.</summary>
    private const double CoarsestMin = 12;

    /// <summary>How far below its peak a curve is not yet falling.</summary>
    private const double PeakShare = 0.01;

    private static ReadOnlySpan<double> WindowsMin => [double.MaxValue, 120, 60];

    /// <summary>Looks at the curve anew.</summary>
    /// <param name="trace">The load; its evidence is brought up to date.</param>
    /// <param name="curve">Its curve.</param>
    /// <param name="sigmaW">Scatter of one value that must be forgiven it, W.</param>
    /// <param name="intervalMin">Time between values, minutes.</param>
    /// <param name="besideW">How far the power may have moved by errors in what was taken off it, W.</param>
    public static void Weigh(ref ChargerTrace trace, in ChargerCurve curve, double sigmaW, double intervalMin, double besideW = 0)
    {
        Span<double> minutes = stackalloc double[ChargerCurve.KnotsMax];
        Span<double> watts = stackalloc double[ChargerCurve.KnotsMax];
        Span<double> variances = stackalloc double[ChargerCurve.KnotsMax];
        Span<byte> pieces = stackalloc byte[ChargerCurve.KnotsMax];
        var step = (double)trace.StepW;
        var own = Square(ClimbSmoothShare * step);
        var common = own + (Square(trace.WanderW) / 2) + Square(CompanyShare * curve.CompanyW) + Square(besideW);
        var full = Math.Clamp(ChargerCurve.KnotMin / intervalMin, 1, ChargerCurve.KnotMin);
        var isCoarse = IsCoarse(intervalMin);
        var count = 0;
        for (var knot = 0; knot < curve.Count; knot++)
        {
            var values = curve.CountOf(knot);
            var isLast = knot == curve.Count - 1;
            // A knot of few values is no mean; the last one is still filling.
            if (values == 0 || (isLast ? !isCoarse : values < 0.3 * full))
                continue;
            (minutes[count], watts[count], pieces[count]) = curve.Knot(knot);
            variances[count++] = (Square(sigmaW) / values) + common;
        }

        (trace.Fallen, trace.ClimbShareAMin) = (0, 0);
        if (count < 4)
            return;
        var first = 0;
        for (var index = 1; index < count && minutes[index] <= WarmUpMin; index++)
        {
            if (watts[index] <= watts[first])
                first = index;
        }

        // A fall deeper than any warm-up's is the taper itself.
        if (watts[first] < watts[0] - (WarmUpShare * step) - (2 * Math.Sqrt(variances[first])))
            first = 0;
        else if (first == 0 && minutes[0] < 4)
            first = 1;
        var peak = first;
        for (var index = first; index < count; index++)
        {
            if (watts[index] > watts[peak])
                peak = index;
        }

        Climb(ref trace, minutes[..count], watts[..count], variances[..count], pieces[..count], first, peak, own * (1 - TightShare));
        Taper(ref trace, minutes[..count], watts[..count], variances[..count], pieces[..count], peak, intervalMin, besideW);
    }

    /// <summary>A charger adds no scatter; a computer and a television do: the more of the values lie a little above its floor, beyond what was there before it, the less it is a charger
    /// (Bernoulli).</summary>
    /// <param name="trace">The load.</param>
    /// <param name="on">Values on its floor.</param>
    /// <param name="restless">Values a little above it.</param>
    /// <param name="dips">Values far below it. Loads only add, so there the load was off: a bad word, or a scatter in which any low value is taken for a floor.</param>
    /// <param name="isRest">Whether something was taken off: then there are the bad words of two sides.</param>
    public static void WeighRest(ref ChargerTrace trace, int on, int restless, int dips, bool isRest)
    {
        var values = on + restless;
        var before = Math.Min((RestlessTimes * trace.RestlessBefore) + RestlessMore, RestlessMost);
        var now = values > RestlessValues ? (double)restless / values : 0;
        trace.RestlessNats = (float)((Beyond(now, before) * values / RestlessAlike) + (Beyond((double)dips / (on + dips), isRest ? 2 * DipShare : DipShare) * (on + dips)));
    }

    /// <summary>How much likelier a share is of what has just this share than of what has a smaller one, natural logarithm a value.</summary>
    private static double Beyond(double share, double expected) =>
        !(share > expected) ? 0 : (share * Math.Log(share / expected)) + ((1 - share) * Math.Log(Math.Max(1 - share, 1e-3) / (1 - expected)));

    private static void Climb(ref ChargerTrace trace, ReadOnlySpan<double> minutes, ReadOnlySpan<double> watts, ReadOnlySpan<double> variances, ReadOnlySpan<byte> pieces, int first, int peak, double slack)
    {
        var step = (double)trace.StepW;
        var last = minutes.Length - 1;
        var slackAtEnd = Math.Max(PeakShare * step, 3 * Math.Sqrt(variances[last]));
        var isClimbing = watts[last] >= watts[peak] - slackAtEnd;
        Span<byte> parts = stackalloc byte[ChargerCurve.KnotsMax];
        parts = parts[..pieces.Length];
        pieces.CopyTo(parts);
        isClimbing = isClimbing || PartAtChangeOfPacks(watts, parts, first, step, slackAtEnd, 4 * Math.Sqrt(variances[last]));
        var end = isClimbing ? last : peak;
        if (end - first < 4 || minutes[end] - minutes[first] < ClimbMinutesLeast)
            return;
        var (best, looks) = (-9.0, 0);
        foreach (var window in WindowsMin)
        {
            var from = first;
            while (minutes[end] - minutes[from] > window)
                from++;
            var count = end - from + 1;
            if ((from == first && looks > 0) || count < 5)
                continue;
            looks++;
            var variance = Mean(variances.Slice(from, count));
            var found = SmoothPath.Against(minutes.Slice(from, count), watts.Slice(from, count), parts.Slice(from, count), variance, variance - slack, 2, isClimb: true);
            var share = found.SlopeAMin / step;
            var length = minutes[end] - minutes[from];
            var nats = share is >= ClimbLeast and <= ClimbMost && share * length < ClimbTotalMost ? found.Nats : Math.Min(found.Nats, 0);
            if (nats <= best)
                continue;
            best = nats;
            (trace.ClimbShareAMin, trace.FitShare) = ((float)share, (float)(found.Scatter / step));
        }

        // Each look, and the choice of the peak after the fact, is one more chance to be fooled.
        best -= Math.Log(Math.Max(1, looks)) + (isClimbing ? 0 : Math.Log(minutes.Length));
        best = Math.Clamp(best, -AgainstNatsMost, ClimbNatsMost);
        // The best that was reached counts with what spoke against it at that time: unrest that is diluted later was there all the same.
        if (best - trace.RestlessNats > trace.ClimbNats - trace.ClimbRestlessNats)
            (trace.ClimbNats, trace.ClimbRestlessNats) = ((float)Math.Max(best, 0), trace.RestlessNats);
    }

    /// <summary>A second pack begins where the first one began: one fall at once, and up again. The curve is then in two parts, with a climb in each.</summary>
    /// <returns>Whether it climbs in the second part.</returns>
    private static bool PartAtChangeOfPacks(ReadOnlySpan<double> watts, Span<byte> parts, int first, double step, double slack, double least)
    {
        var last = watts.Length - 1;
        var (change, deepest) = (-1, Math.Max(PackChangeShare * step, least));
        for (var index = first + PackKnots; index <= last - 3; index++)
        {
            var deep = watts[index - 1] - Math.Min(watts[index], watts[index + 1]);
            if (deep > deepest && watts[last] > watts[index] && watts[index] > 0.5 * step)
                (change, deepest) = (index, deep);
        }

        if (change < 0)
            return false;
        foreach (var value in watts[change..])
        {
            if (value > watts[last] + slack)
                return false;
        }

        foreach (ref var part in parts[change..])
            part ^= 128;
        return true;
    }

    private static void Taper(ref ChargerTrace trace, ReadOnlySpan<double> minutes, ReadOnlySpan<double> watts, Span<double> variances, ReadOnlySpan<byte> pieces, int peak, double intervalMin, double besideW)
    {
        var step = (double)trace.StepW;
        var last = minutes.Length - 1;
        var energy = 0.0;
        for (var index = 0; index <= last; index++)
            energy += (minutes[index] - (index == 0 ? 0 : minutes[index - 1])) * watts[index] / 60;
        trace.EnergyWh = (float)energy;

        // It begins where the level was last near its peak.
        var top = watts[peak];
        for (var index = last; index > peak; index--)
        {
            if (watts[index] >= top - (2 * PeakShare * step) - (2 * Math.Sqrt(variances[index])))
            {
                peak = index;
                break;
            }
        }

        // What fell before a rest was something else that left; a taper may begin where the rest ends.
        peak = AfterRest(minutes, watts, variances, pieces, peak, step);
        var fallen = (watts[peak] - watts[last]) / step;
        trace.Fallen = (float)fallen;
        var count = last - peak + 1;
        // As much as the meters of what was taken off may make of it is no fall.
        var sure = fallen - (BesideDeviations * besideW / step);
        if (sure < FallLooked || fallen > FallenMost || count < TaperKnotsLeast || minutes[last] - minutes[peak] < TaperMinutesLeast)
            return;
        var (rise, fall, seen) = (0.0, 0.0, 0.0);
        for (var index = peak + 1; index <= last; index++)
        {
            rise = Math.Max(rise, watts[index] - watts[index - 1]);
            if (pieces[index] != pieces[index - 1] || minutes[index] - minutes[index - 1] > Math.Max(SeenMin, HiddenValues * intervalMin))
                continue;
            seen += watts[index - 1] - watts[index];
            fall = Math.Max(fall, (watts[index - 1] * Math.Exp((minutes[index - 1] - minutes[index]) / FastestTauMin)) - watts[index]);
        }

        if (rise > RiseMost * step)
            return;
        var smooth = fall > FallAtOnceMost * seen ? 0 : Smooth(minutes, watts, variances, pieces, peak, step);
        // Depth counts only as far as the fall is seen to be smooth.
        var depth = Math.Min(DepthNatsMost, (Math.Min(sure, seen / step) - RelaxationMean) / RelaxationMean) * Math.Clamp((smooth - 2) / 4, 0, 1);
        var nats = Math.Min(smooth, SmoothNatsMost) + depth;
        // What was seen of it, not what happened behind something else, must fall. With values so far apart a fall between two of them may as well be a switch.
        var isProven = Math.Min(sure, seen / step) >= FallProving || (fallen is >= BackLeast and <= BackMost && seen >= BackSeen * step);
        if (!isProven || energy < PortableWh || intervalMin > CoarsestMin || (IsCoarse(intervalMin) && count < TaperValuesProving))
            nats = Math.Min(nats, DoubtfulNatsMost);
        trace.TaperNats = (float)Math.Max(trace.TaperNats, nats);
    }

    /// <summary>How smooth the fall is. Where constant current ends the curve has a knee, which no polynomial follows: the taper may begin with any value that is not yet further below the peak
    /// than ordinary loads relax, and each of them is one more chance to be fooled.</summary>
    private static double Smooth(ReadOnlySpan<double> minutes, ReadOnlySpan<double> watts, ReadOnlySpan<double> variances, ReadOnlySpan<byte> pieces, int peak, double step)
    {
        var (best, looks) = (double.NegativeInfinity, 0);
        for (var from = peak; from <= minutes.Length - TaperKnotsLeast && watts[from] >= watts[peak] - (FallBegun * step); from++)
        {
            var count = minutes.Length - from;
            var variance = Mean(variances.Slice(from, count)) + Square(TaperSmoothShare * step);
            var found = SmoothPath.Against(minutes.Slice(from, count), watts.Slice(from, count), pieces.Slice(from, count), variance, variance, SmoothPath.OrderMax, isClimb: false);
            (best, looks) = (Math.Max(best, found.Nats), looks + 1);
        }

        return best - Math.Log(looks);
    }

    /// <summary>A battery's current goes to nothing without a rest: of a fall that rested half way, only what came after can be a taper.</summary>
    /// <returns>Where the last rest after <paramref name="peak"/> ends; the peak itself when there was none.</returns>
    private static int AfterRest(ReadOnlySpan<double> minutes, ReadOnlySpan<double> watts, ReadOnlySpan<double> variances, ReadOnlySpan<byte> pieces, int peak, double step)
    {
        var tail = Math.Max(TailShare * step, TailW);
        for (var index = minutes.Length - 1; index > peak && watts[peak] - watts[index] > FallBegun * step; index--)
        {
            var back = index;
            while (back > peak && minutes[index] - minutes[back] < RestMin)
                back--;
            if (watts[index] > tail && pieces[back] == pieces[index] && watts[peak] - watts[back] > FallBegun * step
                && watts[back] - watts[index] < (watts[index] / SlowestTauMin * (minutes[index] - minutes[back])) - (2 * Math.Sqrt(variances[back] + variances[index])))
                return index;
        }

        return peak;
    }

    /// <summary>Whether a knot of the curve is a single value.</summary>
    private static bool IsCoarse(double intervalMin) => intervalMin > ChargerCurve.KnotMin / 2;

    private static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }

    private static double Square(double value) => value * value;
}
