using System.Text.RegularExpressions;
using FacilityMonitor.Control;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Configuration;

/// <summary>Makes the registry out of what was written, and finds the line again for every contradiction the Core sees in it.</summary>
internal sealed partial class FacilityReader(Problems problems)
{
    private const double RatedAMax = 1_000;
    private const int SocketsMax = 99;
    private const double SocketRatedWMax = 5_000;
    private const double DeviceRatedWMax = 1_000_000;

    private static readonly Dictionary<string, Dialect> Dialects = new(StringComparer.Ordinal)
    {
        ["tasmota"] = Dialect.Tasmota,
        ["shelly"] = Dialect.Shelly,
        ["zigbee2mqtt"] = Dialect.Zigbee2Mqtt,
        ["thingsboard"] = Dialect.ThingsBoard,
        ["mapped"] = Dialect.Mapped,
    };

    private static readonly Dictionary<string, NoiseClass> NoiseClasses = new(StringComparer.Ordinal)
    {
        ["0"] = NoiseClass.Class0,
        ["1"] = NoiseClass.Class1,
        ["2"] = NoiseClass.Class2,
        ["3"] = NoiseClass.Class3,
        ["4a"] = NoiseClass.Class4a,
        ["4b"] = NoiseClass.Class4b,
    };

    private readonly Dictionary<object, MappingReader> _written = new(ReferenceEqualityComparer.Instance);
    private readonly List<Site> _sites = [];
    private readonly List<Contact> _contacts = [];
    private readonly JsonMappingReader _mappings = new();
    private People _people = People.None;
    private readonly Dictionary<string, IReadOnlyDictionary<string, double>> _rules = new(StringComparer.Ordinal);
    private MappingReader? _rulesAt;
    private List<YamlElement> _untranslated = [];

    /// <summary>Reads a <c>facility.yaml</c>.</summary>
    public void Read(YamlMapping file)
    {
        var reader = new MappingReader(file, "", problems);
        if (reader.Find("contacts") is not null)
            reader.Error("contacts", "联系人请写在 people.yaml，它不进版本库", "contacts belong in people.yaml, which stays outside version control");
        foreach (var site in reader.Each("sites", "site"))
            _sites.Add(ReadSite(site));
        foreach (var mapping in reader.Each("mappings", "mapping"))
            _mappings.Read(mapping);
        foreach (var (rule, settings) in Rules(reader).ByRule)
            _rules[rule] = settings;
        if (reader.Find("rules") is not null)
            _rulesAt = reader;
        reader.Close();
    }

    /// <summary>Reads a <c>people.yaml</c>.</summary>
    public void ReadPeople(YamlMapping file, Func<string, string?> environment, string folder)
    {
        var reader = new MappingReader(file, "", problems);
        foreach (var contact in reader.Each("contacts", "contact"))
        {
            var read = new Contact(contact.Id(), contact.RequiredName("name", untranslated: null), Webhook(contact, environment, folder), contact.References("sites"));
            Keep(contact, read);
            _contacts.Add(read);
        }

        _people = new PeopleReader(reader, environment, folder, (subject, at) => _written[subject] = at).Read();
        reader.Close();
    }

    /// <summary>The registry that was read, checked as a whole. Usable only when no problem is an error.</summary>
    /// <param name="version">Names its content.</param>
    /// <param name="rules">The rules whose numbers may be overridden; null: not checked.</param>
    /// <param name="isWhole">Whether every site could be read; if not, a contact's site that is not there says nothing.</param>
    public Facility Finish(string version, KnownRules? rules, bool isWhole)
    {
        var facility = new Facility { Sites = _sites, Contacts = _contacts, People = _people, Mappings = _mappings.Mappings, Rules = new RuleSettings(_rules), Version = version };
        CheckMappedNames(facility);
        foreach (var found in FacilityValidation.Check(facility, rules))
        {
            if (!isWhole && found is { Subject: Contact or Team or SiteChain, Key: "sites" })
                continue;
            var at = _written.GetValueOrDefault(found.Subject) ?? _rulesAt;
            var key = found.Key.Split('.');
            problems.Add(at is null
                ? new("", 0, 0, found.Key, found.Text, found.IsWarning)
                : Located(at, key, found));
        }

        return facility with { Sites = [.. _sites.Select(site => site with { Circuits = ElectricalTree.ParentsFirst(site.Circuits) })] };
    }

