using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Registry;

/// <summary>The whole registry: what stands where, on which circuit, and who is told. Immutable; an edit makes a new one.</summary>
public sealed record Facility
{
    /// <summary>A registry with nothing in it: every device is unknown.</summary>
    public static Facility Empty { get; } = new() { Sites = [], Contacts = [], Version = "empty" };

    /// <summary>The sites, in the order of the files.</summary>
    public required IReadOnlyList<Site> Sites { get; init; }

    /// <summary>Who is told of alerts.</summary>
    public required IReadOnlyList<Contact> Contacts { get; init; }

    /// <summary>Who is called, and when.</summary>
    public People People { get; init; } = People.None;

    /// <summary>How the JSON of vendors becomes readings, in the order they are tried.</summary>
    public IReadOnlyList<JsonMapping> Mappings { get; init; } = [];

    /// <summary>Rule settings that hold everywhere unless a site, circuit or device says otherwise: rule → setting → value.</summary>
    public RuleSettings Rules { get; init; } = RuleSettings.None;

    /// <summary>Hash of the files it was read from; changes with any edit.</summary>
    public required string Version { get; init; }
}

/// <summary>Overridden settings of rules: <c>rule → setting → number</c>. Names and units are the rules' own.</summary>
public sealed record RuleSettings(IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> ByRule)
{
    /// <summary>Nothing overridden.</summary>
    public static RuleSettings None { get; } = new(new Dictionary<string, IReadOnlyDictionary<string, double>>());
}

/// <summary>A compound (小区), a street row or a square: one place we watch.</summary>
public sealed record Site
{
    /// <summary><c>[a-z0-9-]{1,48}</c>, as in topics.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required LocalText Name { get; init; }

    /// <summary>Sub-district (街道).</summary>
    public LocalText? SubDistrict { get; init; }

    /// <summary>Neighbourhood (居民区).</summary>
    public LocalText? Neighbourhood { get; init; }

    /// <summary>Street address, for those who come to help.</summary>
    public LocalText? Address { get; init; }

    /// <summary>Telephone of the guard room (门岗), as it is written: digits with an optional +, blanks and dashes; null where there is none. No person's own number: every alert of the site shows it.</summary>
    public string? GuardPhone { get; init; }

    /// <summary>Property company; null where there is none.</summary>
    public LocalText? PropertyCompany { get; init; }

    /// <summary>Whether everybody may see how many of its sockets are free, without signing in. Off unless somebody decides it: an empty shed at night is also an invitation.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Buildings, with stairs.</summary>
    public IReadOnlyList<Building> Buildings { get; init; } = [];

    /// <summary>Feeders and circuits: the electrical tree, parents before children.</summary>
    public IReadOnlyList<Circuit> Circuits { get; init; } = [];

    /// <summary>Sheds, garages, rows, lifts …: where things stand.</summary>
    public IReadOnlyList<Place> Places { get; init; } = [];

    /// <summary>Everything that reports.</summary>
    public IReadOnlyList<DeviceEntry> Devices { get; init; } = [];

    /// <summary>Extinguishers and hydrants.</summary>
    public IReadOnlyList<FireEquipment> FireEquipment { get; init; } = [];

    /// <summary>Pseudonyms of those who may use reserved sockets (爱心充电口); empty: nobody keeps such a list.</summary>
    public IReadOnlyList<string> ReservedUsers { get; init; } = [];

    /// <summary>Rule settings of this site.</summary>
    public RuleSettings Rules { get; init; } = RuleSettings.None;
}

/// <summary>A building (楼栋).</summary>
/// <param name="Id">Unique in the site.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Grid">The grid (网格) it belongs to; null when not told.</param>
/// <param name="Stairs">Its stairs (楼道).</param>
public sealed record Building(string Id, LocalText Name, string? Grid, IReadOnlyList<string> Stairs);

/// <summary>What a circuit feeds; decides which fly-wire evidence counts.</summary>
public enum CircuitKind
{
    /// <summary>Feeds other circuits.</summary>
    Feeder,

    /// <summary>Charging piles and cabinets.</summary>
    Charging,

    /// <summary>Corridor and stair lights, public sockets.</summary>
    Corridor,

    /// <summary>A lift.</summary>
    Lift,

    /// <summary>Pumps, guard room and other public loads.</summary>
    Public,
}

/// <summary>A feeder or circuit behind one breaker.</summary>
public sealed record Circuit
{
    /// <summary>Unique in the site.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required LocalText Name { get; init; }

    /// <summary>What it feeds.</summary>
    public required CircuitKind Kind { get; init; }

    /// <summary>The circuit above; null at the top.</summary>
    public string? Parent { get; init; }

    /// <summary>Rated current In of the breaker, A. Null: 额定未登记, and nothing is computed from it.</summary>
    public double? RatedA { get; init; }

