namespace FacilityMonitor.Contract;

/// <summary>The words of the contract, each list in the order of its enumeration.</summary>
public static class Fm1Words
{
    /// <summary>Of <see cref="EventKind"/>.</summary>
    public static string[] Events { get; } =
    [
        "session-start", "session-stop", "smoke", "heat", "gas", "water", "door", "exit-blocked", "trip", "supply-lost", "supply-back", "e-stop", "call",
        "call-answered", "e-bike-in-lift", "e-bike-out", "door-held", "camera", "tamper", "inspection", "trip-start", "trip-end",
    ];

    /// <summary>Of <see cref="StopReason"/>.</summary>
    public static string[] StopReasons { get; } =
    [
        "full", "time", "money", "user", "remote", "over-power", "over-current", "over-temperature", "over-voltage", "unplugged", "no-load", "smoke", "fuse",
        "fault", "power-lost",
    ];

    /// <summary>Of <see cref="Presence"/>.</summary>
    public static string[] Presences { get; } = ["online", "offline", "sleep", "shutdown"];

    /// <summary>Of <see cref="CommandResult"/>.</summary>
    public static string[] CommandResults { get; } = ["accepted", "rejected", "expired", "done", "failed"];

    /// <summary>Of <see cref="Control.Operation"/>.</summary>
    public static string[] Operations { get; } = ["off", "on", "limit", "unlock", "reset", "resend", "rebirth", "siren", "selftest", "ota"];

    /// <summary>Of <see cref="ClockSource"/>.</summary>
    public static string[] ClockSources { get; } = ["ntp", "rtc", "none"];
}
