using FacilityMonitor.Contract;

namespace FacilityMonitor.Storage;

/// <summary>Readings taken from the journal and not yet in a block on disk, by device and hour. One thread fills it, any looks into it.</summary>
internal sealed class OpenBlocks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, long Hour), ReadingBlock> _blocks = [];
    private readonly Stack<ReadingBlock> _free = new();
    private readonly ReadingBlock _sorted = new();
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

    /// <summary>Every open block in its stored form; they stay visible until <see cref="Clear"/>.</summary>
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

    public void Clear()
    {
        lock (_gate)
        {
            foreach (var block in _blocks.Values)
            {
                block.Clear();
                if (_free.Count < StoreWorker.BlocksMax)
                    _free.Push(block);
            }

            _blocks.Clear();
            (_last, Count, Bytes, Fullest) = (null, 0, 0, 0);
        }
    }

    private ReadingBlock BlockOf(int device, long hour)
    {
        if (_last is { } last && _lastKey == (device, hour))
            return last;
        if (!_blocks.TryGetValue((device, hour), out var block))
        {
            _blocks[(device, hour)] = block = _free.TryPop(out var free) ? free : new ReadingBlock();
            Count++;
        }

        (_last, _lastKey) = (block, (device, hour));
        return block;
    }
}
