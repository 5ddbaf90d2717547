using FacilityMonitor.Readings;

namespace FacilityMonitor.Rules;

/// <summary>What one contributor carried at one instant.</summary>
/// <param name="AtMs">When.</param>
/// <param name="Slot">Which contributor.</param>
/// <param name="Milliamps">Current, mA; measured, or computed from power or energy; <see cref="Unknown"/> where only a voltage is told.</param>
/// <param name="Deciwatts">Active power, 0.1 W; <see cref="Unknown"/> where it tells none.</param>
/// <param name="Decivolts">Voltage, 0.1 V; <see cref="NoVoltage"/> where it tells none.</param>
/// <remarks>Whole numbers: their sum is the same in whatever order they are added.</remarks>
internal readonly record struct LoadSample(long AtMs, int Slot, int Milliamps, int Deciwatts = LoadSample.Unknown, ushort Decivolts = LoadSample.NoVoltage)
{
    public const int Unknown = int.MinValue;

    /// <summary>It tells no voltage; 0 V is one.</summary>
    public const ushort NoVoltage = ushort.MaxValue;

    /// <summary>Of two values for one instant the larger counts.</summary>
    public LoadSample Larger(in LoadSample other) =>
        new(AtMs, Slot, Math.Max(Milliamps, other.Milliamps), Math.Max(Deciwatts, other.Deciwatts),
            Decivolts == NoVoltage ? other.Decivolts : other.Decivolts == NoVoltage ? Decivolts : Math.Max(Decivolts, other.Decivolts));
}

/// <summary>A channel whose current is part of a circuit's.</summary>
/// <param name="Device">Number of its device.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Phase">Phase it loads, from 0; -1: every phase.</param>
/// <param name="Balanced">Whether its current is shared out evenly over the phases because nobody told which it is on.</param>
/// <param name="IsBelow">Whether it is measured again by the circuit's own meter: not part of its load, but of what is known of it.</param>
/// <param name="IsSum">Whether it stands for all sockets below the circuit's meter together: only their sum is asked for, and a slot for each would cost every socket of a
/// district more than all that is known of an idle one. It has no device.</param>
internal readonly record struct LoadSlot(int Device, ChannelId Channel, int Phase, bool Balanced, bool IsBelow = false, bool IsSum = false)
{
    /// <summary>All sockets below a circuit's meter.</summary>
    public static LoadSlot SumBelow { get; } = new(-1, ChannelId.Main, 0, Balanced: false, IsBelow: true, IsSum: true);

    public bool IsOn(int phase) => Phase < 0 || Phase == phase;
}

/// <summary>What one phase of a circuit carries.</summary>
internal record struct PhaseLoad
{
    /// <summary>When it was last told of; 0: never.</summary>
    public long LastMs { get; set; }

    /// <summary>Current of those who were heard within the gap, A.</summary>
    public double Amps { get; set; }

    /// <summary>Highest voltage that those on it told at one instant, V.</summary>
    public double Volts { get; set; }

    /// <summary>When that was; 0: never. It may have come without a current.</summary>
    public long VoltsMs { get; set; }

    /// <summary>Whether every contributor was heard within the gap: without, the current is a lower bound, as an older word is no present current; it may raise and must not clear.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Whether this instant told its current.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Whether this instant is the first that told of it.</summary>
    public bool IsFirst { get; set; }

    /// <summary>Counted time since it was told of before, ms: 0 for the first and after a gap.</summary>
    public long PassedMs { get; set; }
}

/// <summary>The load of one circuit at one instant: the newest word of every contributor, summed.</summary>
/// <remarks>Of a circuit with a meter the meter is the load; what hangs below it is summed apart, so that a rule can subtract the two.</remarks>
internal sealed class LoadPicture(int phases, List<LoadSlot> slots)
{
    private readonly PhaseLoad[] _phases = new PhaseLoad[phases];

    /// <summary>Sum of each phase, mA: kept up with every word instead of added anew, which would cost a look at every socket with every message.</summary>
    private readonly long[] _sums = new long[phases];

    /// <summary>No contributor of a phase was last heard before this; and one of which we know that it is stale.</summary>
    private readonly long[] _heardSince = new long[phases];
    private readonly int[] _staleSlot = new int[phases];
    private long _gapMs;
    private bool _hasPower;
    private double _watts;
    private double _belowWatts;
    private bool _isBelowComplete;
    private int _belowCount;
    private int[] _milliamps = [];
    private int[] _deciwatts = [];
    private long[] _toldMs = [];

    /// <summary>Time of the newest instant taken in; 0: none.</summary>
    public long LastMs { get; private set; }

    /// <summary>Facts up to here were shown to the rules.</summary>
    public long FactsMs { get; set; }

    public ReadOnlySpan<PhaseLoad> Phases => _phases;

