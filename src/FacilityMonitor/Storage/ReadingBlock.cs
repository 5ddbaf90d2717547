using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>One stored reading; its values lie in the <see cref="ReadingBlock"/> that holds it.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="AtMs">When, corrected; ms since 1970-01-01 UTC.</param>
/// <param name="DeviceMs">What the device itself said.</param>
/// <param name="Quality">How far it can be trusted.</param>
/// <param name="CounterEpoch">Counter epoch; null when not told.</param>
/// <param name="State">State text; null when not told.</param>
/// <param name="Seq">Sequence number of its message; of a foreign one what stands for it, see <see cref="Contract.DeviceMessage.Distinction"/>.</param>
/// <param name="Index">Its place in the message.</param>
/// <param name="FirstValue">Where its values begin.</param>
/// <param name="ValueCount">How many there are.</param>
internal record struct BlockRow(
    ChannelId Channel, long AtMs, long DeviceMs, Quality Quality, uint? CounterEpoch, string? State, long Seq, ushort Index, int FirstValue, int ValueCount);

/// <summary>Readings of one device, in order of arrival until <see cref="Sort"/>. Arrays that are used again: adding allocates nothing once they have grown.</summary>
internal sealed class ReadingBlock
{
    private BlockRow[] _rows = new BlockRow[2];
    private MetricValue[] _values = new MetricValue[8];
    private const ulong ArrivalMask = ushort.MaxValue;

    private int[] _order = [];
    private ulong[] _keys = [];
    private Comparison<int>? _byChannelAndTime;
    private int _valueCount;

    public int Count { get; private set; }

    public ReadOnlySpan<BlockRow> Rows => _rows.AsSpan(0, Count);

    /// <summary>Memory it holds, whether used or not, bytes.</summary>
    public long Capacity => 128 + (_rows.Length * 72L) + (_values.Length * 16L);

    public ReadOnlySpan<MetricValue> ValuesOf(in BlockRow row) => _values.AsSpan(row.FirstValue, row.ValueCount);

    public void Clear() => (Count, _valueCount) = (0, 0);

    public void Add(in Reading reading, ReadOnlySpan<MetricValue> values, long seq) => Add(
        new BlockRow(reading.Channel, reading.AtMs, reading.DeviceMs, reading.Quality, reading.CounterEpoch, reading.State, seq, reading.Index, 0, 0), values);

    public void Add(in BlockRow row, ReadOnlySpan<MetricValue> values)
    {
        if (Count == _rows.Length)
            Array.Resize(ref _rows, _rows.Length * 2);
        _rows[Count++] = row with { FirstValue = _valueCount, ValueCount = values.Length };
        Append(values);
    }

    /// <summary>Adds rows that have no values yet, each to be filled by its reader and then given its values; what is in them is of no meaning.</summary>
    public Span<BlockRow> AddRows(int count)
    {
        if (_rows.Length - Count < count)
            Array.Resize(ref _rows, Math.Max(Count + count, _rows.Length * 2));
        var rows = _rows.AsSpan(Count, count);
        Count += count;
        return rows;
    }

    /// <summary>Gives one of <see cref="AddRows"/> its values.</summary>
    public void SetValues(ref BlockRow row, ReadOnlySpan<MetricValue> values)
    {
        (row.FirstValue, row.ValueCount) = (_valueCount, values.Length);
        Append(values);
    }

    /// <summary>Takes the last rows back, which have no values.</summary>
    /// <param name="count">How many rows stay.</param>
    public void Truncate(int count) => Count = count;

    public void AddAll(ReadingBlock other)
    {
        foreach (ref readonly var row in other.Rows)
            Add(row, other.ValuesOf(row));
    }

    /// <summary>By channel, then time. Of several at the same channel and time the values of the latest arrival win, metric by metric: a repeated reading is
    /// stored once, and one that a device split into two messages is whole.</summary>
    /// <param name="sorted">Where to, where it has to be sorted; null: into a new one.</param>
    /// <returns>Itself when it is in that order already, as a stored block is; else the other.</returns>
    public ReadingBlock Sort(ReadingBlock? sorted = null)
    {
        if (IsSorted())
            return this;
        sorted ??= new ReadingBlock();
        SortInto(sorted);
        return sorted;
    }

