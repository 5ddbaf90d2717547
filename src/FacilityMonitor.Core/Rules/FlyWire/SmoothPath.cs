namespace FacilityMonitor.Rules;

/// <summary>How much likelier a smooth path is than everything else that ordinary loads do, from knots of a power curve.</summary>
/// <remarks>
/// For n knots with known variance v the smooth path (a polynomial of low order) has −½·(n·ln v + RSS/v); its variance is not fitted, because a
/// charger regulates its output and has no noise of its own to excuse. Against it stand, each with its best variance, which is generous to them:
/// a constant level; a random walk (a computer, a television), whose increments have the variance that is seen; loads that are switched one after the other, which
/// keep their levels between jumps, at the variance that is known; and for a climb a relaxation towards
/// a constant (everything that warms up or cools down), with time constants of 8, 16 and 32 minutes. Parameters cost ½·ln n each (Schwarz). A curve
/// in pieces has a free level for each: only what happened within a piece is evidence.
/// </remarks>
internal static class SmoothPath
{
    public const int OrderMax = 3;

    private const int KnotsMin = 4;
    private const double RelaxationParameters = 3;

    /// <summary>ln 3.</summary>
    private const double Smaller = 1.1;

    private static ReadOnlySpan<double> RelaxationsMin => [8, 16, 32];

    /// <summary>What a comparison found.</summary>
    /// <param name="Nats">Natural logarithm of the likelihood ratio, smooth path over the best of the others.</param>
    /// <param name="SlopeAMin">Slope of the straight line through it, a minute.</param>
    /// <param name="Scatter">Root mean square distance from the path.</param>
    public readonly record struct Comparison(double Nats, double SlopeAMin, double Scatter);

    /// <summary>Compares.</summary>
    /// <param name="minutes">Times of the knots.</param>
    /// <param name="watts">Their power.</param>
    /// <param name="pieces">Which piece of the curve each is in.</param>
    /// <param name="variance">Variance of a knot about a smooth path.</param>
    /// <param name="tightVariance">The same when the load is as smooth as the meter is; the two are averaged.</param>
    /// <param name="order">Order of the polynomial, at most <see cref="OrderMax"/>.</param>
    /// <param name="isClimb">Whether the path may not turn down, and relaxations are among the others.</param>
    public static Comparison Against(ReadOnlySpan<double> minutes, ReadOnlySpan<double> watts, ReadOnlySpan<byte> pieces, double variance, double tightVariance, int order, bool isClimb)
    {
        var count = minutes.Length;
        Span<double> y = stackalloc double[ChargerCurve.KnotsMax];
        y = y[..count];
        watts.CopyTo(y);
        var free = count - Centre(y, pieces) + 1;
        if (free < KnotsMin)
            return default;
        var cost = 0.5 * Math.Log(free);
        Span<double> columns = stackalloc double[OrderMax * ChargerCurve.KnotsMax];
        var middle = (minutes[0] + minutes[^1]) / 2;
        var half = Math.Max((minutes[^1] - minutes[0]) / 2, 1);
        for (var index = 0; index < count; index++)
        {
            var x = (minutes[index] - middle) / half;
            (columns[index], columns[count + index], columns[(2 * count) + index]) = (x, x * x, x * x * x);
        }

        for (var power = 0; power < OrderMax; power++)
            Centre(columns.Slice(power * count, count), pieces);

        Span<double> weights = stackalloc double[OrderMax];
        var choice = Math.Max(0, Math.Log(HalfRange(y) / Math.Sqrt(variance)));
        var occam = isClimb ? 0 : choice;
        var (smooth, scatter, slope) = (double.NegativeInfinity, 0.0, 0.0);
        for (var power = 1; power <= order; power++)
        {
            var squares = Fit(y, columns, power, weights);
            if (power == 1)
                slope = weights[0] / half;
            // It may flatten at one end to nothing and a little beyond: constant current has a flat middle. It may not turn.
            if (isClimb && power == 2 && weights[0] - (2 * Math.Abs(weights[1])) < -0.3 * Math.Abs(weights[0]))
                continue;
            var likelihood = Smooth(squares, free, variance, tightVariance) - ((power + 1) * cost) - Occam(occam, power);
            if (likelihood > smooth)
                (smooth, scatter) = (likelihood, Math.Sqrt(squares / free));
        }

        var other = Free(SumOfSquares(y) / free, free, variance) - cost;
        if (Walk(minutes, y, pieces) is { } walk)
            other = Math.Max(other, Free(walk, free, variance) - cost);
        if (isClimb)
        {
            foreach (var relaxation in RelaxationsMin)
            {
                for (var index = 0; index < count; index++)
                    columns[index] = Math.Exp(-(minutes[index] - minutes[0]) / relaxation);
                Centre(columns[..count], pieces);
                other = Math.Max(other, Free(Fit(y, columns, 1, weights) / free, free, variance) - (RelaxationParameters * cost));
            }
        }

        other = Math.Max(other, (-0.5 * free * Math.Log(variance)) - cost - Staircase(minutes, y, pieces, variance, cost + choice));

        return new Comparison(smooth - other, slope, scatter);
    }

    /// <summary>What a fall that may take any shape has to pay for its choice: each coefficient might have been anything up to half the fall, and is now known to within the scatter. Higher
    /// ones are smaller in any shape a battery knows, by a factor of three each.</summary>
    private static double Occam(double first, int power)
    {
        var sum = 0.0;
        for (var order = 0; order < power; order++)
            sum += Math.Max(0, first - (order * Smaller));
        return sum;
    }

