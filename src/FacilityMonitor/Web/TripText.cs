using System.Globalization;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>When a breaker is expected to trip, in words: a band, never a promise.</summary>
internal static class TripText
{
    /// <summary>The band; empty: not at this load.</summary>
    public static string Of(TripBand? trip, string language) => trip switch
    {
        null => "",
        { ToS: null, FromS: < 60 } => Texts.In(language, "trip-soon-or-never"),
        { FromS: < 60 } band => $"< {Minutes(Math.Ceiling(band.ToS!.Value / 60))} {Texts.In(language, "minutes")}",
        { ToS: null } band => $"≥ {Minutes(Math.Floor(band.FromS / 60))} {Texts.In(language, "minutes")} · {Texts.In(language, "perhaps-never")}",
        { } band => $"{Minutes(Math.Floor(band.FromS / 60))}–{Minutes(Math.Ceiling(band.ToS!.Value / 60))} {Texts.In(language, "minutes")}",
    };

    private static string Minutes(double minutes) => minutes.ToString("0", CultureInfo.InvariantCulture);
}
