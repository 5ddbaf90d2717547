namespace FacilityMonitor.Rules;

/// <summary>The wall clock of the sites: Shanghai knows no summer time.</summary>
internal static class ShanghaiTime
{
    private const long OffsetMs = 8 * 3_600_000L;
    private const long DayMs = 24 * 3_600_000L;

    /// <summary>The day an instant falls on.</summary>
    public static DateOnly DayOf(long atMs) => DateOnly.FromDayNumber((int)((atMs + OffsetMs) / DayMs) + UnixDay);

    /// <summary>The first instant of a day, ms since 1970-01-01 UTC.</summary>
    public static long MidnightMs(DateOnly day) => ((day.DayNumber - UnixDay) * DayMs) - OffsetMs;

    /// <summary>Hour of the day, with its fraction: 0 to below 24.</summary>
    public static double HourOf(long atMs) => (atMs + OffsetMs) % DayMs / 3_600_000.0;

    /// <summary>Whether the hour lies from one hour to another, over midnight where the second is the smaller.</summary>
    public static bool IsBetween(long atMs, double fromHour, double toHour)
    {
        var hour = HourOf(atMs);
        return fromHour <= toHour ? hour >= fromHour && hour < toHour : hour >= fromHour || hour < toHour;
    }

    private static int UnixDay { get; } = new DateOnly(1970, 1, 1).DayNumber;
}
