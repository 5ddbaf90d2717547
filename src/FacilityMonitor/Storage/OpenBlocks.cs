using System.Runtime.InteropServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>
/// Readings taken from the journal and not yet in a block on disk, by device and hour. All lie in one log in the order of their arrival, and those of a device's hour form a chain
/// in it: memory is what the readings take and not what ten thousand devices once needed, and a busy minute leaves no outgrown arrays behind. One thread fills and empties it, any looks into it.
/// </summary>
internal sealed class OpenBlocks
{
    /// <summary>Parts that the devices fall into; a part is written whole.</summary>
    public const int Parts = 256;

    /// <summary>Devices that follow each other and fall into one part. More would make the steps of a small installation that catches up longer.</summary>
    private const int Neighbours = 16;

    /// <summary>What a chain takes in its dictionary, bytes: 44, and as much again when it has just grown.</summary>
    private const int ChainBytes = 88;

    private const int RowBytes = 80;
    private const int ValueBytes = 16;
    private const int None = -1;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, long Hour), Chain>[] _parts = [.. Enumerable.Range(0, Parts).Select(_ => new Dictionary<(int, long), Chain>())];
    private readonly Segments<Row> _rows = new(shift: 10);
    private readonly Segments<MetricValue> _values = new(shift: 12);
    private readonly ReadingBlock _gathered = new();
    private readonly ReadingBlock _sorted = new();

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Memory they take, bytes.</summary>
    public long Bytes => ((long)_rows.Count * RowBytes) + ((long)_values.Count * ValueBytes) + ((long)Count * ChainBytes);

    /// <summary>Readings of the fullest.</summary>
    public int Fullest { get; private set; }

    /// <summary>The part of a device. Neighbours share one: their rows in every table lie side by side, so that a step writes few pages and each of them once.</summary>
    public static int PartOf(int device) => device / Neighbours % Parts;

    /// <summary>How many blocks a part has.</summary>
    public int CountOf(int part) => _parts[part].Count;

    public void Add(DeviceMessage message, LatestTable latest)
    {
        var device = message.Device!.Number;
        lock (_gate)
        {
            lock (latest.Gate)
            {
                foreach (ref readonly var reading in message.Readings.Readings)
                    Add(device, message, reading, latest);
            }
        }
    }

    private void Add(int device, DeviceMessage message, in Reading reading, LatestTable latest)
    {
        var values = message.Readings.ValuesOf(reading);
        var room = _values.Add(values.Length, out var firstValue);
        values.CopyTo(room);
        var block = new BlockRow(
            reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality, reading.CounterEpoch, reading.State, message.Distinction, reading.Index, firstValue, values.Length);
        _rows.Add(1, out var place)[0] = new Row(block);
        ref var chain = ref CollectionsMarshal.GetValueRefOrAddDefault(_parts[PartOf(device)], (device, HourlyRollup.HourOf(reading.AtMs)), out var isKnown);
        if (isKnown)
        {
            _rows[chain.Last].Next = place;
        }
        else
        {
            chain.First = place;
            Count++;
        }

        chain.Last = place;
        Fullest = Math.Max(Fullest, ++chain.Count);
        latest.Add(device, block, values);
    }

    /// <summary>Adds a copy of what is open of a device's hour.</summary>
    public void CopyTo(int device, long hour, ReadingBlock into)
    {
        lock (_gate)
        {
            if (_parts[PartOf(device)].TryGetValue((device, hour), out var chain))
                CopyTo(chain, into);
        }
    }

    public List<long> Hours(int device)
    {
        lock (_gate)
            return [.. _parts[PartOf(device)].Keys.Where(key => key.Device == device).Select(key => key.Hour)];
    }

    /// <summary>The blocks of a part in their stored form; they stay visible until they are cleared.</summary>
    /// <param name="part">The part.</param>
    /// <param name="codec">Encodes them.</param>
    /// <param name="output">Where their bytes go.</param>
    /// <param name="blocks">Where they are added.</param>
    /// <returns>How many readings they hold, each as often as it arrived.</returns>
    public int Encode(int part, BlockCodec codec, ByteBuffer output, List<EncodedBlock> blocks)
    {
        var arrived = 0;
        lock (_gate)
        {
            foreach (var ((device, hour), chain) in _parts[part])
            {
                _gathered.Clear();
                CopyTo(chain, _gathered);
                _gathered.SortInto(_sorted);
                blocks.Add(EncodedBlock.Of(device, hour, _sorted, codec, output));
                arrived += chain.Count;
            }
        }

        return arrived;
    }

    /// <summary>Forgets the blocks of a part, which are on disk. Their memory is used again when the last part is cleared: all are, one after the other.</summary>
    public void Clear(int part)
    {
        lock (_gate)
        {
            Count -= _parts[part].Count;
            _parts[part].Clear();
            if (Count > 0)
                return;
            Fullest = 0;
            _rows.Clear();
            _values.Clear();
        }
    }

    private void CopyTo(in Chain chain, ReadingBlock into)
    {
        for (var place = chain.First; place != None; place = _rows[place].Next)
        {
            ref readonly var row = ref _rows[place].Block;
            into.Add(row, _values.Span(row.FirstValue, row.ValueCount));
        }
    }

    /// <summary>The readings of a device's hour, by the places of the first and the last.</summary>
    private struct Chain
    {
        public int First;
        public int Last;
        public int Count;
    }

    private struct Row(in BlockRow block)
    {
        public readonly BlockRow Block = block;

        /// <summary>The next of the same chain.</summary>
        public int Next = None;
    }

    /// <summary>A list in arrays of one size: growing copies nothing and leaves nothing behind.</summary>
    private sealed class Segments<T>(int shift)
    {
        private readonly List<T[]> _arrays = [];

        /// <summary>Places that are taken, those left out at the end of an array included.</summary>
        public int Count { get; private set; }

        public ref T this[int place] => ref _arrays[place >> shift][place & ((1 << shift) - 1)];

        public Span<T> Span(int place, int length) => length == 0 ? [] : _arrays[place >> shift].AsSpan(place & ((1 << shift) - 1), length);

        /// <summary>Room for items that lie side by side: one row, or the values of one reading, of which each metric has at most one.</summary>
        public Span<T> Add(int length, out int place)
        {
            var size = 1 << shift;
            var free = size - (Count & (size - 1));
            if (free < length)
                Count += free;
            place = Count;
            Count += length;
            while (_arrays.Count << shift < Count)
                _arrays.Add(new T[size]);
            return Span(place, length);
        }

        public void Clear() => Count = 0;
    }
}