    /// <summary>Trip curve: B, C or D; null when not registered.</summary>
    public string? Curve { get; init; }

    /// <summary>Phases it uses: 1, or 3.</summary>
    public int Phases { get; init; } = 1;

    /// <summary>Which phase a single-phase circuit hangs on, 1 to 3; null when not registered.</summary>
    public int? Phase { get; init; }

    /// <summary>Device id of its meter; null: its load is the sum of what hangs below it.</summary>
    public string? Meter { get; init; }

    /// <summary>The meter's channel; null: <c>l1…l3</c> of a three-phase circuit, <c>main</c> of another.</summary>
    public ChannelId? MeterChannel { get; init; }

    /// <summary>Buildings whose stairs or lifts it feeds: an e-bike that rides up in one of their lifts may be charged here. Empty: not registered.</summary>
    public IReadOnlyList<string> Buildings { get; init; } = [];

    /// <summary>What whoever is sent there has to know, such as where its breaker is and who has the key; at most 200 characters. Null: nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Chargers that belong here and are never suspected.</summary>
    public IReadOnlyList<ExpectedCharger> ExpectedChargers { get; init; } = [];

    /// <summary>Rule settings of this circuit.</summary>
    public RuleSettings Rules { get; init; } = RuleSettings.None;
}

/// <summary>A charger that is allowed on a public circuit: a cleaning cart, a climber's own dock.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Watts">Its power, W.</param>
/// <param name="FromHour">First hour of the day it may run, 0 to 23.</param>
/// <param name="ToHour">Hour it ends, 1 to 24.</param>
public sealed record ExpectedCharger(LocalText Name, double Watts, int FromHour, int ToHour);

/// <summary>What a place is.</summary>
public enum PlaceKind
{
    /// <summary>A bike shed (车棚).</summary>
    Shed,

    /// <summary>An underground garage.</summary>
    Garage,

    /// <summary>A row at the roadside.</summary>
    Row,

    /// <summary>An open ground with groups of piles.</summary>
    Ground,

    /// <summary>A room with cabinets.</summary>
    CabinetRoom,

    /// <summary>A lift car.</summary>
    Lift,

    /// <summary>A stair or corridor.</summary>
    Stair,

    /// <summary>A square, a gate, any other spot.</summary>
    Spot,
}

/// <summary>Where things stand.</summary>
public sealed record Place
{
    /// <summary>Unique in the site; the second part of an asset path.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required LocalText Name { get; init; }

    /// <summary>What it is.</summary>
    public required PlaceKind Kind { get; init; }

    /// <summary>Bikes it holds; null when not told.</summary>
    public int? Capacity { get; init; }

    /// <summary>Number of exits; null when not told.</summary>
    public int? Exits { get; init; }

    /// <summary>The building it belongs to; null when it stands free.</summary>
    public string? Building { get; init; }
}

/// <summary>What a device is.</summary>
public enum DeviceKind
{
    /// <summary>Charging pile (充电桩).</summary>
    Pile,

    /// <summary>Charging cabinet (充电柜).</summary>
    Cabinet,

    /// <summary>Meter of a feeder or circuit.</summary>
    Meter,

    /// <summary>Sensors of a shed.</summary>
    Shed,

    /// <summary>Stair-climber (爬楼机).</summary>
    Climber,

    /// <summary>Lift e-bike blocker (电动自行车阻车).</summary>
    LiftBlocker,

    /// <summary>Noise meter.</summary>
    Noise,

    /// <summary>Lamp.</summary>
    Lamp,

    /// <summary>Call button.</summary>
    CallButton,

    /// <summary>Smart plug.</summary>
    Plug,

    /// <summary>Gateway: others are reached through it.</summary>
    Gateway,

    /// <summary>Siren.</summary>
    Siren,

    /// <summary>Camera; events only.</summary>
    Camera,
}

/// <summary>One registered device.</summary>
public sealed record DeviceEntry
{
    /// <summary>Unique in the site: <c>[a-z0-9-]{1,48}</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required LocalText Name { get; init; }

    /// <summary>What it is.</summary>
    public required DeviceKind Kind { get; init; }

    /// <summary>Where it stands; null: directly on the site.</summary>
    public string? Place { get; init; }

    /// <summary>The circuit it hangs on; null when not registered.</summary>
    public string? Circuit { get; init; }

    /// <summary>The gateway it is reached through; null: it talks to the broker itself.</summary>
    public string? Gateway { get; init; }

    /// <summary>How a foreign device is called in its own dialect; null for <c>fm/1</c>.</summary>
    public DeviceId? Foreign { get; init; }

    /// <summary>Sockets of a pile or slots of a cabinet.</summary>
    public int Sockets { get; init; }

