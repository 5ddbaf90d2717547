using System.Runtime.CompilerServices;

namespace FacilityMonitor.Rules;

/// <summary>Time-weighted mean of a current over the last 3 hours, in 36 steps of 5 minutes and the one that is filling.</summary>
internal struct LoadMean
{
    public const double WindowS = 3 * 3600;

    /// <summary>Below this part of the window there is no mean: gaps count as nothing, and no data is never "ok".</summary>
    public const double CoverageMin = 0.9;

    private const int StepMs = 300_000;
    private const int Steps = 37;

    private Part _ampSeconds;
    private Part _seconds;
    private long _newest;

    /// <summary>Sums of all steps but the newest: only that one changes with every sample.</summary>
    private double _restAmpSeconds;
    private double _restSeconds;

    /// <summary>Adds a current that flowed for some counted time up to an instant.</summary>
    public void Add(long atMs, double amps, double seconds)
    {
        var step = atMs / StepMs;
        if (step > _newest)
        {
            if (step - _newest >= Steps)
                (_ampSeconds, _seconds) = (default, default);
            else
                ClearBetween(_newest + 1, step);
            _newest = step;
            SumRest();
        }

        _ampSeconds[(int)(step % Steps)] += (float)(amps * seconds);
        _seconds[(int)(step % Steps)] += (float)seconds;
        if (step < _newest)
            SumRest();
    }

    /// <summary>The mean, A; null while too little of the window is covered.</summary>
    public readonly double? MeanA()
    {
        var ampSeconds = _restAmpSeconds + _ampSeconds[(int)(_newest % Steps)];
        var seconds = _restSeconds + _seconds[(int)(_newest % Steps)];
        return seconds >= WindowS * CoverageMin ? ampSeconds / seconds : null;
    }

    private void SumRest()
    {
        (_restAmpSeconds, _restSeconds) = (0, 0);
        var newest = _newest % Steps;
        for (var step = 0; step < Steps; step++)
        {
            if (step == newest)
                continue;
            _restAmpSeconds += _ampSeconds[step];
            _restSeconds += _seconds[step];
        }
    }

    private void ClearBetween(long from, long to)
    {
        for (var step = from; step <= to; step++)
        {
            _ampSeconds[(int)(step % Steps)] = 0;
            _seconds[(int)(step % Steps)] = 0;
        }
    }

    [InlineArray(Steps)]
    private struct Part
    {
        private float _first;
    }
}
