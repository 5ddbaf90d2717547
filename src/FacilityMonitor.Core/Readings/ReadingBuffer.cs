namespace FacilityMonitor.Readings;

/// <summary>The readings of one message, in payload order, in arrays that are used again: filling it allocates nothing once it has grown.</summary>
/// <remarks>Not thread-safe: one buffer, one thread at a time. Spans it hands out are valid until the next <see cref="Clear"/> or add.</remarks>
public sealed class ReadingBuffer
{
    /// <summary>Most readings one message can hold; a 16 KiB payload cannot carry more.</summary>
    public const int ReadingsMax = 2048;

    /// <summary>Longest state text, in bytes of UTF-8.</summary>
    public const int StateLengthMax = 32;

    private Reading[] _readings = new Reading[16];
    private MetricValue[] _values = new MetricValue[128];
    private int _valueCount;

    /// <summary>Values that were not taken since the last <see cref="Clear"/>, because they can be no value of their metric.</summary>
    public int Refused { get; private set; }

    /// <summary>The first of them; only when <see cref="Refused"/> is more than 0.</summary>
    public MetricValue FirstRefused { get; private set; }

    /// <summary>How many readings it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The readings, in payload order.</summary>
    public Span<Reading> Readings => _readings.AsSpan(0, Count);

    /// <summary>The values of one of its readings.</summary>
    public ReadOnlySpan<MetricValue> ValuesOf(in Reading reading) => _values.AsSpan(reading.FirstValue, reading.ValueCount);

    /// <summary>The value of one metric of a reading; false when it was not measured.</summary>
    public bool TryGet(in Reading reading, Metric metric, out double value)
    {
        foreach (ref readonly var candidate in ValuesOf(reading))
        {
            if (candidate.Metric == metric)
            {
                value = candidate.Value;
                return true;
            }
        }

        value = 0;
        return false;
    }

    /// <summary>Begins the next reading; its values follow by <see cref="AddValue"/>. The index is set to its position.</summary>
    public ref Reading Add()
    {
        if (Count == _readings.Length)
            Array.Resize(ref _readings, _readings.Length * 2);
        ref var reading = ref _readings[Count];
        reading = new Reading { Index = (ushort)Count, FirstValue = _valueCount };
        Count++;
        return ref reading;
    }

    /// <summary>Adds a value to the newest reading. A metric told twice in one reading: the last wins, as in JSON. What can be no value of the metric (<see cref="MetricKeys.IsPossible"/>)
    /// is counted and not taken, whoever brings it: one infinite number would spread through every sum, and JSON has no word for it.</summary>
    /// <exception cref="InvalidOperationException">No reading was begun.</exception>
    public void AddValue(Metric metric, double value)
    {
        if (Count == 0)
            throw new InvalidOperationException("A value needs a reading: call Add first.");
        if (!metric.IsPossible(value))
        {
            FirstRefused = Refused++ == 0 ? new MetricValue(metric, value) : FirstRefused;
            RemoveValue(metric);
            return;
        }

        ref var reading = ref _readings[Count - 1];
        for (var index = reading.FirstValue; index < _valueCount; index++)
        {
            if (_values[index].Metric == metric)
            {
                _values[index] = new MetricValue(metric, value);
                return;
            }
        }

        if (_valueCount == _values.Length)
            Array.Resize(ref _values, _values.Length * 2);
        _values[_valueCount++] = new MetricValue(metric, value);
        reading.ValueCount++;
    }

    /// <summary>Takes a value of the newest reading back; the others keep their order. Nothing happens when it has none of this metric.</summary>
    public void RemoveValue(Metric metric)
    {
        ref var reading = ref _readings[Count - 1];
        for (var index = reading.FirstValue; index < _valueCount; index++)
        {
            if (_values[index].Metric != metric)
                continue;
            _values.AsSpan((index + 1).._valueCount).CopyTo(_values.AsSpan(index));
            _valueCount--;
            reading.ValueCount--;
            return;
        }
    }

    /// <summary>Takes back the newest reading, for a decoder that found it holds nothing.</summary>
    public void RemoveLast()
    {
        Count--;
        _valueCount = _readings[Count].FirstValue;
    }

    /// <summary>Takes out the readings of channels for which there is no room; the others keep their order.</summary>
    /// <param name="devices">Knows the room.</param>
    /// <param name="device">Whose readings they are.</param>
    /// <returns>How many were taken out.</returns>
    public int RemoveWithoutRoom(DeviceTable devices, Device device)
    {
        ArgumentNullException.ThrowIfNull(devices);
        var kept = 0;
        for (var index = 0; index < Count; index++)
        {
            if (!devices.Admits(device, _readings[index].Channel))
                continue;
            if (kept < index)
            {
                _readings[kept] = _readings[index];
                _readings[kept].Index = (ushort)kept;
            }

            kept++;
        }

        var removed = Count - kept;
        Count = kept;
        return removed;
    }

    /// <summary>Empties the buffer and keeps its arrays.</summary>
    public void Clear()
    {
        Count = 0;
        _valueCount = 0;
        Refused = 0;
    }
}
