using FacilityMonitor.Alerts;

namespace FacilityMonitor.Rules;

/// <summary>State of one phase of a circuit.</summary>
internal struct PhaseMemory
{
    public long LastMs;
    public double Amps;
    public double Level;
    public double EarlyLevel;
    public double LateLevel;
    public Hold Trip;
    public Hold Warm;
    public Hold Over;
    public Hold MeanUrgent;
    public Hold Mean;
}

/// <summary>What a circuit's rule knows at one instant: what each contributor carries, and the images of its phases.</summary>
internal sealed class CircuitMemory
{
    private readonly PhaseMemory[] _phases;
    private readonly LoadMean[] _means;
    private int[] _milliamps = [];
    private long[] _toldMs = [];

    public CircuitMemory(int phases)
    {
        _phases = new PhaseMemory[phases];
        _means = [.. Enumerable.Range(0, phases).Select(_ => new LoadMean())];
    }

    /// <summary>Time of the newest instant taken in; 0: none.</summary>
    public long LastMs { get; private set; }

    public ReadOnlySpan<PhaseMemory> Phases => _phases;

    public double? MeanA(int phase) => _means[phase].MeanA();

    public void CopyFrom(CircuitMemory other)
    {
        LastMs = other.LastMs;
        other._phases.CopyTo(_phases, 0);
        for (var phase = 0; phase < _means.Length; phase++)
            _means[phase].CopyFrom(other._means[phase]);
        Fit(other._milliamps.Length);
        other._milliamps.CopyTo(_milliamps, 0);
        other._toldMs.CopyTo(_toldMs, 0);
        Array.Clear(_toldMs, other._toldMs.Length, _toldMs.Length - other._toldMs.Length);
        Array.Clear(_milliamps, other._milliamps.Length, _milliamps.Length - other._milliamps.Length);
    }

    /// <summary>Takes in what several contributors carried at one instant, later than any before, and judges the phases they are on.</summary>
    public void Step(ReadOnlySpan<CircuitSample> instant, ReadOnlySpan<CircuitSlot> slots, CircuitLimits limits, long gapMs)
    {
        Fit(slots.Length);
        LastMs = instant[0].AtMs;
        foreach (var sample in instant)
        {
            _milliamps[sample.Slot] = sample.Milliamps;
            _toldMs[sample.Slot] = sample.AtMs;
        }

        for (var phase = 0; phase < _phases.Length; phase++)
        {
            if (Touches(instant, slots, phase))
                StepPhase(phase, slots, limits, gapMs);
        }
    }

    public Verdict Judge()
    {
        var verdict = Verdict.Normal;
        foreach (ref readonly var phase in Phases)
        {
            verdict = verdict.Or(Priority.P1, phase.Trip).Or(Priority.P1, phase.Warm).Or(Priority.P2, phase.Over)
                .Or(Priority.P2, phase.MeanUrgent).Or(Priority.P3, phase.Mean);
        }

        return verdict;
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(LastMs);
        for (var index = 0; index < _phases.Length; index++)
        {
            ref readonly var phase = ref _phases[index];
            writer.Int64(phase.LastMs);
            writer.Double(phase.Amps);
            writer.Double(phase.Level);
            writer.Double(phase.EarlyLevel);
            writer.Double(phase.LateLevel);
            writer.Hold(phase.Trip);
            writer.Hold(phase.Warm);
            writer.Hold(phase.Over);
            writer.Hold(phase.MeanUrgent);
            writer.Hold(phase.Mean);
            _means[index].Save(ref writer);
        }

        writer.Int32(_milliamps.Length);
        for (var slot = 0; slot < _milliamps.Length; slot++)
        {
            writer.Int32(_milliamps[slot]);
            writer.Int64(_toldMs[slot]);
        }
    }

    public void Load(ref SnapshotReader reader)
    {
        LastMs = reader.Int64();
        for (var index = 0; index < _phases.Length; index++)
        {
            _phases[index] = new PhaseMemory
            {
                LastMs = reader.Int64(),
                Amps = reader.Double(),
                Level = reader.Double(),
                EarlyLevel = reader.Double(),
                LateLevel = reader.Double(),
                Trip = reader.Hold(),
                Warm = reader.Hold(),
                Over = reader.Hold(),
                MeanUrgent = reader.Hold(),
                Mean = reader.Hold(),
            };
            _means[index].Load(ref reader);
        }

        var slots = reader.Int32();
        Fit(slots);
        for (var slot = 0; slot < slots; slot++)
        {
            _milliamps[slot] = reader.Int32();
            _toldMs[slot] = reader.Int64();
        }
    }

