using System.Globalization;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Climbers;

/// <summary>A stair-climber that somebody took out.</summary>
/// <param name="Id">Unique.</param>
/// <param name="TakenMs">When, ms since 1970-01-01 UTC.</param>
/// <param name="TakenBy">Who wrote it down.</param>
/// <param name="Operator">Who rides it up the stairs; a trained one where they are registered.</param>
/// <param name="Destination">Where it goes; empty: not said. Never who is carried.</param>
/// <param name="ReturnedMs">When it was back; null: it is out.</param>
/// <param name="ReturnedBy">Who wrote that down.</param>
internal sealed record ClimberTrip(string Id, long TakenMs, string TakenBy, string Operator, string Destination, long? ReturnedMs, string? ReturnedBy);

/// <summary>A stair-climber that somebody asked for ahead.</summary>
/// <param name="Id">Unique.</param>
/// <param name="FromMs">When it is wanted, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">Until when.</param>
/// <param name="BookedBy">Who asked.</param>
/// <param name="Operator">Who is to ride it.</param>
/// <param name="Destination">Where it is to go; empty: not said. Never who is carried.</param>
internal sealed record ClimberBooking(string Id, long FromMs, long ToMs, string BookedBy, string Operator, string Destination)
{
    /// <summary>When, on the wall clock of Shanghai: <c>11-24 09:00–10:30</c>. It is never as long as a day.</summary>
    public string When(string language) => string.Create(
        CultureInfo.InvariantCulture, $"{DutyRoster.Wall(FromMs).ToString(language == "en" ? "d MMM HH:mm" : "MM-dd HH:mm", CultureInfo.InvariantCulture)}–{DutyRoster.Wall(ToMs):HH:mm}");
}

/// <summary>Something that is wrong with a stair-climber. While one is open it is not taken out.</summary>
/// <param name="Id">Unique.</param>
/// <param name="NotedMs">When it was noted, ms since 1970-01-01 UTC.</param>
/// <param name="NotedBy">Who noted it.</param>
/// <param name="Text">What is wrong.</param>
/// <param name="MendedMs">When it was mended; null: it is not.</param>
/// <param name="MendedBy">Who says so.</param>
/// <param name="MendedText">What was done.</param>
internal sealed record ClimberFault(string Id, long NotedMs, string NotedBy, string Text, long? MendedMs, string? MendedBy, string? MendedText);

/// <summary>What a person looks at before somebody is carried. Every one of them, every time.</summary>
internal enum PreTripCheck
{
    /// <summary>The battery has more than the way there and back needs.</summary>
    Battery,

    /// <summary>It stands still when it is let go.</summary>
    Brake,

    /// <summary>The belt closes and is whole.</summary>
    Belt,

    /// <summary>The emergency stop stops it.</summary>
    EmergencyStop,

    /// <summary>Tracks and wheels are clean and whole.</summary>
    Tracks,

    /// <summary>Nothing and nobody stands on the stairs.</summary>
    Stairs,
}
