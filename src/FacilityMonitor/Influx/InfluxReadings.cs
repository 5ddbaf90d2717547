using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>Readings as InfluxDB gives them back, in InfluxQL that 1.x, 2.x and 3.x share.</summary>
/// <remarks>
/// A device is found under what it is called now, and under what it was called while nobody had registered it; its kind may have changed, so every measurement of ours is asked.
/// It is asked first how much there is, hour by hour, and then for the readings in spans of at most <see cref="SpanReadings"/>: that bounds memory and the time of one answer.
/// Two lines of one millisecond are put together as the embedded store does it: the later message wins, metric by metric.
/// </remarks>
internal sealed class InfluxReadings(InfluxQueryClient client, Func<FacilityIndex> registry) : IReadingHours, IHourFigures
{
    /// <summary>Readings asked for at once, unless a single hour has more.</summary>
    internal const int SpanReadings = 20_000;

    /// <summary>Most readings of a device in one hour: a thousand channels every two seconds.</summary>
    private const int HourReadingsMax = 2_000_000;

    /// <summary>Time that is counted at once: a month of hours.</summary>
    private const long CountMs = 31 * 24 * HourlyRollup.HourMs;

    /// <summary>What InfluxDB can hold in 64 bits of nanoseconds, in whole hours: until 2262. No reading is of before 1970.</summary>
    private const long TimeMaxMs = 2_562_047 * HourlyRollup.HourMs;
    private const long TimeMinMs = 0;

    private const int NanosecondsOfMs = 1_000_000;

    private static readonly string[] Measurements = [LineProtocol.UnknownMeasurement, .. Enum.GetValues<DeviceKind>().Select(kind => LineProtocol.Measurement(kind))];

    public async IAsyncEnumerable<ReadingHour> HoursAsync(Device device, long fromMs, long toMs, ReadingParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (fromMs, toMs) = (WholeHour(Math.Clamp(fromMs, TimeMinMs, TimeMaxMs)), WholeHour(Math.Clamp(toMs, TimeMinMs, TimeMaxMs) + HourlyRollup.HourMs - 1));
        if (toMs <= fromMs)
            yield break;
        var sources = SourcesOf(device);
        if (toMs - fromMs > CountMs)
        {
            if (await EdgeAsync(sources, "first", parts, fromMs, toMs, cancellation) is not { } first || await EdgeAsync(sources, "last", parts, fromMs, toMs, cancellation) is not { } last)
                yield break;
            (fromMs, toMs) = (WholeHour(first), WholeHour(last) + HourlyRollup.HourMs);
        }

        for (var from = fromMs; from < toMs; from += CountMs)
        {
            var counts = await CountAsync(sources, parts, from, Math.Min(toMs, from + CountMs), cancellation);
            foreach (var span in Spans(counts))
            {
                var hours = await ReadAsync(sources, span, parts, cancellation);
                foreach (var (hour, block) in hours)
                    yield return new ReadingHour(hour, block.Sort());
            }
        }
    }

    /// <summary>InfluxDB reckons the hours itself: three months are one answer of some thousand rows. What it counts twice is what two messages said of one millisecond.</summary>
    public async IAsyncEnumerable<HourFigure> FiguresAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromHour, long toHour, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (fromMs, toMs) = (Math.Clamp(fromHour, 0, HourlyRollup.HourOf(TimeMaxMs)) * HourlyRollup.HourMs, Math.Clamp(toHour, 0, HourlyRollup.HourOf(TimeMaxMs)) * HourlyRollup.HourMs);
        if (toMs <= fromMs)
            yield break;
        var parts = ReadingParts.Of(channels, metric);
        if (metric.IsBoolean())
        {
            // Of yes and no it gives neither least nor mean.
            await foreach (var (hour, block) in HoursAsync(device, fromMs, toMs, parts, cancellation))
            {
                foreach (var figure in HourFigures.Of(hour, block, channels, metric))
                    yield return figure;
            }

            yield break;
        }

        var figures = new SortedDictionary<(long Hour, int Channel), SeriesPoint>();
        var field = InfluxQl.Name(metric.Key());
        foreach (var source in SourcesOf(device))
        {
            await client.SelectAsync(
                $"SELECT count({field}), min({field}), max({field}), mean({field}) {From(source.Measurements)} {Where(source, parts, fromMs, toMs)} AND \"quality\" <> {InfluxQl.Text(ReadingJson.Key(Quality.Bad))} GROUP BY time(1h), \"site\", \"channel\" fill(none)",
                series =>
                {
                    if (source.Has(series) && ChannelId.TryParse(series.Tag("channel"), out var channel) && HourFigures.IndexOf(channels, channel.Code) is >= 0 and var index)
                        Add(series, index, fromMs, toMs, figures);
                },
                cancellation);
        }

