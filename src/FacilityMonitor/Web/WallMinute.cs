using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>A minute on the wall clock of Shanghai as forms carry it (an input of type <c>datetime-local</c>): <c>2026-12-01T18:00</c>.</summary>
internal static class WallMinute
{
    private const string Format = "yyyy-MM-ddTHH:mm";

    /// <summary>What a form shows of a moment.</summary>
    /// <param name="ms">Ms since 1970-01-01 UTC.</param>
    public static string Of(long ms) => DutyRoster.Wall(ms).ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>What somebody wrote.</summary>
    /// <param name="text">What came with the form.</param>
    /// <param name="ms">Ms since 1970-01-01 UTC.</param>
    /// <returns>Whether it is a minute of the years 2000 to 2199; years beyond have no moment everywhere.</returns>
    public static bool TryRead(string? text, out long ms)
    {
        var isRead = DateTime.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall) && wall.Year is >= 2000 and < 2200;
        ms = isRead ? DutyRoster.Instant(wall) : 0;
        return isRead;
    }
}