    private void Fit(int slots)
    {
        if (_milliamps.Length >= slots)
            return;
        Array.Resize(ref _milliamps, slots);
        Array.Resize(ref _toldMs, slots);
    }

    private static bool Touches(ReadOnlySpan<CircuitSample> instant, ReadOnlySpan<CircuitSlot> slots, int phase)
    {
        foreach (var sample in instant)
        {
            if (slots[sample.Slot].IsOn(phase))
                return true;
        }

        return false;
    }

    private void StepPhase(int index, ReadOnlySpan<CircuitSlot> slots, CircuitLimits limits, long gapMs)
    {
        ref var phase = ref _phases[index];
        long milliamps = 0;
        var complete = true;
        for (var slot = 0; slot < slots.Length; slot++)
        {
            ref readonly var contributor = ref slots[slot];
            if (!contributor.IsOn(index))
                continue;
            milliamps += contributor.Balanced ? _milliamps[slot] / _phases.Length : _milliamps[slot];
            complete &= LastMs - _toldMs[slot] <= gapMs;
        }

        var first = phase.LastMs == 0;
        var passed = LastMs - phase.LastMs;
        var counted = first || passed > gapMs ? 0 : passed;
        phase.LastMs = LastMs;
        phase.Amps = milliamps / 1000.0;
        if (limits.RatedA is not { } rated)
            return;

        Warm(ref phase, limits, rated, first, counted / 1000.0);
        _means[index].Add(LastMs, phase.Amps, counted / 1000.0);

        // Without word of every contributor the sum is a lower bound: it may raise, and must not clear.
        Hold(ref phase, index, limits, rated, complete, counted);
    }

    private static void Warm(ref PhaseMemory phase, CircuitLimits limits, double rated, bool first, double elapsedS)
    {
        if (first)
        {
            phase.Level = limits.Nominal.HotStart(phase.Amps, rated);
            phase.EarlyLevel = limits.Early.HotStart(phase.Amps, rated);
            phase.LateLevel = limits.Late.HotStart(phase.Amps, rated);
            return;
        }

        phase.Level = limits.Nominal.Next(phase.Level, phase.Amps, rated, elapsedS);
        phase.EarlyLevel = limits.Early.Next(phase.EarlyLevel, phase.Amps, rated, elapsedS);
        phase.LateLevel = limits.Late.Next(phase.LateLevel, phase.Amps, rated, elapsedS);
    }

    private void Hold(ref PhaseMemory phase, int index, CircuitLimits limits, double rated, bool complete, long counted)
    {
        var clear = limits.ClearRatio;
        var soon = limits.Early.TimeToTripS(phase.EarlyLevel, phase.Amps, rated) < limits.TripWithinS;

        // The clear level of a prediction: it would not be one even if the current were those few percent higher.
        var nearlySoon = limits.Early.TimeToTripS(phase.EarlyLevel, phase.Amps / clear, rated) < limits.TripWithinS;
        phase.Trip.Step(soon, complete && !nearlySoon, LastMs, counted, limits.TripTiming);
        phase.Warm.Step(phase.Level >= limits.LevelMax, complete && phase.Level < limits.LevelMax * clear, LastMs, counted, CircuitLimits.AtOnce(Priority.P1));

        var over = rated * limits.OverRatio;
        phase.Over.Step(phase.Amps > over, complete && phase.Amps < over * clear, LastMs, counted, limits.OverTiming);

        var mean = _means[index].MeanA();
        var urgent = rated * limits.MeanUrgentRatio;
        var high = rated * limits.MeanRatio;
        phase.MeanUrgent.Step(mean > urgent, complete && mean < urgent * clear, LastMs, counted, CircuitLimits.AtOnce(Priority.P2));
        phase.Mean.Step(mean > high, complete && mean < high * clear, LastMs, counted, CircuitLimits.AtOnce(Priority.P3));
    }
}
