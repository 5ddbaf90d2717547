using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Brings together what a message says of one channel at one instant in several places: power and energy of a meter's phase, a plug's relay and its signal.
/// A metric told twice: the first place wins, it is the more specific one in every dialect. One thread at a time.</summary>
internal sealed class ReadingMerger
{
    /// <summary>Readings up to which all are held against all: a plug has three.</summary>
    private const int FewReadings = 16;

    private readonly Dictionary<(ChannelId Channel, long AtMs), int> _placeOf = [];

    /// <summary>Merges in place. What says nothing twice, as nearly every message, allocates nothing once the table has grown to the largest.</summary>
    public void Merge(ReadingBuffer readings)
    {
        if (!(readings.Count <= FewReadings ? HasRepeated(readings.Readings) : HasRepeatedOfMany(readings.Readings)))
            return;
        _placeOf.Clear();
        var merged = new List<(Reading Reading, List<MetricValue> Values)>();
        foreach (ref var reading in readings.Readings)
        {
            if (_placeOf.TryAdd((reading.Channel, reading.AtMs), merged.Count))
            {
                merged.Add((reading, [.. readings.ValuesOf(reading)]));
                continue;
            }

            var known = _placeOf[(reading.Channel, reading.AtMs)];
            var (into, values) = merged[known];
            into.Quality = into.Quality > reading.Quality ? into.Quality : reading.Quality;
            into.CounterEpoch ??= reading.CounterEpoch;
            into.State ??= reading.State;
            foreach (ref readonly var value in readings.ValuesOf(reading))
            {
                var metric = value.Metric;
                if (!values.Exists(other => other.Metric == metric))
                    values.Add(value);
            }

            merged[known] = (into, values);
        }

        readings.Clear();
        foreach (var (reading, values) in merged)
        {
            ref var added = ref readings.Add();
            added = reading with { Index = added.Index, FirstValue = added.FirstValue, ValueCount = 0 };
            foreach (var value in values)
                readings.AddValue(value.Metric, value.Value);
        }
    }

    private static bool HasRepeated(ReadOnlySpan<Reading> readings)
    {
        for (var index = 1; index < readings.Length; index++)
        {
            foreach (ref readonly var before in readings[..index])
            {
                if (before.Channel == readings[index].Channel && before.AtMs == readings[index].AtMs)
                    return true;
            }
        }

        return false;
    }

    private bool HasRepeatedOfMany(ReadOnlySpan<Reading> readings)
    {
        _placeOf.Clear();
        foreach (ref readonly var reading in readings)
        {
            if (!_placeOf.TryAdd((reading.Channel, reading.AtMs), 0))
                return true;
        }

        return false;
    }
}