    /// <summary>Whether another circuit of the site has voltage; asked only while this one tells that it has none.</summary>
    public bool IsSiblingLive { get; set; }

    /// <summary>What the fullest phase carries, A.</summary>
    public double MostAmps
    {
        get
        {
            var most = 0.0;
            foreach (ref readonly var phase in _phases.AsSpan())
                most = Math.Max(most, phase.Amps);
            return most;
        }
    }

    /// <summary>Power of the load, W, summed over those who told one within the gap; NaN: nobody did.</summary>
    public double Watts => Power()._watts;

    /// <summary>Whether the load itself was told of at this instant, not only what hangs below its meter.</summary>
    public bool IsTouched { get; private set; }

    /// <summary>Power of what hangs below the circuit's meter, W; NaN: nothing does that tells one.</summary>
    public double BelowWatts => Power()._belowWatts;

    /// <summary>Whether everything below was heard within the gap.</summary>
    public bool IsBelowComplete => Power()._isBelowComplete;

    /// <summary>Whether something below was told of at this instant.</summary>
    public bool IsBelowTouched { get; private set; }

    /// <summary>Power a contributor last told, 0.1 W.</summary>
    public int DeciwattsOf(int slot) => slot < _deciwatts.Length ? _deciwatts[slot] : LoadSample.Unknown;

    /// <summary>Current a contributor last told, mA.</summary>
    public int MilliampsOf(int slot) => slot < _milliamps.Length ? _milliamps[slot] : LoadSample.Unknown;

    /// <summary>How many contributors below the meter are known.</summary>
    public int BelowCount => Power()._belowCount;

    /// <summary>How many of them are meters of circuits: sockets are summed, and are one contributor.</summary>
    public int BelowMeters => slots.Exists(slot => slot.IsSum) ? Math.Max(0, BelowCount - 1) : BelowCount;

    public void CopyFrom(LoadPicture other)
    {
        (LastMs, FactsMs) = (other.LastMs, other.FactsMs);
        (IsTouched, IsBelowTouched, _gapMs, _hasPower) = (other.IsTouched, other.IsBelowTouched, other._gapMs, false);
        other._phases.CopyTo(_phases, 0);
        other._sums.CopyTo(_sums, 0);
        Fit(other._milliamps.Length);
        if (other._milliamps.Length == _milliamps.Length)
        {
            other._heardSince.CopyTo(_heardSince, 0);
            other._staleSlot.CopyTo(_staleSlot, 0);
        }
        else
        {
            // A contributor that is newer than what is copied has said nothing yet.
            Array.Clear(_heardSince);
            Array.Clear(_toldMs);
            Array.Clear(_milliamps);
        }

        other._milliamps.CopyTo(_milliamps, 0);
        other._deciwatts.CopyTo(_deciwatts, 0);
        other._toldMs.CopyTo(_toldMs, 0);
    }

    /// <summary>Takes in what several contributors carried at one instant, later than any before.</summary>
    public void Step(ReadOnlySpan<LoadSample> instant, long gapMs)
    {
        Fit(slots.Count);
        (_gapMs, _hasPower) = (gapMs, false);
        LastMs = instant[0].AtMs;
        (IsTouched, IsBelowTouched) = (false, false);
        foreach (ref readonly var sample in instant)
        {
            // A voltage alone leaves the current as it was told.
            if (sample.Milliamps == LoadSample.Unknown)
                continue;
            Change(sample.Slot, sample.Milliamps);
            _deciwatts[sample.Slot] = sample.Deciwatts;
            _toldMs[sample.Slot] = sample.AtMs;
            if (slots[sample.Slot].IsBelow)
                IsBelowTouched = true;
            else
                IsTouched = true;
        }

        for (var phase = 0; phase < _phases.Length; phase++)
            StepPhase(phase, instant);
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(LastMs);
        writer.Int64(FactsMs);
        foreach (ref readonly var phase in _phases.AsSpan())
        {
            writer.Int64(phase.LastMs);
            writer.Double(phase.Volts);
            writer.Int64(phase.VoltsMs);
        }

        writer.Int32(_milliamps.Length);
        for (var slot = 0; slot < _milliamps.Length; slot++)
        {
            writer.Int32(_milliamps[slot]);
            writer.Int32(_deciwatts[slot]);
            writer.Int64(_toldMs[slot]);
        }
    }

    public void Load(ref SnapshotReader reader, long gapMs)
    {
        _gapMs = gapMs;
        LastMs = reader.Int64();
        FactsMs = reader.Int64();
        foreach (ref var phase in _phases.AsSpan())
            (phase.LastMs, phase.Volts, phase.VoltsMs) = (reader.Int64(), reader.Double(), reader.Int64());
        var count = reader.Int32();
        // What is shown between two instants follows from the words that were saved.
        if (count > slots.Count)
            throw new InvalidDataException("The rule snapshot tells of more contributors than it names.");
        Fit(count);
        for (var slot = 0; slot < count; slot++)
        {
            Change(slot, reader.Int32());
            _deciwatts[slot] = reader.Int32();
            _toldMs[slot] = reader.Int64();
        }

        for (var phase = 0; phase < _phases.Length; phase++)
            Sum(phase);
    }

