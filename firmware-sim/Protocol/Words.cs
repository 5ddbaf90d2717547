using FacilityMonitor.Contract;

namespace FirmwareSim.Protocol;

/// <summary>How <c>fm/1</c> spells its words. Written here a second time, on purpose: a slip in the service's table shows up as a rejected message.</summary>
internal static class Words
{
    private static readonly string[] EventKinds =
    [
        "session-start", "session-stop", "smoke", "heat", "gas", "water", "door", "exit-blocked", "trip", "supply-lost", "supply-back", "e-stop", "call",
        "call-answered", "e-bike-in-lift", "e-bike-out", "door-held", "camera", "tamper", "inspection", "trip-start", "trip-end",
    ];

    private static readonly string[] StopReasons =
    [
        "full", "time", "money", "user", "remote", "over-power", "over-current", "over-temperature", "over-voltage", "unplugged", "no-load", "smoke", "fuse",
        "fault", "power-lost",
    ];

    public static string Of(EventKind kind) => EventKinds[(int)kind];

    public static string Of(StopReason reason) => StopReasons[(int)reason];

    public static string Of(CommandResult result) => result switch
    {
        CommandResult.Accepted => "accepted",
        CommandResult.Rejected => "rejected",
        CommandResult.Expired => "expired",
        CommandResult.Done => "done",
        CommandResult.Failed => "failed",
    };
}
