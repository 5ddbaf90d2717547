namespace FacilityMonitor.Rules;

/// <summary>Follows the floor of a circuit's power through everything that comes and goes above it.</summary>
/// <remarks>
/// Loads only ever add. So the power of a load that stays on for hours is seen wherever nothing else runs: what lies above it is passed over, however high
/// and however often (a fridge, a lift), and hardly anything lies below. From one value on the floor to the next a battery may climb a little and
/// sink as its taper lets it; what falls further at once is either the load's own end or something else that was below. What stays above for long
/// came to stay. Nothing has to be known of the other loads.
/// </remarks>
/// <param name="minutes">Minutes of the values, counted from <paramref name="from"/>.</param>
/// <param name="watts">The values.</param>
/// <param name="from">The minute that counts as 0.</param>
/// <param name="intervalMin">Usual time between two values.</param>
internal ref struct FloorPath(ReadOnlySpan<short> minutes, ReadOnlySpan<float> watts, long from, double intervalMin)
{
    /// <summary>What a battery may do from one value to the next, as shares of its on-step a minute: e-fold in 25 minutes is the fastest taper, seen across a
    /// gap it is less; the climb is at most 0.2 %, with the error of a trend.</summary>
    private const double FastTaper = 0.04;
    private const double GapTaper = 0.01;
    private const double UnseenTaper = 0.03;
    private const double Climb = 0.003;

    /// <summary>A taper is expected to go on by the same share of what it still draws, half as fast again at most.</summary>
    private const double TrendMargin = 1.5;
    private const double CarriedMin = 15;

    /// <summary>While it settles, and what came later settles, minutes.</summary>
    private const double SettlingMin = 16;

    /// <summary>Not seen for this long, something came to stay, minutes.</summary>
    private const double SilenceMin = 45;
    private const int SilenceValues = 5;

    /// <summary>A value this far above the floor, as a share of the on-step, may be its own unrest.</summary>
    public const double RestlessShare = 0.7;

    /// <summary>What is left when a charger goes to its tail.</summary>
    private const double TailShare = 0.08;
    private const double SameShare = 0.12;

    private const int TurnsMax = 24;

    private readonly ReadOnlySpan<short> _minutes = minutes;
    private readonly ReadOnlySpan<float> _watts = watts;

    /// <summary>Values on the floor, and a little above it.</summary>
    public int On { get; private set; }

    public int Restless { get; private set; }

    /// <summary>Values far below it that were passed over.</summary>
    public int Dips { get; private set; }

    /// <summary>How far values on one floor may differ, W.</summary>
    public static double Tolerance(double sigmaW, double stepW) => Math.Max(Math.Max(4 * sigmaW, 1), 0.005 * stepW);

    /// <summary>The second lowest of some values, as one alone may be a dip; the lowest of very few.</summary>
    public static float Low(ReadOnlySpan<float> watts)
    {
        var (lowest, second) = (float.MaxValue, float.MaxValue);
        foreach (var value in watts)
        {
            if (value < lowest)
                (lowest, second) = (value, lowest);
            else if (value < second)
                second = value;
        }

        return watts.Length < 4 ? lowest : second;
    }

    /// <summary>Follows a load from its on-step to now.</summary>
    /// <param name="trace">The load; when it was last seen, what it draws and whether it is over are brought up to date.</param>
    /// <param name="sigmaW">Scatter of a value.</param>
    /// <param name="curve">Its curve.</param>
    public void Follow(ref ChargerTrace trace, double sigmaW, out ChargerCurve curve)
    {
        curve = default;
        (On, Restless, Dips) = (0, 0, 0);
        var first = 0;
        while (first < _watts.Length && from + _minutes[first] < trace.StartMin)
            first++;
        if (first == _watts.Length || (first == 0 && from > trace.StartMin))
        {
            (trace.IsOver, trace.IsLost) = (true, true);
            return;
        }

        var step = (double)trace.StepW;
        var tolerance = Tolerance(sigmaW, step);
        var (start, floor, level, trend) = (_minutes[first], (double)trace.BaseW, trace.BaseW + step, 0.0);
        double seenMin = start;
        var (after, turns, low, lowFirst, joinedMin) = (first, 0, 0, 0, double.NegativeInfinity);
        for (var index = first; index < _watts.Length; index++)
        {
            var (minute, watts) = ((double)_minutes[index], (double)_watts[index]);
            var isSettling = minute - start < SettlingMin;
            var passed = Math.Max(1, minute - seenMin);
            // A taper sinks by a share of what it still draws, so it flattens by itself.
            var draws = Math.Max(level - floor, TailShare * step);
            var expected = level + (draws * (Math.Exp(trend * Math.Min(passed, CarriedMin)) - 1));
            var up = tolerance + (Climb * step * passed) + (isSettling ? 0.02 * step : 0) + (index == first ? 0.06 * step : 0);
            var down = tolerance + (step * ((FastTaper * Math.Min(passed, 2.5)) + (GapTaper * Math.Clamp(passed - 2.5, 0, 20))))
                + (TrendMargin * Math.Abs(trend) * draws * Math.Min(passed, 20)) + (isSettling ? 0.01 * step : 0);
            if (watts > expected + up)
            {
                (Dips, low) = (Dips + low, 0);
                if (watts < expected + (RestlessShare * step))
                    Restless++;
                if (minute - seenMin <= Math.Max(SilenceMin, 4.5 * intervalMin) || index - after < SilenceValues || turns >= TurnsMax / 2)
                    continue;
                var rise = Low(_watts[after..(index + 1)]) - expected;
                if (rise <= up)
                    continue;
                // It came to stay: looked at again from where it came, on its own floor.
                (floor, level, joinedMin, seenMin, trend) = (floor + rise, expected + rise, seenMin, _minutes[after], trend / 2);
                (curve.CompanyW, curve.Piece, turns, index) = (curve.CompanyW + rise, (byte)(curve.Piece + 1), turns + 1, after - 1);
                continue;
            }

            var isUnder = watts < floor - Math.Max(2 * tolerance, 0.06 * step);
            if (isUnder || watts < expected - down)
            {
                // One value may be a dip, or a change of packs; several that meet are a level.
                var meets = low > 0 && Math.Abs(watts - _watts[index - 1]) <= tolerance + (UnseenTaper * step * (minute - _minutes[index - 1]));
                (Dips, low, lowFirst) = meets ? (Dips, low + 1, lowFirst) : (Dips + low, 1, index);
                if (low < (intervalMin < 2.5 ? 3 : 2))
                    continue;
                low = 0;
                if (Math.Abs(watts - floor) <= Math.Max(SameShare * (expected - floor), 2 * tolerance) || (watts <= floor + (TailShare * step) + tolerance && watts >= floor - tolerance))
                {
                    trace.IsOver = true;
                    (trace.LastMin, trace.LastW) = (from + minute, 0);
                    return;
                }

                index = lowFirst;
                (minute, watts) = (_minutes[index], _watts[index]);
                var (fall, gap) = (expected - watts, Math.Max(1, minute - seenMin));
                if (!isUnder && fall <= tolerance + (UnseenTaper * step * gap) && turns < TurnsMax)
                {
                    // It may have tapered while nobody saw it.
                    trend = Math.Max(-fall / gap / draws, -UnseenTaper);
                }
                else
                {
                    floor -= fall;
                    trend /= 2;
                    curve.CompanyW = Math.Max(0, curve.CompanyW - fall);
                }

                curve.Piece++;
                turns++;
                (level, seenMin, after) = (watts, minute, index + 1);
                if (minute - joinedMin > SettlingMin)
                    curve.Add(from + minute - trace.StartMin, watts - floor);
                continue;
            }

            (Dips, low) = (Dips + low, 0);
            if (IsDip(index, expected, up, tolerance, step, passed))
            {
                Dips++;
                continue;
            }

            On++;
            var off = watts - expected;
            trend = Math.Clamp(trend + (0.15 * Math.Min(1, passed / 3) * off / passed / draws), -FastTaper, Climb);
            (level, seenMin, after) = (expected + ((passed >= 4 ? 0.85 : 0.4) * off), minute, index + 1);
            trace.LastMin = from + minute;
            // What has only just come on is still warming up.
            if (minute - joinedMin > SettlingMin && !curve.Add(from + minute - trace.StartMin, watts - floor) && !trace.IsSuspected)
            {
                (trace.IsOver, trace.IsLost) = (true, true);
                break;
            }
        }

        (trace.LastW, trace.FloorW) = ((float)(level - floor), (float)floor);
    }

    /// <summary>Share of values a little above the floor in the three hours before a moment: what a load that begins then is not blamed for.</summary>
    public readonly float RestlessBefore(int index, double sigmaW, double stepW)
    {
        var tolerance = Tolerance(sigmaW, stepW) + (0.01 * stepW);
        var earliest = index;
        while (earliest > 0 && _minutes[index] - _minutes[earliest - 1] <= 180)
            earliest--;
        var (on, restless, low, high) = (0, 0, earliest, earliest);
        for (var at = earliest; at < index; at++)
        {
            while (_minutes[at] - _minutes[low] > 20)
                low++;
            while (high < index && _minutes[high] - _minutes[at] <= 20)
                high++;
            var floor = Low(_watts[low..high]);
            if (_watts[at] <= floor + tolerance)
                on++;
            else if (_watts[at] < floor + (RestlessShare * stepW))
                restless++;
        }

        return (float)((restless + 0.5) / (restless + on + 5));
    }

    /// <summary>One value far down with the next one back up.</summary>
    private readonly bool IsDip(int index, double expected, double up, double tolerance, double step, double passed)
    {
        if (index + 1 >= _watts.Length || _watts[index] >= expected - tolerance - (GapTaper * step * passed))
            return false;
        var next = _watts[index + 1];
        return next > _watts[index] + tolerance + (GapTaper * step) && next <= expected + up;
    }
}
