using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>Readings taken from the journal and not yet in a block on disk, by device and hour. One thread fills and empties it, any looks into it.</summary>
internal sealed class OpenBlocks
{
    /// <summary>Parts that the devices fall into; a part is written whole.</summary>
    public const int Parts = 256;

    /// <summary>Devices that follow each other and fall into one part. More would make the steps of a small installation that catches up longer.</summary>
    private const int Neighbours = 16;

    /// <summary>Memory of emptied blocks kept for use again, bytes: all that were open, or each flush would be followed by as much garbage.</summary>
    private const long FreeBytesMax = StoreWorker.BytesMax;

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Device, long Hour), ReadingBlock>[] _parts = [.. Enumerable.Range(0, Parts).Select(_ => new Dictionary<(int, long), ReadingBlock>())];
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
        var block = BlockOf(device, HourlyRollup.HourOf(reading.AtMs));
        Bytes -= block.Capacity;
        block.Add(reading, message.Readings.ValuesOf(reading), message.Distinction);
        Bytes += block.Capacity;
        Fullest = Math.Max(Fullest, block.Count);
        ref readonly var row = ref block.Rows[^1];
        latest.Add(device, row, block.ValuesOf(row));
    }

    /// <summary>Adds a copy of what is open of a device's hour.</summary>
    public void CopyTo(int device, long hour, ReadingBlock into)
    {
        lock (_gate)
        {
            if (_parts[PartOf(device)].TryGetValue((device, hour), out var block))
                into.AddAll(block);
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
            foreach (var ((device, hour), block) in _parts[part])
            {
                block.SortInto(_sorted);
                blocks.Add(EncodedBlock.Of(device, hour, _sorted, codec, output));
                arrived += block.Count;
            }
        }

        return arrived;
    }

    /// <summary>Forgets the blocks of a part, which are on disk.</summary>
    public void Clear(int part)
    {
        lock (_gate)
        {
            foreach (var block in _parts[part].Values)
            {
                Bytes -= block.Capacity;
                block.Clear();
                if (_freeBytes + block.Capacity > FreeBytesMax)
                    continue;
                _freeBytes += block.Capacity;
                _free.Push(block);
            }

            Count -= _parts[part].Count;
            _parts[part].Clear();
            _last = null;
            if (Count == 0)
                Fullest = 0;
        }
    }

    private ReadingBlock BlockOf(int device, long hour)
    {
        if (_last is { } last && _lastKey == (device, hour))
            return last;
        var blocks = _parts[PartOf(device)];
        if (!blocks.TryGetValue((device, hour), out var block))
        {
            if (_free.TryPop(out block))
                _freeBytes -= block.Capacity;
            blocks[(device, hour)] = block ??= new ReadingBlock();
            Bytes += block.Capacity;
            Count++;
        }

        (_last, _lastKey) = (block, (device, hour));
        return block;
    }
}
