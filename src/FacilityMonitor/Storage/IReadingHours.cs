using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>The readings of one device in one hour.</summary>
/// <param name="Hour">Whole hours since 1970-01-01 UTC.</param>
/// <param name="Block">By channel, then time, each reading once. It is used again: whoever wants it longer than until the next hour copies it.</param>
internal readonly record struct ReadingHour(long Hour, ReadingBlock Block);

/// <summary>What of a reading is wanted. A store may give more; quality, counter epoch and time are always there.</summary>
/// <param name="Channel">One channel; null: all.</param>
/// <param name="Metrics">Some metrics; null: all, and what the device said of its state and time.</param>
internal sealed record ReadingParts(ChannelId? Channel, IReadOnlyList<Metric>? Metrics)
{
    /// <summary>Everything.</summary>
    public static ReadingParts All { get; } = new(null, null);

    /// <summary>One metric of some channels.</summary>
    public static ReadingParts Of(IReadOnlyList<ChannelId> channels, Metric metric) => new(channels.Count == 1 ? channels[0] : null, [metric]);

    /// <summary>What hourly figures are made of.</summary>
    public static ReadingParts ForHours { get; } = new(null, [Metric.W, Metric.A, Metric.Wh]);
}

/// <summary>Where stored readings come from, hour by hour: what every query is made of, so that the same readings give the same answers from every store. Thread-safe.</summary>
internal interface IReadingHours
{
    /// <summary>The hours of a device that have readings, in order.</summary>
    /// <param name="device">The device.</param>
    /// <param name="fromMs">Begin, ms since 1970-01-01 UTC; the first hour may hold readings of before.</param>
    /// <param name="toMs">End, excluded; the last hour may hold readings of after.</param>
    /// <param name="parts">What is wanted.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="IOException">The store does not answer, or not whole: what came until then is right, and not all.</exception>
    IAsyncEnumerable<ReadingHour> HoursAsync(Device device, long fromMs, long toMs, ReadingParts parts, CancellationToken cancellation);

    /// <summary>The last hour before this one that has readings of a device; null when there is none.</summary>
    ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation);
}
