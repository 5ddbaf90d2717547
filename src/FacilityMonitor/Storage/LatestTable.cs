using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>What every channel said last, metric by metric. One thread writes, any reads; once a channel is known an update allocates nothing.</summary>
internal sealed class LatestTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, ChannelId Channel), Entry> _entries = [];
    private readonly Dictionary<int, HashSet<ChannelId>> _channels = [];

    /// <summary>Takes in a reading: a metric changes only if this is not older than what it holds. Bad values do not replace better ones.</summary>
    public void Add(int device, in BlockRow row, ReadOnlySpan<MetricValue> values)
    {
        lock (_gate)
        {
            var entry = EntryOf(device, row.Channel);
            if (row.AtMs >= entry.AtMs)
                (entry.AtMs, entry.Quality) = (row.AtMs, row.Quality);
            if (row.State is not null && row.AtMs >= entry.StateMs)
                (entry.State, entry.StateMs) = (row.State, row.AtMs);
            if (row.Quality == Quality.Bad)
                return;
            foreach (var value in values)
                entry.Set(new LatestValue(value.Metric, value.Value, row.AtMs));
        }
    }

    public void Load(LatestReading stored)
    {
        lock (_gate)
        {
            var entry = EntryOf(stored.Device.Number, stored.Channel);
            (entry.AtMs, entry.Quality, entry.State, entry.StateMs) = (stored.AtMs, stored.Quality, stored.State, stored.AtMs);
            foreach (var value in stored.Values)
                entry.Set(value);
        }
    }

    public List<LatestReading> Of(Device device)
    {
        lock (_gate)
        {
            if (!_channels.TryGetValue(device.Number, out var channels))
                return [];
            return [.. channels.OrderBy(channel => channel.Code).Select(channel => _entries[(device.Number, channel)].ToReading(device, channel))];
        }
    }

    /// <summary>What all channels of a device said last, as it is stored; nothing when it never spoke.</summary>
    /// <param name="device">Device number.</param>
    /// <param name="output">Where to.</param>
    /// <returns>The part of <paramref name="output"/> that was written; it stands until that is cleared.</returns>
    public ReadOnlyMemory<byte> Write(int device, ByteBuffer output)
    {
        var start = output.Length;
        lock (_gate)
        {
            if (_channels.TryGetValue(device, out var channels))
            {
                foreach (var channel in channels)
                    _entries[(device, channel)].Write(channel, output);
            }
        }

        return output.Memory[start..];
    }

    private Entry EntryOf(int device, ChannelId channel)
    {
        if (_entries.TryGetValue((device, channel), out var entry))
            return entry;
        _entries[(device, channel)] = entry = new Entry();
        if (!_channels.TryGetValue(device, out var channels))
            _channels[device] = channels = [];
        channels.Add(channel);
        return entry;
    }

    private sealed class Entry
    {
        private LatestValue[] _values = new LatestValue[8];
        private int _count;

        public long AtMs { get; set; } = long.MinValue;

        public Quality Quality { get; set; }

        public string? State { get; set; }

        public long StateMs { get; set; } = long.MinValue;

        public void Set(LatestValue value)
        {
            for (var index = 0; index < _count; index++)
            {
                if (_values[index].Metric != value.Metric)
                    continue;
                if (value.AtMs >= _values[index].AtMs)
                    _values[index] = value;
                return;
            }

            if (_count == _values.Length)
                Array.Resize(ref _values, _count * 2);
            _values[_count++] = value;
        }

        public void Write(ChannelId channel, ByteBuffer body)
        {
            body.Varint(channel.Code);
            body.Zigzag(AtMs);
            body.Byte((byte)Quality);
            body.TextOrNull(State);
            body.Varint((ulong)_count);
            foreach (ref readonly var value in _values.AsSpan(0, _count))
            {
                body.Byte((byte)value.Metric);
                body.Raw(value.Value);
                // Most values are of the newest reading.
                body.Zigzag(AtMs - value.AtMs);
            }
        }

        public LatestReading ToReading(Device device, ChannelId channel) => new(device, channel, AtMs, Quality, State, _values[.._count]);
    }
}
