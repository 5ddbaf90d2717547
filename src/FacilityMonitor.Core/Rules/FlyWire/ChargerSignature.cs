using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>Looks for a battery charger in the power of one circuit, among everything else that is switched there.</summary>
/// <remarks>
/// A charge lasts for hours, and loads only ever add: so a charger raises the floor of the circuit's power, and its curve can be read wherever nothing
/// else runs (<see cref="FloorPath"/>). Every five minutes the whole curve since each rise of the floor is looked at anew (<see cref="ChargerEvidence"/>); a
/// decision is never one window's. A plain value of about 2.5 KB, copied and saved as it is; no step allocates. Time is in minutes, on any scale that does
/// not go back.
/// </remarks>
internal struct ChargerSignature
{
    /// <summary>Loads followed at a time: four that come and go, each of which may be seen against two floors. With fewer a charger that has no evidence yet makes room for the next lamp.</summary>
    public const int TracesMax = 8;

    /// <summary>On-steps that may be a charger, W: 60 to 700 with the error of a step.</summary>
    public const double StepLeastW = 55;
    public const double StepMostW = 750;

    /// <summary>The curves are looked at as often, minutes: a knot's length. Noise changes more slowly.</summary>
    private const int EveryMin = 5;
    private const int NoiseEveryMin = 30;

    /// <summary>How long the floor must have stayed up to be a rise, and how far back the floor before it is looked for, minutes: beyond the run of a fridge, and right before.</summary>
    private const int RiseMin = 25;

    /// <summary>So many values show the risen floor: where six in ten are hidden, as by a lift at its busiest hour, two of ten are not in 95 cases of 100, two of five in 66. A rise is looked for as soon
    /// as it has lasted for <see cref="RiseMin"/>, and again with each value until there are so many.</summary>
    private const int RiseValues = 10;

    /// <summary>By so much the begin of a load may be taken too early, minutes.</summary>
    private const int BeginMin = 3;

    private const int BeforeMin = 60;
    private const int RightBeforeMin = 12;

    /// <summary>Evidence at which a load is not forgotten for another.</summary>
    private const double KeptNats = 3;

    /// <summary>After a silence of three hours nothing is taken to be the same.</summary>
    private const int LostMin = 180;

    private const int RunsMax = 12;

    /// <summary>Two steps that differ by less than this share of one, and so many watts, are the same.</summary>
    internal const double SameShare = 0.12;
    internal const double SameW = 5;

    private const double RepeatShare = 0.1;
    private const double RepeatNats = 3;
    private const double HalfDayMin = 720;

    private PowerHistory _history;
    private Traces _traces;
    private Runs _runs;
    private int _runCount;
    private MeterStep _step;
    private float _besideStepW;
    private float _noiseStepW;
    private float _intervalMin;
    private MeterNoise _noise;
    private long _measuredMin;
    private long _lookedMin;
    private int _besideMeters;
    private Range _beside;
    private Range _besideBefore;

    /// <summary>Loads that are or were followed.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<ChargerTrace> Candidates => _traces;

    /// <summary>Scatter of a value now, W.</summary>
    public readonly double SigmaW => _noise.SigmaW == 0 ? MeterNoise.FirstSigmaW : _noise.SigmaW;

    /// <summary>Usual time between values, minutes, at least one.</summary>
    public readonly double IntervalMin => _intervalMin == 0 ? 1 : _intervalMin;

    /// <summary>Smallest step of the meter, W; where something was taken off, of both together.</summary>
    public readonly double MeterStepW => _besideStepW > 0 ? _besideStepW : _step.Watts;

