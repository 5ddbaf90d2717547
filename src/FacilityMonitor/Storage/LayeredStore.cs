using System.Runtime.CompilerServices;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>
/// Readings in two places: the embedded store is whole from an hour on, and another store has everything. From that hour on the first answers; before it the other,
/// together with what the embedded store still has of that time, which the other may not have got yet.
/// </summary>
/// <param name="recent">The embedded store; it always answers for what was said last.</param>
/// <param name="everything">The other.</param>
/// <param name="wholeFrom">The hour from which the embedded store is whole; <see cref="long.MaxValue"/>: it keeps none.</param>
internal sealed class LayeredStore(EmbeddedStore recent, IReadingHours everything, Func<long> wholeFrom) : IReadingStore, IReadingHours, IHourFigures
{
    public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) => recent.LatestAsync(devices, cancellation);

    public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) =>
        recent.TopLoadsAsync(devices, sinceMs, most, cancellation);

    public ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation) =>
        ReadingQueries.SeriesAsync(this, device, channels, metric, fromMs, toMs, maxPoints, cancellation);

    public IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, CancellationToken cancellation) =>
        ReadingQueries.ReadingsAsync(this, device, fromMs, toMs, cancellation);

    /// <summary>Hours of the embedded store were reckoned when they were over; those before are reckoned now.</summary>
    public async ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
    {
        var border = Border(wholeFrom());
        if (fromMs >= border)
            return await recent.HourlyAsync(devices, fromMs, toMs, cancellation);
        var old = await ReadingQueries.HourlyAsync(this, devices, fromMs, Math.Min(toMs, border), cancellation);
        if (toMs <= border)
            return old;
        var newer = await recent.HourlyAsync(devices, border, toMs, cancellation);
        var byDevice = old.Concat(newer).ToLookup(row => row.Device);
        return [.. devices.SelectMany(device => byDevice[device.Number].OrderBy(row => row.Channel.Code).ThenBy(row => row.Hour))];
    }

    public async IAsyncEnumerable<ReadingHour> HoursAsync(Device device, long fromMs, long toMs, ReadingParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var border = Border(wholeFrom());
        if (fromMs < border)
        {
            await foreach (var hour in BothAsync(device, fromMs, Math.Min(toMs, border), parts, cancellation))
                yield return hour;
        }

        if (toMs <= border)
            yield break;
        await foreach (var hour in recent.HoursAsync(device, Math.Max(fromMs, border), toMs, parts, cancellation))
            yield return hour;
    }

    /// <summary>Each reckons what it has by itself; only hours of which both may have a part are put together from their readings.</summary>
    public async IAsyncEnumerable<HourFigure> FiguresAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromHour, long toHour, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var border = Math.Clamp(wholeFrom(), fromHour, toHour);
        var shared = recent.HoursOf(device, fromHour, border);
        var (first, end) = shared.Count > 0 ? (shared[0], shared[^1] + 1) : (border, border);
        await foreach (var figure in EverythingAsync(fromHour, first))
            yield return figure;
        if (first < end)
        {
            await foreach (var (hour, block) in BothAsync(device, first * HourlyRollup.HourMs, end * HourlyRollup.HourMs, ReadingParts.Of(channels, metric), cancellation))
            {
                foreach (var figure in HourFigures.Of(hour, block, channels, metric))
                    yield return figure;
            }
        }

        await foreach (var figure in EverythingAsync(end, border))
            yield return figure;
        if (border == toHour)
            yield break;
        await foreach (var figure in recent.FiguresAsync(device, channels, metric, border, toHour, cancellation))
            yield return figure;

        async IAsyncEnumerable<HourFigure> EverythingAsync(long from, long to)
        {
            if (from >= to)
                yield break;
            if (everything is IHourFigures figures)
            {
                await foreach (var figure in figures.FiguresAsync(device, channels, metric, from, to, cancellation))
                    yield return figure;
                yield break;
            }

            await foreach (var (hour, block) in everything.HoursAsync(device, from * HourlyRollup.HourMs, to * HourlyRollup.HourMs, ReadingParts.Of(channels, metric), cancellation))
            {
                foreach (var figure in HourFigures.Of(hour, block, channels, metric))
                    yield return figure;
            }
        }
    }

    public async ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation)
    {
        var here = await recent.HourBeforeAsync(device, hour, cancellation);
        if (here >= wholeFrom())
            return here;
        var there = await everything.HourBeforeAsync(device, hour, cancellation);
        return there > here || here is null ? there : here;
    }

    private static long Border(long hour) => hour > long.MaxValue / HourlyRollup.HourMs ? long.MaxValue : hour * HourlyRollup.HourMs;

    private async IAsyncEnumerable<ReadingHour> BothAsync(Device device, long fromMs, long toMs, ReadingParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var there = everything.HoursAsync(device, fromMs, toMs, parts, cancellation).GetAsyncEnumerator(cancellation);
        await using var here = recent.HoursAsync(device, fromMs, toMs, parts, cancellation).GetAsyncEnumerator(cancellation);
        var (hasThere, hasHere) = (await there.MoveNextAsync(), await here.MoveNextAsync());
        var both = new ReadingBlock();
        while (hasThere || hasHere)
        {
            var isThere = hasThere && (!hasHere || there.Current.Hour <= here.Current.Hour);
            var isHere = hasHere && (!hasThere || here.Current.Hour <= there.Current.Hour);
            if (isThere && isHere)
            {
                both.Clear();
                both.AddAll(there.Current.Block);
                both.AddAll(here.Current.Block);
                yield return new ReadingHour(here.Current.Hour, both.Sort());
            }
            else
            {
                yield return isThere ? there.Current : here.Current;
            }

            if (isThere)
                hasThere = await there.MoveNextAsync();
            if (isHere)
                hasHere = await here.MoveNextAsync();
        }
    }
}
