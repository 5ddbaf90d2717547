using FacilityMonitor.Contract;

namespace FacilityMonitor.Ingest;

/// <summary>What became of the messages, in numbers. Written by the one thread that ingests, read by any.</summary>
internal sealed class IngestBooks
{
    private readonly long[] _deadLettered = new long[Enum.GetValues<RejectReason>().Length];
    private long _received;
    private long _readings;
    private long _journaled;
    private long _durable;
    private long _duplicates;
    private long _ignored;
    private long _unknownFields;
    private long _outOfRange;
    private long _lost;
    private long _leftOut;

    /// <summary>Messages that are somebody's word: journaled, told again, or set aside.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Readings in them.</summary>
    public long Readings => Volatile.Read(ref _readings);

    /// <summary>Messages handed to the journal.</summary>
    public long Journaled => Volatile.Read(ref _journaled);

    /// <summary>Messages of batches that are on disk: journaled, duplicates and dead letters alike.</summary>
    public long Durable => Volatile.Read(ref _durable);

    /// <summary>Messages told again.</summary>
    public long Duplicates => Volatile.Read(ref _duplicates);

    /// <summary>Messages on topics that hold nothing for us; not part of the balance.</summary>
    public long Ignored => Volatile.Read(ref _ignored);

    /// <summary>Fields the contract does not know.</summary>
    public long UnknownFields => Volatile.Read(ref _unknownFields);

    /// <summary>Values outside the range their mapping gives them, or that nothing can measure; set aside.</summary>
    public long OutOfRange => Volatile.Read(ref _outOfRange);

    /// <summary>Readings and events of channels for which there is no room, left out of messages that were kept.</summary>
    public long LeftOut => Volatile.Read(ref _leftOut);

    /// <summary>Messages that devices numbered and that never came, booked lost since the start.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>Messages received and not yet on disk.</summary>
    public long InFlight => Received - Durable;

    /// <summary>Messages set aside for any reason.</summary>
    public long DeadLetteredTotal => Enum.GetValues<RejectReason>().Sum(DeadLettered);

    /// <summary>Messages set aside for this reason.</summary>
    public long DeadLettered(RejectReason reason) => Volatile.Read(ref _deadLettered[(int)reason]);

    public void AddJournaled(DeviceMessage message)
    {
        Add(ref _received, 1);
        Add(ref _journaled, 1);
        Add(ref _readings, message.Readings.Count);
        Add(ref _unknownFields, message.UnknownFields);
        Add(ref _outOfRange, message.OutOfRange.Count);
    }

    public void AddDuplicate()
    {
        Add(ref _received, 1);
        Add(ref _duplicates, 1);
    }

    public void AddDeadLetter(RejectReason reason)
    {
        Add(ref _received, 1);
        Add(ref _deadLettered[(int)reason], 1);
    }

    public void AddLeftOut(int count) => Add(ref _leftOut, count);

    /// <summary>Counts a message that holds nothing for us.</summary>
    /// <param name="outOfRange">Values of it that were set aside, perhaps all it had.</param>
    public void AddIgnored(int outOfRange = 0)
    {
        Add(ref _ignored, 1);
        Add(ref _outOfRange, outOfRange);
    }

    public void AddDurable(long messages) => Interlocked.Add(ref _durable, messages);

    /// <summary>Stands still at <see cref="SequenceTracker.LostMax"/>: each device may claim as many, and their sum would turn negative.</summary>
    public void AddLost(long messages) => Volatile.Write(ref _lost, Math.Min(SequenceTracker.LostMax, _lost + messages));

    /// <summary>One writer at a time, so a plain sum published in order is enough.</summary>
    private static void Add(ref long counter, long by) => Volatile.Write(ref counter, counter + by);
}
