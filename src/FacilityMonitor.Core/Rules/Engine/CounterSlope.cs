namespace FacilityMonitor.Rules;

/// <summary>The power behind a counter of energy: how fast it rose lately.</summary>
/// <remarks>
/// A counter that moves in steps of 10 Wh shows 1.9 kW every ten seconds as nothing, 3.6 kW, nothing; and what heats a wire is the square of the current, so a load of 8.5 A would pass for one of 12.
/// So the rise is taken over at least ten steps of the counter, or five minutes: then a step counts for no more than 120 W of a counter of 10 Wh. How fine it counts is seen by what it rises by.
/// </remarks>
internal sealed class CounterSlope
{
    private const double StepsLeast = 10;
    private const long WaitMs = 5 * 60_000;

    /// <summary>Counters count in these, Wh; a value is off by rounding alone when it is within this part of one.</summary>
    private const double CoarsestWh = 100;
    private const double FinestWh = 0.001;
    private const double Rounding = 1e-3;

    private long _fromMs;
    private double _fromWh;
    private long _nextMs;
    private double _nextWh;
    private double _stepWh = CoarsestWh;

    /// <summary>Time of the newest value, ms; 0: none.</summary>
    public long NewestMs { get; private set; }

    /// <summary>Takes the counter.</summary>
    /// <param name="atMs">When.</param>
    /// <param name="wh">What it showed, Wh.</param>
    /// <returns>The mean power lately, W; null while too little of it is known.</returns>
    public double? Watts(long atMs, double wh)
    {
        if (atMs <= NewestMs)
            return null;
        var isFirst = NewestMs == 0;
        NewestMs = atMs;
        if (isFirst || wh < _nextWh)
        {
            // One that fell began anew.
            (_fromMs, _fromWh, _nextMs, _nextWh) = (atMs, wh, atMs, wh);
            return null;
        }

        while (_stepWh > FinestWh && Math.Abs(((wh - _nextWh) / _stepWh) - Math.Round((wh - _nextWh) / _stepWh)) > Rounding)
            _stepWh /= 10;
        if (IsLong(atMs - _nextMs, wh - _nextWh))
            (_fromMs, _fromWh, _nextMs, _nextWh) = (_nextMs, _nextWh, atMs, wh);
        else if (!IsLong(atMs - _fromMs, wh - _fromWh))
            return null;
        return (wh - _fromWh) * 3_600_000 / (atMs - _fromMs);
    }

    public static void Save(ref SnapshotWriter writer, CounterSlope? counter)
    {
        writer.Int64(counter?.NewestMs ?? 0);
        if (counter is null)
            return;
        writer.Int64(counter._fromMs);
        writer.Double(counter._fromWh);
        writer.Int64(counter._nextMs);
        writer.Double(counter._nextWh);
        writer.Double(counter._stepWh);
    }

    public static CounterSlope? Load(ref SnapshotReader reader) => reader.Int64() is var newestMs and > 0
        ? new CounterSlope
        {
            NewestMs = newestMs,
            _fromMs = reader.Int64(),
            _fromWh = reader.Double(),
            _nextMs = reader.Int64(),
            _nextWh = reader.Double(),
            _stepWh = reader.Double(),
        }
        : null;

    /// <summary>Of formats in which the last value alone was kept.</summary>
    public static CounterSlope? LoadOld(ref SnapshotReader reader)
    {
        var (wh, atMs) = (reader.Double(), reader.Int64());
        return atMs > 0 ? new CounterSlope { NewestMs = atMs, _fromMs = atMs, _fromWh = wh, _nextMs = atMs, _nextWh = wh } : null;
    }

    private bool IsLong(long ms, double wh) => ms >= WaitMs || wh >= StepsLeast * _stepWh;
}
