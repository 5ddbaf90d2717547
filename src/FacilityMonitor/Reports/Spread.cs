namespace FacilityMonitor.Reports;

/// <summary>How long something took, over many.</summary>
/// <param name="Count">How many were measured.</param>
/// <param name="MedianMs">Half of them took no longer; the mean of the two in the middle where their number is even. ms.</param>
/// <param name="P90Ms">Nine in ten took no longer (nearest rank: one that really occurred). ms.</param>
internal sealed record Spread(int Count, long MedianMs, long P90Ms)
{
    /// <summary>Of some times, in any order; null when there are none.</summary>
    public static Spread? Of(IEnumerable<long> times)
    {
        var sorted = times.Order().ToArray();
        if (sorted.Length == 0)
            return null;
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted.Length, median, sorted[((sorted.Length * 9) + 9) / 10 - 1]);
    }
}
