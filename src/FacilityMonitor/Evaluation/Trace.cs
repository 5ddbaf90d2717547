namespace FacilityMonitor.Evaluation;

/// <summary>What a meter said at one moment.</summary>
/// <param name="Minute">Minutes since midnight, or since the trace began.</param>
/// <param name="Watts">Power, W.</param>
internal readonly record struct PowerSample(double Minute, double Watts);

/// <summary>The power of one thing over a day or a charge.</summary>
/// <param name="Category">Kind of appliance, as its file is called; for a charge, its file.</param>
/// <param name="Name">Which device and day.</param>
/// <param name="Samples">In the order of time.</param>
internal sealed record Trace(string Category, string Name, IReadOnlyList<PowerSample> Samples)
{
    /// <summary>A charge begins with its first sample of at least this much, W.</summary>
    public const double StartW = 20;

    /// <summary>Minute at which the charge begins; NaN when it never does.</summary>
    public double StartMinute
    {
        get
        {
            foreach (var sample in Samples)
            {
                if (sample.Watts >= StartW)
                    return sample.Minute;
            }

            return double.NaN;
        }
    }

    /// <summary>The usual time between two samples, minutes: the median, so that a hole does not count.</summary>
    public double SpacingMin
    {
        get
        {
            var gaps = new List<double>(Samples.Count);
            for (var index = 1; index < Samples.Count; index++)
                gaps.Add(Samples[index].Minute - Samples[index - 1].Minute);
            gaps.Sort();
            return gaps.Count == 0 ? 1 : gaps[gaps.Count / 2];
        }
    }

    /// <summary>Power at a minute: the last word before it, unless that is older than <paramref name="holdMin"/> minutes; then 0.</summary>
    public double At(double minute, double holdMin)
    {
        var (low, high) = (0, Samples.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Samples[middle].Minute > minute)
                high = middle;
            else
                low = middle + 1;
        }

        return low > 0 && minute - Samples[low - 1].Minute <= holdMin ? Samples[low - 1].Watts : 0;
    }
}
