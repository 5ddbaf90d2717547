using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Configuration;

/// <summary>What reading a configuration folder gave.</summary>
/// <param name="Facility">The registry; null when there are errors.</param>
/// <param name="Errors">Everything that is wrong, warnings too, in the order of the files.</param>
internal sealed record LoadResult(Facility? Facility, IReadOnlyList<ConfigurationError> Errors)
{
    public bool HasErrors => Errors.Any(error => !error.IsWarning);
}

/// <summary>Reads the registry from <c>facility.yaml</c> or <c>facility/*.yaml</c>, what the pages wrote to <c>facility.d/*.yaml</c>, and <c>people.yaml</c>.</summary>
internal static class FacilityLoader
{
    private static readonly string[] SingleFiles = ["facility.yaml", "people.yaml"];
    private static readonly string[] Folders = ["facility", "facility.d"];

    /// <summary>The files of a folder that make the registry, in the order they are read.</summary>
    public static IReadOnlyList<string> Files(string folder) =>
    [
        .. SingleFiles.Select(name => Path.Combine(folder, name)).Where(File.Exists),
        .. Folders.Select(name => Path.Combine(folder, name)).Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory, "*.yaml").Order(StringComparer.Ordinal)),
    ];

    /// <summary>Reads and checks a folder; finds every error in one go.</summary>
    public static LoadResult Load(string folder)
    {
        var errors = new List<ConfigurationError>();
        var files = Files(folder);
        if (!files.Any(file => !file.EndsWith("people.yaml", StringComparison.Ordinal)))
            errors.Add(new ConfigurationError("facility.yaml", 0, 0, "", $"not found in {folder}; write it, or copy the one in demo/"));

        var reader = new FacilityReader(errors);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(folder, file)));
            hash.AppendData(File.ReadAllBytes(file));
            if (YamlPart.Open(file, Path.GetRelativePath(folder, file), errors) is { } part)
                reader.Read(part);
        }

        var facility = reader.Finish(Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);
        return new LoadResult(errors.Any(error => !error.IsWarning) ? null : facility, errors);
    }
}

/// <summary>From YAML to the registry's records.</summary>
internal sealed class FacilityReader(List<ConfigurationError> errors)
{
    private readonly List<Site> _sites = [];
    private readonly List<Contact> _contacts = [];
    private readonly HashSet<string> _siteIds = new(StringComparer.Ordinal);
    private readonly HashSet<DeviceId> _foreign = [];
    private RuleSettings _rules = RuleSettings.None;

    public void Read(YamlPart root)
    {
        foreach (var part in root.List("sites"))
            _sites.Add(ReadSite(part));
        foreach (var part in root.List("contacts"))
            _contacts.Add(ReadContact(part));
        if (root.Has("rules"))
            _rules = ReadRules(root);
        root.End();
    }

    public Facility Finish(string version)
    {
        foreach (var contact in _contacts)
        {
            foreach (var site in contact.Sites.Where(site => !_siteIds.Contains(site)))
                errors.Add(new ConfigurationError("people.yaml", 0, 0, $"contacts[{contact.Id}].sites", $"\"{site}\" is no site; known: {string.Join(", ", _siteIds.Order(StringComparer.Ordinal))}"));
        }

        return new Facility { Sites = _sites, Contacts = _contacts, Rules = _rules, Version = version };
    }

    private Site ReadSite(YamlPart part)
    {
        var id = part.RequiredId();
        if (id.Length > 0 && !_siteIds.Add(id))
            part.Error("id", $"\"{id}\" stands twice; give each site an id of its own");
        var site = new Site
        {
            Id = id,
            Name = part.RequiredLocal("name"),
            SubDistrict = part.Local("sub-district"),
            Neighbourhood = part.Local("neighbourhood"),
            Address = part.Local("address"),
            PropertyCompany = part.Local("property-company"),
            Buildings = Unique(part, "buildings", "building", ReadBuilding, building => building.Id),
            Circuits = Unique(part, "circuits", "circuit", ReadCircuit, circuit => circuit.Id),
            Places = Unique(part, "places", "place", ReadPlace, place => place.Id),
            Devices = Unique(part, "devices", "device", ReadDevice, device => device.Id),
            FireEquipment = Unique(part, "fire-equipment", "piece", ReadEquipment, piece => piece.Id),
            Rules = ReadRules(part),
        };
        CheckReferences(part, site);
        part.End();
        return site;
    }

    private static List<T> Unique<T>(YamlPart site, string key, string what, Func<YamlPart, T> read, Func<T, string> idOf)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<T>();
        foreach (var part in site.List(key))
        {
            var entry = read(part);
            if (idOf(entry).Length > 0 && !known.Add(idOf(entry)))
                part.Error("id", $"\"{idOf(entry)}\" stands twice in this site; give each {what} an id of its own");
            part.End();
            list.Add(entry);
        }

