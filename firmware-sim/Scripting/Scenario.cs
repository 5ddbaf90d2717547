using FirmwareSim.Devices;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Scripting;

/// <summary>A scenario as its file says it, valid as a whole.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    /// <summary>What it is about, in Chinese.</summary>
    public string AboutZh { get; init; } = "";

    /// <summary>What it is about, in English.</summary>
    public string AboutEn { get; init; } = "";

    /// <summary>Hour people live in when it begins, ms since 1970-01-01 UTC.</summary>
    public required long StartMs { get; init; }

    /// <summary>How many times faster life runs than the clock.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>How much of the clock <c>write</c> writes unless told otherwise, s.</summary>
    public double DurationS { get; init; } = 3600;

    /// <summary>Length of a step on the clock, s.</summary>
    public double StepS { get; init; } = 1;

    /// <summary>Life before the first step, s, so that a shed is not empty when one looks at it.</summary>
    public double WarmUpS { get; init; }

    public int BufferMessages { get; init; } = 20_000;

    public IReadOnlyList<SiteSpec> Sites { get; init; } = [];

    public IReadOnlyList<ScriptStep> Script { get; init; } = [];

    /// <summary>Identical piles in any number, for load.</summary>
    public FleetSpec? Fleet { get; init; }
}

internal sealed record FleetSpec(string Site, int Devices, int Sockets, double PeriodS)
{
    /// <summary>How many gateways carry all of them, each over one connection; null: each has its own.</summary>
    public int? Gateways { get; init; }

    /// <summary>As <see cref="DeviceSpec.ReconnectWithinS"/>.</summary>
    public double ReconnectWithinS { get; init; }
}

internal sealed record SiteSpec
{
    public required string Id { get; init; }

    /// <summary>Transformer and service cable of a phase, Ω.</summary>
    public double MainsOhms { get; init; } = 0.02;

    /// <summary>How long a tripped breaker waits for somebody to switch it on again, s of life.</summary>
    public double ResetAfterS { get; init; } = 45 * 60;

    /// <summary>How often the meters of circuits report, s.</summary>
    public double MeterPeriodS { get; init; } = 10;

    public IReadOnlyList<CircuitSpec> Circuits { get; init; } = [];

    public IReadOnlyList<DeviceSpec> Devices { get; init; } = [];

    public IReadOnlyList<PeopleSpec> People { get; init; } = [];
}

internal sealed record CircuitSpec
{
    public required string Id { get; init; }

    public string? Parent { get; init; }

    public double? RatedA { get; init; }

    public int Phases { get; init; } = 1;

    public int Phase { get; init; } = 1;

    public string? Meter { get; init; }

    public SpokenDialect MeterDialect { get; init; }

    public double MeterClassPercent { get; init; } = 1;

    public double Ohms { get; init; } = 0.05;

    public BreakerCurve Curve { get; init; } = BreakerCurve.C;

    public double StandingW { get; init; }

    public IReadOnlyList<LoadSpec> Loads { get; init; } = [];
}

/// <summary>What else a circuit feeds.</summary>
internal abstract record LoadSpec
{
    private LoadSpec()
    {
    }

    public sealed record TimedLamps(double Watts, int Count, double OnS) : LoadSpec;

    public sealed record NightLamps(double Watts) : LoadSpec;

    public sealed record Lift(double MotionW, double StandbyW) : LoadSpec;

    public sealed record Cycling(double Watts, double OnS, double OffS) : LoadSpec;

    public sealed record GuardRoom : LoadSpec;

    public sealed record Pump(double Watts) : LoadSpec;

    public sealed record Fridge : LoadSpec;

    public sealed record Kettle(double PerHour) : LoadSpec;

    public sealed record AirConditioner(double Watts, double FromHour, double ToHour) : LoadSpec;
}

