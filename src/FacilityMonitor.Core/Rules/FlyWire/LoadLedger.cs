using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>A load that went on and is not yet known to be off.</summary>
/// <param name="AtMin">When it went on.</param>
/// <param name="Watts">Its on-step.</param>
/// <param name="SigmaW">Scatter of the circuit before it.</param>
/// <param name="UnrestW">Unrest of the circuit before it.</param>
internal readonly record struct OpenLoad(double AtMin, float Watts, float SigmaW, float UnrestW);

/// <summary>A load that went on and off again.</summary>
/// <param name="AtMin">When it went on.</param>
/// <param name="Watts">Its on-step.</param>
/// <param name="OffWatts">Its off-step.</param>
/// <param name="Minutes">How long it ran.</param>
internal readonly record struct FinishedRun(double AtMin, float Watts, float OffWatts, float Minutes);

/// <summary>A step of the level, up or down.</summary>
/// <param name="AtMin">When.</param>
/// <param name="Watts">By how much.</param>
internal readonly record struct StepMark(double AtMin, float Watts);

/// <summary>What is on, what ran before, and what was switched lately: the bounded memory that lets a mixture be taken apart.</summary>
/// <remarks>Of more than fits the smallest load, the oldest run and the oldest step are forgotten.</remarks>
internal struct LoadLedger
{
    public const int OpenMax = 16;
    public const int RunsMax = 24;
    public const int StepsMax = 48;

    private const double RunMinW = 50;

    private OpenLoads _open;
    private Runs _runs;
    private Steps _steps;
    private short _openCount;
    private short _runCount;
    private short _stepCount;
    private short _nextStep;

    [UnscopedRef]
    public readonly ReadOnlySpan<OpenLoad> Open => ((ReadOnlySpan<OpenLoad>)_open)[.._openCount];

    [UnscopedRef]
    public readonly ReadOnlySpan<FinishedRun> Finished => ((ReadOnlySpan<FinishedRun>)_runs)[.._runCount];

    public void SwitchOn(in OpenLoad load)
    {
        Span<OpenLoad> open = _open;
        if (_openCount == OpenMax)
        {
            var smallest = 0;
            for (var index = 1; index < OpenMax; index++)
            {
                if (open[index].Watts < open[smallest].Watts)
                    smallest = index;
            }

            Remove(smallest);
        }

        open[_openCount++] = load;
    }

    /// <summary>The load in <see cref="Open"/> at this place went off.</summary>
    public void SwitchOff(int place, double atMin, double offWatts)
    {
        var load = _open[place];
        var run = new FinishedRun(load.AtMin, load.Watts, (float)offWatts, (float)(atMin - load.AtMin));
        Remove(place);
        Span<FinishedRun> runs = _runs;
        if (_runCount < RunsMax)
        {
            runs[_runCount++] = run;
            return;
        }

        var oldest = 0;
        for (var index = 1; index < RunsMax; index++)
        {
            if (runs[index].AtMin < runs[oldest].AtMin)
                oldest = index;
        }

        runs[oldest] = run;
    }

    public void Mark(in StepMark step)
    {
        _steps[_nextStep] = step;
        _nextStep = (short)((_nextStep + 1) % StepsMax);
        _stepCount = (short)Math.Min(_stepCount + 1, StepsMax);
    }

    /// <summary>Steps an hour before a moment, of sizes at most <paramref name="watts"/>, leaving out those of loads that are off again; with half a step
    /// and an hour added, so that a short memory does not say "never".</summary>
    public readonly double StepsAnHour(double beforeMin, double fromMin, double watts)
    {
        var count = 0;
        foreach (ref readonly var step in ((ReadOnlySpan<StepMark>)_steps)[.._stepCount])
        {
            if (step.AtMin >= fromMin && step.AtMin < beforeMin && Math.Abs(step.Watts) <= watts && !IsInsideRun(step.AtMin))
                count++;
        }

        return (count + 0.5) / (((beforeMin - fromMin) / 60) + 1);
    }

    private readonly bool IsInsideRun(double atMin)
    {
        foreach (ref readonly var run in Finished)
        {
            if (run.Watts >= RunMinW && atMin >= run.AtMin && atMin <= run.AtMin + run.Minutes)
                return true;
        }

        return false;
    }

    private void Remove(int place)
    {
        Span<OpenLoad> open = _open;
        open[(place + 1).._openCount].CopyTo(open[place..]);
        _openCount--;
    }

    [InlineArray(OpenMax)]
    private struct OpenLoads
    {
        private OpenLoad _first;
    }

    [InlineArray(RunsMax)]
    private struct Runs
    {
        private FinishedRun _first;
    }

    [InlineArray(StepsMax)]
    private struct Steps
    {
        private StepMark _first;
    }
}
