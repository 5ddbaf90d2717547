using System.Buffers;

namespace FacilityMonitor.Contract;

/// <summary>What a (boot, seq) is to us.</summary>
public enum SequenceVerdict : byte
{
    /// <summary>Never seen: count and journal it.</summary>
    New,

    /// <summary>Seen before: acknowledge it and nothing else.</summary>
    Duplicate,

    /// <summary>Too old to know, or booked lost before: journal it; the store replaces by (channel, time).</summary>
    Late,
}

/// <summary>Ask the device for what is missing.</summary>
/// <param name="Boot">In which boot.</param>
/// <param name="From">First missing sequence number.</param>
/// <param name="To">Last missing sequence number.</param>
public readonly record struct ResendRequest(BootId Boot, long From, long To);

/// <summary>A receipt: everything of this boot up to and including this number is journaled, dead-lettered or booked lost.</summary>
/// <param name="Boot">In which boot.</param>
/// <param name="Seq">Highest settled number; -1 when not even 0 is.</param>
public readonly record struct Watermark(BootId Boot, long Seq);

/// <summary>The sequence book of one device: what came, what is missing, what was lost. Pure; not thread-safe.</summary>
/// <remarks>
/// Only what is missing is remembered, so a device without gaps costs the same few bytes whatever its numbers. The first number of a boot is 0: a device that
/// is first heard at 500 owes 0 to 499, which it may still hold in its buffer; it is asked for them, and what never comes is booked lost. Saying less would
/// let the receipt free messages that nobody has.
/// </remarks>
public sealed class SequenceTracker
{
    /// <summary>How many boots are remembered.</summary>
    public const int BootsMax = 4;

    /// <summary>How far below the highest number duplicates are known.</summary>
    public const long Window = 65_536;

    /// <summary>How many ranges may be missing in one boot; beyond it the oldest is booked lost.</summary>
    public const int GapsMax = 64;

    /// <summary>How many lost ranges are remembered in one boot, so that a straggler is recognised.</summary>
    public const int LostRangesMax = 16;

    /// <summary>How long a gap may stand before the device is asked, ms.</summary>
    public const long PatienceMs = 5_000;

    /// <summary>How often a device is asked for the same gap.</summary>
    public const int AttemptsMax = 3;

    /// <summary>How many boots before those are at least known to have been; what is still resended of them disturbs nobody.</summary>
    public const int ForgottenMax = 16;

    /// <summary>Where the count of lost messages stands still: 2^53. A device may claim that many with every new boot, and their sum would turn negative.</summary>
    public const long LostMax = 1L << 53;

    private const int Format = 2;

    private readonly List<Boot> _boots = new(1);
    private List<ulong>? _forgotten;
    private long _heardMs;

    /// <summary>Messages booked lost so far, at most <see cref="LostMax"/>.</summary>
    public long Lost { get; private set; }

    /// <summary>Whether any boot misses something.</summary>
    public bool HasGaps
    {
        get
        {
            foreach (var boot in _boots)
            {
                if (boot.Gaps is { Count: > 0 })
                    return true;
            }

            return false;
        }
    }

    /// <summary>The receipt for the boot heard last; null when nothing was heard.</summary>
    public Watermark? Current => _boots.Count == 0 ? null : _boots[^1].Settled;

    /// <summary>The receipt for one boot; null when it is not remembered.</summary>
    public Watermark? SettledOf(BootId boot) => Find(boot)?.Settled;

    /// <summary>The receipts to give: one a boot that moved since the last call, the boot heard last at the end.</summary>
    /// <param name="receipts">Where they are added.</param>
    /// <param name="device">Whose they are.</param>
    public void CollectSettled(ICollection<(int Device, Watermark Settled)> receipts, int device)
    {
        ArgumentNullException.ThrowIfNull(receipts);
        for (var index = 0; index < _boots.Count; index++)
        {
            var boot = _boots[index];
            var settled = boot.Settled;
            // The retained receipt is the newest boot's; a device that still holds messages of an older boot hears of them once, when they are settled.
            if (settled.Seq >= 0 && (index == _boots.Count - 1 || settled.Seq != boot.Told))
                receipts.Add((device, settled));
            boot.Told = settled.Seq;
        }
    }

    /// <summary>Books a message.</summary>
    /// <param name="boot">Its boot.</param>
    /// <param name="seq">Its number, 0 or more.</param>
    /// <param name="nowMs">When it was received.</param>
    /// <param name="live">Whether it came live. History may be of a boot that ended long ago and says nothing about which one runs now.</param>
    public SequenceVerdict Observe(BootId boot, long seq, long nowMs, bool live = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seq);
        _heardMs = Math.Max(_heardMs, nowMs);
        if (Find(boot) is not { } known)
        {
            if (!live && _forgotten?.Contains(Hash(boot)) == true)
                return SequenceVerdict.Late;
            known = Begin(boot, live);
        }

        var verdict = Observe(known, seq, nowMs);
        if (live && verdict == SequenceVerdict.New && _boots[^1] != known)
        {
            _boots.Remove(known);
            _boots.Add(known);
        }