internal enum SimulatedKind
{
    Pile,
    Cabinet,
    Shed,
    Climber,
    Lamp,
    Noise,
    CallButton,
    LiftBlocker,
    Siren,
    Gateway,
}

internal sealed record DeviceSpec
{
    public required string Id { get; init; }

    public required SimulatedKind Kind { get; init; }

    public string? Place { get; init; }

    public string? Circuit { get; init; }

    public double PeriodS { get; init; } = 10;

    public int Sockets { get; init; }

    public SpokenDialect Dialect { get; init; }

    /// <summary>What its firmware does beside its protocol.</summary>
    public Quirks Quirks { get; init; }

    /// <summary>The gateway that it reaches the broker through; null: none.</summary>
    public string? Gateway { get; init; }

    /// <summary>A gateway over whose one connection everything behind it speaks.</summary>
    public bool IsShared { get; init; }

    /// <summary>Longest time it waits by chance before it connects again after its network was gone, s: real piles take up to two minutes, so that they do not all come at once.</summary>
    public double ReconnectWithinS { get; init; }

    /// <summary>Sockets only for old or disabled owners.</summary>
    public IReadOnlyList<string> Reserved { get; init; } = [];

    /// <summary>How far its clock stands before (+) or behind (−) the true time, s.</summary>
    public double SkewS { get; init; }

    /// <summary>How often its display takes a new value, s.</summary>
    public double RefreshS { get; init; }

    /// <summary>Mean temperature of the air around it, °C.</summary>
    public double AmbientC { get; init; } = 16;

    /// <summary>Half of what lies between its coldest and warmest hour, K.</summary>
    public double AmbientSwingK { get; init; } = 3;
}

/// <summary>Who charges in a place.</summary>
/// <param name="Place">Where.</param>
/// <param name="Bikes">How many bikes; null: as many as the sockets serve.</param>
/// <param name="HasHabits">Whether some of them do what they should not: splitters, reserved sockets, chargers left behind, fly-wires.</param>
/// <param name="Capacity">How many bikes find room in the place; who finds none parks elsewhere. Null: as many as come.</param>
internal sealed record PeopleSpec(string Place, int? Bikes, bool HasHabits = false, int? Capacity = null);

/// <summary>One thing that a scenario makes happen, and what a monitor should say about it.</summary>
internal sealed record ScriptStep
{
    /// <summary>Begin, in seconds of the clock since the start.</summary>
    public required double AtS { get; init; }

    /// <summary>Length on the clock, s.</summary>
    public double ForS { get; init; }

    public required ScriptAction Action { get; init; }

    /// <summary>The rule that should see it; null when none should.</summary>
    public string? Rule { get; init; }

    public string Label { get; init; } = "";
}

/// <summary>What can be made to happen.</summary>
internal abstract record ScriptAction
{
    private ScriptAction()
    {
    }

    /// <summary>Something more on a socket, W: a second charger on a splitter.</summary>
    public sealed record SocketLoad(string Site, string Device, string Channel, double Watts) : ScriptAction;

    /// <summary>Resistive load on a circuit, W at 220 V: heaters.</summary>
    public sealed record CircuitLoad(string Site, string Circuit, double Watts) : ScriptAction;

    /// <summary>A bike charger where none belongs (飞线).</summary>
    public sealed record FlyWire(string Site, string Circuit, string Pack, double Soc) : ScriptAction;

    /// <summary>A lead from somebody's own window: behind a household meter, where nothing of ours measures.</summary>
    public sealed record WindowWire(string Site) : ScriptAction;

    /// <summary>A bike is plugged into a given socket; a shorted cell never lets it be full.</summary>
    public sealed record PlugIn(string Site, string Device, string Channel, string Pack, double Soc, bool HasShortedCell) : ScriptAction;

    /// <summary>The network of a device is gone.</summary>
    public sealed record Offline(string Site, string Device) : ScriptAction;

    /// <summary>The network of a whole site is gone.</summary>
    public sealed record SiteOffline(string Site) : ScriptAction;

