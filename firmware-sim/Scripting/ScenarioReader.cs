using System.Globalization;
using FirmwareSim.Devices;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FirmwareSim.Scripting;

/// <summary>A scenario, or everything that is wrong with its file.</summary>
internal sealed record ScenarioReadResult(Scenario? Scenario, IReadOnlyList<ScenarioError> Errors);

/// <summary>Reads a scenario file and says every error at once.</summary>
internal static class ScenarioReader
{
    private const double DayS = 86_400;
    private const int DevicesMax = 100_000;
    private const int GatewaysMax = 10_000;

    /// <summary>A load of a circuit of a site lies seven deep.</summary>
    private const int DepthMax = 32;

    private static readonly Dictionary<string, SimulatedKind> Kinds = new()
    {
        ["pile"] = SimulatedKind.Pile,
        ["cabinet"] = SimulatedKind.Cabinet,
        ["shed"] = SimulatedKind.Shed,
        ["climber"] = SimulatedKind.Climber,
        ["lamp"] = SimulatedKind.Lamp,
        ["noise"] = SimulatedKind.Noise,
        ["call-button"] = SimulatedKind.CallButton,
        ["lift-blocker"] = SimulatedKind.LiftBlocker,
        ["siren"] = SimulatedKind.Siren,
        ["gateway"] = SimulatedKind.Gateway,
    };

    private static readonly Dictionary<string, SpokenDialect> Dialects = new()
    {
        ["fm1"] = SpokenDialect.Fm1,
        ["tasmota"] = SpokenDialect.Tasmota,
        ["shelly"] = SpokenDialect.Shelly,
        ["zigbee2mqtt"] = SpokenDialect.Zigbee2Mqtt,
        ["juy"] = SpokenDialect.Juy,
    };

    private static readonly Dictionary<string, Quirks> QuirkNames = new()
    {
        ["idle-unreported"] = Quirks.IdleUnreported,
        ["whole-watts"] = Quirks.WholeWatts,
        ["counter-per-order"] = Quirks.CounterPerOrder,
        ["repeated-settlements"] = Quirks.RepeatedSettlements,
        ["misspelt"] = Quirks.Misspelt,
    };

    private static readonly Dictionary<string, BreakerCurve> Curves = new() { ["B"] = BreakerCurve.B, ["C"] = BreakerCurve.C, ["D"] = BreakerCurve.D };

    /// <summary>The file of a scenario: a path, or the name of one that came with the program.</summary>
    public static string? FindFile(string nameOrFile)
    {
        if (File.Exists(nameOrFile))
            return nameOrFile;
        var shipped = Path.Combine(AppContext.BaseDirectory, "scenarios", nameOrFile + ".yaml");
        return File.Exists(shipped) ? shipped : null;
    }