    /// <summary>A mapped device's name begins with the vendor its mapping names; with another nothing would ever arrive for it, and nobody would be told.</summary>
    private void CheckMappedNames(Facility facility)
    {
        var vendors = facility.Mappings.Select(mapping => mapping.Vendor).Distinct().ToList();
        foreach (var device in facility.Sites.SelectMany(site => site.Devices))
        {
            if (device.Foreign is not { Dialect: Dialect.Mapped, Name: var name } || vendors.Contains(name.Split('/')[0]))
                continue;
            var there = vendors.Count == 0 ? ("还没有 mappings", "there are no mappings yet") : ($"有：{string.Join(", ", vendors)}", $"there are: {string.Join(", ", vendors)}");
            _written[device].Error("foreign", $"'mapped:{name}' 里没有这个厂家的映射；请写 mapped:厂家/设备名（{there.Item1}）",
                $"'mapped:{name}' names no vendor of a mapping; write mapped:VENDOR/NAME ({there.Item2})");
        }
    }

    private static ConfigurationError Located(MappingReader at, string[] key, FacilityProblem found)
    {
        var element = at.At(key[0]);
        foreach (var part in key.Skip(1))
        {
            if (element is YamlMapping mapping
                && mapping.Entries.FirstOrDefault(entry => entry.Key.Text == part || KnownRules.Canonical(entry.Key.Text) == part) is { Value: { } value })
                element = value;
        }

        var path = at.PathOf(string.Join(" › ", key));
        return new(element.File, element.Line, element.Column, path, found.Text, found.IsWarning);
    }

    private Site ReadSite(MappingReader reader)
    {
        _untranslated = [];
        var site = new Site
        {
            Id = reader.Id(),
            Name = reader.RequiredName("name", Untranslated),
            SubDistrict = reader.Name("sub-district", Untranslated),
            Neighbourhood = reader.Name("neighbourhood", Untranslated),
            Address = reader.Name("address", Untranslated),
            GuardPhone = Phone(reader, "guard-phone"),
            PropertyCompany = reader.Name("property-company", Untranslated),
            IsPublic = reader.YesOrNo("public") ?? false,
            Buildings = [.. reader.Each("buildings", "building").Select(Building)],
            Places = [.. reader.Each("places", "place").Select(Place)],
            Circuits = [.. reader.Each("circuits", "circuit").Select(Circuit)],
            Devices = [.. reader.Each("devices", "device").Select(Device)],
            FireEquipment = [.. reader.Each("fire-equipment", "fire-equipment").Select(Fire)],
            ReservedUsers = ReservedUsers(reader),
            Rules = Rules(reader),
        };
        Keep(reader, site);
        if (_untranslated.Count > 0)
        {
            // One line a site: a registry without English is common and works.
            problems.Warning(_untranslated[0], reader.Path, $"{_untranslated.Count} 个名称没有英文，英文页面会显示中文；可写成 {{ zh: …, en: … }}",
                $"{_untranslated.Count} names have no English, the English page shows the Chinese; write {{ zh: …, en: … }}");
        }

        return site;
    }

    private static string? Phone(MappingReader reader, string key)
    {
        var text = reader.Text(key);
        if (text is null || PhoneNumber().IsMatch(text))
            return text;
        reader.Error(key, $"'{text}' 不是电话号码；请写 3 到 20 位数字，中间可以有空格和 -，如 \"021-5555 0100\"", $"'{text}' is no telephone number; write 3 to 20 digits, with blanks and dashes between them if you like, such as \"021-5555 0100\"");
        return null;
    }