    /// <summary>Whether a load is on that may be a charger.</summary>
    public readonly bool IsFollowing
    {
        get
        {
            foreach (ref readonly var trace in Candidates)
            {
                if (trace.IsOn)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The load with the most evidence; false when none is followed.</summary>
    public readonly bool TryBest(out int place)
    {
        place = -1;
        for (var index = 0; index < TracesMax; index++)
        {
            if (_traces[index].IsUsed && (place < 0 || _traces[index].Nats > _traces[place].Nats))
                place = index;
        }

        return place >= 0;
    }

    /// <summary>Takes the circuit's power at a time.</summary>
    /// <param name="minute">The time.</param>
    /// <param name="watts">The power.</param>
    /// <param name="beside">What was taken off it before.</param>
    public void Add(double minute, double watts, Beside beside = default)
    {
        Take(minute, beside);
        // What is left of a subtraction has fractions that no meter told.
        _besideStepW = (float)beside.StepW;
        if (_besideStepW == 0)
            _step.Take(watts);
        if (_history.IsEmpty)
            _lookedMin = (long)Math.Floor(minute);
        var passed = _history.Add(minute, watts);
        if (passed == 0)
            return;
        // A silence is no sampling: it counts for little.
        _intervalMin = (float)(IntervalMin + ((Math.Min(passed, 30) - IntervalMin) * 0.1));
        if (passed > LostMin)
        {
            _history.Forget();
            _traces = default;
        }

        if (_history.NewestMin - _lookedMin < EveryMin)
            return;
        _lookedMin = _history.NewestMin;
        Look();
    }

    /// <summary>The curve of one of <see cref="Candidates"/>, as it is seen now.</summary>
    public readonly ChargerCurve CurveOf(int place)
    {
        Span<short> minutes = stackalloc short[PowerHistory.Length];
        Span<float> watts = stackalloc float[PowerHistory.Length];
        var count = _history.Read(minutes, watts, out var from);
        var trace = _traces[place];
        new FloorPath(minutes[..count], watts[..count], from, IntervalMin).Follow(ref trace, trace.ForgivenW(SigmaW), out var curve);
        return curve;
    }

    /// <summary>One of <see cref="Candidates"/> is suspected, or is no more.</summary>
    public void Suspect(int place, bool isSuspected) => _traces[place].IsSuspected = isSuspected;

    /// <summary>One of <see cref="Candidates"/> was no load of its own: it is followed no longer, and was no cycle.</summary>
    public void Forget(int place) => _traces[place].IsOver = true;

    /// <summary>The floor of the last minutes, W: what was on all the time. After a silence, of what came since.</summary>
    public readonly double FloorW(int ofMin)
    {
        Span<float> watts = stackalloc float[ofMin + 1];
        return FloorPath.Low(watts[.._history.ReadNewest(watts)]);
    }

    /// <summary>The same beside a load that began at a time. Of one that is hardly older than those minutes some are of before it: the middle one of the floors of their three parts.</summary>
    public readonly double FloorW(int ofMin, double startMin)
    {
        if (_history.NewestMin - startMin >= ofMin + BeginMin)
            return FloorW(ofMin);
        Span<float> watts = stackalloc float[ofMin + 1];
        var newest = watts[.._history.ReadNewest(watts)];
        var part = newest.Length / 3;
        if (part == 0)
            return FloorPath.Low(newest);
        var (one, two, three) = (FloorPath.Low(newest[..part]), FloorPath.Low(newest[part..(2 * part)]), FloorPath.Low(newest[(2 * part)..]));
        return Math.Max(Math.Min(one, two), Math.Min(Math.Max(one, two), three));
    }

    /// <summary>Notes between what limits the power that was taken off has moved: since each load began, and in the last half hour, in which a load may have begun that is not known yet.</summary>
    private void Take(double minute, Beside beside)
    {
        _besideMeters = beside.Meters;
        if (minute - _beside.FromMin >= RiseMin + EveryMin)
            (_besideBefore, _beside) = (_beside, new Range(minute, (float)beside.Watts, (float)beside.Watts));
        _beside = _beside.With(beside.Watts);
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
            (trace.BesideLeastW, trace.BesideMostW) = (Math.Min(trace.BesideLeastW, (float)beside.Watts), Math.Max(trace.BesideMostW, (float)beside.Watts));
    }

    private void Look()
    {
        Span<short> minutes = stackalloc short[PowerHistory.Length];
        Span<float> watts = stackalloc float[PowerHistory.Length];
        var count = _history.Read(minutes, watts, out var from);
        minutes = minutes[..count];
        watts = watts[..count];
        if (_noise.SigmaW == 0 || _history.NewestMin - _measuredMin >= NoiseEveryMin || (float)MeterStepW < _noiseStepW)
            (_noise, _measuredMin, _noiseStepW) = (MeterNoise.Measure(minutes, watts, IntervalMin, MeterStepW), _history.NewestMin, (float)MeterStepW);
        var path = new FloorPath(minutes, watts, from, IntervalMin);
        FindRises(path, minutes, watts, from);
        foreach (ref var trace in (Span<ChargerTrace>)_traces)
        {
            if (!trace.IsOn)
                continue;
            path.Follow(ref trace, trace.ForgivenW(SigmaW), out var curve);
            ChargerEvidence.WeighRest(ref trace, path.On, path.Restless, path.Dips, isRest: _besideStepW > 0);
            ChargerEvidence.Weigh(ref trace, curve, trace.ForgivenW(SigmaW), IntervalMin, new Beside(0, _besideMeters).ErrorW(trace.BesideMostW - trace.BesideLeastW));
            Repeats(ref trace);
            if (trace.IsOver)
                Finish(trace);
        }
    }

    // ---- rises of the floor ------------------------------------------------------------------------------------------

    /// <summary>Looks for rises that have now lasted for long enough.</summary>
    private void FindRises(in FloorPath path, ReadOnlySpan<short> minutes, ReadOnlySpan<float> watts, long from)
    {
        var now = minutes[^1];
        var shown = Math.Max(RiseMin, RiseValues * IntervalMin);
        for (var index = watts.Length - 4; index >= 2; index--)
        {
            var age = now - minutes[index];
            if (age > shown + EveryMin + (3 * Math.Max(EveryMin, IntervalMin)))
                return;
            if (age < RiseMin)
                continue;
            var (before, near, to) = (index, index, index);
            while (before > 0 && minutes[index] - minutes[before - 1] <= BeforeMin)
                before--;
            while (near > 0 && minutes[index] - minutes[near - 1] <= Math.Max(RightBeforeMin, 2.5 * IntervalMin))
                near--;
            while (to < watts.Length && minutes[to] - minutes[index] <= shown)
                to++;
            if (index - before < 2)
                continue;
            var risen = FloorPath.Low(watts[index..to]);
            Rise(path, index, FloorPath.Low(watts[before..index]), risen, watts, from + minutes[index]);
            // Something else may have been on for longer.
            if (near > before)
                Rise(path, index, FloorPath.Low(watts[near..index]), risen, watts, from + minutes[index]);
        }
    }

    private void Rise(in FloorPath path, int index, float baseW, float risenW, ReadOnlySpan<float> watts, double atMin)
    {
        var step = risenW - baseW;
        // Up already before: the rise began earlier.
        if (step is not (>= (float)StepLeastW and <= (float)StepMostW) || (watts[index - 1] > baseW + (0.6 * step) && watts[index - 1] < risenW + (0.05 * step)))
            return;
        // Where the circuit was back at its floor right before, what is taken for the same load and an earlier beginning had not begun then: something else ran there, and went.
        var wasOff = watts[index - 1] <= baseW + (SameShare * step) + SameW;
        var place = -1;
        for (var candidate = 0; candidate < TracesMax; candidate++)
        {
            ref readonly var trace = ref _traces[candidate];
            if (!trace.IsUsed || Math.Abs(trace.StartMin - atMin) > RiseMin || Math.Abs(trace.StepW - step) >= (SameShare * step) + SameW)
                continue;
            if (!wasOff || !trace.IsOn || trace.IsSuspected || trace.Nats > 0 || trace.StartMin >= atMin)
                return;
            place = candidate;
        }

        var isNew = place < 0;
        place = Math.Max(0, place);
        for (var candidate = 1; isNew && candidate < TracesMax; candidate++)
        {
            var (standing, least) = (Standing(_traces[candidate]), Standing(_traces[place]));
            if (standing < least || (standing == least && _traces[candidate].Nats < _traces[place].Nats))
                place = candidate;
        }

        if (_traces[place].IsOn && _traces[place].Nats > KeptNats)
            return;
        // What was up already when it rose may be its own.
        var quiet = index;
        while (quiet > 0 && watts[quiet - 1] > baseW + (0.5 * step))
            quiet--;
        _traces[place] = new ChargerTrace
        {
            IsUsed = true,
            StartMin = atMin,
            LastMin = atMin,
            StepW = step,
            BaseW = baseW,
            LastW = step,
            SigmaW = (float)SigmaW,
            WanderW = _noise.WanderW,
            RestlessBefore = path.RestlessBefore(quiet, SigmaW, step),
            BesideLeastW = Math.Min(_beside.LeastW, _besideBefore.LeastW),
            BesideMostW = Math.Max(_beside.MostW, _besideBefore.MostW),
        };

        // A free place first, then what is over, then what says least.
        static int Standing(in ChargerTrace trace) => !trace.IsUsed ? 0 : trace.IsOver ? 1 : 2;
    }

    // ---- repetition --------------------------------------------------------------------------------------------------

    /// <summary>What went on as high, for at least half as long, in the last half day is rather a cycle than a charge.</summary>
    private readonly void Repeats(ref ChargerTrace trace)
    {
        var repeats = 0;
        foreach (ref readonly var run in ((ReadOnlySpan<Run>)_runs)[.._runCount])
        {
            if (Math.Abs(run.StepW - trace.StepW) < RepeatShare * trace.StepW && trace.StartMin - run.StartMin < HalfDayMin && run.StartMin != trace.StartMin
                && run.Minutes > 0.5 * (trace.LastMin - trace.StartMin))
                repeats++;
        }

        trace.RepeatNats = (float)(RepeatNats * repeats);
    }

    private void Finish(in ChargerTrace trace)
    {
        Span<Run> runs = _runs;
        if (_runCount == RunsMax)
        {
            runs[1..].CopyTo(runs);
            _runCount--;
        }

        runs[_runCount++] = new Run(trace.StartMin, trace.StepW, (float)(trace.LastMin - trace.StartMin));
    }

    /// <summary>A load that went on and off again.</summary>
    private readonly record struct Run(double StartMin, float StepW, float Minutes);

    /// <summary>Between what limits something moved, and since when.</summary>
    private readonly record struct Range(double FromMin, float LeastW, float MostW)
    {
        public Range With(double watts) => this with { LeastW = Math.Min(LeastW, (float)watts), MostW = Math.Max(MostW, (float)watts) };
    }

    [InlineArray(TracesMax)]
    private struct Traces
    {
        private ChargerTrace _first;
    }

    [InlineArray(RunsMax)]
    private struct Runs
    {
        private Run _first;
    }
}
