using System.Numerics;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Some metrics, as a set.</summary>
internal readonly record struct MetricSet(ulong Bits)
{
    /// <summary>Every metric there may ever be.</summary>
    public static MetricSet All => new(ulong.MaxValue);

    /// <summary>No metric of the contract: the middle of the temperatures of the device's other channels of the same kind, °C, laid beside a channel's own.</summary>
    public const Metric NeighboursTc = (Metric)63;

    public int Count => BitOperations.PopCount(Bits);

    public static MetricSet Of(params ReadOnlySpan<Metric> metrics)
    {
        ulong bits = 0;
        foreach (var metric in metrics)
            bits |= 1UL << (int)metric;
        return new MetricSet(bits);
    }

    public static MetricSet operator |(MetricSet left, MetricSet right) => new(left.Bits | right.Bits);

    public bool Has(Metric metric) => (Bits & (1UL << (int)metric)) != 0;

    public bool Overlaps(MetricSet other) => (Bits & other.Bits) != 0;

    /// <summary>Where a metric's value lies in an array that holds only those of this set, in their order.</summary>
    public int PlaceOf(Metric metric) => BitOperations.PopCount(Bits & ((1UL << (int)metric) - 1));
}

/// <summary>Some events, as a set.</summary>
internal readonly record struct EventSet(uint Bits)
{
    public static EventSet Of(params ReadOnlySpan<EventKind> kinds)
    {
        uint bits = 0;
        foreach (var kind in kinds)
            bits |= 1U << (int)kind;
        return new EventSet(bits);
    }

    public static EventSet operator |(EventSet left, EventSet right) => new(left.Bits | right.Bits);

    public bool Has(EventKind kind) => (Bits & (1U << (int)kind)) != 0;
}

/// <summary>The values of one reading, found without looking for them.</summary>
/// <param name="present">Which of them there are.</param>
/// <param name="layout">Which of them have a place in <paramref name="values"/>.</param>
/// <param name="values">The values, in the order of <paramref name="layout"/>.</param>
internal readonly ref struct Values(MetricSet present, MetricSet layout, ReadOnlySpan<double> values)
{
    private readonly ReadOnlySpan<double> _values = values;

    /// <summary>Which values there are.</summary>
    public MetricSet Present => present;

    public bool Has(Metric metric) => present.Has(metric);

    public bool TryGet(Metric metric, out double value)
    {
        if (!present.Has(metric))
        {
            value = 0;
            return false;
        }

        value = _values[layout.PlaceOf(metric)];
        return true;
    }

    /// <summary>The value, or NaN, which is neither above nor below any limit.</summary>
    public double Or(Metric metric, double otherwise = double.NaN) => TryGet(metric, out var value) ? value : otherwise;

    /// <summary>Whether a boolean metric is measured and true.</summary>
    public bool Is(Metric metric) => TryGet(metric, out var value) && value != 0;
}

/// <summary>What a rule with a state of its own is shown.</summary>
internal enum SightKind : byte
{
    /// <summary>A channel measured something.</summary>
    Reading = 0,

    /// <summary>A device told a fact.</summary>
    Event = 1,

    /// <summary>A device came or went.</summary>
    Presence = 2,

    /// <summary>The load of a circuit or pile at one instant.</summary>
    Load = 3,

    /// <summary>Another rule's verdict about something in the same place changed.</summary>
    Finding = 4,

    /// <summary>A device began anew.</summary>
    Boot = 5,
}

/// <summary>Who speaks: one channel of a device that a subject hears.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="Entry">What the registry says of it; null: nothing.</param>
/// <param name="Channel">Its channel.</param>
internal readonly record struct Speaker(int Device, DeviceEntry? Entry, ChannelId Channel);

/// <summary>One thing that a rule with a state of its own sees: sights come in the order of event time, each once, whatever order they arrived in.</summary>
internal readonly ref struct Sight
{
    public required SightKind Kind { get; init; }

    /// <summary>When it was so, ms since 1970-01-01 UTC.</summary>
    public required long AtMs { get; init; }

    /// <summary>Longest time between two samples of this speaker that is no gap, ms.</summary>
    public long GapMs { get; init; }

    /// <summary>Who said it. Of a load: the default.</summary>
    public Speaker Speaker { get; init; }

    /// <summary>Of a <see cref="SightKind.Reading"/>: what was measured.</summary>
    public Values Values { get; init; }

    /// <summary>Of a reading: its state text; null when it tells none.</summary>
    public string? State { get; init; }

    /// <summary>Of an <see cref="SightKind.Event"/>: the fact.</summary>
    public DeviceEvent? Event { get; init; }

    /// <summary>Of a <see cref="SightKind.Presence"/>: how it stands now.</summary>
    public Presence Presence { get; init; }

    /// <summary>Of a <see cref="SightKind.Load"/>: the picture; valid during the step only.</summary>
    public LoadPicture? Load { get; init; }

    /// <summary>Of a load of a circuit: what the meters above it tell of their voltage.</summary>
    public VoltageAbove Above { get; init; }

    /// <summary>Of a <see cref="SightKind.Finding"/>: whose verdict.</summary>
    public Rule? Rule { get; init; }

    /// <summary>Of a finding: how urgent it is now (active, or not quiet for long enough yet); null: it is off.</summary>
    public Priority? Found { get; init; }

    /// <summary>Of a finding: how urgent it was before.</summary>
    public Priority? FoundBefore { get; init; }

    public bool IsReading => Kind == SightKind.Reading;

    public bool IsEvent(EventKind kind) => Event is { } fact && fact.Kind == kind;
}

/// <summary>Counts the time between the samples a rule uses: a gap counts as nothing. Lies in the rule's state, 8 bytes.</summary>
internal record struct Pace
{
    /// <summary>Time of the last sample; 0: none yet.</summary>
    public long LastMs { get; private set; }

    /// <summary>Takes the next sample's time; returns the time that counts since the one before: 0 for the first and after a gap.</summary>
    /// <param name="sight">The sample.</param>
    /// <param name="gapLeastMs"><see cref="Rule.GapLeastMs"/>.</param>
    public long Next(in Sight sight, long gapLeastMs = 0)
    {
        var passed = LastMs == 0 ? 0 : sight.AtMs - LastMs;
        LastMs = sight.AtMs;
        return passed > Math.Max(sight.GapMs, gapLeastMs) ? 0 : passed;
    }
}