    [GeneratedRegex("^\\+?[0-9]([ -]?[0-9]){2,19}$", RegexOptions.ExplicitCapture)]
    private static partial Regex PhoneNumber();

    private void Untranslated(YamlElement at) => _untranslated.Add(at);

    private Building Building(MappingReader reader)
    {
        var building = new Building(reader.Id(), reader.RequiredName("name", Untranslated), reader.Text("grid"), reader.References("stairs"));
        return Keep(reader, building);
    }

    private Place Place(MappingReader reader) => Keep(reader, new Place
    {
        Id = reader.Id(),
        Name = reader.RequiredName("name", Untranslated),
        Kind = reader.Kind<PlaceKind>() ?? PlaceKind.Spot,
        Capacity = reader.Integer("capacity", 1, 10_000),
        Exits = reader.Integer("exits", 0, 99),
        Building = reader.Reference("building"),
    });

    private Circuit Circuit(MappingReader reader)
    {
        var phases = reader.Integer("phases", 1, 3) ?? 1;
        if (phases == 2)
            reader.Error("phases", "2 不对；回路是单相（1）或三相（3）", "2 is not possible; a circuit has 1 phase or 3");
        return Keep(reader, new Circuit
        {
            Id = reader.Id(),
            Name = reader.RequiredName("name", Untranslated),
            Kind = reader.Kind<CircuitKind>() ?? CircuitKind.Charging,
            Parent = reader.Reference("parent"),
            RatedA = reader.Number("rated-a", 1, RatedAMax, "A"),
            Curve = reader.OneOf("curve", "B", "C", "D"),
            Phases = phases == 2 ? 1 : phases,
            Phase = reader.Integer("phase", 1, 3),
            Meter = reader.Reference("meter"),
            MeterChannel = Channel(reader, "meter-channel"),
            Buildings = reader.References("buildings"),
            Note = reader.Text("note"),
            ExpectedChargers = [.. reader.Each("expected-chargers", "expected-charger").Select(Expected)],
            Rules = Rules(reader),
        });
    }

    private ExpectedCharger Expected(MappingReader reader)
    {
        var charger = new ExpectedCharger(
            reader.RequiredName("name", Untranslated),
            reader.Number("watts", 1, 10_000, "W") ?? 0,
            reader.Integer("from-hour", 0, 23) ?? 0,
            reader.Integer("to-hour", 1, 24) ?? 24);
        if (reader.Find("watts") is null)
            reader.Error("watts", "缺少功率；请加一行，例如 watts: 300", "is missing; add a line such as watts: 300");
        if (charger.FromHour == charger.ToHour)
            reader.Error("to-hour", $"与 'from-hour' 同为 {charger.ToHour} 点；全天请写 0 到 24", $"is {charger.ToHour} like 'from-hour'; for the whole day write 0 and 24");
        reader.Close();
        return charger;
    }

