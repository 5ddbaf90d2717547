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
        // The quotient rounded up, without a sum that could overflow.
        var (quotient, rest) = Math.DivRem(toMs - fromMs, maxPoints);
        (_fromMs, _most, _widthMs) = (fromMs, maxPoints, Math.Max(1, quotient + (rest > 0 ? 1 : 0)));
    }

    /// <summary>Each reading as its own point while there are no more than asked for; else one point a stretch, stretches without a reading left out.</summary>
    public IReadOnlyList<SeriesPoint> Points => _points;

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
                Bucket(point.AtMs, point.Mean);
        }

        Bucket(atMs, value);
    }

    private void Bucket(long atMs, double value)
    {
        var begin = _fromMs + ((atMs - _fromMs) / _widthMs * _widthMs);
        if (_points.Count == 0 || _points[^1].AtMs != begin)
        {
            _points.Add(new SeriesPoint(begin, value, value, value, 1));
            return;
        }

        var last = _points[^1];
        _points[^1] = new SeriesPoint(
            begin, Math.Min(last.Min, value), Math.Max(last.Max, value), last.Mean + ((value - last.Mean) / (last.Count + 1)), last.Count + 1);
    }
}
