using FacilityMonitor.Journal;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>What is known of a line beside its bytes.</summary>
/// <param name="End">Where it ends in the bytes of the batch.</param>
/// <param name="Device">Number of its device; null for an alert.</param>
/// <param name="Position">Journal position of its reading; of an alert the number of its change.</param>
/// <param name="AtNs">Its time, ns since 1970-01-01 UTC.</param>
internal readonly record struct LineMark(int End, int? Device, long Position, long AtNs);

/// <summary>Lines that the database left out, as one dead letter.</summary>
/// <param name="Letter">The dead letter.</param>
/// <param name="Lines">How many lines.</param>
/// <param name="Position">The last journal position among them; it is booked with this. 0: none is a reading.</param>
/// <param name="AlertChange">The last change of an alert among them. 0: none is an alert.</param>
internal sealed record SetAsideLines(DeadLetter Letter, int Lines, long Position, long AlertChange);

/// <summary>Lines that go to InfluxDB in one request. Used again: filling it allocates nothing once it has grown.</summary>
internal sealed class LineBatch
{
    /// <summary>Bytes of lines from which a batch is full whatever its number of lines: well below the 25 MB that 1.x takes and the 10 MB of a cloud plan.</summary>
    public const int BytesMax = 4 << 20;

    private readonly List<LineMark> _lines = [];

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

    /// <summary>What the database left out of it, to be booked together with its position.</summary>
    public List<SetAsideLines> SetAside { get; } = [];

    /// <summary>How many of its lines the database left out, whether that was booked before or not.</summary>
    public int LeftOut { get; set; }

    /// <summary>Says that a line was written to <see cref="Bytes"/>.</summary>
    /// <param name="device">Number of its device; null for an alert.</param>
    /// <param name="position">Journal position of its reading; of an alert the number of its change.</param>
    /// <param name="receivedMs">When its message was received.</param>
    /// <param name="nanoseconds">Its time.</param>
    public void Added(int? device, long position, long receivedMs, long nanoseconds)
    {
        if (_lines.Count == 0)
            FirstMs = receivedMs;
        _lines.Add(new LineMark(Bytes.Length, device, position, nanoseconds));
    }

    /// <summary>Some of the lines.</summary>
    public ReadOnlyMemory<byte> Lines(Range range)
    {
        var (first, count) = range.GetOffsetAndLength(_lines.Count);
        var start = first == 0 ? 0 : _lines[first - 1].End;
        var end = count == 0 ? start : _lines[first + count - 1].End;
        return Bytes.Memory[start..end];
    }

    /// <summary>What is known of a line.</summary>
    public LineMark this[int line] => _lines[line];

    /// <summary>The oldest of some lines, the oldest first.</summary>
    public int[] Oldest(Range range, int count)
    {
        var (first, length) = range.GetOffsetAndLength(_lines.Count);
        return [.. Enumerable.Range(first, length).OrderBy(line => _lines[line].AtNs).Take(count)];
    }

    /// <summary>It is sent from the beginning.</summary>
    public void KeepNothingAside()
    {
        SetAside.Clear();
        LeftOut = 0;
    }

    public void Clear()
    {
        _lines.Clear();
        KeepNothingAside();
        Bytes.Clear();
        FirstMs = 0;
    }
}