    /// <summary>The channels of its sockets or slots, in their order.</summary>
    public IEnumerable<ChannelId> SocketChannels => Enumerable.Range(1, Sockets).Select(number => ChannelId.Of(Kind == DeviceKind.Cabinet ? ChannelKind.Slot : ChannelKind.Socket, number));

    /// <summary>Rated power of one socket or slot, W; null: the rules' default.</summary>
    public double? SocketRatedW { get; init; }

    /// <summary>Rated power of the whole device, W; null when not known.</summary>
    public double? RatedW { get; init; }

    /// <summary>Longest silence, seconds; null: as the device declares in its birth.</summary>
    public double? PeriodS { get; init; }

    /// <summary>Whether it speaks only when something happens: a siren only listens, a camera and a button have mostly nothing to say. Hearing nothing of it is then no news. One that is registered with
    /// a period is held to it.</summary>
    public bool SpeaksOnOccasion => PeriodS is null && Kind is (DeviceKind.Siren or DeviceKind.Camera or DeviceKind.CallButton);

    /// <summary>Sockets kept for old or disabled owners (爱心充电口).</summary>
    public IReadOnlyList<ChannelId> Reserved { get; init; } = [];

    /// <summary>How it should be set; null: as it likes.</summary>
    public Control.DesiredConfiguration? Desired { get; init; }

    /// <summary>Next inspection; null when none is due.</summary>
    public DateOnly? InspectionDue { get; init; }

    /// <summary>Of a stair-climber: rated load, kg; null: not registered, and no overload is computed.</summary>
    public double? RatedLoadKg { get; init; }

    /// <summary>Of a stair-climber: steepest stairs it is rated for, degrees; null: the rules' default.</summary>
    public double? RatedAngleDeg { get; init; }

    /// <summary>Of a stair-climber: ids of the people who are trained to operate it; empty: not registered, and whoever takes it out answers for it.</summary>
    public IReadOnlyList<string> Operators { get; init; } = [];

    /// <summary>Of shed sensors: class of the heat detector (EN 54-5); null: A1, indoors.</summary>
    public HeatClass? HeatClass { get; init; }

    /// <summary>Of a noise meter: class of the area (GB 3096); null: not registered, the rules' default.</summary>
    public NoiseClass? NoiseClass { get; init; }

    /// <summary>Of a noise meter: when the groups of the square have their time.</summary>
    public IReadOnlyList<GroupTime> GroupTimes { get; init; } = [];

    /// <summary>Of a pressure sensor on fire equipment: nominal pressure, kPa; null: none.</summary>
    public double? NominalKpa { get; init; }

    /// <summary>Rule settings of this device.</summary>
    public RuleSettings Rules { get; init; } = RuleSettings.None;
}

/// <summary>Class of a heat detector (EN 54-5).</summary>
public enum HeatClass
{
    /// <summary>Alarms from 54 °C; indoors.</summary>
    A1,

    /// <summary>Alarms from 69 °C; under a roof in the sun.</summary>
    B,
}

/// <summary>Class of the acoustic environment (GB 3096-2008).</summary>
public enum NoiseClass
{
    /// <summary>Sanatoria: 50/40 dB(A).</summary>
    Class0,

    /// <summary>Housing, schools, hospitals: 55/45.</summary>
    Class1,

    /// <summary>Housing mixed with shops: 60/50.</summary>
    Class2,

    /// <summary>Industry: 65/55.</summary>
    Class3,

    /// <summary>Beside a trunk road: 70/55.</summary>
    Class4a,

    /// <summary>Beside a railway: 70/60.</summary>
    Class4b,
}

/// <summary>A time of day that belongs to a group of the square, such as dancers.</summary>
/// <param name="Name">The group.</param>
/// <param name="FromHour">Begin, hour of the day with its fraction, 0 to below 24.</param>
/// <param name="ToHour">End, above 0 to 24; before the begin: over midnight.</param>
public sealed record GroupTime(LocalText Name, double FromHour, double ToHour);

/// <summary>An extinguisher or hydrant.</summary>
/// <param name="Id">Unique in the site.</param>
/// <param name="Name">What it is.</param>
/// <param name="Place">Where it hangs; null: somewhere on the site.</param>
/// <param name="Due">Next check.</param>
public sealed record FireEquipment(string Id, LocalText Name, string? Place, DateOnly Due);

/// <summary>A person or a receiver of alerts.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Name">How we address them.</param>
/// <param name="Webhook">Address that alerts are posted to; null when there is none. A secret: never shown or logged.</param>
/// <param name="Sites">Site ids they look after; empty: all.</param>
public sealed record Contact(string Id, LocalText Name, Uri? Webhook, IReadOnlyList<string> Sites)
{
    /// <summary>Without the webhook: it is a secret, and records print themselves into logs.</summary>
    public override string ToString() => $"Contact {Id} ({(Webhook is null ? "no webhook" : "webhook")})";
}
