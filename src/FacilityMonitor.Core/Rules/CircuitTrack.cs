using System.Runtime.InteropServices;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What one contributor carried at one instant.</summary>
internal readonly record struct CircuitSample(long AtMs, int Slot, int Milliamps);

/// <summary>A channel whose current is part of a circuit's.</summary>
/// <param name="Device">Place of its device in the site.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Phase">Phase it loads, from 0; -1: every phase.</param>
/// <param name="Balanced">Whether its current is shared out evenly over the phases because nobody told which it is on.</param>
internal readonly record struct CircuitSlot(int Device, ChannelId Channel, int Phase, bool Balanced)
{
    public bool IsOn(int phase) => Phase < 0 || Phase == phase;
}

/// <summary>The current of one circuit over time, from its meter or from what hangs below it, with the rule's state now and 30 s before.</summary>
internal sealed class CircuitTrack(Circuit circuit, CircuitLimits limits)
{
    /// <summary>Most samples kept for reordering; of more, the oldest instant is settled early and counted.</summary>
    public const int SamplesMax = 4096;

    private readonly CircuitMemory _settled = new(circuit.Phases == 3 ? 3 : 1);
    private readonly List<CircuitSample> _window = [];
    private readonly List<long> _newestOfSlot = [];
    private long _changedFrom = long.MaxValue;

    public Circuit Circuit => circuit;

    public CircuitLimits Limits => limits;

    public CircuitMemory Live { get; } = new(circuit.Phases == 3 ? 3 : 1);

    public List<CircuitSlot> Slots { get; } = [];

    /// <summary>Longest time between samples that is no gap, ms: three times the longest period of a contributor.</summary>
    public long GapMs { get; set; } = DeviceMemory.GapMsDefault;

    public byte Told;

    /// <summary>From what the current was computed where it was not measured; null: measured.</summary>
    public string? Derived { get; set; }

    public long WindowOverflows { get; private set; }

    public int AddSlot(CircuitSlot slot)
    {
        Slots.Add(slot);
        _newestOfSlot.Add(0);
        return Slots.Count - 1;
    }

    /// <summary>Takes in a sample; <see cref="Rederive"/> and <see cref="StepNext"/> then judge. A contributor whose clock lags the others' by more than
    /// 30 s counts from now on: shifted by what its clock is off, but never dropped for it, and never for the 30 s that are past. What it had buffered is dropped:
    /// an old current is no present one.</summary>
    public Accepted Add(long atMs, int slot, int milliamps, bool isLive)
    {
        var inOrder = atMs > _newestOfSlot[slot];
        var isSettled = atMs <= _settled.LastMs;
        // What this contributor said later is settled already: an older word must not stand after it.
        if (atMs < _newestOfSlot[slot] - ReorderWindow.LatenessMaxMs || (isSettled && !(inOrder && isLive)))
            return Accepted.TooLate;
        _newestOfSlot[slot] = Math.Max(_newestOfSlot[slot], atMs);
        var at = isSettled ? Live.LastMs + 1 : atMs;
        var index = _window.Count;
        while (index > 0 && IsAfter(_window[index - 1], at, slot))
            index--;
        if (index > 0 && _window[index - 1].AtMs == at && _window[index - 1].Slot == slot)
        {
            // Of two values for one instant the larger counts; but two that a slow clock put there follow one another.
            if (_window[index - 1].Milliamps >= milliamps && !isSettled)
                return Accepted.Duplicate;
            _window[index - 1] = new CircuitSample(at, slot, milliamps);
        }
        else
        {
            _window.Insert(index, new CircuitSample(at, slot, milliamps));
        }

        _changedFrom = Math.Min(_changedFrom, at);
        return inOrder ? Accepted.InOrder : Accepted.Reordered;
    }

    /// <summary>Derives the present state anew if what was added belongs before it; false when all of it comes later.</summary>
    public bool Rederive()
    {
        var isLate = _changedFrom <= Live.LastMs;
        _changedFrom = long.MaxValue;
        if (!isLate)
            return false;
        var until = Live.LastMs;
        Live.CopyFrom(_settled);
        while (Live.LastMs < until)
            Step(Live, Live.LastMs);
        return true;
    }

    /// <summary>Takes the present state to the next instant that was added, so that a batch is judged at each of its instants and not only at its end;
    /// false at the end, when what is older than 30 s has been settled.</summary>
    public bool StepNext()
    {
        if (Step(Live, Live.LastMs))
            return true;
        Settle();
        return false;
    }

    public void Save(ref SnapshotWriter writer)
    {
        _settled.Save(ref writer);
        Live.Save(ref writer);
        writer.Byte(Told);
        writer.Text(Derived);
        writer.Int32(_window.Count);
        foreach (var sample in _window)
        {
            writer.Int64(sample.AtMs);
            writer.Int32(sample.Slot);
            writer.Int32(sample.Milliamps);
        }

        foreach (var newest in _newestOfSlot)
            writer.Int64(newest);
    }

    public void Load(ref SnapshotReader reader)
    {
        _settled.Load(ref reader);
        Live.Load(ref reader);
        Told = reader.Byte();
        Derived = reader.Text();
        var samples = reader.Int32();
        for (var index = 0; index < samples; index++)
            _window.Add(new CircuitSample(reader.Int64(), reader.Int32(), reader.Int32()));
        for (var slot = 0; slot < _newestOfSlot.Count; slot++)
            _newestOfSlot[slot] = reader.Int64();
    }

    private static bool IsAfter(in CircuitSample sample, long atMs, int slot) => sample.AtMs > atMs || (sample.AtMs == atMs && sample.Slot > slot);

    /// <summary>Steps over the first instant after one; false when there is none.</summary>
    private bool Step(CircuitMemory memory, long afterMs)
    {
        var samples = CollectionsMarshal.AsSpan(_window);
        var start = FirstAfter(samples, afterMs);
        if (start == samples.Length)
            return false;
        var end = start + 1;
        while (end < samples.Length && samples[end].AtMs == samples[start].AtMs)
            end++;
        memory.Step(samples[start..end], CollectionsMarshal.AsSpan(Slots), limits, GapMs);
        return true;
    }

    private static int FirstAfter(ReadOnlySpan<CircuitSample> samples, long atMs)
    {
        var (low, high) = (0, samples.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (samples[middle].AtMs > atMs)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private void Settle()
    {
        var before = Live.LastMs - ReorderWindow.LatenessMaxMs;
        if (_window.Count > SamplesMax)
        {
            before = Math.Max(before, _window[_window.Count - SamplesMax].AtMs);
            WindowOverflows++;
        }

        var count = FirstAfter(CollectionsMarshal.AsSpan(_window), before - 1);
        if (count == 0)
            return;
        while (_settled.LastMs < _window[count - 1].AtMs)
            Step(_settled, _settled.LastMs);
        _window.RemoveRange(0, count);
    }
}
