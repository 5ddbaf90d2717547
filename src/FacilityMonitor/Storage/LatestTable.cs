using System.Runtime.InteropServices;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>What every channel said last, metric by metric. One thread writes, any reads; once a channel is known an update allocates nothing.</summary>
internal sealed class LatestTable
{
    private readonly Dictionary<int, Channels> _devices = [];
    private Channels? _last;
    private int _lastDevice;

    /// <summary>Guards everything here. Who adds the readings of a whole message takes it once around them.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Takes in a reading: a metric changes only if this is not older than what it holds. Bad values do not replace better ones.</summary>
    public void Add(int device, in BlockRow row, ReadOnlySpan<MetricValue> values)
    {
        lock (Gate)
        {
            ref var entry = ref Of(device).Entry(row.Channel);
            if (row.AtMs >= entry.AtMs)
                (entry.AtMs, entry.Quality) = (row.AtMs, row.Quality);
            if (row.State is not null && row.AtMs >= entry.StateMs)
                (entry.State, entry.StateMs) = (row.State, row.AtMs);
            if (row.Quality == Quality.Bad)
                return;
            for (var index = 0; index < values.Length; index++)
                entry.Values.Set(new LatestValue(values[index].Metric, values[index].Value, row.AtMs), index);
        }
    }

    public void Load(LatestReading stored)
    {
        lock (Gate)
        {
            ref var entry = ref Of(stored.Device.Number).Entry(stored.Channel);
            (entry.AtMs, entry.Quality, entry.State, entry.StateMs) = (stored.AtMs, stored.Quality, stored.State, stored.AtMs);
            for (var index = 0; index < stored.Values.Count; index++)
                entry.Values.Set(stored.Values[index], index);
        }
    }

    public List<LatestReading> Of(Device device)
    {
        lock (Gate)
        {
            if (!_devices.TryGetValue(device.Number, out var channels))
                return [];
            var readings = new List<LatestReading>(channels.Entries.Length);
            foreach (ref readonly var entry in channels.Entries)
                readings.Add(entry.ToReading(device));
            readings.Sort((one, other) => one.Channel.Code.CompareTo(other.Channel.Code));
            return readings;
        }
    }

    /// <summary>What all channels of a device said last, as it is stored; nothing when it never spoke.</summary>
    /// <param name="device">Device number.</param>
    /// <param name="output">Where to.</param>
    /// <returns>The part of <paramref name="output"/> that was written; it stands until that is cleared.</returns>
    public ReadOnlyMemory<byte> Write(int device, ByteBuffer output)
    {
        var start = output.Length;
        lock (Gate)
        {
            if (_devices.TryGetValue(device, out var channels))
            {
                foreach (ref readonly var entry in channels.Entries)
                    entry.Write(output);
            }
        }

        return output.Memory[start..];
    }

    private Channels Of(int device)
    {
        if (_last is { } last && _lastDevice == device)
            return last;
        ref var channels = ref CollectionsMarshal.GetValueRefOrAddDefault(_devices, device, out _);
        (_last, _lastDevice) = (channels ??= new Channels(), device);
        return channels;
    }

    /// <summary>The channels of one device side by side: a district has two hundred thousand, and an object each would cost more than what it holds.</summary>
    private sealed class Channels
    {
        private Entry[] _entries = [];
        private int _count;
        private int _next;

        public ReadOnlySpan<Entry> Entries => _entries.AsSpan(0, _count);

        /// <summary>The entry of a channel, made if there is none. Messages list channels in the same order every time, so it is nearly always the one behind the last.</summary>
        public ref Entry Entry(ChannelId channel)
        {
            if (_next >= _count || _entries[_next].Channel != channel)
                _next = PlaceOf(channel);
            return ref _entries[_next++];
        }

        private int PlaceOf(ChannelId channel)
        {
            for (var index = 0; index < _count; index++)
            {
                if (_entries[index].Channel == channel)
                    return index;
            }

            if (_count == _entries.Length)
                Array.Resize(ref _entries, _count == 0 ? 1 : _count < 10 ? 10 : _count * 2);
            _entries[_count] = new Entry(channel);
            return _count++;
        }
    }

    private struct Entry(ChannelId channel)
    {
        public LatestValues Values;

        public ChannelId Channel { get; } = channel;

        public Quality Quality { get; set; }

        public long AtMs { get; set; } = long.MinValue;

        public string? State { get; set; }

        public long StateMs { get; set; } = long.MinValue;

        public readonly void Write(ByteBuffer body)
        {
            body.Varint(Channel.Code);
            body.Zigzag(AtMs);
            body.Byte((byte)Quality);
            body.TextOrNull(State);
            body.Varint((ulong)Values.All.Length);
            foreach (ref readonly var value in Values.All)
            {
                body.Byte((byte)value.Metric);
                body.Raw(value.Value);
                // Most values are of the newest reading.
                body.Zigzag(AtMs - value.AtMs);
            }
        }

        public readonly LatestReading ToReading(Device device) => new(device, Channel, AtMs, Quality, State, Values.All.ToArray());
    }
}
