namespace FacilityMonitor.Journal;

/// <summary>How much of the dead letters is stored. They are pruned every few seconds; whoever sends nonsense faster than that must not fill the disk in between: above a margin
/// no more is stored until some is pruned, and it is only counted.</summary>
internal sealed class DeadLetterRoom(long lettersMax = DeadLetterRoom.LettersMax, long bytesMax = DeadLetterRoom.BytesMax)
{
    /// <summary>Most letters between two prunings: a quarter more than are kept.</summary>
    public const long LettersMax = DeadLetters.LettersMax * 5 / 4;

    /// <summary>The same in bytes of topic, detail and payload.</summary>
    public const long BytesMax = DeadLetters.BytesMax * 5 / 4;

    private readonly Lock _gate = new();
    private long _letters;
    private long _bytes;
    private long _notKept;
    private long _pruned;

    /// <summary>Letters that were counted and not stored.</summary>
    public long NotKept => Interlocked.Read(ref _notKept);

    /// <summary>Letters that were deleted because there were too many.</summary>
    public long Pruned => Interlocked.Read(ref _pruned);

    /// <summary>What is stored, as it was counted.</summary>
    public void Measured(long letters, long bytes)
    {
        lock (_gate)
            (_letters, _bytes) = (letters, bytes);
    }

    /// <summary>How many of these letters there is room for, the first ones.</summary>
    public int RoomFor(IReadOnlyList<DeadLetter> letters)
    {
        lock (_gate)
        {
            var (count, bytes) = (0, _bytes);
            while (count < letters.Count && _letters + count < lettersMax && (bytes += Size(letters[count])) <= bytesMax)
                count++;
            return count;
        }
    }

    /// <summary>The first of these letters are on disk; the others are nowhere.</summary>
    public void Stored(IReadOnlyList<DeadLetter> letters, int stored)
    {
        lock (_gate)
        {
            _letters += stored;
            for (var letter = 0; letter < stored; letter++)
                _bytes += Size(letters[letter]);
        }

        Interlocked.Add(ref _notKept, letters.Count - stored);
    }

    /// <summary>Some were deleted.</summary>
    public void Gone(long letters, long bytes)
    {
        lock (_gate)
            (_letters, _bytes) = (Math.Max(0, _letters - letters), Math.Max(0, _bytes - bytes));
        Interlocked.Add(ref _pruned, letters);
    }

    private static long Size(DeadLetter letter) => letter.Topic.Length + letter.Payload.Length + letter.Detail.Length;
}
