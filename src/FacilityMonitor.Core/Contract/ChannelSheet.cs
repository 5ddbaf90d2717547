using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>
/// What one message says of its channels at one instant, in whatever order it says it: values of one channel come together though the payload holds them
/// apart. Arrays that are used again; one thread at a time.
/// </summary>
internal sealed class ChannelSheet
{
    private const int None = -1;

    /// <summary>Channel code → row + 1. Codes are 16 bits with five kinds in use.</summary>
    private readonly ushort[] _rowOf = new ushort[5 << 12];

    private Row[] _rows = new Row[32];
    private Cell[] _cells = new Cell[128];
    private int _rowCount;
    private int _cellCount;

    /// <summary>Rows begun, those that stayed empty too.</summary>
    public int Rows => _rowCount;

    public void Clear()
    {
        foreach (ref var row in _rows.AsSpan(0, _rowCount))
        {
            if (row.IsNamed)
                _rowOf[row.Channel.Code] = 0;
            row = default;
        }

        _rowCount = 0;
        _cellCount = 0;
    }

    /// <summary>The row of a channel.</summary>
    public int RowOf(ChannelId channel)
    {
        var known = _rowOf[channel.Code];
        if (known > 0)
            return known - 1;
        var row = Begin();
        Name(row, channel);
        return row;
    }

    /// <summary>A row whose channel is not known yet.</summary>
    public int Begin()
    {
        if (_rowCount == _rows.Length)
            Array.Resize(ref _rows, _rows.Length * 2);
        _rows[_rowCount] = new Row { First = None, Last = None };
        return _rowCount++;
    }

    /// <summary>Says which channel a row is; if it was told of before, the two become one and the later value wins.</summary>
    public void Name(int row, ChannelId channel)
    {
        ref var named = ref _rows[row];
        ref var index = ref _rowOf[channel.Code];
        if (index == 0)
        {
            named.Channel = channel;
            named.IsNamed = true;
            index = (ushort)(row + 1);
            return;
        }

        ref var known = ref _rows[index - 1];
        if (named.First != None)
        {
            if (known.First == None)
                known.First = named.First;
            else
                _cells[known.Last].Next = named.First;
            known.Last = named.Last;
        }

        known.State = named.State ?? known.State;
        known.Epoch = named.Epoch ?? known.Epoch;
        (named.First, named.Last, named.State, named.Epoch) = (None, None, null, null);
    }

    /// <summary>Whether anything was told of a row.</summary>
    public bool IsEmpty(int row) => _rows[row] is { First: None, State: null, Epoch: null };

    /// <summary>Adds a value; NaN takes one back that was told before.</summary>
    public void Set(int row, Metric metric, double value)
    {
        if (_cellCount == _cells.Length)
            Array.Resize(ref _cells, _cells.Length * 2);
        _cells[_cellCount] = new Cell(metric, value) { Next = None };
        ref var into = ref _rows[row];
        if (into.First == None)
            into.First = _cellCount;
        else
            _cells[into.Last].Next = _cellCount;
        into.Last = _cellCount++;
    }

    public void SetState(int row, string? state) => _rows[row].State = state;

    public void SetEpoch(int row, uint? epoch) => _rows[row].Epoch = epoch;

    /// <summary>Writes the rows as readings of one instant, in the order they were begun.</summary>
    /// <param name="readings">Where to; what it holds stays.</param>
    /// <param name="atMs">The instant.</param>
    /// <param name="common">A row whose values hold for every other channel, or stand alone as the device's own when there is none; negative: there is no such row.</param>
    /// <param name="most">How many readings there may be with them.</param>
    /// <returns>False when there are more.</returns>
    public bool WriteTo(ReadingBuffer readings, long atMs, int common = None, int most = ReadingBuffer.ReadingsMax)
    {
        var hasChannels = HasChannels(common);
        for (var row = 0; row < _rowCount; row++)
        {
            if (row == common || !_rows[row].IsNamed)
                continue;
            var isMain = _rows[row].Channel.Kind == ChannelKind.Main;
            if (!TryWrite(readings, row, isMain == hasChannels ? None : common, atMs, most))
                return false;
            if (isMain && !hasChannels && !IsEmpty(row))
                return true;
        }

        return hasChannels || common < 0 || TryWrite(readings, common, None, atMs, most);
    }

    private bool HasChannels(int common)
    {
        for (var row = 0; row < _rowCount; row++)
        {
            if (row != common && _rows[row].IsNamed && _rows[row].Channel.Kind != ChannelKind.Main && !IsEmpty(row))
                return true;
        }

        return false;
    }

    private bool TryWrite(ReadingBuffer readings, int row, int common, long atMs, int most)
    {
        if (IsEmpty(row))
            return true;
        if (readings.Count >= most)
            return false;
        ref var reading = ref readings.Add();
        reading.Channel = _rows[row].Channel;
        reading.AtMs = reading.DeviceMs = atMs;
        reading.State = _rows[row].State;
        reading.CounterEpoch = _rows[row].Epoch;
        // What the channel says of itself is written last and wins.
        if (common >= 0)
            Values(readings, common);
        Values(readings, row);
        if (reading is { ValueCount: 0, State: null })
            readings.RemoveLast();
        return true;
    }

    private void Values(ReadingBuffer readings, int row)
    {
        for (var at = _rows[row].First; at != None; at = _cells[at].Next)
        {
            if (double.IsNaN(_cells[at].Value))
                readings.RemoveValue(_cells[at].Metric);
            else
                readings.AddValue(_cells[at].Metric, _cells[at].Value);
        }
    }

    private struct Row
    {
        public ChannelId Channel;
        public bool IsNamed;
        public int First;
        public int Last;
        public string? State;
        public uint? Epoch;
    }

    private record struct Cell(Metric Metric, double Value)
    {
        public int Next { get; set; }
    }
}
