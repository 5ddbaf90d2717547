using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>What one channel said last, metric by metric: a device that tells only what changed is still shown whole.</summary>
/// <param name="Device">The device.</param>
/// <param name="Channel">The channel.</param>
/// <param name="AtMs">Time of its newest reading, ms since 1970-01-01 UTC.</param>
/// <param name="Quality">Quality of its newest reading.</param>
/// <param name="State">State text told last.</param>
/// <param name="Values">Newest value of each metric, with its own time.</param>
internal sealed record LatestReading(Device Device, ChannelId Channel, long AtMs, Quality Quality, string? State, IReadOnlyList<LatestValue> Values)
{
    /// <summary>The newest value of a metric; null when it was never told.</summary>
    public double? this[Metric metric]
    {
        get
        {
            foreach (var value in Values)
            {
                if (value.Metric == metric)
                    return value.Value;
            }

            return null;
        }
    }
}

/// <summary>Newest value of one metric.</summary>
internal readonly record struct LatestValue(Metric Metric, double Value, long AtMs);

/// <summary>What a metric did in one stretch of time.</summary>
/// <param name="AtMs">Begin of the stretch, or the reading's own time when there is only one.</param>
/// <param name="Min">Least value.</param>
/// <param name="Max">Greatest value: a peak of one reading is never averaged away.</param>
/// <param name="Mean">Mean of the readings.</param>
/// <param name="Count">How many readings.</param>
internal readonly record struct SeriesPoint(long AtMs, double Min, double Max, double Mean, int Count)
{
    /// <summary>This stretch with what another part of it did.</summary>
    public SeriesPoint With(in SeriesPoint other) => new(
        AtMs, Math.Min(Min, other.Min), Math.Max(Max, other.Max), Mean + ((other.Mean - Mean) * other.Count / (Count + other.Count)), Count + other.Count);
}

/// <summary>One stored reading. Of its message's sequence number InfluxDB keeps the last three digits.</summary>
internal sealed record StoredReading(
    Device Device, ChannelId Channel, long AtMs, long DeviceMs, Quality Quality, uint? CounterEpoch, string? State, long Seq, int Index, IReadOnlyList<MetricValue> Values);

/// <summary>A channel and how much it draws.</summary>
/// <param name="Device">The device.</param>
/// <param name="Channel">The channel.</param>
/// <param name="AtMs">When it was told, ms since 1970-01-01 UTC.</param>
/// <param name="W">Power, W.</param>
internal sealed record Load(Device Device, ChannelId Channel, long AtMs, double W);

/// <summary>Where readings are kept and found again. Thread-safe. What was stored is seen by the next call, whether its block is closed or open.</summary>
/// <remarks>
/// The same readings give the same answers from every store. The exception: of two different messages of one device, channel and millisecond that tell the same metric the
/// embedded store believes the one that came last, InfluxDB, which knows no order of arrival, the one of the higher number. A line end in a state's text is a space there.
/// What InfluxDB holds is asked for when somebody looks; it can be away, which every call then says by an <see cref="IOException"/> with its words.
/// </remarks>
internal interface IReadingStore
{
    /// <summary>What each channel of these devices said last.</summary>
    ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation);

    /// <summary>One metric of some channels, each in at most <paramref name="maxPoints"/> stretches of equal length; stretches without a reading are left out.</summary>
    /// <param name="device">The device.</param>
    /// <param name="channels">The channels, in the order they are given back: three phases cost what one does.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="fromMs">Begin, included; ms since 1970-01-01 UTC.</param>
    /// <param name="toMs">End, excluded.</param>
    /// <param name="maxPoints">Most points, from 1; when there are no more readings than that, each is its own point.</param>
    /// <param name="cancellation">Ends the work.</param>
    ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation);

    /// <summary>Every reading of a device in a time, hour by hour, within an hour by channel and time.</summary>
    IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, CancellationToken cancellation);

    /// <summary>Hourly figures of devices for the hours that begin in a time; the current hour may lag by a minute.</summary>
    ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation);

    /// <summary>The last hour before this one, in whole hours since 1970-01-01 UTC, that has readings of a device; null when there is none.</summary>
    ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation);

    /// <summary>The greatest loads by their latest readings not older than <paramref name="sinceMs"/>.</summary>
    ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation);
}

/// <summary>Figures made of others, the same for every store.</summary>
internal static class ReadingStoreExtensions
{
    /// <summary>The series of one channel.</summary>
    public static async ValueTask<IReadOnlyList<SeriesPoint>> SeriesAsync(
        this IReadingStore store, Device device, ChannelId channel, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation) =>
        (await store.SeriesAsync(device, [channel], metric, fromMs, toMs, maxPoints, cancellation))[0];

    /// <summary>Energy of each local day, Wh, over all the given devices and channels.</summary>
    public static IReadOnlyList<(DateOnly Day, double Wh)> ByDay(this IEnumerable<HourlyRollup> hours, TimeZoneInfo zone) =>
    [
        .. hours.Where(hour => hour.Wh is not null)
            .GroupBy(hour => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(hour.Hour * HourlyRollup.HourMs), zone).DateTime))
            .OrderBy(day => day.Key)
            .Select(day => (day.Key, day.Sum(hour => hour.Wh!.Value))),
    ];
}
