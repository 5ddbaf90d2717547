using FirmwareSim.Physics;

namespace FirmwareSim.People;

/// <summary>What somebody does beside what the notice on the wall says.</summary>
internal enum Habit
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Brings a splitter and charges a second battery on the same socket.</summary>
    Splitter,

    /// <summary>Carries the pack upstairs when it is full and leaves the charger in the socket.</summary>
    LeavesCharger,

    /// <summary>Leaves the bike for days, full.</summary>
    LeavesForDays,

    /// <summary>Takes a reserved socket when no other is free.</summary>
    TakesReserved,

    /// <summary>Has a lead: from the window, or from a public circuit when nobody looks.</summary>
    FlyWire,
}

/// <summary>Somebody with a bike.</summary>
/// <param name="User">The pseudonym a pile knows the card by.</param>
/// <param name="Bike">The pack and charger: always the same.</param>
/// <param name="IsEntitled">May use the reserved sockets.</param>
internal sealed record Resident(string User, ChargerModel Bike, bool IsEntitled)
{
    public Habit Habit { get; init; }
}
