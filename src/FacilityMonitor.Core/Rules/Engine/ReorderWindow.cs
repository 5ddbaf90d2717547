namespace FacilityMonitor.Rules;

/// <summary>One remembered sample: 8 bytes. The time is the low half of the milliseconds, read relative to the newest.</summary>
internal readonly record struct Sample(uint At32, float Value)
{
    public long AtMs(long newestMs) => newestMs + (int)(At32 - (uint)newestMs);
}

/// <summary>The samples of the last 30 s of many channels, in blocks of one array: no object and no garbage per channel.</summary>
/// <remarks>A block is a sorted run of samples. A full block moves to a larger one; the old one waits for the next channel. The sizes fit a reading a minute,
/// every ten seconds, and every second; there are few, because where all channels grow together every block they leave behind is waste.</remarks>
internal sealed class ReorderWindow
{
    /// <summary>How late a sample may come and still count in order.</summary>
    public const long LatenessMaxMs = 30_000;

    /// <summary>Most samples kept of one channel: two a second. Of more, the oldest are settled early and counted.</summary>
    public const int SamplesMax = 64;

    private readonly Stack<int>[] _free = [.. Enumerable.Range(0, Sizes.Length).Select(_ => new Stack<int>())];
    private Sample[] _samples = new Sample[64];
    private int _used;

    private static ReadOnlySpan<byte> Sizes => [1, 2, 8, 32, SamplesMax];

    public Span<Sample> Of(in Run run) => run.Count == 0 ? [] : _samples.AsSpan(run.Offset, run.Count);

    /// <summary>Puts a sample at its place; the caller has made sure that there are fewer than <see cref="SamplesMax"/>.</summary>
    public void Insert(ref Run run, int index, Sample sample)
    {
        if (!run.HasBlock)
            run = run with { Offset = Rent(0), SizeClass = 1 };
        else if (run.Count == run.Capacity)
            Grow(ref run);
        var block = _samples.AsSpan(run.Offset, run.Capacity);
        block[index..run.Count].CopyTo(block[(index + 1)..]);
        block[index] = sample;
        run.Count++;
    }

    public void RemoveFirst(ref Run run, int count)
    {
        var block = _samples.AsSpan(run.Offset, run.Count);
        block[count..].CopyTo(block);
        run.Count -= (byte)count;
    }

    private void Grow(ref Run run)
    {
        var larger = Rent(run.SizeClass);
        _samples.AsSpan(run.Offset, run.Count).CopyTo(_samples.AsSpan(larger));
        _free[run.SizeClass - 1].Push(run.Offset);
        run = run with { Offset = larger, SizeClass = (byte)(run.SizeClass + 1) };
    }

    private int Rent(int sizeClass)
    {
        if (_free[sizeClass].TryPop(out var offset))
            return offset;
        int size = Sizes[sizeClass];
        if (_used + size > _samples.Length)
            Array.Resize(ref _samples, _used + size + (_used / 8));
        offset = _used;
        _used += size;
        return offset;
    }

    /// <summary>Where one channel's samples lie. The default has no block yet.</summary>
    internal record struct Run
    {
        public int Offset { get; set; }

        /// <summary>One more than the place of the block's size among <see cref="Sizes"/>; 0: no block.</summary>
        public byte SizeClass { get; set; }

        public byte Count { get; set; }

        public readonly bool HasBlock => SizeClass > 0;

        public readonly int Capacity => Sizes[SizeClass - 1];
    }
}