        return list;
    }

    private static Building ReadBuilding(YamlPart part) => new(part.RequiredId(), part.RequiredLocal("name"), part.Text("grid"), part.Texts("stairs"));

    private static Circuit ReadCircuit(YamlPart part)
    {
        var phases = part.Whole("phases", 1, 3) ?? 1;
        if (phases == 2)
            part.Error("phases", "\"2\" is neither 1 nor 3");
        var curve = part.Text("curve");
        if (curve is not (null or "B" or "C" or "D"))
            part.Error("curve", $"\"{curve}\" is not B, C or D");
        var phase = part.Whole("phase", 1, 3);
        if (phase is not null && phases == 3)
            part.Error("phase", "a three-phase circuit hangs on all of them; leave it out");
        ChannelId? channel = null;
        if (part.Text("meter-channel") is { } text)
        {
            if (ChannelId.TryParse(text, out var parsed))
                channel = parsed;
            else
                part.Error("meter-channel", $"\"{text}\" is no channel; write main, l1, s3 …");
        }

        return new Circuit
        {
            Id = part.RequiredId(),
            Name = part.RequiredLocal("name"),
            Kind = part.Word<CircuitKind>("kind") ?? CircuitKind.Public,
            Parent = part.Text("parent"),
            RatedA = part.Number("rated-a", 1, 1_000),
            Curve = curve,
            Phases = phases,
            Phase = phase,
            Meter = part.Text("meter"),
            MeterChannel = channel,
            ExpectedChargers = [.. part.List("expected-chargers").Select(ReadExpected)],
            Rules = ReadRules(part),
        };
    }

    private static ExpectedCharger ReadExpected(YamlPart part)
    {
        var charger = new ExpectedCharger(part.RequiredLocal("name"), part.Number("watts", 1, 20_000) ?? 0, part.Whole("from-hour", 0, 23) ?? 0, part.Whole("to-hour", 1, 24) ?? 24);
        part.End();
        return charger;
    }

    private static Place ReadPlace(YamlPart part) => new()
    {
        Id = part.RequiredId(),
        Name = part.RequiredLocal("name"),
        Kind = part.Word<PlaceKind>("kind") ?? PlaceKind.Spot,
        Capacity = part.Whole("capacity", 1, 10_000),
        Exits = part.Whole("exits", 0, 100),
        Building = part.Text("building"),
    };

    private DeviceEntry ReadDevice(YamlPart part)
    {
        var kind = part.Word<DeviceKind>("kind");
        if (kind is null && !part.Has("kind"))
            part.Error("kind", "missing; add \"kind: pile\" or what it is");
        var sockets = part.Whole("sockets", 1, 99) ?? 0;
        var reserved = new List<ChannelId>();
        foreach (var text in part.Texts("reserved"))
        {
            if (!ChannelId.TryParse(text, out var channel) || channel.Number > sockets || channel.Number == 0)
                part.Error("reserved", $"\"{text}\" is no socket of this device; it has s1 to s{sockets}");
            else
                reserved.Add(channel);
        }

        return new DeviceEntry
        {
            Id = part.RequiredId(),
            Name = part.RequiredLocal("name"),
            Kind = kind ?? DeviceKind.Plug,
            Place = part.Text("place"),
            Circuit = part.Text("circuit"),
            Gateway = part.Text("gateway"),
            Foreign = ReadForeign(part),
            Sockets = sockets,
            SocketRatedW = part.Number("socket-rated-w", 1, 20_000),
            RatedW = part.Number("rated-w", 1, 1_000_000),
            PeriodS = part.Number("period-s", 1, 86_400),
            Reserved = reserved,
            InspectionDue = part.Date("inspection-due"),
            Rules = ReadRules(part),
        };
    }

    private DeviceId? ReadForeign(YamlPart part)
    {
        if (part.Part("foreign") is not { } foreign)
            return null;
        var dialect = foreign.Word<ForeignDialect>("dialect");
        var name = foreign.RequiredText("name");
        foreign.End();
        if (dialect is not { } known || name.Length == 0)
            return null;
        var id = new DeviceId((Dialect)known, null, name);
        if (!_foreign.Add(id))
            part.Error("foreign", $"{id} is registered twice; one device has one place");
        return id;
    }

    private static FireEquipment ReadEquipment(YamlPart part)
    {
        var due = part.Date("due");
        if (due is null && !part.Has("due"))
            part.Error("due", "missing; add the date of the next check, \"due: 2026-12-31\"");
        return new FireEquipment(part.RequiredId(), part.RequiredLocal("name"), part.Text("place"), due ?? default);
    }

    private static Contact ReadContact(YamlPart part)
    {
        Uri? webhook = null;
        if (Secret(part, "webhook") is { } address && (!Uri.TryCreate(address, UriKind.Absolute, out webhook) || webhook.Scheme is not ("http" or "https")))
            part.Error("webhook", "is no http or https address");
        var contact = new Contact(part.RequiredId(), part.RequiredLocal("name"), webhook, part.Texts("sites"));
        part.End();
        return contact;
    }

    /// <summary>A secret may stand in the file, in the environment (<c>env:NAME</c>) or in a file of its own (<c>file:PATH</c>).</summary>
    private static string? Secret(YamlPart part, string key)
    {
        var text = part.Text(key);
        if (text is null)
            return null;
        if (text.StartsWith("env:", StringComparison.Ordinal))
        {
            if (Environment.GetEnvironmentVariable(text[4..]) is { Length: > 0 } value)
                return value;
            part.Error(key, $"the environment variable {text[4..]} is not set");
            return null;
        }

        if (!text.StartsWith("file:", StringComparison.Ordinal))
            return text;
        if (File.Exists(text[5..]))
            return File.ReadAllText(text[5..]).Trim();
        part.Error(key, $"the file {text[5..]} does not exist");
        return null;
    }

    private static RuleSettings ReadRules(YamlPart part)
    {
        if (part.Part("rules") is not { } rules)
            return RuleSettings.None;
        var byRule = new Dictionary<string, IReadOnlyDictionary<string, double>>(StringComparer.Ordinal);
        foreach (var (rule, settings) in rules.Parts())
        {
            var values = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var key in settings.Keys())
            {
                if (settings.Number(key, -1e9, 1e9) is { } value)
                    values[key] = value;
            }

            byRule[rule] = values;
        }

        return new RuleSettings(byRule);
    }

    private static void CheckReferences(YamlPart part, Site site)
    {
        var circuits = site.Circuits.DistinctBy(circuit => circuit.Id).ToDictionary(circuit => circuit.Id, StringComparer.Ordinal);
        var places = site.Places.Select(place => place.Id).ToHashSet(StringComparer.Ordinal);
        var buildings = site.Buildings.Select(building => building.Id).ToHashSet(StringComparer.Ordinal);
        var devices = site.Devices.Select(device => device.Id).ToHashSet(StringComparer.Ordinal);
        var meters = new Dictionary<(string, ChannelId?), string>();
        foreach (var (circuit, entry) in site.Circuits.Zip(part.List("circuits")))
        {
            Refers(entry, "parent", circuit.Parent, circuits.Keys, "circuit");
            Refers(entry, "meter", circuit.Meter, devices, "device");
            if (circuit.Meter is { } meter && !meters.TryAdd((meter, circuit.MeterChannel), circuit.Id))
                entry.Error("meter", $"\"{meter}\" measures {meters[(meter, circuit.MeterChannel)]} already; name another meter or its channel (meter-channel)");
            if (IsCircular(circuit, circuits))
                entry.Error("parent", "the circuits feed each other in a ring; one of them must be at the top");
            else if (circuit.Parent is { } parent && circuits.TryGetValue(parent, out var above) && above.RatedA < circuit.RatedA)
                entry.Error("rated-a", $"is more than the {above.RatedA} A of {parent} above it", isWarning: true);
        }

        foreach (var (place, entry) in site.Places.Zip(part.List("places")))
            Refers(entry, "building", place.Building, buildings, "building");
        foreach (var (device, entry) in site.Devices.Zip(part.List("devices")))
        {
            Refers(entry, "place", device.Place, places, "place");
            Refers(entry, "circuit", device.Circuit, circuits.Keys, "circuit");
            Refers(entry, "gateway", device.Gateway, devices, "device");
        }

        foreach (var (piece, entry) in site.FireEquipment.Zip(part.List("fire-equipment")))
            Refers(entry, "place", piece.Place, places, "place");
    }

    private static void Refers(YamlPart part, string key, string? id, IReadOnlyCollection<string> known, string what)
    {
        if (id is not null && !known.Contains(id))
            part.Error(key, $"\"{id}\" is no {what} of this site; known: {(known.Count == 0 ? "none" : string.Join(", ", known.Order(StringComparer.Ordinal)))}");
    }

    private static bool IsCircular(Circuit circuit, Dictionary<string, Circuit> circuits)
    {
        var above = circuit;
        for (var steps = 0; above.Parent is { } parent && circuits.TryGetValue(parent, out var next); steps++)
        {
            if (steps > circuits.Count)
                return true;
            above = next;
        }

        return false;
    }

    private enum ForeignDialect
    {
        Tasmota = Dialect.Tasmota,
        Shelly = Dialect.Shelly,
        Zigbee2mqtt = Dialect.Zigbee2Mqtt,
    }
}
