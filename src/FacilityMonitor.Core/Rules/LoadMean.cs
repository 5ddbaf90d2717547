namespace FacilityMonitor.Rules;

/// <summary>Time-weighted mean of a current over the last 3 hours, in 36 steps of 5 minutes and the one that is filling.</summary>
internal sealed class LoadMean
{
    public const double WindowS = 3 * 3600;

    /// <summary>Below this part of the window there is no mean: gaps count as nothing, and no data is never "ok".</summary>
    public const double CoverageMin = 0.9;

    private const int StepMs = 300_000;
    private const int Steps = 37;

    private readonly float[] _ampSeconds = new float[Steps];
    private readonly float[] _seconds = new float[Steps];
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
                Clear();
            else
                ClearBetween(_newest + 1, step);
            _newest = step;
            SumRest();
        }

        _ampSeconds[step % Steps] += (float)(amps * seconds);
        _seconds[step % Steps] += (float)seconds;
        if (step < _newest)
            SumRest();
    }

    /// <summary>The mean, A; null while too little of the window is covered.</summary>
    public double? MeanA()
    {
        var ampSeconds = _restAmpSeconds + _ampSeconds[_newest % Steps];
        var seconds = _restSeconds + _seconds[_newest % Steps];
        return seconds >= WindowS * CoverageMin ? ampSeconds / seconds : null;
    }

    public void CopyFrom(LoadMean other)
    {
        other._ampSeconds.CopyTo(_ampSeconds, 0);
        other._seconds.CopyTo(_seconds, 0);
        _newest = other._newest;
        (_restAmpSeconds, _restSeconds) = (other._restAmpSeconds, other._restSeconds);
    }

    public void Save(ref SnapshotWriter writer)
    {
        writer.Int64(_newest);
        for (var step = 0; step < Steps; step++)
        {
            writer.Single(_ampSeconds[step]);
            writer.Single(_seconds[step]);
        }
    }

    public void Load(ref SnapshotReader reader)
    {
        _newest = reader.Int64();
        for (var step = 0; step < Steps; step++)
        {
            _ampSeconds[step] = reader.Single();
            _seconds[step] = reader.Single();
        }

        SumRest();
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

    private void Clear()
    {
        Array.Clear(_ampSeconds);
        Array.Clear(_seconds);
    }

    private void ClearBetween(long from, long to)
    {
        for (var step = from; step <= to; step++)
        {
            _ampSeconds[step % Steps] = 0;
            _seconds[step % Steps] = 0;
        }
    }
}