    /// <summary>The same into a block that is used again: then it allocates nothing.</summary>
    public void SortInto(ReadingBlock sorted)
    {
        sorted.Clear();
        // The target is one for many blocks; so is its array.
        if (sorted._order.Length < Count)
            (sorted._order, sorted._keys) = (new int[_rows.Length], new ulong[_rows.Length]);
        var order = sorted._order.AsSpan(0, Count);
        Order(sorted._keys.AsSpan(0, Count), order);
        for (var index = 0; index < order.Length; index++)
        {
            ref readonly var row = ref _rows[order[index]];
            var last = sorted.Count - 1;
            if (last >= 0 && sorted._rows[last].Channel == row.Channel && sorted._rows[last].AtMs == row.AtMs)
                sorted.Overlay(row, ValuesOf(row));
            else
                sorted.Add(row, ValuesOf(row));
        }
    }

    private void Append(ReadOnlySpan<MetricValue> values)
    {
        while (_values.Length - _valueCount < values.Length)
            Array.Resize(ref _values, _values.Length * 2);
        values.CopyTo(_values.AsSpan(_valueCount));
        _valueCount += values.Length;
    }

    /// <summary>The places of the rows by channel, time and arrival.</summary>
    private void Order(Span<ulong> keys, Span<int> order)
    {
        if (TryPack(keys))
        {
            keys.Sort();
            for (var index = 0; index < order.Length; index++)
                order[index] = (int)(keys[index] & ArrivalMask);
            return;
        }

        for (var index = 0; index < order.Length; index++)
            order[index] = index;
        order.Sort(_byChannelAndTime ??= ByChannelAndTime);
    }

    /// <summary>Channel, time and arrival in one number each, which sorts several times as fast: 16 bits, 32 bits of milliseconds, 16 bits. Not for more than that holds.</summary>
    private bool TryPack(Span<ulong> keys)
    {
        if (Count > (int)ArrivalMask)
            return false;
        var firstMs = long.MaxValue;
        foreach (ref readonly var row in Rows)
            firstMs = Math.Min(firstMs, row.AtMs);
        for (var index = 0; index < keys.Length; index++)
        {
            var sinceMs = unchecked((ulong)(_rows[index].AtMs - firstMs));
            if (sinceMs > uint.MaxValue)
                return false;
            keys[index] = ((ulong)_rows[index].Channel.Code << 48) | (sinceMs << 16) | (uint)index;
        }

        return true;
    }

    private bool IsSorted()
    {
        for (var index = 1; index < Count; index++)
        {
            ref readonly var before = ref _rows[index - 1];
            ref readonly var row = ref _rows[index];
            if (row.Channel.Code < before.Channel.Code || (row.Channel == before.Channel && row.AtMs <= before.AtMs))
                return false;
        }

        return true;
    }

    private int ByChannelAndTime(int left, int right)
    {
        ref readonly var one = ref _rows[left];
        ref readonly var other = ref _rows[right];
        var channel = one.Channel.Code.CompareTo(other.Channel.Code);
        var time = channel != 0 ? channel : one.AtMs.CompareTo(other.AtMs);
        return time != 0 ? time : left.CompareTo(right);
    }

    private void Overlay(in BlockRow newer, ReadOnlySpan<MetricValue> values)
    {
        ref var row = ref _rows[Count - 1];
        var merged = newer with
        {
            CounterEpoch = newer.CounterEpoch ?? row.CounterEpoch,
            State = newer.State ?? row.State,
            FirstValue = row.FirstValue,
            ValueCount = row.ValueCount,
        };
        foreach (var value in values)
        {
            var at = _values.AsSpan(row.FirstValue, merged.ValueCount).IndexOf(value, SameMetric.Instance);
            if (at >= 0)
            {
                _values[row.FirstValue + at] = value;
                continue;
            }

            if (_valueCount == _values.Length)
                Array.Resize(ref _values, _values.Length * 2);
            _values[_valueCount++] = value;
            merged = merged with { ValueCount = merged.ValueCount + 1 };
        }

        row = merged;
    }

    private sealed class SameMetric : IEqualityComparer<MetricValue>
    {
        public static readonly SameMetric Instance = new();

        public bool Equals(MetricValue x, MetricValue y) => x.Metric == y.Metric;

        public int GetHashCode(MetricValue obj) => (int)obj.Metric;
    }
}
