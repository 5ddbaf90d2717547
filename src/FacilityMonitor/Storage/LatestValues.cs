using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>What one channel said last, by metric, in their order: an array that grows with what the channel measures. There are two hundred thousand of these in a district, and each new reading
/// goes through one, so it is neither a dictionary nor an object.</summary>
internal struct LatestValues
{
    /// <summary>A socket tells power, voltage, current, energy, temperature and relay.</summary>
    private const int UsualMetrics = 6;

    private LatestValue[]? _values;
    private int _count;

    /// <summary>All of them, in the order of the metrics.</summary>
    public readonly ReadOnlySpan<LatestValue> All => _values.AsSpan(0, _count);

    /// <summary>Takes in a value, unless what it holds is newer.</summary>
    /// <param name="value">The value.</param>
    /// <param name="guess">Where it probably stands; a channel tells the same metrics every time.</param>
    public void Set(in LatestValue value, int guess)
    {
        var index = guess < _count && _values![guess].Metric == value.Metric ? guess : PlaceOf(value.Metric);
        if (index < _count && _values![index].Metric == value.Metric)
        {
            if (value.AtMs >= _values[index].AtMs)
                _values[index] = value;
            return;
        }

        if (_count == (_values ??= []).Length)
            Array.Resize(ref _values, _count == 0 ? UsualMetrics : _count * 2);
        _values.AsSpan(index, _count - index).CopyTo(_values.AsSpan(index + 1));
        _values[index] = value;
        _count++;
    }

    /// <summary>The value of a metric; false when it was never told.</summary>
    public readonly bool TryGet(Metric metric, out LatestValue value)
    {
        var index = PlaceOf(metric);
        value = index < _count ? _values![index] : default;
        return index < _count && value.Metric == metric;
    }

    /// <summary>Where a metric stands, or would stand.</summary>
    private readonly int PlaceOf(Metric metric)
    {
        var index = 0;
        while (index < _count && _values![index].Metric < metric)
            index++;
        return index;
    }
}