    private static double HalfRange(ReadOnlySpan<double> values)
    {
        var (least, most) = (double.MaxValue, double.MinValue);
        foreach (var value in values)
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        return (most - least) / 2;
    }

    /// <summary>Logarithm of the likelihood with known variance: the mean over two degrees of smoothness.</summary>
    private static double Smooth(double squares, int count, double variance, double tightVariance)
    {
        var loose = -0.5 * ((count * Math.Log(variance)) + (squares / variance));
        var tight = -0.5 * ((count * Math.Log(tightVariance)) + (squares / tightVariance));
        var larger = Math.Max(loose, tight);
        return larger + Math.Log((Math.Exp(loose - larger) + Math.Exp(tight - larger)) / 2);
    }

    /// <summary>Logarithm of the likelihood with the variance that suits it best, not less than what is known.</summary>
    private static double Free(double meanSquare, int count, double variance)
    {
        var best = Math.Max(meanSquare, variance);
        return -0.5 * count * (Math.Log(best) + (meanSquare / best));
    }

    /// <summary>Mean square of the increments, at the mean spacing; null when there are too few.</summary>
    private static double? Walk(ReadOnlySpan<double> minutes, ReadOnlySpan<double> y, ReadOnlySpan<byte> pieces)
    {
        var spacing = (minutes[^1] - minutes[0]) / (minutes.Length - 1);
        var (sum, count) = (0.0, 0);
        for (var index = 1; index < y.Length; index++)
        {
            if (pieces[index] != pieces[index - 1])
                continue;
            var step = y[index] - y[index - 1];
            sum += step * step * spacing / Math.Max(minutes[index] - minutes[index - 1], 1);
            count++;
        }

        return count > 2 ? sum / count : null;
    }

    /// <summary>What loads that are switched one after the other cost at least: levels, each to be chosen like any coefficient, and between them jumps. A jump may have happened at any
    /// moment, so one that nobody saw, because something else was on meanwhile, is likelier the longer that was.</summary>
    private static double Staircase(ReadOnlySpan<double> minutes, ReadOnlySpan<double> y, ReadOnlySpan<byte> pieces, double variance, double level)
    {
        Span<double> least = stackalloc double[ChargerCurve.KnotsMax + 1];
        var whole = Math.Log(Math.Max(minutes[^1] - minutes[0], 1));
        for (var end = 1; end <= y.Length; end++)
        {
            var (sum, squares) = (0.0, 0.0);
            least[end] = double.PositiveInfinity;
            for (var begin = end - 1; begin >= 0 && pieces[begin] == pieces[end - 1]; begin--)
            {
                (sum, squares) = (sum + y[begin], squares + (y[begin] * y[begin]));
                var off = (squares - (sum * sum / (end - begin))) / (2 * variance);
                var jump = begin == 0 || pieces[begin - 1] != pieces[begin] ? 0 : level + whole - Math.Log(Math.Max(minutes[begin] - minutes[begin - 1], 1));
                least[end] = Math.Min(least[end], least[begin] + off + jump);
            }
        }

        return least[y.Length];
    }

    private static double SumOfSquares(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value * value;
        return sum;
    }

    /// <summary>Takes the mean of its piece off each value; returns the number of pieces.</summary>
    private static int Centre(Span<double> values, ReadOnlySpan<byte> pieces)
    {
        var count = 0;
        for (var from = 0; from < values.Length;)
        {
            var to = from;
            var sum = 0.0;
            while (to < values.Length && pieces[to] == pieces[from])
                sum += values[to++];
            var mean = sum / (to - from);
            for (var index = from; index < to; index++)
                values[index] -= mean;
            count++;
            from = to;
        }

        return count;
    }

    /// <summary>Least squares of <paramref name="y"/> on the first columns; returns the sum of squares that is left.</summary>
    private static double Fit(ReadOnlySpan<double> y, ReadOnlySpan<double> columns, int order, Span<double> weights)
    {
        const double Singular = 1e-9;
        var count = y.Length;
        Span<double> normal = stackalloc double[OrderMax * OrderMax];
        normal.Clear();
        weights.Clear();
        for (var row = 0; row < order; row++)
        {
            for (var index = 0; index < count; index++)
            {
                weights[row] += columns[(row * count) + index] * y[index];
                for (var column = 0; column < order; column++)
                    normal[(row * OrderMax) + column] += columns[(row * count) + index] * columns[(column * count) + index];
            }
        }

        for (var pivot = 0; pivot < order; pivot++)
        {
            if (Math.Abs(normal[(pivot * OrderMax) + pivot]) < Singular)
            {
                weights.Clear();
                break;
            }

            for (var row = pivot + 1; row < order; row++)
            {
                var factor = normal[(row * OrderMax) + pivot] / normal[(pivot * OrderMax) + pivot];
                for (var column = pivot; column < order; column++)
                    normal[(row * OrderMax) + column] -= factor * normal[(pivot * OrderMax) + column];
                weights[row] -= factor * weights[pivot];
            }
        }

        for (var row = order - 1; row >= 0; row--)
        {
            for (var column = row + 1; column < order; column++)
                weights[row] -= normal[(row * OrderMax) + column] * weights[column];
            weights[row] = Math.Abs(normal[(row * OrderMax) + row]) < Singular ? 0 : weights[row] / normal[(row * OrderMax) + row];
        }

        var squares = 0.0;
        for (var index = 0; index < count; index++)
        {
            var rest = y[index];
            for (var column = 0; column < order; column++)
                rest -= weights[column] * columns[(column * count) + index];
            squares += rest * rest;
        }

        return squares;
    }
}
