using System.Globalization;
using System.Text.Json;

namespace FacilityMonitor.Contract;

/// <summary>Reads the times foreign devices write.</summary>
internal static class DeviceTime
{
    /// <summary>Times without an offset are local to where the devices stand.</summary>
    private static readonly TimeSpan Shanghai = TimeSpan.FromHours(8);

    /// <summary>"K" takes a Z, an offset, or nothing; "F" any number of decimals, or none.</summary>
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy.MM.dd HH:mm:ss", "yyyy/MM/dd HH:mm:ss", "yyyyMMddHHmmss",
    ];

    /// <summary>A time as text (ISO with or without an offset, or the old dotted form) or as a number of seconds or milliseconds; null when it is none of these.</summary>
    public static long? Read(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
            return value.TryGetDouble(out var number) ? FromEpoch(number) : null;
        if (value.ValueKind != JsonValueKind.String)
            return null;
        return Read(value.GetString());
    }

    /// <summary>A time as text, in one of the forms or as a number of seconds or milliseconds; null when it is none of these.</summary>
    public static long? Read(ReadOnlySpan<char> text) =>
        ReadIso(text) ?? (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var epoch) ? FromEpoch(epoch) : null);

    /// <summary>A time as text in one of the forms; null when it is in none.</summary>
    public static long? ReadIso(ReadOnlySpan<char> text)
    {
        // Never by the zone of the machine that happens to read it.
        foreach (var form in Forms)
        {
            if (DateTime.TryParseExact(text, form, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var instant))
                return new DateTimeOffset(instant, instant.Kind == DateTimeKind.Utc ? TimeSpan.Zero : Shanghai).ToUnixTimeMilliseconds();
        }

        return null;
    }

    /// <summary>A number of seconds or milliseconds since 1970, told apart by its size; null when it is neither.</summary>
    public static long? FromEpoch(double value) => value switch
    {
        // Seconds until the year 5138, milliseconds from 1973 on: the ranges do not meet.
        > 0 and < 1e11 => (long)Math.Round(value * 1000),
        >= 1e11 and < 1e14 => (long)value,
        _ => null,
    };
}
