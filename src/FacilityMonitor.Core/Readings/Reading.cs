namespace FacilityMonitor.Readings;

/// <summary>One value of a reading.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Value">In the metric's unit; a boolean metric is 1 or 0. Always finite.</param>
public readonly record struct MetricValue(Metric Metric, double Value);

/// <summary>What one channel measured at one instant; its values lie in the <see cref="ReadingBuffer"/> that holds it.</summary>
public record struct Reading
{
    /// <summary>The channel.</summary>
    public ChannelId Channel { get; set; }

    /// <summary>Position among the message's readings, from 0.</summary>
    public ushort Index { get; set; }

    /// <summary>How far it can be trusted.</summary>
    public Quality Quality { get; set; }

    /// <summary>When it was measured, corrected where the device's clock was not to be believed. Milliseconds since 1970-01-01 UTC.</summary>
    public long AtMs { get; set; }

    /// <summary>What the device itself said, in ms since 1970-01-01 UTC; equal to <see cref="AtMs"/> when nothing was corrected.</summary>
    public long DeviceMs { get; set; }

    /// <summary>Counter epoch (<c>ce</c>): changes only on a true meter reset. Null where the device names none.</summary>
    public uint? CounterEpoch { get; set; }

    /// <summary>The state text (<c>st</c>), at most <see cref="ReadingBuffer.StateLengthMax"/> bytes of UTF-8; interned. Null when not told.</summary>
    public string? State { get; set; }

    /// <summary>Where its values begin in the buffer.</summary>
    public int FirstValue { get; set; }

    /// <summary>How many values it has.</summary>
    public int ValueCount { get; set; }
}
