using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>A stretch of time over which a mean is taken, in steps and the one that is filling.</summary>
/// <param name="StepMs">Length of a step, ms.</param>
/// <param name="Steps">Whole steps in the window, at most <see cref="RollingMean.StepsMax"/>.</param>
internal readonly record struct MeanWindow(int StepMs, int Steps)
{
    public static MeanWindow ThreeHours => new(300_000, 36);

    public static MeanWindow TenMinutes => new(60_000, 10);

    public double Seconds => Steps * (StepMs / 1000.0);
}

/// <summary>Time-weighted mean of a value over the last stretch of time. Lies in a rule's state; each call names the same window.</summary>
internal struct RollingMean
{
    /// <summary>Most whole steps.</summary>
    public const int StepsMax = 36;

    /// <summary>Below this part of the window there is no mean: gaps count as nothing, and no data is never "ok".</summary>
    public const double CoverageMin = 0.9;

    private const int Room = StepsMax + 1;

    private Part _sums;
    private Part _seconds;
    private long _newest;

    /// <summary>Sums of all steps but the newest: only that one changes with every sample.</summary>
    private double _restSum;
    private double _restSeconds;

    /// <summary>Adds a value that held for some counted time up to an instant.</summary>
    public void Add(in MeanWindow window, long atMs, double value, double seconds)
    {
        var steps = window.Steps + 1;
        var step = atMs / window.StepMs;
        if (step > _newest)
        {
            if (step - _newest >= steps)
                (_sums, _seconds) = (default, default);
            else
                ClearBetween(_newest + 1, step, steps);
            _newest = step;
            SumRest(steps);
        }

        _sums[(int)(step % steps)] += (float)(value * seconds);
        _seconds[(int)(step % steps)] += (float)seconds;
        if (step < _newest)
            SumRest(steps);
    }

    /// <summary>The mean; null while too little of the window is covered.</summary>
    public readonly double? Mean(in MeanWindow window)
    {
        var steps = window.Steps + 1;
        var sum = _restSum + _sums[(int)(_newest % steps)];
        var seconds = _restSeconds + _seconds[(int)(_newest % steps)];
        return seconds >= window.Seconds * CoverageMin ? sum / seconds : null;
    }

    private void SumRest(int steps)
    {
        (_restSum, _restSeconds) = (0, 0);
        var newest = _newest % steps;
        for (var step = 0; step < steps; step++)
        {
            if (step == newest)
                continue;
            _restSum += _sums[step];
            _restSeconds += _seconds[step];
        }
    }

    private void ClearBetween(long from, long to, int steps)
    {
        for (var step = from; step <= to; step++)
        {
            _sums[(int)(step % steps)] = 0;
            _seconds[(int)(step % steps)] = 0;
        }
    }

    [InlineArray(Room)]
    private struct Part
    {
        private float _first;
    }
}
