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
    private LetterSums _sums;
    private long _notKept;
    private long _pruned;

    /// <summary>Letters that were counted and not stored.</summary>
    public long NotKept => Interlocked.Read(ref _notKept);

    /// <summary>Letters that were deleted because there were too many.</summary>
    public long Pruned => Interlocked.Read(ref _pruned);

    /// <summary>What is stored, as it was counted.</summary>
    public void Measured(LetterSums sums)
    {
        lock (_gate)
            _sums = sums;
    }

    /// <summary>Those of these letters that there is room for.</summary>
    public IReadOnlyList<DeadLetter> RoomFor(IReadOnlyList<DeadLetter> letters)
    {
        if (letters.Count == 0)
            return letters;
        lock (_gate)
        {
            var (sums, kept) = (_sums, new List<DeadLetter>(letters.Count));
            foreach (var letter in letters)
            {
                var more = sums.With(Size(letter), letter.IsStranger);
                if (more.Letters > lettersMax || more.Bytes > bytesMax)
                    continue;
                if (letter.IsStranger && (more.OfStrangers > DeadLetters.StrangersShare(lettersMax) || more.BytesOfStrangers > DeadLetters.StrangersShare(bytesMax)))
                    continue;
                sums = more;
                kept.Add(letter);
            }

            return kept;
        }
    }

    /// <summary>These letters are on disk; the others are nowhere.</summary>
    public void Stored(IReadOnlyList<DeadLetter> letters, int notKept)
    {
        lock (_gate)
        {
            foreach (var letter in letters)
                _sums = _sums.With(Size(letter), letter.IsStranger);
        }

        Interlocked.Add(ref _notKept, notKept);
    }

    /// <summary>Some were deleted.</summary>
    public void Gone(LetterSums gone)
    {
        lock (_gate)
            _sums = _sums.Without(gone);
        Interlocked.Add(ref _pruned, gone.Letters);
    }

    private static long Size(DeadLetter letter) => letter.Topic.Length + letter.Payload.Length + letter.Detail.Length;
}

/// <summary>Dead letters and their bytes: of all, and those of nobody whom the registry names among them.</summary>
internal readonly record struct LetterSums(long Letters, long Bytes, long OfStrangers, long BytesOfStrangers)
{
    /// <summary>With one more.</summary>
    public LetterSums With(long bytes, bool isStranger) =>
        isStranger ? new(Letters + 1, Bytes + bytes, OfStrangers + 1, BytesOfStrangers + bytes) : new(Letters + 1, Bytes + bytes, OfStrangers, BytesOfStrangers);

    /// <summary>Without those, never below nothing.</summary>
    public LetterSums Without(LetterSums gone) => new(
        Math.Max(0, Letters - gone.Letters), Math.Max(0, Bytes - gone.Bytes), Math.Max(0, OfStrangers - gone.OfStrangers), Math.Max(0, BytesOfStrangers - gone.BytesOfStrangers));
}
