using FacilityMonitor.Readings;

namespace FacilityMonitor.Contract;

/// <summary>A discrete fact a device tells, never batched behind data. The numbers are stored: add at the end.</summary>
public enum EventKind : byte
{
    /// <summary>A charging session began.</summary>
    SessionStart = 0,

    /// <summary>A charging session ended; the reason says how.</summary>
    SessionStop = 1,

    /// <summary>Smoke.</summary>
    Smoke = 2,

    /// <summary>Heat.</summary>
    Heat = 3,

    /// <summary>Gas.</summary>
    Gas = 4,

    /// <summary>Water.</summary>
    Water = 5,

    /// <summary>A door opened or closed.</summary>
    Door = 6,

    /// <summary>An exit is blocked.</summary>
    ExitBlocked = 7,

    /// <summary>A breaker tripped.</summary>
    Trip = 8,

    /// <summary>The supply is gone.</summary>
    SupplyLost = 9,

    /// <summary>The supply is back.</summary>
    SupplyBack = 10,

    /// <summary>Emergency stop.</summary>
    EStop = 11,

    /// <summary>A call button was pressed.</summary>
    Call = 12,

    /// <summary>A call was answered.</summary>
    CallAnswered = 13,

    /// <summary>An e-bike is in the lift.</summary>
    EBikeInLift = 14,

    /// <summary>The e-bike left the lift.</summary>
    EBikeOut = 15,

    /// <summary>The lift door is held.</summary>
    DoorHeld = 16,

    /// <summary>A camera saw something.</summary>
    Camera = 17,

    /// <summary>Somebody opened or moved the device.</summary>
    Tamper = 18,

    /// <summary>An inspection was done.</summary>
    Inspection = 19,

    /// <summary>A stair-climber's trip began.</summary>
    TripStart = 20,

    /// <summary>A stair-climber's trip ended.</summary>
    TripEnd = 21,
}

/// <summary>Why a charging session stopped. The numbers are stored: add at the end.</summary>
public enum StopReason : byte
{
    /// <summary>The battery is full.</summary>
    Full = 0,

    /// <summary>The time bought is over.</summary>
    Time = 1,

    /// <summary>The money is used up.</summary>
    Money = 2,

    /// <summary>The user stopped it.</summary>
    User = 3,

    /// <summary>A command stopped it.</summary>
    Remote = 4,

    /// <summary>Too much power.</summary>
    OverPower = 5,

    /// <summary>Too much current.</summary>
    OverCurrent = 6,

    /// <summary>Too hot.</summary>
    OverTemperature = 7,

    /// <summary>Mains voltage too high.</summary>
    OverVoltage = 8,

    /// <summary>The charger was unplugged.</summary>
    Unplugged = 9,

    /// <summary>Nothing was plugged in.</summary>
    NoLoad = 10,

    /// <summary>Smoke.</summary>
    Smoke = 11,

    /// <summary>The socket's fuse blew.</summary>
    Fuse = 12,

    /// <summary>The socket is at fault.</summary>
    Fault = 13,

    /// <summary>The supply failed.</summary>
    PowerLost = 14,
}

/// <summary>One fact of an <c>event</c> message.</summary>
public sealed record DeviceEvent
{
    /// <summary>What happened.</summary>
    public required EventKind Kind { get; init; }

    /// <summary>Where on the device.</summary>
    public required ChannelId Channel { get; init; }

    /// <summary>When, corrected like a reading's time; ms since 1970-01-01 UTC.</summary>
    public required long AtMs { get; init; }

    /// <summary>What the device itself said; equal to <see cref="AtMs"/> when nothing was corrected.</summary>
    public required long DeviceMs { get; init; }

    /// <summary>How far its time can be trusted.</summary>
    public Quality Quality { get; init; }

    /// <summary>Why a session stopped.</summary>
    public StopReason? Reason { get; init; }

    /// <summary>The session it belongs to.</summary>
    public string? Session { get; init; }

