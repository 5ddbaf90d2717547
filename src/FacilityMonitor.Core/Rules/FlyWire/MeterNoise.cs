namespace FacilityMonitor.Rules;

/// <summary>What a meter and the loads behind it do by themselves.</summary>
/// <param name="SigmaW">Scatter of one value, W; never less than the meter's quantisation, q/√12.</param>
/// <param name="WanderW">How far the level of five minutes lies from that of the five before, beyond what scatter makes of it, W.</param>
/// <remarks>
/// Both are read off low quantiles of differences over half a day, so that neither a lift nor a fridge counts as noise: of normal differences, whose
/// deviation is √2·σ, 30 % lie below 0.385·√2·σ in absolute value. It holds as long as a third of the half day is quiet.
/// </remarks>
internal readonly record struct MeterNoise(float SigmaW, float WanderW)
{
    /// <summary>The scatter assumed before anything was measured, W.</summary>
    public const float FirstSigmaW = 0.3f;

    private const double Quantile = 0.3;
    private const double QuantileOfDifference = 0.5449;
    private const double MedianOfNormal = 0.6745;
    private const double QuantisationShare = 0.29;
    private const int DifferencesMin = 7;

    /// <summary>A normal difference is larger than so many deviations of a value, four of its own, once in 16,000 times.</summary>
    private const float NoiseMost = 5.66f;

    /// <summary>A larger change of the level is a load that came or went, W.</summary>
    private const double SwitchW = 4;

    /// <summary>Measures.</summary>
    /// <param name="minutes">Minutes of the values.</param>
    /// <param name="watts">The values.</param>
    /// <param name="intervalMin">Usual time between two of them.</param>
    /// <param name="stepW">Smallest step of the meter.</param>
    public static MeterNoise Measure(ReadOnlySpan<short> minutes, ReadOnlySpan<float> watts, double intervalMin, double stepW)
    {
        Span<float> differences = stackalloc float[PowerHistory.Length];
        var count = 0;
        for (var index = 1; index < watts.Length; index++)
        {
            if (minutes[index] - minutes[index - 1] <= Math.Max(2, 1.5 * intervalMin))
                differences[count++] = Math.Abs(watts[index] - watts[index - 1]);
        }

        var least = (float)(stepW * QuantisationShare);
        if (count < DifferencesMin)
            return new MeterNoise(Math.Max(FirstSigmaW, least), 0);
        differences[..count].Sort();
        var sigma = Math.Max(Scatter(differences[..count]), least);
        return new MeterNoise(sigma, Wander(minutes, watts, sigma, differences));
    }

    /// <summary>Where a lift runs in most values, more than that of the differences is no noise: those that are too large for the noise they would stand for are left out, and the rest is
    /// asked again. Differences of any size are spread evenly near nothing, so without noise among them they rather seem larger the second time, and nothing changes.</summary>
    /// <param name="differences">Sorted.</param>
    private static float Scatter(ReadOnlySpan<float> differences)
    {
        var sigma = (float)(differences[(int)(differences.Length * Quantile)] / QuantileOfDifference);
        for (var count = differences.Length; ;)
        {
            while (count > 0 && differences[count - 1] > NoiseMost * sigma)
                count--;
            var next = count < DifferencesMin ? sigma : (float)(differences[(int)(count * Quantile)] / QuantileOfDifference);
            if (next >= sigma)
                return sigma;
            sigma = next;
        }
    }

    private static float Wander(ReadOnlySpan<short> minutes, ReadOnlySpan<float> watts, float sigma, Span<float> differences)
    {
        var (last, count, values) = (float.NaN, 0, 0);
        for (var from = 0; from < watts.Length;)
        {
            var to = from;
            var low = float.MaxValue;
            while (to < watts.Length && minutes[to] / (int)ChargerCurve.KnotMin == minutes[from] / (int)ChargerCurve.KnotMin)
                low = Math.Min(low, watts[to++]);
            var (sum, near) = (0f, 0);
            foreach (var value in watts[from..to])
            {
                if (value <= low + (3 * sigma) + 0.5f)
                    (sum, near) = (sum + value, near + 1);
            }

            var mean = sum / near;
            if (Math.Abs(mean - last) < SwitchW)
                (differences[count], count, values) = (Math.Abs(mean - last), count + 1, values + near);
            (last, from) = (mean, to);
        }

        if (count < DifferencesMin)
            return 0;
        differences[..count].Sort();
        var deviation = differences[count / 2] / MedianOfNormal;
        return (float)Math.Sqrt(Math.Max(0, (deviation * deviation) - (2 * sigma * sigma * count / values)));
    }
}
