using FacilityMonitor.Contract;

namespace FacilityMonitor.Storage;

/// <summary>Readings taken from the journal and not yet in a block on disk, by device and hour. One thread fills it, any looks into it.</summary>
internal sealed class OpenBlocks
{
    /// <summary>Memory of emptied blocks kept for use again, bytes.</summary>
    private const long FreeBytesMax = 64L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, long Hour), ReadingBlock> _blocks = [];
    private readonly Stack<ReadingBlock> _free = new();
    private readonly ReadingBlock _sorted = new();
    private long _freeBytes;
    private ReadingBlock? _last;
    private (int Device, long Hour) _lastKey;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Memory they take, bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Readings of the fullest.</summary>
    public int Fullest { get; private set; }

    public void Add(DeviceMessage message, LatestTable latest)
    {
        var device = message.Device!.Number;
        lock (_gate)
        {
            foreach (ref readonly var reading in message.Readings.Readings)
            {
                var block = BlockOf(device, HourlyRollup.HourOf(reading.AtMs));
                Bytes -= block.Bytes;
                block.Add(reading, message.Readings.ValuesOf(reading), message.HasEnvelope ? message.Envelope.Seq : 0);
                Bytes += block.Bytes;
                Fullest = Math.Max(Fullest, block.Count);
                ref readonly var row = ref block.Rows[^1];
                latest.Add(device, row, block.ValuesOf(row));
            }
        }
    }

    /// <summary>Adds a copy of what is open of a device's hour.</summary>
    public void CopyTo(int device, long hour, ReadingBlock into)
    {
        lock (_gate)
        {
            if (_blocks.TryGetValue((device, hour), out var block))
                into.AddAll(block);
        }
    }

    public List<long> Hours(int device)
    {
        lock (_gate)
            return [.. _blocks.Keys.Where(key => key.Device == device).Select(key => key.Hour)];
    }

    /// <summary>Every open block in its stored form; they stay visible until they are cleared.</summary>
    public List<(EncodedBlock Block, int Arrived)> Encode(BlockCodec codec)
    {
        lock (_gate)
        {
            var encoded = new List<(EncodedBlock, int)>(_blocks.Count);
            foreach (var ((device, hour), block) in _blocks)
            {
                block.SortInto(_sorted);
                encoded.Add((EncodedBlock.Of(device, hour, _sorted, codec), block.Count));
            }

            return encoded;
        }
    }

    /// <summary>Forgets blocks that are on disk.</summary>
    public void Clear(IEnumerable<(int Device, long Hour)> keys)
    {
        lock (_gate)
        {
            foreach (var key in keys)
            {
                if (!_blocks.Remove(key, out var block))
                    continue;
                Bytes -= block.Bytes;
                block.Clear();
                if (_freeBytes + block.Capacity > FreeBytesMax)
                    continue;
                _freeBytes += block.Capacity;
                _free.Push(block);
            }

            _last = null;
            Count = _blocks.Count;
            Fullest = 0;
            foreach (var block in _blocks.Values)
                Fullest = Math.Max(Fullest, block.Count);
        }
    }

    private ReadingBlock BlockOf(int device, long hour)
    {
        if (_last is { } last && _lastKey == (device, hour))
            return last;
        if (!_blocks.TryGetValue((device, hour), out var block))
        {
            if (_free.TryPop(out block))
                _freeBytes -= block.Capacity;
            _blocks[(device, hour)] = block ??= new ReadingBlock();
            Count++;
        }

        (_last, _lastKey) = (block, (device, hour));
        return block;
    }
}
