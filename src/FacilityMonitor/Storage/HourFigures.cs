using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>What a metric of a channel did in one hour.</summary>
/// <param name="Hour">Whole hours since 1970-01-01 UTC.</param>
/// <param name="Channel">Place of the channel among those asked for.</param>
/// <param name="Figure">Least, most, mean and count of its readings, as a chart takes them: all but bad ones. Its time is the begin of the hour.</param>
internal readonly record struct HourFigure(long Hour, int Channel, SeriesPoint Figure);

/// <summary>A store that keeps what each hour came to: three months of a chart are then two thousand small rows instead of every reading.</summary>
internal interface IHourFigures
{
    /// <summary>The hours of a device that have readings of a metric, in order; of an hour the channels as asked for.</summary>
    /// <param name="device">The device.</param>
    /// <param name="channels">The channels.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="fromHour">The first hour, in whole hours since 1970-01-01 UTC.</param>
    /// <param name="toHour">The hour behind the last.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="IOException">The store does not answer.</exception>
    IAsyncEnumerable<HourFigure> FiguresAsync(Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromHour, long toHour, CancellationToken cancellation);
}

/// <summary>What an hour of a device came to, written beside its blocks when they are joined: of each channel and metric the count, the least, the most and the mean.</summary>
internal static class HourFigures
{
    /// <summary>Marks a figure whose readings are all the same: it is written once.</summary>
    private const byte Same = 0x80;

    /// <summary>Works out the figures of one metric from an hour's readings.</summary>
    public static IEnumerable<HourFigure> Of(long hour, ReadingBlock sorted, IReadOnlyList<ChannelId> channels, Metric metric)
    {
        for (var index = 0; index < channels.Count; index++)
        {
            var figure = default(SeriesPoint);
            foreach (ref readonly var row in sorted.Rows)
            {
                if (row.Channel != channels[index] || row.Quality == Quality.Bad)
                    continue;
                foreach (var value in sorted.ValuesOf(row))
                {
                    if (value.Metric == metric)
                        figure = With(figure, hour, value.Value);
                }
            }

            if (figure.Count > 0)
                yield return new HourFigure(hour, index, figure);
        }
    }

    /// <summary>Writes the figures of all channels and metrics of an hour.</summary>
    /// <param name="hour">The hour.</param>
    /// <param name="sorted">Its readings: by channel, then time.</param>
    /// <param name="into">Where to; what is in it goes.</param>
    public static void Write(long hour, ReadingBlock sorted, ByteBuffer into)
    {
        into.Clear();
        var figures = new SeriesPoint[MetricKeys.Count];
        var rows = sorted.Rows;
        for (var first = 0; first < rows.Length;)
        {
            Array.Clear(figures);
            var end = first;
            for (; end < rows.Length && rows[end].Channel == rows[first].Channel; end++)
            {
                if (rows[end].Quality == Quality.Bad)
                    continue;
                foreach (var value in sorted.ValuesOf(rows[end]))
                    figures[(int)value.Metric] = With(figures[(int)value.Metric], hour, value.Value);
            }

            into.Varint(rows[first].Channel.Code);
            into.Varint((ulong)figures.Count(figure => figure.Count > 0));
            for (var metric = 0; metric < figures.Length; metric++)
            {
                if (figures[metric].Count > 0)
                    Write((byte)metric, figures[metric], into);
            }

            first = end;
        }
    }

    /// <summary>Reads what <see cref="Write(long, ReadingBlock, ByteBuffer)"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static List<HourFigure> Read(long hour, ReadOnlySpan<byte> body, IReadOnlyList<ChannelId> channels, Metric metric)
    {
        var found = new List<HourFigure>(channels.Count);
        var cursor = new ByteCursor(body);
        while (!cursor.AtEnd)
        {
            var channel = IndexOf(channels, cursor.Varint());
            for (var left = cursor.Count(MetricKeys.Count); left > 0; left--)
            {
                var isWanted = (Metric)cursor.Byte() == metric && channel >= 0;
                var figure = Read(hour, ref cursor);
                if (!isWanted)
                    continue;
                // Worked out by an older version from a number that is none; the hour's readings say it without.
                if (!double.IsFinite(figure.Min) || !double.IsFinite(figure.Max))
                    throw new InvalidDataException("A figure is no number.");
                found.Add(new HourFigure(hour, channel, figure));
            }
        }

        found.Sort((one, other) => one.Channel.CompareTo(other.Channel));
        return found;
    }

    private static SeriesPoint With(in SeriesPoint figure, long hour, double value) =>
        new SeriesPoint(hour * HourlyRollup.HourMs, value, value, value, 1) is var one && figure.Count == 0 ? one : figure.With(one);

    private static void Write(byte metric, in SeriesPoint figure, ByteBuffer into)
    {
        into.Byte(metric);
        into.Varint((ulong)figure.Count);
        var isSame = figure.Min.Equals(figure.Max) && figure.Mean.Equals(figure.Min);
        Number(figure.Min, isSame ? Same : (byte)0, into);
        if (isSame)
            return;
        Number(figure.Max, 0, into);
        into.Raw(figure.Mean);
    }

    private static void Number(double value, byte mark, ByteBuffer into)
    {
        var exponent = Decimals.Fit(value, 0, out var mantissa);
        into.Byte((byte)(exponent | mark));
        if (exponent == Decimals.RawExponent)
            into.Raw(value);
        else
            into.Zigzag(mantissa);
    }

    private static SeriesPoint Read(long hour, ref ByteCursor cursor)
    {
        var (count, mark) = (cursor.Count(int.MaxValue), cursor.Byte());
        var min = Number((byte)(mark & ~Same), ref cursor);
        if ((mark & Same) != 0)
            return new SeriesPoint(hour * HourlyRollup.HourMs, min, min, min, count);
        var max = Number(cursor.Byte(), ref cursor);
        return new SeriesPoint(hour * HourlyRollup.HourMs, min, max, cursor.Raw(), count);
    }

    private static double Number(byte exponent, ref ByteCursor cursor)
    {
        if (!Decimals.IsKnown(exponent))
            throw new InvalidDataException("A figure's exponent is unknown.");
        return exponent == Decimals.RawExponent ? cursor.Raw() : Decimals.Unscale(cursor.Zigzag(), exponent);
    }

    /// <summary>The place of a channel among those asked for; -1: it is not asked for.</summary>
    public static int IndexOf(IReadOnlyList<ChannelId> channels, ulong code)
    {
        for (var index = 0; index < channels.Count; index++)
        {
            if (channels[index].Code == code)
                return index;
        }

        return -1;
    }
}