    private DeviceEntry Device(MappingReader reader)
    {
        var kind = reader.Kind<DeviceKind>() ?? DeviceKind.Plug;
        // A refused number is not a missing one, nor does it make every reserved socket wrong.
        var refused = kind is DeviceKind.Pile or DeviceKind.Cabinet && reader.Find("sockets") is not null ? SocketsMax : 0;
        return Keep(reader, new DeviceEntry
        {
            Id = reader.Id(),
            Name = reader.RequiredName("name", Untranslated),
            Kind = kind,
            Place = reader.Reference("place"),
            Circuit = reader.Reference("circuit"),
            Gateway = reader.Reference("gateway"),
            Foreign = Foreign(reader),
            Sockets = reader.Integer("sockets", 1, SocketsMax) ?? refused,
            SocketRatedW = reader.Number("socket-rated-w", 1, SocketRatedWMax, "W"),
            RatedW = reader.Number("rated-w", 1, DeviceRatedWMax, "W"),
            PeriodS = reader.Number("period-s", 1, 86_400, "s"),
            Reserved = Reserved(reader),
            Desired = Desired(reader),
            InspectionDue = reader.Date("inspection-due"),
            RatedLoadKg = reader.Number("rated-load-kg", 30, 500, "kg"),
            RatedAngleDeg = reader.Number("rated-angle-deg", 10, 60, "°"),
            Operators = reader.References("operators"),
            HeatClass = reader.OneOf("heat-class", "A1", "B") switch { "A1" => HeatClass.A1, "B" => HeatClass.B, _ => null },
            NoiseClass = reader.OneOf("noise-class", [.. NoiseClasses.Keys]) is { } noise ? NoiseClasses[noise] : null,
            GroupTimes = [.. reader.Each("group-times", "group-time").Select(Group)],
            NominalKpa = reader.Number("nominal-kpa", 1, 10_000, "kPa"),
            Rules = Rules(reader),
        });
    }

    private GroupTime Group(MappingReader reader)
    {
        var group = new GroupTime(reader.RequiredName("name", Untranslated), reader.Number("from-hour", 0, 23.99, "") ?? 0, reader.Number("to-hour", 0.01, 24, "") ?? 24);
        foreach (var key in (string[])["from-hour", "to-hour"])
        {
            if (reader.Find(key) is null)
                reader.Error(key, $"缺少；请加一行，例如 {key}: 18.5（18 点半）", $"is missing; add a line such as {key}: 18.5 (half past six in the evening)");
        }

        reader.Close();
        return group;
    }

    /// <summary><c>{period-s: 30, limit-w: 800}</c>: what the device is told by <c>cfg</c>.</summary>
    private static DesiredConfiguration? Desired(MappingReader reader)
    {
        if (reader.Below("desired") is not { } below)
            return null;
        var desired = new DesiredConfiguration(
            below.Integer("period-s", DesiredConfiguration.PeriodMinS, DesiredConfiguration.PeriodMaxS), below.Number("limit-w", CommandLimits.LimitMinW, CommandLimits.LimitMaxW, "W"));
        below.Close();
        return desired is { PeriodS: null, LimitW: null } ? null : desired;
    }

    private FireEquipment Fire(MappingReader reader) => Keep(reader, new FireEquipment(
        reader.Id(), reader.RequiredName("name", Untranslated), reader.Reference("place"), reader.RequiredDate("due")));

    /// <summary><c>{dialect: tasmota, name: my-plug}</c>, or the short form <c>tasmota:my-plug</c> that messages and pages print.</summary>
    private static DeviceId? Foreign(MappingReader reader)
    {
        if (reader.Find("foreign") is YamlMapping)
        {
            var foreign = reader.Below("foreign")!;
            var dialect = foreign.OneOf("dialect", [.. Dialects.Keys]);
            var name = foreign.RequiredText("name", "my-plug");
            if (foreign.Find("dialect") is null)
                foreign.Missing("dialect", "tasmota");
            foreign.Close();
            return dialect is null || name is null ? null : ForeignOf(reader, dialect, name);
        }

        if (reader.Text("foreign") is not { } text)
            return null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return ForeignOf(reader, colon < 0 ? "" : text[..colon], text[(colon + 1)..]);
    }

    private static DeviceId? ForeignOf(MappingReader reader, string dialect, string name)
    {
        // Where a topic carries the name it cannot hold these two; ThingsBoard's gateways name devices in the payload.
        if (Dialects.TryGetValue(dialect, out var known) && name.Length > 0 && (known == Dialect.ThingsBoard || name.IndexOfAny(['+', '#']) < 0))
            return new DeviceId(known, Site: null, name);
        reader.Error("foreign", $"'{dialect}:{name}' 看不懂；请写 tasmota:名称、shelly:名称、zigbee2mqtt:名称、thingsboard:名称 或 mapped:厂家/名称，名称与主题里的一样",
            $"'{dialect}:{name}' is not understood; write tasmota:NAME, shelly:NAME, zigbee2mqtt:NAME, thingsboard:NAME or mapped:VENDOR/NAME, with the name of its topics");
        return null;
    }

