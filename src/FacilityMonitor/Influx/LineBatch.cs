using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>Lines that go to InfluxDB in one request. Used again: filling it allocates nothing once it has grown.</summary>
internal sealed class LineBatch
{
    /// <summary>Bytes of lines from which a batch is full whatever its number of lines: well below the 25 MB that 1.x takes and the 10 MB of a cloud plan.</summary>
    public const int BytesMax = 4 << 20;

    private readonly List<(int End, int? Device)> _lines = [];

    /// <summary>The lines, each with its line end.</summary>
    public ByteBuffer Bytes { get; } = new(64 << 10);

    /// <summary>How many lines.</summary>
    public int Count => _lines.Count;

    /// <summary>Journal position up to which everything is in this batch or in those before it.</summary>
    public long Position { get; set; }

    /// <summary>Number of the last change of an alert that is in this batch or in those before it.</summary>
    public long AlertChange { get; set; }

    /// <summary>When the first of its messages was received, ms since 1970-01-01 UTC; 0 while it is empty.</summary>
    public long FirstMs { get; private set; }

    /// <summary>Says that a line was written to <see cref="Bytes"/>.</summary>
    /// <param name="device">Number of its device; null for an alert.</param>
    /// <param name="receivedMs">When its message was received.</param>
    public void Added(int? device, long receivedMs)
    {
        if (_lines.Count == 0)
            FirstMs = receivedMs;
        _lines.Add((Bytes.Length, device));
    }

    /// <summary>Some of the lines.</summary>
    public ReadOnlyMemory<byte> Lines(Range range)
    {
        var (first, count) = range.GetOffsetAndLength(_lines.Count);
        var start = first == 0 ? 0 : _lines[first - 1].End;
        var end = count == 0 ? start : _lines[first + count - 1].End;
        return Bytes.Memory[start..end];
    }

    /// <summary>The device of a line; null for an alert.</summary>
    public int? DeviceOf(int line) => _lines[line].Device;

    public void Clear()
    {
        _lines.Clear();
        Bytes.Clear();
        FirstMs = 0;
    }
}
