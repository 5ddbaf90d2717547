namespace FacilityMonitor.Storage;

/// <summary>Sorts readings of one channel's metric into stretches of equal length as they come, in order of time. Holds no more than the points asked for.</summary>
internal sealed class SeriesBuckets
{
    private readonly long _fromMs;
    private readonly long _widthMs;
    private readonly int _most;
    private readonly List<SeriesPoint> _points = [];
    private bool _isBucketed;

    /// <param name="fromMs">Begin, included.</param>
    /// <param name="toMs">End, excluded.</param>
    /// <param name="maxPoints">Most points, from 1.</param>
    public SeriesBuckets(long fromMs, long toMs, int maxPoints)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPoints, 1);
        (_fromMs, _most, _widthMs) = (fromMs, maxPoints, WidthOf(fromMs, toMs, maxPoints));
    }

    /// <summary>Length of a stretch, ms.</summary>
    public static long WidthOf(long fromMs, long toMs, int maxPoints)
    {
        // The quotient rounded up, without a sum that could overflow.
        var (quotient, rest) = Math.DivRem(toMs - fromMs, maxPoints);
        return Math.Max(1, quotient + (rest > 0 ? 1 : 0));
    }

    /// <summary>Whether every hour lies in one stretch as a whole.</summary>
    public static bool AreWholeHours(long fromMs, long toMs, int maxPoints) =>
        fromMs % HourlyRollup.HourMs == 0 && toMs % HourlyRollup.HourMs == 0 && WidthOf(fromMs, toMs, maxPoints) % HourlyRollup.HourMs == 0;

    /// <summary>Each reading as its own point while there are no more than asked for; else one point a stretch, stretches without a reading left out.</summary>
    public IReadOnlyList<SeriesPoint> Points => _points;

    /// <summary>Adds what several readings came to that lie in one stretch; only where there are more readings than points asked for.</summary>
    public void Add(in SeriesPoint figure)
    {
        _isBucketed = true;
        Bucket(figure);
    }

    public void Add(long atMs, double value)
    {
        if (!_isBucketed && _points.Count < _most)
        {
            _points.Add(new SeriesPoint(atMs, value, value, value, 1));
            return;
        }

        if (!_isBucketed)
        {
            _isBucketed = true;
            var single = _points.ToArray();
            _points.Clear();
            foreach (var point in single)
                Bucket(point);
        }

        Bucket(new SeriesPoint(atMs, value, value, value, 1));
    }

    private void Bucket(in SeriesPoint point)
    {
        var begin = _fromMs + ((point.AtMs - _fromMs) / _widthMs * _widthMs);
        if (_points.Count == 0 || _points[^1].AtMs != begin)
        {
            _points.Add(point with { AtMs = begin });
            return;
        }

        _points[^1] = _points[^1].With(point);
    }
}