    /// <summary>The contact of a socket has burnt before and now has so many milliohms; from there it goes on by itself.</summary>
    public sealed record BurntContact(string Site, string Device, string Channel, double Milliohms) : ScriptAction;

    /// <summary>The fuse of a socket is blown.</summary>
    public sealed record BlownFuse(string Site, string Device, string Channel) : ScriptAction;

    /// <summary>A battery goes into thermal runaway in a shed: gas, minutes later smoke, then heat.</summary>
    public sealed record BatteryFire(string Site, string Device, double LeadMin) : ScriptAction;

    /// <summary>Water rises, cm a minute, up to a height.</summary>
    public sealed record Flood(string Site, string Device, double CmPerMin, double Cm) : ScriptAction;

    /// <summary>A device's clock stands wrong by so many seconds until the end.</summary>
    public sealed record ClockJump(string Site, string Device, double Seconds) : ScriptAction;

    /// <summary>A device's way to the broker repeats, delays, floods or spoils messages.</summary>
    public sealed record Link(string Site, string Device, LinkFault Fault, double Value) : ScriptAction;

    /// <summary>A meter, or the meters of a pile, are exchanged: registers begin low, with a new epoch.</summary>
    public sealed record MeterExchange(string Site, string Device) : ScriptAction;

    /// <summary>The registers of a device fall to nothing without a word.</summary>
    public sealed record MeterForgets(string Site, string Device) : ScriptAction;

    /// <summary>A meter's gain drifts, % a day.</summary>
    public sealed record MeterDrift(string Site, string Device, double PercentPerDay) : ScriptAction;

    /// <summary>The voltage of a whole site is off by so many volts.</summary>
    public sealed record MainsShift(string Site, double Volts) : ScriptAction;

    /// <summary>A lamp gives no light.</summary>
    public sealed record BrokenLamp(string Site, string Device) : ScriptAction;

    /// <summary>The owner ends the session by telephone: the relay is told to open.</summary>
    public sealed record SwitchOff(string Site, string Device, string Channel) : ScriptAction;

    /// <summary>A device starts anew.</summary>
    public sealed record Restart(string Site, string Device) : ScriptAction;

    /// <summary>A breaker opens.</summary>
    public sealed record Trip(string Site, string Circuit) : ScriptAction;

    /// <summary>A relay that no longer opens.</summary>
    public sealed record Weld(string Site, string Device, string Channel) : ScriptAction;

    /// <summary>Something in the air, on the floor or in the way out of a shed.</summary>
    public sealed record Hazard(string Site, string Device, HazardKind Kind, double Value) : ScriptAction;

    /// <summary>A call button is pressed; answered at the end.</summary>
    public sealed record Call(string Site, string Device) : ScriptAction;

    /// <summary>An e-bike is pushed into the lift; out at the end.</summary>
    public sealed record BikeInLift(string Site, string Device) : ScriptAction;

    /// <summary>A climber takes somebody up; with <paramref name="Jams"/> it stops on the stairs until the end.</summary>
    public sealed record Climb(string Site, string Device, double Floors, bool Jams, double? Kilograms, bool IsUnbelted) : ScriptAction;

    /// <summary>Noise, dB(A) at the meter.</summary>
    public sealed record Noise(string Site, string Device, double Db) : ScriptAction;
}

internal enum LinkFault
{
    /// <summary>Share of messages that come twice.</summary>
    Duplicates,

    /// <summary>Longest time a message is held back, s, so that later ones overtake it.</summary>
    Disorder,

    /// <summary>Messages a second more than its period asks for.</summary>
    Flood,

    /// <summary>Share of messages that are spoilt.</summary>
    Malformed,
}

internal enum HazardKind
{
    Smoke,
    Heat,
    Hydrogen,
    CarbonMonoxide,
    Water,
    ExitBlocked,
}
