using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>Writes a reading as the command line and exports spell it: site, device, channel, time, quality, then what was measured in payload order.</summary>
public static class ReadingJson
{
    /// <summary>Writes one reading as a JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, DeviceId device, ReadingBuffer readings, in Reading reading)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(readings);
        writer.WriteStartObject();
        if (device.Site is null)
            writer.WriteNull("site"u8);
        else
            writer.WriteString("site"u8, device.Site);
        writer.WriteString("device"u8, device.Name);
        writer.WriteString("channel"u8, reading.Channel.ToString());
        writer.WriteString("at"u8, Instant(reading.AtMs));
        writer.WriteString("quality"u8, Key(reading.Quality));
        foreach (ref readonly var value in readings.ValuesOf(reading))
        {
            if (value.Metric.IsBoolean())
                writer.WriteBoolean(value.Metric.Utf8Key(), value.Value != 0);
            else
                writer.WriteNumber(value.Metric.Utf8Key(), value.Value);
        }

        if (reading.CounterEpoch is { } epoch)
            writer.WriteNumber("ce"u8, epoch);
        if (reading.State is { } state)
            writer.WriteString("st"u8, state);
        if (reading.DeviceMs != reading.AtMs)
            writer.WriteString("device_at"u8, Instant(reading.DeviceMs));
        writer.WriteEndObject();
    }

    /// <summary>An instant in ISO 8601, UTC, to the millisecond.</summary>
    public static string Instant(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(ms, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The quality's word.</summary>
    public static string Key(Quality quality) => quality switch
    {
        Quality.Good => "good",
        Quality.Stale => "stale",
        Quality.Clock => "clock",
        Quality.Suspect => "suspect",
        Quality.Bad => "bad",
    };
}
