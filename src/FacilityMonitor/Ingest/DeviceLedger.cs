using System.Buffers;
using FacilityMonitor.Contract;

namespace FacilityMonitor.Ingest;

/// <summary>The sequence books of all devices, and which of them changed. One thread at a time.</summary>
/// <remarks>
/// The books are saved in steps. After a crash they are loaded and the journal is read again from the oldest position that was not saved; booking a message
/// twice changes nothing, so a book that was saved later than that does no harm.
/// </remarks>
internal sealed class DeviceLedger
{
    /// <summary>Between two receipts to one device, ms.</summary>
    public const long ReceiptEveryMs = 10_000;

    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Queue<Entry> _unsaved = new();
    private readonly HashSet<Entry> _receiptDue = [];
    private readonly HashSet<Entry> _withGaps = [];

    /// <summary>How many devices have a book.</summary>
    public int Count => _entries.Count;

    /// <summary>The position from which the journal must be read to complete the saved books.</summary>
    /// <param name="position">The newest durable position.</param>
    public long SafeCursor(long position) => _unsaved.TryPeek(out var oldest) ? Math.Min(oldest.ChangedAfter, position) : position;

    /// <summary>Books a message by its boot and number.</summary>
    /// <param name="device">Device number.</param>
    /// <param name="envelope">Its envelope.</param>
    /// <param name="nowMs">When it was received.</param>
    /// <param name="position">The newest durable position before it.</param>
    /// <param name="live">Whether it came live, not as history.</param>
    public SequenceVerdict Observe(int device, in Envelope envelope, long nowMs, long position, bool live = true)
    {
        var entry = Of(device);
        var hadGaps = entry.Tracker.HasGaps;
        var verdict = entry.Tracker.Observe(envelope.Boot, envelope.Seq, nowMs, live);
        // A repetition says that our receipt did not reach the device: it gets it again.
        _receiptDue.Add(entry);
        if (verdict == SequenceVerdict.Duplicate)
            return verdict;
        Changed(entry, position);
        if (entry.Tracker.HasGaps)
            _withGaps.Add(entry);
        else if (hadGaps)
            entry.ReceiptAtMs = 0;
        return verdict;
    }

    /// <summary>Whether a birth or status says the same as the last one did; a retained one comes with every subscription.</summary>
    public bool IsRepeated(int device, DeviceMessage message)
    {
        var entry = Of(device);
        if (message.Birth is { } birth)
        {
            var same = entry.Birth == (birth.Boot, birth.Bd, birth.TsMs);
            entry.Birth = (birth.Boot, birth.Bd, birth.TsMs);
            return same;
        }

        var told = entry.Status == message.Status;
        entry.Status = message.Status;
        return told;
    }

    /// <summary>What to ask the devices for now. Gives up what was asked for often enough.</summary>
    /// <returns>How many messages were booked lost.</returns>
    public long CollectResends(long nowMs, long position, List<(int Device, ResendRequest Request)> requests)
    {
        long lost = 0;
        var asked = new List<ResendRequest>();
        foreach (var entry in _withGaps)
        {
            asked.Clear();
            var before = entry.Tracker.Lost;
            if (entry.Tracker.CollectResends(nowMs, asked) || asked.Count > 0)
                Changed(entry, position);
            if (entry.Tracker.Lost > before)
            {
                lost += entry.Tracker.Lost - before;
                _receiptDue.Add(entry);
            }

            foreach (var request in asked)
                requests.Add((entry.Device, request));
        }

        _withGaps.RemoveWhere(entry => !entry.Tracker.HasGaps);
        return lost;
    }

    /// <summary>The receipts that are due: at most one a device every ten seconds, and at once when a gap closed.</summary>
    public void CollectReceipts(long nowMs, List<(int Device, Watermark Settled)> receipts)
    {
        foreach (var entry in _receiptDue)
        {
            if (entry.ReceiptAtMs + ReceiptEveryMs > nowMs)
                continue;
            entry.ReceiptAtMs = nowMs;
            entry.Tracker.CollectSettled(receipts, entry.Device);
        }

        _receiptDue.RemoveWhere(entry => entry.ReceiptAtMs == nowMs);
    }

    /// <summary>Takes the next books to save, oldest change first.</summary>
    public IReadOnlyList<(int Device, byte[] Book)> TakeUnsaved(int most)
    {
        if (_unsaved.Count == 0)
            return [];
        var taken = new List<(int, byte[])>(Math.Min(most, _unsaved.Count));
        var output = new ArrayBufferWriter<byte>(128);
        while (taken.Count < most && _unsaved.TryDequeue(out var entry))
        {
            entry.IsUnsaved = false;
            output.ResetWrittenCount();
            entry.Tracker.Write(output);
            taken.Add((entry.Device, output.WrittenSpan.ToArray()));
        }

        return taken;
    }

    /// <summary>Takes in a book that was saved.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public void Load(int device, ReadOnlySpan<byte> book)
    {
        var entry = new Entry(device, SequenceTracker.Read(book));
        _entries[device] = entry;
        if (entry.Tracker.HasGaps)
            _withGaps.Add(entry);
        _receiptDue.Add(entry);
    }

    private Entry Of(int device)
    {
        if (!_entries.TryGetValue(device, out var entry))
            _entries[device] = entry = new Entry(device, new SequenceTracker());
        return entry;
    }

    private void Changed(Entry entry, long position)
    {
        if (entry.IsUnsaved)
            return;
        entry.IsUnsaved = true;
        entry.ChangedAfter = position;
        _unsaved.Enqueue(entry);
    }

    private sealed class Entry(int device, SequenceTracker tracker)
    {
        public int Device { get; } = device;

        public SequenceTracker Tracker { get; } = tracker;

        public (BootId Boot, long Bd, long TsMs)? Birth { get; set; }

        public DeviceStatus? Status { get; set; }

        public long ReceiptAtMs { get; set; }

        public bool IsUnsaved { get; set; }

        public long ChangedAfter { get; set; }
    }
}