    private void Change(int slot, int milliamps)
    {
        var contributor = slots[slot];
        var before = _milliamps[slot];
        _milliamps[slot] = milliamps;
        for (var phase = 0; phase < _sums.Length; phase++)
        {
            if (contributor.IsBelow || !contributor.IsOn(phase))
                continue;
            _sums[phase] += contributor.Balanced ? (milliamps / _sums.Length) - (before / _sums.Length) : milliamps - before;
        }
    }

    private void Fit(int count)
    {
        if (_milliamps.Length >= count)
            return;
        Array.Resize(ref _milliamps, count);
        Array.Resize(ref _toldMs, count);
        var known = _deciwatts.Length;
        Array.Resize(ref _deciwatts, count);
        Array.Fill(_deciwatts, LoadSample.Unknown, known, count - known);
        Array.Clear(_heardSince);
    }

    private void StepPhase(int index, ReadOnlySpan<LoadSample> instant)
    {
        ref var phase = ref _phases[index];
        phase.IsTouched = false;
        foreach (ref readonly var sample in instant)
        {
            if (slots[sample.Slot].IsBelow || !slots[sample.Slot].IsOn(index))
                continue;
            phase.IsTouched |= sample.Milliamps != LoadSample.Unknown;
            if (sample.Decivolts == LoadSample.NoVoltage)
                continue;
            // Of two that tell different voltages the higher is nearer to the supply.
            var volts = sample.Decivolts / 10.0;
            phase.Volts = phase.VoltsMs == LastMs ? Math.Max(phase.Volts, volts) : volts;
            phase.VoltsMs = LastMs;
        }

        if (!phase.IsTouched)
            return;
        phase.IsFirst = phase.LastMs == 0;
        var passed = LastMs - phase.LastMs;
        phase.PassedMs = phase.IsFirst || passed > _gapMs ? 0 : passed;
        phase.LastMs = LastMs;
        Sum(index);
    }

    private void Sum(int index)
    {
        ref var phase = ref _phases[index];
        phase.IsComplete = IsComplete(index, phase.LastMs);
        phase.Amps = (phase.IsComplete ? _sums[index] : HeardSince(index, phase.LastMs - _gapMs)) / 1000.0;
    }

    /// <summary>The sum of those who were heard since a moment, mA.</summary>
    private long HeardSince(int index, long sinceMs)
    {
        var sum = 0L;
        for (var slot = 0; slot < _toldMs.Length; slot++)
        {
            if (_toldMs[slot] >= sinceMs && slots[slot] is { IsBelow: false } contributor && contributor.IsOn(index))
                sum += contributor.Balanced ? _milliamps[slot] / _sums.Length : _milliamps[slot];
        }

        return sum;
    }

    private bool IsComplete(int index, long atMs)
    {
        var before = atMs - _gapMs;
        if (_heardSince[index] >= before)
            return true;
        var stale = _staleSlot[index];
        if (stale < _toldMs.Length && _toldMs[stale] < before && slots[stale] is { IsBelow: false } known && known.IsOn(index))
            return false;
        var oldest = long.MaxValue;
        for (var slot = 0; slot < _toldMs.Length; slot++)
        {
            if (slots[slot].IsBelow || !slots[slot].IsOn(index))
                continue;
            if (_toldMs[slot] < before)
            {
                _staleSlot[index] = slot;
                return false;
            }

            oldest = Math.Min(oldest, _toldMs[slot]);
        }

        _heardSince[index] = oldest;
        return true;
    }

    /// <summary>Sums up power where a rule asks for it; most do not.</summary>
    private LoadPicture Power()
    {
        if (_hasPower)
            return this;
        (_hasPower, _watts, _belowWatts, _isBelowComplete, _belowCount) = (true, double.NaN, double.NaN, true, 0);
        long own = 0;
        long below = 0;
        var (ownTold, belowTold) = (false, false);
        for (var slot = 0; slot < _toldMs.Length; slot++)
        {
            var told = _toldMs[slot] != 0 && _deciwatts[slot] != LoadSample.Unknown && LastMs - _toldMs[slot] <= _gapMs;
            if (slots[slot].IsBelow)
            {
                _belowCount++;
                _isBelowComplete &= told;
                below += told ? _deciwatts[slot] : 0;
                belowTold |= told;
            }
            else if (told)
            {
                own += _deciwatts[slot];
                ownTold = true;
            }
        }

        _isBelowComplete &= _belowCount > 0;
        if (ownTold)
            _watts = own / 10.0;
        if (belowTold)
            _belowWatts = below / 10.0;
        return this;
    }
}