        return verdict;
    }

    private SequenceVerdict Observe(Boot known, long seq, long nowMs)
    {
        if (seq > known.Highest)
        {
            if (seq > known.Highest + 1)
                Miss(known, known.Highest + 1, seq - 1, nowMs);
            known.Highest = seq;
            return SequenceVerdict.New;
        }

        if (Remove(ref known.Gaps, seq))
        {
            // One from the middle makes two gaps of one.
            GiveUp(known, Math.Max(0, (known.Gaps?.Count ?? 0) - GapsMax));
            return SequenceVerdict.New;
        }

        if (Remove(ref known.LostRanges, seq))
        {
            Lost--;
            ForgetLost(known);
            return SequenceVerdict.Late;
        }

        return seq <= known.Highest - Window || seq <= known.Floor ? SequenceVerdict.Late : SequenceVerdict.Duplicate;
    }

    /// <summary>What to ask the device for now; a gap asked for often enough is booked lost instead.</summary>
    /// <remarks>
    /// A request goes to nobody while the device is away: it is not repeated, and nothing is given up, before the device was heard again. The receipt would
    /// else run ahead of what the device still holds, and it would free it unsent.
    /// </remarks>
    /// <returns>Whether a receipt moved because something was given up.</returns>
    public bool CollectResends(long nowMs, ICollection<ResendRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var moved = false;
        foreach (var boot in _boots)
        {
            for (var index = 0; boot.Gaps is { } gaps && index < gaps.Count;)
            {
                var gap = gaps[index];
                if (gap.DueMs > nowMs || (gap.Attempts > 0 && _heardMs <= gap.DueMs - WaitMs(gap.Attempts)))
                {
                    index++;
                }
                else if (gap.Attempts >= AttemptsMax)
                {
                    gaps.RemoveAt(index);
                    BookLost(boot, gap.From, gap.To);
                    moved = true;
                }
                else
                {
                    requests.Add(new ResendRequest(boot.Id, gap.From, gap.To));
                    gaps[index++] = gap with { Attempts = gap.Attempts + 1, DueMs = nowMs + WaitMs(gap.Attempts + 1) };
                }
            }
        }

        return moved;
    }

    /// <summary>Writes the book; <see cref="Read"/> gives it back.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Put(output, Format);
        Put(output, Lost);
        Put(output, _forgotten?.Count ?? 0);
        foreach (var boot in _forgotten ?? [])
            Put(output, (long)boot);
        Put(output, _boots.Count);
        Span<byte> text = stackalloc byte[BootId.LengthMax];
        foreach (var boot in _boots)
        {
            var length = boot.Id.CopyTo(text);
            Put(output, length);
            output.Write(text[..length]);
            Put(output, boot.Highest + 1);
            Put(output, boot.Floor + 1);
            Put(output, boot.Gaps?.Count ?? 0);
            foreach (var gap in boot.Gaps ?? [])
            {
                Put(output, gap.From);
                Put(output, gap.To);
                Put(output, gap.Attempts);
                Put(output, gap.DueMs);
            }

            Put(output, boot.LostRanges?.Count ?? 0);
            foreach (var range in boot.LostRanges ?? [])
            {
                Put(output, range.From);
                Put(output, range.To);
            }
        }
    }

    /// <summary>Reads a book that <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is not one, or of a newer format.</exception>
    public static SequenceTracker Read(ReadOnlySpan<byte> input)
    {
        var format = Take(ref input);
        if (format is not (1 or Format))
            throw new FormatException("A sequence book of an unknown format.");
        var tracker = new SequenceTracker { Lost = Take(ref input) };
        for (var forgotten = format == 1 ? 0 : Take(ref input); forgotten > 0; forgotten--)
            (tracker._forgotten ??= []).Add((ulong)Take(ref input));
        for (var boots = Take(ref input); boots > 0; boots--)
        {
            var length = (int)Take(ref input);
            if (length > input.Length || !BootId.TryParse(input[..length], out var id))
                throw new FormatException("A sequence book with a broken boot id.");
            input = input[length..];
            var boot = new Boot(id) { Highest = Take(ref input) - 1, Floor = format == 1 ? -1 : Take(ref input) - 1 };
            for (var gaps = Take(ref input); gaps > 0; gaps--)
                (boot.Gaps ??= []).Add(new Gap(Take(ref input), Take(ref input), (int)Take(ref input), Take(ref input)));
            for (var ranges = Take(ref input); ranges > 0; ranges--)
                (boot.LostRanges ??= []).Add(new Gap(Take(ref input), Take(ref input), 0, 0));
            // An older version let both grow without end.
            ForgetLost(boot);
            tracker.GiveUp(boot, Math.Max(0, (boot.Gaps?.Count ?? 0) - GapsMax));
            tracker._boots.Add(boot);
        }

        return tracker;
    }

    private Boot? Find(BootId id)
    {
        // The boot heard last is nearly always the one that speaks.
        for (var index = _boots.Count - 1; index >= 0; index--)
        {
            if (_boots[index].Id == id)
                return _boots[index];
        }

        return null;
    }

    private Boot Begin(BootId id, bool live)
    {
        if (_boots.Count == BootsMax)
            Forget(_boots[0]);
        var boot = new Boot(id);
        // A boot first heard of by its history ended before the one that runs now.
        _boots.Insert(live ? _boots.Count : Math.Max(0, _boots.Count - 1), boot);
        return boot;
    }

    private void Forget(Boot boot)
    {
        foreach (var gap in boot.Gaps ?? [])
            AddLost(gap.Length);
        _boots.Remove(boot);
        _forgotten ??= [];
        _forgotten.Add(Hash(boot.Id));
        if (_forgotten.Count > ForgottenMax)
            _forgotten.RemoveAt(0);
    }

    /// <summary>FNV-1a; it is stored, so it must be the same in every process.</summary>
    private static ulong Hash(BootId boot)
    {
        Span<byte> text = stackalloc byte[BootId.LengthMax];
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var character in text[..boot.CopyTo(text)])
            hash = (hash ^ character) * 1_099_511_628_211UL;
        return hash;
    }

    /// <summary>30 s after the first request, 3 min after the second, 18 min after the third: a bad line gets its chance, a dead gap does not stay for ever.</summary>
    private static long WaitMs(int attempts)
    {
        var wait = PatienceMs;
        for (; attempts > 0; attempts--)
            wait *= 6;
        return wait;
    }

    private void Miss(Boot boot, long from, long to, long nowMs)
    {
        // What lies below the window cannot be told from a duplicate when it comes; it is given up at once and said so.
        var floor = to + 1 - Window;
        if (from < floor)
        {
            AddLost(floor - from);
            from = floor;
        }

        var gaps = boot.Gaps ??= [];
        gaps.Add(new Gap(from, to, 0, nowMs + PatienceMs));
        var beyond = Math.Max(0, gaps.Count - GapsMax);
        while (gaps[beyond].To <= to + 1 - Window)
            beyond++;
        GiveUp(boot, beyond);
    }

    /// <summary>Books the oldest gaps lost.</summary>
    private void GiveUp(Boot boot, int gaps)
    {
        if (gaps == 0)
            return;
        for (var index = 0; index < gaps; index++)
            BookLost(boot, boot.Gaps![index].From, boot.Gaps[index].To);
        boot.Gaps!.RemoveRange(0, gaps);
    }

    private void BookLost(Boot boot, long from, long to)
    {
        AddLost(to - from + 1);
        (boot.LostRanges ??= []).Add(new Gap(from, to, 0, 0));
        ForgetLost(boot);
    }

    /// <summary>Forgets the lost ranges that are beyond <see cref="LostRangesMax"/>, those given up first.</summary>
    private static void ForgetLost(Boot boot)
    {
        var beyond = (boot.LostRanges?.Count ?? 0) - LostRangesMax;
        if (beyond <= 0)
            return;
        // Below it a straggler looks like a duplicate; it is taken as late rather than thrown away.
        for (var index = 0; index < beyond; index++)
            boot.Floor = Math.Max(boot.Floor, boot.LostRanges![index].To);
        boot.LostRanges!.RemoveRange(0, beyond);
    }

    private void AddLost(long messages) => Lost = Math.Min(LostMax, Lost + messages);

    private static bool Remove(ref List<Gap>? ranges, long seq)
    {
        for (var index = 0; ranges is not null && index < ranges.Count; index++)
        {
            var range = ranges[index];
            if (seq < range.From || seq > range.To)
                continue;
            ranges.RemoveAt(index);
            if (seq < range.To)
                ranges.Insert(index, range with { From = seq + 1 });
            if (seq > range.From)
                ranges.Insert(index, range with { To = seq - 1 });
            if (ranges.Count == 0)
                ranges = null;
            return true;
        }

        return false;
    }

    private static void Put(IBufferWriter<byte> output, long value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            span[length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        span[length++] = (byte)rest;
        output.Advance(length);
    }

    private static long Take(ref ReadOnlySpan<byte> input)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (input.IsEmpty)
                throw new FormatException("A sequence book that ends too early.");
            var part = input[0];
            input = input[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return (long)value;
        }

        throw new FormatException("A sequence book with an endless number.");
    }

    private readonly record struct Gap(long From, long To, int Attempts, long DueMs)
    {
        public long Length => To - From + 1;
    }

    private sealed class Boot(BootId id)
    {
        /// <summary>Missing and still hoped for, in order.</summary>
        public List<Gap>? Gaps;

        /// <summary>Given up, oldest first.</summary>
        public List<Gap>? LostRanges;

        public BootId Id { get; } = id;

        public long Highest { get; set; } = -1;

        /// <summary>Up to here it is no longer known which numbers were lost.</summary>
        public long Floor { get; set; } = -1;

        /// <summary>The receipt told last.</summary>
        public long Told { get; set; } = -1;

        public Watermark Settled => new(Id, Gaps is { Count: > 0 } gaps ? gaps[0].From - 1 : Highest);
    }
}