        foreach (var ((hour, channel), figure) in figures)
            yield return new HourFigure(hour, channel, figure);
    }

    public async ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation)
    {
        var toMs = Math.Clamp(hour, HourlyRollup.HourOf(TimeMinMs), HourlyRollup.HourOf(TimeMaxMs)) * HourlyRollup.HourMs;
        return await EdgeAsync(SourcesOf(device), "last", ReadingParts.All, TimeMinMs, toMs, cancellation) is { } last ? HourlyRollup.HourOf(last) : null;
    }

    /// <summary>A device may have been of another kind, and so in another measurement, in the same hour: both count.</summary>
    private static void Add(InfluxSeries series, int channel, long fromMs, long toMs, SortedDictionary<(long Hour, int Channel), SeriesPoint> figures)
    {
        foreach (var row in series.Rows)
        {
            var atMs = row[0].GetInt64() / NanosecondsOfMs;
            // Not every version leaves out the hours that have none; nor is memory filled with hours nobody asked for.
            if (atMs < fromMs || atMs >= toMs || row[1].ValueKind != JsonValueKind.Number || row[1].GetInt64() is not (> 0 and var count))
                continue;
            var figure = new SeriesPoint(atMs, row[2].GetDouble(), row[3].GetDouble(), row[4].GetDouble(), (int)count);
            var key = (HourlyRollup.HourOf(atMs), channel);
            figures[key] = figures.TryGetValue(key, out var known) ? known.With(figure) : figure;
        }
    }

    private static long WholeHour(long ms) => HourlyRollup.HourOf(ms) * HourlyRollup.HourMs;

    /// <summary>Hours that follow each other, as many as make a span.</summary>
    private static IEnumerable<Span> Spans(SortedDictionary<long, HourCount> counts)
    {
        Span? open = null;
        foreach (var (hour, count) in counts)
        {
            if (open is { } span && span.Readings + count.Readings > SpanReadings)
            {
                yield return span;
                open = null;
            }

            open = open is { } begun
                ? begun with { ToHour = hour + 1, Readings = begun.Readings + count.Readings, Measurements = [.. begun.Measurements, .. count.Measurements] }
                : new Span(hour, hour + 1, count.Readings, [.. count.Measurements]);
        }

        if (open is { } last)
            yield return last;
    }

    private static string Where(Source source, ReadingParts parts, long fromMs, long toMs)
    {
        var site = source.Site is { } known ? $"\"site\" = {InfluxQl.Text(known)} AND " : "";
        var channel = parts.Channel is { } one ? $" AND \"channel\" = {InfluxQl.Text(one.ToString())}" : "";
        return $"WHERE {site}\"device\" = {InfluxQl.Text(source.Name)}{channel} AND time >= {InfluxQl.Time(fromMs)} AND time < {InfluxQl.Time(toMs)}";
    }

    private static string From(IEnumerable<string> measurements) => "FROM " + string.Join(", ", measurements.Select(InfluxQl.Name));

    private static Quality? QualityOf(string? word)
    {
        foreach (var quality in Enum.GetValues<Quality>())
        {
            if (ReadingJson.Key(quality) == word)
                return quality;
        }

        return null;
    }

    private List<Source> SourcesOf(Device device)
    {
        // One that has no site has never been registered: it is of one measurement only. That the tag is missing cannot be asked for alike everywhere; it is looked at here.
        var sources = new List<Source> { new(device.Id.Site is { } site ? LineProtocol.TagValue(site) : null, LineProtocol.TagValue(device.Id.Name)) };
        if (registry().Find(device.Id) is { } registered && new Source(LineProtocol.TagValue(registered.Site.Id), LineProtocol.TagValue(registered.Entry.Id)) is var now && now != sources[0])
            sources.Add(now);
        return sources;
    }

    /// <summary>Time of the first or the last reading, ms.</summary>
    private async Task<long?> EdgeAsync(List<Source> sources, string edge, ReadingParts parts, long fromMs, long toMs, CancellationToken cancellation)
    {
        long? found = null;
        foreach (var source in sources)
        {
            await client.SelectAsync(
                $"SELECT {edge}(\"quality\") {From(source.Measurements)} {Where(source, parts, fromMs, toMs)} GROUP BY \"site\"",
                series =>
                {
                    if (!source.Has(series))
                        return;
                    foreach (var row in series.Rows)
                    {
                        var atMs = row[0].GetInt64() / NanosecondsOfMs;
                        found = found is not { } other ? atMs : edge == "first" ? Math.Min(other, atMs) : Math.Max(other, atMs);
                    }
                },
                cancellation);
        }

        return found;
    }

    private async Task<SortedDictionary<long, HourCount>> CountAsync(List<Source> sources, ReadingParts parts, long fromMs, long toMs, CancellationToken cancellation)
    {
        var counts = new SortedDictionary<long, HourCount>();
        foreach (var source in sources)
        {
            await client.SelectAsync(
                $"SELECT count(\"quality\") {From(source.Measurements)} {Where(source, parts, fromMs, toMs)} GROUP BY time(1h), \"site\" fill(none)",
                series =>
                {
                    if (!source.Has(series))
                        return;
                    foreach (var row in series.Rows)
                    {
                        var (hour, readings) = (row[0].GetInt64() / NanosecondsOfMs / HourlyRollup.HourMs, row[1].GetInt64());
                        // Not every version leaves out the hours that have none; nor is memory filled with hours nobody asked for.
                        if (readings == 0 || hour < HourlyRollup.HourOf(fromMs) || hour >= HourlyRollup.HourOf(toMs))
                            continue;
                        if (!counts.TryGetValue(hour, out var count))
                            counts[hour] = count = new HourCount();
                        count.Readings += readings;
                        count.Measurements.Add(series.Measurement);
                    }
                },
                cancellation);
        }

        return counts;
    }

    private async Task<SortedDictionary<long, ReadingBlock>> ReadAsync(List<Source> sources, Span span, ReadingParts parts, CancellationToken cancellation)
    {
        var hours = new SortedDictionary<long, ReadingBlock>();
        var fields = parts.Metrics is { } metrics ? string.Join(", ", metrics.Select(metric => metric.Key()).Prepend("ce").Prepend("quality").Select(InfluxQl.Name)) : "*";
        var left = HourReadingsMax;
        foreach (var source in sources)
        {
            var measurements = source.Measurements.Where(span.Measurements.Contains).ToList();
            if (measurements.Count == 0)
                continue;
            await client.SelectAsync(
                $"SELECT {fields} {From(measurements)} {Where(source, parts, span.FromHour * HourlyRollup.HourMs, span.ToHour * HourlyRollup.HourMs)} GROUP BY *",
                series =>
                {
                    if (!source.Has(series) || !ChannelId.TryParse(series.Tag("channel"), out var channel))
                        return;
                    var columns = Columns.Of(series);
                    foreach (var row in series.Rows)
                    {
                        if (left-- == 0)
                            throw new InfluxException(string.Create(CultureInfo.InvariantCulture, $"{client.Name}: one device has more than {HourReadingsMax} readings in one hour"));
                        columns.Add(row, channel, span, hours);
                    }
                },
                cancellation);
        }

        return hours;
    }

    /// <summary>Under what a device is found.</summary>
    private sealed record Source(string? Site, string Name)
    {
        public IEnumerable<string> Measurements => Site is null ? [LineProtocol.UnknownMeasurement] : InfluxReadings.Measurements;

        public bool Has(InfluxSeries series) => series.Tag("site") == (Site ?? "");
    }

    private sealed class HourCount
    {
        public long Readings { get; set; }

        public HashSet<string> Measurements { get; } = [];
    }

    private readonly record struct Span(long FromHour, long ToHour, long Readings, HashSet<string> Measurements);

    /// <summary>Where in a row what stands.</summary>
    private sealed class Columns
    {
        private readonly List<(int At, Metric Metric)> _metrics = [];
        private readonly MetricValue[] _values = new MetricValue[MetricKeys.Count];
        private int _time;
        private int _quality;
        private int _deviceMs;
        private int _epoch;
        private int _state;

        public static Columns Of(InfluxSeries series)
        {
            var columns = new Columns
            {
                _time = series.ColumnOf("time"),
                _quality = series.ColumnOf("quality"),
                _deviceMs = series.ColumnOf("device_ms"),
                _epoch = series.ColumnOf("ce"),
                _state = series.ColumnOf("st"),
            };
            for (var at = 0; at < series.Columns.Count; at++)
            {
                if (MetricKeys.TryParse(series.Columns[at], out var metric))
                    columns._metrics.Add((at, metric));
            }

            return columns;
        }

        public void Add(JsonElement row, ChannelId channel, Span span, SortedDictionary<long, ReadingBlock> hours)
        {
            var (atMs, below) = Math.DivRem(row[_time].GetInt64(), NanosecondsOfMs);
            var hour = HourlyRollup.HourOf(atMs);
            // What we did not write has no quality; and what was not asked for would come out of its turn.
            if (hour < span.FromHour || hour >= span.ToHour || _quality < 0 || QualityOf(row[_quality].ValueKind == JsonValueKind.String ? row[_quality].GetString() : null) is not { } quality)
                return;
            var count = 0;
            foreach (var (at, metric) in _metrics)
            {
                var value = row[at];
                if (value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
                    _values[count++] = new MetricValue(metric, value.ValueKind switch { JsonValueKind.True => 1, JsonValueKind.False => 0, _ => value.GetDouble() });
            }

            if (!hours.TryGetValue(hour, out var block))
                hours[hour] = block = new ReadingBlock();
            block.Add(
                new BlockRow(channel, atMs, Number(row, _deviceMs) ?? atMs, quality, (uint?)Number(row, _epoch), Word(row, _state), below / 1000, (ushort)(below % 1000), 0, 0), _values.AsSpan(0, count));
        }

        private static long? Number(JsonElement row, int at) => at >= 0 && row[at].ValueKind == JsonValueKind.Number ? row[at].GetInt64() : null;

        private static string? Word(JsonElement row, int at) => at >= 0 && row[at].ValueKind == JsonValueKind.String ? row[at].GetString() : null;
    }
}
