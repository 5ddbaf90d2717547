using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>One hour of one channel.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Hour">Whole hours since 1970-01-01 UTC.</param>
/// <param name="Readings">How many readings.</param>
/// <param name="MinW">Least power, W; null when none was told.</param>
/// <param name="MaxW">Most power, W.</param>
/// <param name="MeanW">Mean of the readings' power, W.</param>
/// <param name="MaxA">Most current, A.</param>
/// <param name="Wh">Energy by the counter, Wh; null when the channel has none.</param>
/// <param name="Revision">How often the row changed after it was first made.</param>
internal sealed record HourlyRollup(int Device, ChannelId Channel, long Hour, int Readings, double? MinW, double? MaxW, double? MeanW, double? MaxA, double? Wh, int Revision)
{
    public const long HourMs = 3_600_000;

    public static long HourOf(long atMs) => Math.DivRem(atMs, HourMs) is var (hour, rest) && rest < 0 ? hour - 1 : hour;

    /// <summary>The rows of one hour.</summary>
    /// <param name="device">Number of the device.</param>
    /// <param name="hour">Which hour.</param>
    /// <param name="before">Readings from before the hour, sorted: where the counters stood.</param>
    /// <param name="readings">The hour's readings, sorted.</param>
    public static List<HourlyRollup> Of(int device, long hour, ReadingBlock before, ReadingBlock readings)
    {
        var counters = new Dictionary<ChannelId, EnergyCounter>();
        Energy(before, counters);
        var energy = Energy(readings, counters);
        var rollups = new List<HourlyRollup>();
        var rows = readings.Rows;
        for (var first = 0; first < rows.Length;)
        {
            var end = first;
            while (end < rows.Length && rows[end].Channel == rows[first].Channel)
                end++;
            rollups.Add(Of(device, hour, readings, rows[first..end], energy));
            first = end;
        }

        return rollups;
    }

    private static HourlyRollup Of(int device, long hour, ReadingBlock block, ReadOnlySpan<BlockRow> rows, Dictionary<ChannelId, double> energy)
    {
        var (min, max, sum, count, maxA) = (double.PositiveInfinity, double.NegativeInfinity, 0d, 0, double.NegativeInfinity);
        foreach (ref readonly var row in rows)
        {
            if (row.Quality >= Quality.Suspect)
                continue;
            foreach (var value in block.ValuesOf(row))
            {
                if (value.Metric == Metric.W)
                    (min, max, sum, count) = (Math.Min(min, value.Value), Math.Max(max, value.Value), sum + value.Value, count + 1);
                else if (value.Metric == Metric.A)
                    maxA = Math.Max(maxA, value.Value);
            }
        }

        double? wh = energy.TryGetValue(rows[0].Channel, out var counted) ? Math.Round(counted, 6) : null;
        return new HourlyRollup(
            device, rows[0].Channel, hour, rows.Length, count > 0 ? min : null, count > 0 ? max : null, count > 0 ? sum / count : null,
            double.IsNegativeInfinity(maxA) ? null : maxA, wh, 0);
    }

    private static Dictionary<ChannelId, double> Energy(ReadingBlock block, Dictionary<ChannelId, EnergyCounter> counters)
    {
        var energy = new Dictionary<ChannelId, double>();
        foreach (ref readonly var row in block.Rows)
        {
            if (row.Quality >= Quality.Suspect)
                continue;
            foreach (var value in block.ValuesOf(row))
            {
                if (value.Metric != Metric.Wh)
                    continue;
                var counter = counters.GetValueOrDefault(row.Channel);
                energy[row.Channel] = energy.GetValueOrDefault(row.Channel) + counter.Add(row.AtMs, value.Value, row.CounterEpoch);
                counters[row.Channel] = counter;
            }
        }

        return energy;
    }
}
