using System.Buffers;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Ingest;

/// <summary>What became of a message.</summary>
internal enum MessageFate
{
    /// <summary>It went to the journal.</summary>
    Journaled,

    /// <summary>It was told before.</summary>
    Duplicate,

    /// <summary>It was set aside.</summary>
    DeadLetter,
}

/// <summary>What ingest knows of every device: its sequence book and its count of the hour; and which of them changed. One thread at a time.</summary>
/// <remarks>
/// It is saved in steps, each device with the journal position up to which it is complete. After a crash it is loaded, and the journal is read again from the
/// oldest position that was not saved; <see cref="IsSaved"/> tells what a device's book holds already.
/// </remarks>
internal sealed class DeviceLedger
{
    /// <summary>Between two receipts to one device, ms.</summary>
    public const long ReceiptEveryMs = 10_000;

    private readonly Dictionary<int, Entry> _entries = [];
    private readonly Queue<Entry> _unsaved = new();
    private readonly HashSet<Entry> _receiptDue = [];
    private readonly HashSet<Entry> _withGaps = [];
    private long _lost;

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
        var (hadGaps, lost) = (entry.Tracker.HasGaps, entry.Tracker.Lost);
        var verdict = entry.Tracker.Observe(envelope.Boot, envelope.Seq, nowMs, live);
        // A straggler of those given up comes after all; that they were given up stays counted.
        _lost += Math.Max(0, entry.Tracker.Lost - lost);
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