    /// <summary>Names of the scenarios that came with the program.</summary>
    public static IEnumerable<string> Shipped()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "scenarios");
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)
            : [];
    }

    public static ScenarioReadResult Read(string file, TextReader text)
    {
        var errors = new List<ScenarioError>();
        if (Root(file, text, errors) is not { } root)
            return new ScenarioReadResult(null, errors);

        List<SiteSpec> sites = [.. Borrowed(root), .. root.Sections("sites").Select(ReadSite)];
        var fleetSpec = root.Section("fleet") is { } fleet ? ReadFleet(fleet) : null;
        List<SiteSpec> targets = fleetSpec is null ? sites : [.. sites, new SiteSpec { Id = fleetSpec.Site }];
        var scenario = new Scenario
        {
            Name = root.RequiredText("name"),
            AboutZh = root.Text("zh") ?? "",
            AboutEn = root.Text("en") ?? "",
            StartMs = ReadStart(root),
            Speed = root.Number("speed", 0.01, World.SpeedMax) ?? 1,
            DurationS = root.Seconds("duration", 1, 400 * DayS) ?? 3_600,
            StepS = root.Seconds("step", 0.01, 60) ?? 1,
            WarmUpS = root.Seconds("warm_up", 0, 7 * DayS) ?? 0,
            BufferMessages = root.Count("buffer", 10, 1_000_000) ?? 20_000,
            Sites = sites,
            Fleet = fleetSpec,
            Script = [.. root.Sections("script").Select(section => ReadStep(section, targets)).OfType<ScriptStep>()],
        };
        root.Done();
        if (sites.Count == 0 && scenario.Fleet is null)
            root.Refuse("sites", "", "name at least one site, or a fleet");
        Twice(sites.Select(site => site.Id), id => root.Refuse("sites", id, "site ids are unique"));
        return new ScenarioReadResult(errors.Count == 0 ? scenario : null, [.. errors.OrderBy(error => error.Line)]);
    }

    /// <summary>Sites of another scenario, so that a fault does not have to describe the neighbourhood it happens in.</summary>
    private static IEnumerable<SiteSpec> Borrowed(YamlSection root)
    {
        var only = root.Texts("only");
        var periodS = root.Seconds("device_period", 0.01, DayS);
        var habits = root.Flag("habits");
        if (root.Text("sites_from") is not { } name)
        {
            if (only.Count > 0 || periodS is not null || habits)
                root.Refuse(only.Count > 0 ? "only" : habits ? "habits" : "device_period", "", "this belongs to sites_from");
            return [];
        }

        var shipped = Path.Combine(AppContext.BaseDirectory, "scenarios", name + ".yaml");
        if (!File.Exists(shipped))
        {
            root.Refuse("sites_from", name, "use the name of a scenario that came along, with sites of its own");
            return [];
        }

        using var text = File.OpenText(shipped);
        var errors = new List<ScenarioError>();
        var lender = Root(shipped, text, errors);
        // Read as a lender only: what its own script and the rest say is not our matter.
        var sites = lender?.Sections("sites").Select(ReadSite).ToList() ?? [];
        if (errors.Count > 0 || sites.Count == 0)
        {
            root.Refuse("sites_from", name, errors.Count > 0 ? errors[0].ToString() : "that scenario has no sites of its own");
            return [];
        }

        foreach (var id in only.Where(id => sites.TrueForAll(site => site.Id != id)))
            root.Refuse("only", id, "use sites of " + name + ": " + string.Join(", ", sites.Select(site => site.Id)));
        return sites.Where(site => only.Count == 0 || only.Contains(site.Id)).Select(site => site with
        {
            MeterPeriodS = periodS ?? site.MeterPeriodS,
            Devices = [.. site.Devices.Select(device => device with { PeriodS = periodS ?? device.PeriodS })],
            People = [.. site.People.Select(people => people with { HasHabits = people.HasHabits || habits })],
        });
    }

    private static YamlSection? Root(string file, TextReader text, List<ScenarioError> errors)
    {
        try
        {
            var content = text.ReadToEnd();
            if (IsTooDeep(content))
            {
                errors.Add(new ScenarioError(file, 1, "", "", $"this is nested more than {DepthMax} deep; no scenario is"));
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(content));
            if (stream.Documents is [{ RootNode: YamlMappingNode mapping }])
                return new YamlSection(file, mapping, "", errors);
            errors.Add(new ScenarioError(file, 1, "", "", "the file is one mapping of keys: name, start, sites …"));
        }
        catch (YamlException exception)
        {
            errors.Add(new ScenarioError(file, exception.Start.Line, "", "", "this is no YAML: " + exception.Message));
        }

        return null;
    }

    /// <summary>Loading goes as deep as the file does, and a file that somebody nested a hundred thousand deep must not end the program.</summary>
    private static bool IsTooDeep(string content)
    {
        var parser = new Parser(new StringReader(content));
        var depth = 0;
        while (depth <= DepthMax && parser.MoveNext())
            depth += parser.Current!.NestingIncrease;
        return depth > DepthMax;
    }

    private static long ReadStart(YamlSection root)
    {
        var text = root.RequiredText("start");
        if (text.Length == 0)
            return 0;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var start) && text.Contains('T', StringComparison.Ordinal))
            return start.ToUnixTimeMilliseconds();
        root.Refuse("start", text, "use a time such as 2026-11-20T18:00:00+08:00");
        return 0;
    }

    private static FleetSpec ReadFleet(YamlSection section)
    {
        var fleet = new FleetSpec(
            section.Id("site"),
            section.Count("devices", 1, DevicesMax) ?? 1,
            section.Count("sockets", 1, 200) ?? 10,
            section.Seconds("period", 0.01, DayS) ?? 10)
        {
            ReconnectWithinS = section.Seconds("reconnect", 0, 3_600) ?? 0,
            Gateways = section.Count("gateways", 1, GatewaysMax),
        };
        section.Done();
        return fleet;
    }

    private static SiteSpec ReadSite(YamlSection section)
    {
        var site = new SiteSpec
        {
            Id = section.Id("id"),
            MainsOhms = section.Number("mains_ohms", 0, 2) ?? 0.02,
            ResetAfterS = section.Seconds("reset_after", 1, 30 * DayS) ?? 45 * 60,
            MeterPeriodS = section.Seconds("meter_period", 0.01, DayS) ?? 10,
            Circuits = [.. section.Sections("circuits").Select(ReadCircuit)],
            Devices = [.. section.Sections("devices").Select(ReadDevice)],
            People = [.. section.Sections("people").Select(ReadPeople)],
        };
        section.Done();
        CheckSite(section, site);
        return site;
    }

    private static void CheckSite(YamlSection section, SiteSpec site)
    {
        var circuits = site.Circuits.Select(circuit => circuit.Id).ToHashSet();
        var meters = site.Circuits.Select(circuit => circuit.Meter).OfType<string>();
        Twice(site.Circuits.Select(circuit => circuit.Id), id => section.Refuse("circuits", id, "circuit ids are unique in a site"));
        Twice(site.Devices.Select(device => device.Id).Concat(meters), id => section.Refuse("devices", id, "device ids, meters included, are unique in a site"));
        foreach (var circuit in site.Circuits)
        {
            if (circuit.Parent is not null && !circuits.Contains(circuit.Parent))
                section.Refuse("circuits", circuit.Parent, $"circuit {circuit.Id} hangs on one that is not in this site");
            else if (IsInCircle(circuit, site.Circuits))
                section.Refuse("circuits", circuit.Id, "its parents lead back to itself");
        }

        foreach (var device in site.Devices)
        {
            if (device.Circuit is not null && !circuits.Contains(device.Circuit))
                section.Refuse("devices", device.Circuit, $"device {device.Id} hangs on a circuit that is not in this site");
        }

        foreach (var device in site.Devices.Where(device => device.Gateway is not null))
        {
            if (!site.Devices.Any(other => other.Id == device.Gateway && other.Kind == SimulatedKind.Gateway && other.Gateway is null))
                section.Refuse("devices", device.Gateway!, $"device {device.Id} is behind a gateway that is not in this site, or itself behind one");
            else if (device.Dialect != SpokenDialect.Fm1 && site.Devices.Any(other => other.Id == device.Gateway && other.IsShared))
                section.Refuse("devices", device.Gateway!, $"device {device.Id} speaks for itself; behind a shared gateway everything speaks fm1");
        }

        foreach (var people in site.People)
        {
            if (!site.Devices.Any(device => device.Place == people.Place && device.Sockets > 0))
                section.Refuse("people", people.Place, "nothing charges in this place");
        }
    }

    private static bool IsInCircle(CircuitSpec circuit, IReadOnlyList<CircuitSpec> all)
    {
        var above = circuit;
        for (var steps = 0; above?.Parent is not null; steps++)
        {
            if (steps > all.Count)
                return true;
            above = all.FirstOrDefault(candidate => candidate.Id == above.Parent);
        }

        return false;
    }

    private static CircuitSpec ReadCircuit(YamlSection section)
    {
        var phases = section.Count("phases", 1, 3) ?? 1;
        if (phases == 2)
            section.Refuse("phases", "2", "use 1 or 3");
        var circuit = new CircuitSpec
        {
            Id = section.Id("id"),
            Parent = section.Text("parent"),
            RatedA = section.Number("rated", 0.1, 10_000),
            Phases = phases == 1 ? 1 : 3,
            Phase = section.Count("phase", 1, 3) ?? 1,
            Meter = section.Has("meter") ? section.Id("meter") : null,
            MeterDialect = section.Has("meter_dialect") ? section.Choice("meter_dialect", Dialects, SpokenDialect.Fm1) : SpokenDialect.Fm1,
            MeterClassPercent = section.Number("class", 0.1, 5) ?? 1,
            Ohms = section.Number("ohms", 0, 5) ?? 0.05,
            Curve = section.Has("curve") ? section.Choice("curve", Curves, BreakerCurve.C) : BreakerCurve.C,
            StandingW = section.Number("standing", 0, 100_000) ?? 0,
            Loads = [.. section.Sections("loads").Select(ReadLoad)],
        };
        section.Done();
        if (circuit.MeterDialect == SpokenDialect.Juy)
            section.Refuse("meter_dialect", "juy", "that is a pile's; use tasmota, shelly or zigbee2mqtt");
        return circuit;
    }

    private static LoadSpec ReadLoad(YamlSection section)
    {
        double Watts(string key) => section.Number(key, 0, 100_000) ?? 0;

        var readers = new Dictionary<string, Func<LoadSpec>>
        {
            ["timed-lamps"] = () => new LoadSpec.TimedLamps(Watts("w"), section.Count("count", 1, 1_000) ?? 1, section.Seconds("on", 1, 3_600) ?? 120),
            ["night-lamps"] = () => new LoadSpec.NightLamps(Watts("w")),
            ["lift"] = () => new LoadSpec.Lift(Watts("w"), Watts("standby")),
            ["cycling"] = () => new LoadSpec.Cycling(Watts("w"), section.Seconds("on", 1, DayS) ?? 600, section.Seconds("off", 1, DayS) ?? 1_200),
            ["guard-room"] = () => new LoadSpec.GuardRoom(),
            ["pump"] = () => new LoadSpec.Pump(Watts("w")),
            ["fridge"] = () => new LoadSpec.Fridge(),
            ["kettle"] = () => new LoadSpec.Kettle(section.Number("per_hour", 0, 20) ?? 0.5),
            ["air-conditioner"] = () => new LoadSpec.AirConditioner(Watts("w"), section.Number("from", 0, 24) ?? 12, section.Number("to", 0, 24) ?? 22),
        };
        var load = section.Choice("kind", readers, () => new LoadSpec.GuardRoom())();
        section.Done();
        return load;
    }

    private static DeviceSpec ReadDevice(YamlSection section)
    {
        var kind = section.Choice("kind", Kinds, SimulatedKind.Lamp);
        var charges = kind is SimulatedKind.Pile or SimulatedKind.Cabinet;
        var dialect = section.Has("dialect") ? section.Choice("dialect", Dialects, SpokenDialect.Fm1) : SpokenDialect.Fm1;
        var device = new DeviceSpec
        {
            Id = section.Id("id"),
            Kind = kind,
            Place = section.Has("place") ? section.Id("place") : null,
            Circuit = section.Text("circuit"),
            PeriodS = section.Seconds("period", 0.01, DayS) ?? 10,
            Sockets = section.Count("sockets", charges ? 1 : 0, 200) ?? (charges ? 10 : 0),
            Reserved = section.Texts("reserved"),
            Dialect = dialect,
            Quirks = ReadQuirks(section, dialect, charges),
            Gateway = section.Has("gateway") ? section.Id("gateway") : null,
            IsShared = section.Flag("shared"),
            ReconnectWithinS = section.Seconds("reconnect", 0, 3_600) ?? 0,
            SkewS = section.Number("skew", -DayS, DayS) ?? 0,
            RefreshS = section.Seconds("refresh", 0, 3_600) ?? 0,
            AmbientC = section.Number("ambient", -40, 60) ?? 16,
            AmbientSwingK = section.Number("swing", 0, 30) ?? 3,
        };
        section.Done();
        if (device.Dialect != SpokenDialect.Fm1 && kind != SimulatedKind.Pile)
            section.Refuse("dialect", section.Text("dialect")!, "only piles speak foreign dialects; for a meter write meter_dialect on its circuit");
        if (device.IsShared && kind != SimulatedKind.Gateway)
            section.Refuse("shared", "true", "only a gateway shares its connection");
        if (!charges && device.Sockets > 0)
            section.Refuse("sockets", device.Sockets.ToString(CultureInfo.InvariantCulture), "only a pile or a cabinet has them");
        foreach (var reserved in device.Reserved.Where(reserved => !HasChannel(device, reserved)))
            section.Refuse("reserved", reserved, $"use channels of {device.Id}");
        return device;
    }

    private static Quirks ReadQuirks(YamlSection section, SpokenDialect dialect, bool charges)
    {
        if (!section.Has("quirks"))
            return dialect == SpokenDialect.Juy ? Quirks.Board : Quirks.None;
        var listed = section.Choices("quirks", QuirkNames).Aggregate(Quirks.None, (all, quirk) => all | quirk);
        // Tasmota, Shelly and Zigbee2MQTT are what they are.
        if (!charges || dialect is not (SpokenDialect.Fm1 or SpokenDialect.Juy))
            section.Refuse("quirks", string.Join(", ", section.Texts("quirks")), "only a pile or cabinet that speaks fm1 or juy has a choice of quirks");
        if (dialect != SpokenDialect.Juy || listed.HasFlag(Quirks.WholeWatts))
            return listed;
        section.Refuse("quirks", string.Join(", ", section.Texts("quirks")), "the protocol of juy has no room for less than a watt; add whole-watts");
        return listed;
    }

    private static PeopleSpec ReadPeople(YamlSection section)
    {
        var people = new PeopleSpec(section.Id("place"), section.Count("bikes", 0, 100_000), section.Flag("habits"), section.Count("capacity", 1, 100_000));
        section.Done();
        return people;
    }

    private static ScriptStep? ReadStep(YamlSection section, IReadOnlyList<SiteSpec> sites)
    {
        var target = new ScriptTarget(section, sites);
        var readers = new Dictionary<string, Func<ScriptAction>>
        {
            ["socket-load"] = () => target.Point((site, device, channel) => new ScriptAction.SocketLoad(site, device, channel, Value(section, "watts", 1, 5_000))),
            ["circuit-load"] = () => target.Circuit((site, circuit) => new ScriptAction.CircuitLoad(site, circuit, Value(section, "watts", 1, 100_000))),
            ["fly-wire"] = () => target.Circuit((site, circuit) => new ScriptAction.FlyWire(site, circuit, Pack(section), Soc(section))),
            ["plug"] = () => target.Point((site, device, channel) => new ScriptAction.PlugIn(site, device, channel, Pack(section), Soc(section), section.Flag("shorted_cell"))),
            ["fly-wire-window"] = () => target.WholeSite(site => new ScriptAction.WindowWire(site)),
            ["burnt-contact"] = () => target.Point((site, device, channel) => new ScriptAction.BurntContact(site, device, channel, Value(section, "milliohms", 1, 5_000))),
            ["switch-off"] = () => target.Point((site, device, channel) => new ScriptAction.SwitchOff(site, device, channel)),
            ["blown-fuse"] = () => target.Point((site, device, channel) => new ScriptAction.BlownFuse(site, device, channel)),
            ["battery-fire"] = () => target.Device(
                SimulatedKind.Shed,
                (site, device) => new ScriptAction.BatteryFire(site, device, section.Number("lead_min", 0.5, 15) ?? 4)),
            ["flood"] = () => target.Device(
                SimulatedKind.Shed,
                (site, device) => new ScriptAction.Flood(site, device, Value(section, "cm_per_min", 0.01, 20), Value(section, "cm", 0.1, 300))),
            ["site-offline"] = () => target.WholeSite(site => new ScriptAction.SiteOffline(site)),
            ["clock-jump"] = () => target.Device(null, (site, device) => new ScriptAction.ClockJump(site, device, Value(section, "seconds", -400 * DayS, 400 * DayS))),
            ["duplicates"] = () => Link(target, LinkFault.Duplicates, Value(section, "share", 0, 1)),
            ["disorder"] = () => Link(target, LinkFault.Disorder, Value(section, "seconds", 0, 600)),
            ["message-flood"] = () => Link(target, LinkFault.Flood, Value(section, "per_second", 0, 1_000)),
            ["malformed"] = () => Link(target, LinkFault.Malformed, Value(section, "share", 0, 1)),
            ["meter-exchange"] = () => target.Counting((site, device) => new ScriptAction.MeterExchange(site, device)),
            ["meter-forgets"] = () => target.Counting((site, device) => new ScriptAction.MeterForgets(site, device)),
            ["meter-drift"] = () => target.Counting((site, device) => new ScriptAction.MeterDrift(site, device, Value(section, "percent_per_day", -50, 50))),
            ["mains-shift"] = () => target.WholeSite(site => new ScriptAction.MainsShift(site, Value(section, "volts", -100, 100))),
            ["broken-lamp"] = () => target.Device(SimulatedKind.Lamp, (site, device) => new ScriptAction.BrokenLamp(site, device)),
            ["offline"] = () => target.Device(null, (site, device) => new ScriptAction.Offline(site, device)),
            ["restart"] = () => target.Device(null, (site, device) => new ScriptAction.Restart(site, device)),
            ["trip"] = () => target.Circuit((site, circuit) => new ScriptAction.Trip(site, circuit)),
            ["weld"] = () => target.Point((site, device, channel) => new ScriptAction.Weld(site, device, channel)),
            ["smoke"] = () => Hazard(target, HazardKind.Smoke, Value(section, "dbm", 0, 20)),
            ["heat"] = () => Hazard(target, HazardKind.Heat, Value(section, "rise", 0, 800)),
            ["hydrogen"] = () => Hazard(target, HazardKind.Hydrogen, Value(section, "ppm", 0, 40_000)),
            ["carbon-monoxide"] = () => Hazard(target, HazardKind.CarbonMonoxide, Value(section, "ppm", 0, 40_000)),
            ["water"] = () => Hazard(target, HazardKind.Water, Value(section, "cm", 0, 300)),
            ["exit-blocked"] = () => Hazard(target, HazardKind.ExitBlocked, 1),
            ["call"] = () => target.Device(SimulatedKind.CallButton, (site, device) => new ScriptAction.Call(site, device)),
            ["bike-in-lift"] = () => target.Device(SimulatedKind.LiftBlocker, (site, device) => new ScriptAction.BikeInLift(site, device)),
            ["climb"] = () => target.Device(
                SimulatedKind.Climber,
                (site, device) => new ScriptAction.Climb(
                    site, device, Value(section, "floors", 0.5, 40), section.Flag("jams"), section.Number("kg", 20, 400), section.Flag("unbelted"))),
            ["noise"] = () => target.Device(SimulatedKind.Noise, (site, device) => new ScriptAction.Noise(site, device, Value(section, "db", 30, 130))),
        };
        var action = section.Choice("do", readers, null!)?.Invoke();
        var atS = section.Seconds("at", 0, 400 * DayS);
        if (!section.Has("at"))
            section.Refuse("at", "", "say when, since the start: 90s, 5m");
        var forS = section.Seconds("for", 0, 400 * DayS) ?? 0;
        var rule = section.Text("rule");
        var label = section.Text("label") ?? "";
        // Where the action is not known, its own keys are not either: one error is enough.
        if (action is null)
            return null;
        section.Done();
        return new ScriptStep { AtS = atS ?? 0, ForS = forS, Action = action, Rule = rule, Label = label };
    }

    private static ScriptAction Link(ScriptTarget target, LinkFault fault, double value) =>
        target.Fm1Device((site, device) => new ScriptAction.Link(site, device, fault, value));

    private static ScriptAction Hazard(ScriptTarget target, HazardKind kind, double value) =>
        target.Device(SimulatedKind.Shed, (site, device) => new ScriptAction.Hazard(site, device, kind, value));

    private static double Value(YamlSection section, string key, double least, double most)
    {
        if (!section.Has(key))
            section.Refuse(key, "", "this is needed");
        return section.Number(key, least, most) ?? least;
    }

    private static double Soc(YamlSection section) => section.Number("soc", 0, 1) ?? 0.3;

    private static string Pack(YamlSection section)
    {
        var pack = section.Text("pack") ?? PackCatalogue.Lead48V20.Name;
        if (PackCatalogue.Find(pack) is null)
            section.Refuse("pack", pack, "use one of " + string.Join(", ", PackCatalogue.All.Select(model => model.Name)));
        return pack;
    }

    internal static bool HasChannel(DeviceSpec device, string channel) =>
        FacilityMonitor.Readings.ChannelId.TryParse(channel, out var parsed)
        && parsed.Number >= 1 && parsed.Number <= device.Sockets
        && parsed.Kind == (device.Kind == SimulatedKind.Cabinet ? FacilityMonitor.Readings.ChannelKind.Slot : FacilityMonitor.Readings.ChannelKind.Socket);

    private static void Twice(IEnumerable<string> ids, Action<string> refuse)
    {
        foreach (var group in ids.Where(id => id.Length > 0).GroupBy(id => id).Where(group => group.Count() > 1))
            refuse(group.Key);
    }
}
