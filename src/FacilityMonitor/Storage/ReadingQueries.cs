using System.Runtime.CompilerServices;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>Answers made of readings hour by hour, the same for every store. Memory is an hour of one device and the answer.</summary>
internal static class ReadingQueries
{
    public static async ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
        this IReadingHours hours, Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation)
    {
        var series = channels.Select(channel => (Channel: channel, Buckets: new SeriesBuckets(fromMs, toMs, maxPoints))).ToArray();
        if (hours is IHourFigures figures && SeriesBuckets.AreWholeHours(fromMs, toMs, maxPoints))
        {
            await CollectAsync(hours, figures, device, series, metric, fromMs, toMs, maxPoints, cancellation);
            return [.. series.Select(one => one.Buckets.Points)];
        }

        await foreach (var (_, block) in hours.HoursAsync(device, fromMs, toMs, ReadingParts.Of(channels, metric), cancellation))
        {
            foreach (var (channel, buckets) in series)
                Collect(block, channel, metric, fromMs, toMs, buckets);
        }

        return [.. series.Select(one => one.Buckets.Points)];
    }

    /// <summary>From what the hours came to. Of a channel with few readings each is a point of its own: they are read, in the hours that have them and no others.</summary>
    private static async Task CollectAsync(
        IReadingHours hours, IHourFigures figures, Device device, (ChannelId Channel, SeriesBuckets Buckets)[] series, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation)
    {
        var found = series.Select(_ => new List<SeriesPoint>()).ToArray();
        await foreach (var (_, channel, figure) in figures.FiguresAsync(device, [.. series.Select(one => one.Channel)], metric, HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(toMs), cancellation))
            found[channel].Add(figure);
        for (var index = 0; index < series.Length; index++)
        {
            var (channel, buckets) = series[index];
            if (found[index].Sum(figure => (long)figure.Count) > maxPoints)
            {
                foreach (var figure in found[index])
                    buckets.Add(figure);
                continue;
            }

            foreach (var (first, last) in Runs(found[index]))
            {
                await foreach (var (_, block) in hours.HoursAsync(device, first, last + HourlyRollup.HourMs, new ReadingParts(channel, [metric]), cancellation))
                    Collect(block, channel, metric, fromMs, toMs, buckets);
            }
        }
    }

    /// <summary>Hours that follow each other, each run by the begin of its first and of its last.</summary>
    private static IEnumerable<(long FirstMs, long LastMs)> Runs(List<SeriesPoint> hours)
    {
        for (var first = 0; first < hours.Count;)
        {
            var last = first;
            while (last + 1 < hours.Count && hours[last + 1].AtMs == hours[last].AtMs + HourlyRollup.HourMs)
                last++;
            yield return (hours[first].AtMs, hours[last].AtMs);
            first = last + 1;
        }
    }

    public static async IAsyncEnumerable<StoredReading> ReadingsAsync(
        this IReadingHours hours, Device device, long fromMs, long toMs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var (_, block) in hours.HoursAsync(device, fromMs, toMs, ReadingParts.All, cancellation))
        {
            for (var index = 0; index < block.Count; index++)
            {
                if (block.Rows[index].AtMs >= fromMs && block.Rows[index].AtMs < toMs)
                    yield return ToReading(device, block, index);
            }
        }
    }

    /// <summary>Hourly figures from the readings themselves, by device as given, then channel and hour.</summary>
    public static async ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(
        this IReadingHours hours, IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
    {
        var all = new List<HourlyRollup>();
        var (first, last) = (FirstHour(fromMs), HourlyRollup.HourOf(toMs - 1));
        foreach (var device in devices.Where(_ => last >= first))
        {
            // Where the counters stood before: what they rose by counts in the hour in which it was told.
            var before = new ReadingBlock();
            if (await hours.HourBeforeAsync(device, first, cancellation) is { } earlier)
                await foreach (var (_, block) in hours.HoursAsync(device, earlier * HourlyRollup.HourMs, (earlier + 1) * HourlyRollup.HourMs, ReadingParts.ForHours, cancellation))
                    before.AddAll(block);
            var rows = new List<HourlyRollup>();
            await foreach (var (hour, block) in hours.HoursAsync(device, first * HourlyRollup.HourMs, (last + 1) * HourlyRollup.HourMs, ReadingParts.ForHours, cancellation))
            {
                rows.AddRange(HourlyRollup.Of(device.Number, hour, before, block));
                before.Clear();
                before.AddAll(block);
            }

            all.AddRange(rows.OrderBy(row => row.Channel.Code).ThenBy(row => row.Hour));
        }

        return all;
    }

    /// <summary>The first hour that begins in a time.</summary>
    public static long FirstHour(long fromMs) => HourlyRollup.HourOf(fromMs + HourlyRollup.HourMs - 1);

    public static IReadOnlyList<Load> Top(IEnumerable<LatestReading> latest, long sinceMs, int most) =>
    [
        .. latest.SelectMany(reading => reading.Values.Where(value => value.Metric == Metric.W && value.AtMs >= sinceMs)
                .Select(value => new Load(reading.Device, reading.Channel, value.AtMs, value.Value)))
            .OrderByDescending(load => load.W).ThenBy(load => load.Device.Number).ThenBy(load => load.Channel.Code).Take(most),
    ];

    private static void Collect(ReadingBlock block, ChannelId channel, Metric metric, long fromMs, long toMs, SeriesBuckets into)
    {
        foreach (ref readonly var row in block.Rows)
        {
            if (row.Channel != channel || row.AtMs < fromMs || row.AtMs >= toMs || row.Quality == Quality.Bad)
                continue;
            foreach (var value in block.ValuesOf(row))
            {
                if (value.Metric == metric)
                    into.Add(row.AtMs, value.Value);
            }
        }
    }

    private static StoredReading ToReading(Device device, ReadingBlock block, int index)
    {
        ref readonly var row = ref block.Rows[index];
        var values = block.ValuesOf(row).ToArray();
        Array.Sort(values, (left, right) => left.Metric.CompareTo(right.Metric));
        return new StoredReading(device, row.Channel, row.AtMs, row.DeviceMs, row.Quality, row.CounterEpoch, row.State, row.Seq, row.Index, values);
    }
}