    /// <summary>How many messages <see cref="Observe"/> booked lost since the last call: a gap too wide or one too many, a boot that is forgotten with its gaps.</summary>
    public long TakeLost()
    {
        var lost = _lost;
        _lost = 0;
        return lost;
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

    /// <summary>Counts a message of a device in its hour.</summary>
    /// <param name="device">Device number, or <see cref="HourBook.NobodysDevice"/>.</param>
    /// <param name="fate">What became of it.</param>
    /// <param name="receivedMs">When it was received.</param>
    /// <param name="position">The newest durable journal position before it.</param>
    public void Book(int device, MessageFate fate, long receivedMs, long position)
    {
        var entry = Of(device);
        var hour = receivedMs / HourBook.HourMs;
        if (entry.Count.Hour != hour)
        {
            // The hour that ended waits to be saved with this one.
            if (entry.IsUnsaved && entry.Count.Received > 0)
                (entry.Ended ??= []).Add(entry.Count);
            entry.Count = new HourCount(hour, 0, 0, 0);
        }

        entry.Count = entry.Count.With(fate);
        Changed(entry, position);
    }

    /// <summary>Whether what the journal holds of a device at this position is in its saved book.</summary>
    public bool IsSaved(int device, long position) => _entries.TryGetValue(device, out var entry) && position <= entry.SavedPosition;

    /// <summary>Takes the next books to save, oldest change first.</summary>
    public IReadOnlyList<SavedBook> TakeUnsaved(int most)
    {
        if (_unsaved.Count == 0)
            return [];
        var taken = new List<SavedBook>(Math.Min(most, _unsaved.Count));
        var output = new ArrayBufferWriter<byte>(128);
        while (taken.Count < most && _unsaved.TryDequeue(out var entry))
        {
            entry.IsUnsaved = false;
            output.ResetWrittenCount();
            entry.Tracker.Write(output);
            taken.Add(new SavedBook(entry.Device, output.WrittenSpan.ToArray(), entry.Count, entry.Ended ?? [], entry.ChangedAfter));
            entry.Ended = null;
        }

        return taken;
    }

    /// <summary>Takes back books that could not be saved.</summary>
    public void PutBack(IReadOnlyList<SavedBook> books)
    {
        foreach (var book in books)
        {
            var entry = Of(book.Device);
            entry.ChangedAfter = entry.IsUnsaved ? Math.Min(entry.ChangedAfter, book.ChangedAfter) : book.ChangedAfter;
            entry.Ended = [.. book.Ended, .. book.Count.Hour != entry.Count.Hour && book.Count.Received > 0 ? [book.Count] : Array.Empty<HourCount>(), .. entry.Ended ?? []];
            if (!entry.IsUnsaved)
                _unsaved.Enqueue(entry);
            entry.IsUnsaved = true;
        }

        var ordered = _unsaved.OrderBy(entry => entry.ChangedAfter).ToArray();
        _unsaved.Clear();
        foreach (var entry in ordered)
            _unsaved.Enqueue(entry);
    }

    /// <summary>Loads every book that was saved.</summary>
    /// <param name="connection">Where from.</param>
    /// <param name="damaged">Told of a device whose book cannot be read: its book begins anew, and what it sends again counts again.</param>
    public void Load(SqliteConnection connection, Action<int, string> damaged)
    {
        using var command = Database.Command(connection, "select device, position, hour, received, duplicates, dead_letters, book from ingest_state");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            var count = new HourCount(rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5));
            try
            {
                Load(new SavedBook(rows.GetInt32(0), (byte[])rows[6], count, [], 0), rows.GetInt64(1));
            }
            catch (FormatException error)
            {
                damaged(rows.GetInt32(0), error.Message);
                _entries[rows.GetInt32(0)] = new Entry(rows.GetInt32(0), new SequenceTracker()) { Count = count, SavedPosition = rows.GetInt64(1) };
            }
        }
    }

    /// <summary>Takes in a book that was saved.</summary>
    /// <exception cref="FormatException">It is damaged, or of a newer format.</exception>
    public void Load(SavedBook book, long position)
    {
        var entry = new Entry(book.Device, SequenceTracker.Read(book.Sequence)) { Count = book.Count, SavedPosition = position };
        _entries[book.Device] = entry;
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

        public HourCount Count { get; set; }

        public List<HourCount>? Ended { get; set; }

        /// <summary>Journal position up to which the loaded book is complete; -1 when it was not loaded.</summary>
        public long SavedPosition { get; init; } = -1;

        public bool IsUnsaved { get; set; }

        public long ChangedAfter { get; set; }
    }

    /// <summary>A device's messages of one hour.</summary>
    internal readonly record struct HourCount(long Hour, long Received, long Duplicates, long DeadLetters)
    {
        public HourCount With(MessageFate fate) => this with
        {
            Received = Received + 1,
            Duplicates = Duplicates + (fate == MessageFate.Duplicate ? 1 : 0),
            DeadLetters = DeadLetters + (fate == MessageFate.DeadLetter ? 1 : 0),
        };
    }

    /// <summary>A device's book as it is saved.</summary>
    /// <param name="Device">Device number.</param>
    /// <param name="Sequence">Its sequence book.</param>
    /// <param name="Count">Its latest hour.</param>
    /// <param name="Ended">Hours before, not saved yet in full.</param>
    /// <param name="ChangedAfter">The journal position before its first change.</param>
    internal sealed record SavedBook(int Device, byte[] Sequence, HourCount Count, IReadOnlyList<HourCount> Ended, long ChangedAfter)
    {
        /// <summary>Writes it.</summary>
        /// <param name="connection">Where.</param>
        /// <param name="position">Position up to which it is complete.</param>
        public void Save(SqliteConnection connection, long position)
        {
            Database.Execute(
                connection, """
                insert or replace into ingest_state (device, position, hour, received, duplicates, dead_letters, book)
                  values ($device, $position, $hour, $received, $duplicates, $dead, $book)
                """,
                ("$device", Device), ("$position", position), ("$hour", Count.Hour), ("$received", Count.Received), ("$duplicates", Count.Duplicates),
                ("$dead", Count.DeadLetters), ("$book", Sequence));
            foreach (var count in Count.Received > 0 ? Ended.Append(Count) : Ended)
                HourBook.SaveReceived(connection, count.Hour, Device, count.Received, count.Duplicates, count.DeadLetters);
        }
    }
}
