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

    /// <summary>Adds a current that flowed for some counted time up to an instant.</summary>
    public void Add(long atMs, double amps, double seconds)
    {
        var step = atMs / StepMs;
        if (step - _newest >= Steps)
            Clear();
        else
            ClearBetween(_newest + 1, step);
        _newest = Math.Max(step, _newest);
        _ampSeconds[step % Steps] += (float)(amps * seconds);
        _seconds[step % Steps] += (float)seconds;
    }

    /// <summary>The mean, A; null while too little of the window is covered.</summary>
    public double? MeanA()
    {
        double ampSeconds = 0, seconds = 0;
        for (var step = 0; step < Steps; step++)
        {
            ampSeconds += _ampSeconds[step];
            seconds += _seconds[step];
        }

        return seconds >= WindowS * CoverageMin ? ampSeconds / seconds : null;
    }

    public void CopyFrom(LoadMean other)
    {
        other._ampSeconds.CopyTo(_ampSeconds, 0);
        other._seconds.CopyTo(_seconds, 0);
        _newest = other._newest;
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