    /// <summary>A keyed pseudonym (<c>h:9c2e</c>), never a name or a number of a person.</summary>
    public string? User { get; init; }

    /// <summary>Energy of the session, Wh.</summary>
    public double? Wh { get; init; }

    /// <summary>For facts with two sides (door, smoke …): whether it holds (true) or is over (false). Null where not told.</summary>
    public bool? On { get; init; }
}

/// <summary>What a device says about itself when it connects.</summary>
public sealed record Birth
{
    /// <summary>The boot its sequence numbers count in.</summary>
    public required BootId Boot { get; init; }

    /// <summary>Connect counter; its will carries the same.</summary>
    public required long Bd { get; init; }

    /// <summary>Device time, ms since 1970-01-01 UTC.</summary>
    public required long TsMs { get; init; }

    /// <summary>Model, at most 64 characters.</summary>
    public required string Model { get; init; }

    /// <summary>Firmware, at most 64 characters.</summary>
    public required string Firmware { get; init; }

    /// <summary>Where it has its time from.</summary>
    public required ClockSource Clock { get; init; }

    /// <summary>Longest silence it promises, in seconds; null: not supervised.</summary>
    public double? PeriodS { get; init; }

    /// <summary>How many messages it can keep while nobody listens.</summary>
    public long? Buffer { get; init; }

    /// <summary>What it has, by channel.</summary>
    public required IReadOnlyList<BirthChannel> Channels { get; init; }

    /// <summary>Commands it understands.</summary>
    public IReadOnlyList<string> Ops { get; init; } = [];

    /// <summary>Hash of the desired configuration it runs; null: none, or it does not say.</summary>
    public string? Cfg { get; init; }
}

/// <summary>One channel of a <see cref="Birth"/>.</summary>
/// <param name="Channel">Which.</param>
/// <param name="RatedA">Rated current, A; null when not told.</param>
/// <param name="Metrics">Metric keys it reports, <c>st</c> included.</param>
public sealed record BirthChannel(ChannelId Channel, double? RatedA, IReadOnlyList<string> Metrics);

/// <summary>A device's presence. The numbers are stored: add at the end.</summary>
public enum Presence : byte
{
    /// <summary>Connected.</summary>
    Online = 0,

    /// <summary>Gone: its will, or its own word.</summary>
    Offline = 1,

    /// <summary>Asleep on purpose.</summary>
    Sleep = 2,

    /// <summary>Switched off on purpose.</summary>
    Shutdown = 3,
}

/// <summary>A <c>status</c> message or a will.</summary>
public sealed record DeviceStatus
{
    /// <summary>What it says.</summary>
    public required Presence Presence { get; init; }

    /// <summary>Connect counter; a will whose number is below the last birth's is ignored. Null for a foreign device.</summary>
    public long? Bd { get; init; }

    /// <summary>The boot; empty for a foreign device.</summary>
    public BootId Boot { get; init; }

    /// <summary>Device time, ms since 1970-01-01 UTC; null in a will.</summary>
    public long? TsMs { get; init; }

    /// <summary>Hash of the desired configuration it runs; null: it does not say here.</summary>
    public string? Cfg { get; init; }
}

/// <summary>The result of a command. The numbers are stored: add at the end.</summary>
public enum CommandResult : byte
{
    /// <summary>It will be done.</summary>
    Accepted = 0,

    /// <summary>It will not be done.</summary>
    Rejected = 1,

    /// <summary>It came too late.</summary>
    Expired = 2,

    /// <summary>It was done.</summary>
    Done = 3,

    /// <summary>It was tried and failed.</summary>
    Failed = 4,
}

/// <summary>The answer to a command.</summary>
/// <param name="Id">The command's id.</param>
/// <param name="Result">How it went.</param>
/// <param name="Reason">Why, in the device's words.</param>
public sealed record CommandAck(string Id, CommandResult Result, string? Reason);
