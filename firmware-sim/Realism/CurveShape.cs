namespace FirmwareSim.Realism;

/// <summary>What a charging curve is described by: the same numbers whether it was measured or simulated.</summary>
/// <param name="LevelW">Lowest power of the first twenty minutes: where the constant current begins, W.</param>
/// <param name="PeakW">Highest power, W.</param>
/// <param name="WarmUpPercent">How far the power falls from its first value to that level, %.</param>
/// <param name="ClimbPercentPerMin">Slope of the constant current, fitted from minute 15 to its end, % of the level a minute; NaN when that is shorter than 20 minutes.</param>
/// <param name="To90Min">Minutes from the peak until the power is last above 90 % of it; NaN when it never falls.</param>
/// <param name="To50Min">The same for 50 %.</param>
/// <param name="To30Min">The same for 30 %.</param>
/// <param name="To10Min">The same for 10 %.</param>
/// <param name="TailW">Median of what follows, W; NaN when nothing does.</param>
internal sealed record CurveShape(
    double LevelW, double PeakW, double WarmUpPercent, double ClimbPercentPerMin, double To90Min, double To50Min, double To30Min, double To10Min, double TailW)
{
    private const double OnW = 5;
    private const double FirstMin = 20;
    private const double SettledMin = 15;
    private const double ClimbLeastMin = 20;

    /// <summary>A fall of this share below the highest so far ends the constant current.</summary>
    private const double DropShare = 0.03;

    /// <summary>Describes a curve in order of time; what precedes the first power is left out.</summary>
    public static CurveShape? Of(IReadOnlyList<(double Minute, double Watts)> curve)
    {
        var points = curve.SkipWhile(point => point.Watts < OnW).ToList();
        // The first value after the plug went in covers a part of a minute.
        if (points.Count > 2 && points[0].Watts < 0.9 * points[1].Watts)
            points.RemoveAt(0);
        if (points.Count < 4)
            return null;
        var start = points[0].Minute;
        var first = points.Where(point => point.Minute - start <= FirstMin).ToList();
        var level = first.Min(point => point.Watts);
        var peak = points.MaxBy(point => point.Watts);
        double Until(double share) => FallsBelow(points, peak, share);
        return new CurveShape(
            level, peak.Watts, 100 * ((points[0].Watts / level) - 1), Climb(points, start, level), Until(0.9), Until(0.5), Until(0.3), Until(0.1), Tail(points, peak));
    }

    private static double Climb(List<(double Minute, double Watts)> points, double start, double level)
    {
        var highest = 0.0;
        var kept = new List<(double Minute, double Watts)>();
        foreach (var point in points)
        {
            highest = Math.Max(highest, point.Watts);
            if (point.Watts < (1 - DropShare) * highest)
                break;
            kept.Add(point);
        }

        // The last value may already belong to what ends it.
        kept = [.. kept.Where(point => point.Minute - start >= SettledMin && point.Minute <= kept[^1].Minute - 2)];
        if (kept.Count < 3 || kept[^1].Minute - kept[0].Minute < ClimbLeastMin)
            return double.NaN;
        var meanX = kept.Average(point => point.Minute);
        var meanY = kept.Average(point => point.Watts);
        var slope = kept.Sum(point => (point.Minute - meanX) * (point.Watts - meanY)) / kept.Sum(point => (point.Minute - meanX) * (point.Minute - meanX));
        return 100 * slope / level;
    }

    private static double FallsBelow(List<(double Minute, double Watts)> points, (double Minute, double Watts) peak, double share)
    {
        var limit = share * peak.Watts;
        var index = points.FindLastIndex(point => point.Watts >= limit);
        if (index == points.Count - 1)
            return double.NaN;
        var (before, after) = (points[index], points[index + 1]);
        var part = (before.Watts - limit) / Math.Max(before.Watts - after.Watts, 1e-9);
        return before.Minute + (part * (after.Minute - before.Minute)) - peak.Minute;
    }

    private static double Tail(List<(double Minute, double Watts)> points, (double Minute, double Watts) peak)
    {
        var index = points.FindLastIndex(point => point.Watts >= 0.1 * peak.Watts);
        var rest = points.Skip(index + 1).Select(point => point.Watts).Order().ToList();
        return rest.Count == 0 ? double.NaN : rest[rest.Count / 2];
    }
}