    private static ChannelId? Channel(MappingReader reader, string key)
    {
        if (reader.Text(key) is not { } text)
            return null;
        if (ChannelId.TryParse(text, out var channel))
            return channel;
        reader.Error(key, $"'{text}' 不是通道；请写 main、l1…l3、s1…、k1…", $"'{text}' is no channel; write main, l1…l3, s1… or k1…");
        return null;
    }

    private static List<ChannelId> Reserved(MappingReader reader)
    {
        var reserved = new List<ChannelId>();
        foreach (var scalar in reader.Texts("reserved"))
        {
            if (ChannelId.TryParse(scalar.Text, out var channel))
                reserved.Add(channel);
            else
                reader.Error("reserved", $"'{scalar.Text}' 不是充电口；请写 s1、s2……（充电柜 k1、k2……）", $"'{scalar.Text}' is no socket; write s1, s2 … (of a cabinet k1, k2 …)");
        }

        return reserved;
    }

    /// <summary>Pseudonyms as the piles tell them: a name or a telephone number must never stand here.</summary>
    private static List<string> ReservedUsers(MappingReader reader)
    {
        var users = new List<string>();
        foreach (var scalar in reader.Texts("reserved-users"))
        {
            if (scalar.Text.StartsWith("h:", StringComparison.Ordinal) && scalar.Text.Length > 2)
                users.Add(scalar.Text);
            else
                reader.Error("reserved-users", $"'{scalar.Text}' 不是假名；请写充电桩上报的假名，例如 h:9c2e，不要写姓名或电话", $"'{scalar.Text}' is no pseudonym; write what the piles tell, such as h:9c2e, never a name or number");
        }

        return users;
    }

    private static RuleSettings Rules(MappingReader reader)
    {
        if (reader.Below("rules") is not { } rules)
            return RuleSettings.None;
        var read = new Dictionary<string, IReadOnlyDictionary<string, double>>(StringComparer.Ordinal);
        foreach (var (rule, _) in rules.Mapping.Entries)
        {
            if (rules.Below(rule.Text) is not { } settings)
                continue;
            var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var (name, _) in settings.Mapping.Entries)
            {
                if (settings.Number(name.Text, double.NegativeInfinity, double.PositiveInfinity, "") is { } value)
                    numbers[KnownRules.Canonical(name.Text)] = value;
            }

            read[rule.Text] = numbers;
        }

        return new RuleSettings(read);
    }

    private Uri? Webhook(MappingReader reader, Func<string, string?> environment, string folder)
    {
        if (SecretText.Read(reader, "webhook", environment, folder) is not { } text)
            return null;
        // The address itself is a secret (most bots carry their key in it) and is never repeated here.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var webhook) || (webhook.Scheme != Uri.UriSchemeHttps && webhook.Scheme != Uri.UriSchemeHttp))
        {
            reader.Error("webhook", "不是网址；请写 https://…、env:变量名 或 file:路径", "is no address; write https://…, env:NAME or file:PATH");
            return null;
        }

        if (webhook.Scheme == Uri.UriSchemeHttp && !webhook.IsLoopback)
            problems.Warning(reader.At("webhook"), reader.PathOf("webhook"), "用 http 发送，途中任何人都能看到告警；请改用 https", "is posted in the clear, anybody on the way can read the alerts; use https");
        return webhook;
    }

    private T Keep<T>(MappingReader reader, T read)
        where T : class
    {
        _written[read] = reader;
        reader.Close();
        return read;
    }
}
