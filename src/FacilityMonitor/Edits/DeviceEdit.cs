using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using FacilityMonitor.Web;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a device.</summary>
internal sealed record DeviceFields
{
    /// <summary>Choice of a place that is not there yet.</summary>
    public const string NewPlace = "+";

    public string? Kind { get; init; }

    public string? Name { get; init; }

    public string? NameEn { get; init; }

    /// <summary>Id of a place; empty: directly on the site; <see cref="NewPlace"/>.</summary>
    public string? Place { get; init; }

    public string? PlaceName { get; init; }

    public string? PlaceKind { get; init; }

    /// <summary>Id of a circuit; empty: none.</summary>
    public string? Circuit { get; init; }

    public string? Sockets { get; init; }

    /// <summary>Sockets kept for old or disabled owners, as people list them: <c>s1, s2</c>.</summary>
    public string? Reserved { get; init; }

    /// <summary>Of a climber: the day of its next inspection.</summary>
    public string? InspectionDue { get; init; }

    /// <summary>Of a climber: ids of those who are trained.</summary>
    public IReadOnlyList<string>? Operators { get; init; }
}

/// <summary>A device that was heard becomes a registered one, at a place that is there or comes with it; and what is registered of a device is corrected.</summary>
internal static class DeviceEdit
{
    private static readonly string[] Keys = ["name", "place", "circuit", "sockets", "reserved", "inspection-due", "operators"];

    /// <param name="device">The device, as it was heard.</param>
    /// <param name="site">Where it is.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(NewDevice device, Site site, DeviceFields fields)
    {
        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        var (place, newPlace, refusal) = PlaceOf(site, fields);
        if (refusal is not null)
            return (null, refusal);
        var content = Yaml.Listed("sites", ("id", Yaml.Text(site.Id)), ("places", newPlace is null ? null : Yaml.List(newPlace)),
            ("devices", Yaml.List(Yaml.Map(
                ("id", Yaml.Text(device.Id)), ("kind", Yaml.Text(fields.Kind ?? "")), ("name", Yaml.Name(fields.Name, fields.NameEn)), ("place", Yaml.TextOrNone(place)),
                ("circuit", Yaml.TextOrNone(fields.Circuit)), ("sockets", Yaml.TextOrNone(fields.Sockets)), ("foreign", Foreign(device))))));
        return (new RegistryEdit
        {
            Name = new EditName(EditKind.Device, site.Id, device.Id),
            Content = content,
            Word = "device-adopt",
            Sites = SiteScope.Of([site.Id]),
            Part = written => Part(written, site.Id, device.Id),
            Fields = FieldsOf(device.Id, place),
        }, null);
    }

    /// <summary>What is registered of a device, corrected.</summary>
    /// <param name="site">Where it is.</param>
    /// <param name="entry">What is registered.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <param name="desk">What is written.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(Site site, DeviceEntry entry, DeviceFields fields, RegistryDesk desk)
    {
        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        var (place, newPlace, refusal) = PlaceOf(site, fields);
        if (refusal is not null)
            return (null, refusal);
        // Another file than that of its registration: each can be taken back without the other.
        var name = new EditName(EditKind.Equipment, site.Id, entry.Id);
        var below = Item(desk.WrittenWithout(name), site.Id, entry.Id);
        var said = Yaml.Beyond(below,
            ("name", Yaml.Name(fields.Name, fields.NameEn)), ("place", Yaml.TextOrNone(place)), ("circuit", Yaml.TextOrNone(fields.Circuit)), ("sockets", Yaml.TextOrNone(fields.Sockets)),
            ("reserved", Yaml.TextsOrNone(Listed(fields.Reserved))), ("inspection-due", Yaml.TextOrNone(fields.InspectionDue)), ("operators", Yaml.TextsOrNone(fields.Operators))).ToList();
        if (said.Count == 0)
            return (null, EditRefusal.SaysNothing);
        // A place that an earlier edit of this device made stays with it: by now something else may be there.
        var places = (desk.Made().FirstOrDefault(made => made.Name.File == name.File)?.Content is { } earlier && WrittenRegistry.Item(earlier, "sites", site.Id)?.Find("places") is YamlSequence kept ? kept.Items : [])
            .Concat(newPlace is null ? [] : [newPlace]).ToList();
        return (new RegistryEdit
        {
            Name = name,
            Content = Yaml.Listed("sites", ("id", Yaml.Text(site.Id)), ("places", places.Count == 0 ? null : Yaml.List(places)), ("devices", Yaml.List(Yaml.Map([("id", Yaml.Text(entry.Id)), .. said])))),
            Word = "device-edit",
            Sites = SiteScope.Of([site.Id]),
            Part = written => PartOfForm(written, site.Id, entry.Id),
            Fields = FieldsOf(entry.Id, place),
        }, null);
    }

    /// <summary>What is written of a device, as far as the form that corrects it shows it; null: nothing.</summary>
    public static YamlElement? PartOfForm(WrittenRegistry written, string site, string device) => Yaml.Only(Item(written, site, device), Keys);

    /// <summary>Whether a device is registered as a form says.</summary>
    public static bool Says(DeviceEntry entry, Site site, DeviceFields fields)
    {
        var (zh, en) = (fields.Name?.Trim() ?? "", fields.NameEn?.Trim() ?? "");
        var place = fields.Place == DeviceFields.NewPlace ? fields.PlaceName?.Trim() == site.Places.FirstOrDefault(known => known.Id == entry.Place)?.Name.Zh : (fields.Place ?? "") == (entry.Place ?? "");
        return place && entry.Name == new LocalText(zh, en.Length > 0 ? en : zh) && fields.Kind == Words.Of(entry.Kind) && (fields.Circuit ?? "") == (entry.Circuit ?? "")
            && (string.IsNullOrWhiteSpace(fields.Sockets) || fields.Sockets.Trim() == entry.Sockets.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>What is written of a device.</summary>
    public static YamlElement? Part(WrittenRegistry written, string site, string device) => Item(written, site, device);

    private static YamlMapping? Item(WrittenRegistry written, string site, string device) => WrittenRegistry.Item(written.Site(site), "devices", device);

    /// <summary>What people list, between commas or blanks.</summary>
    private static string[] Listed(string? text) => (text ?? "").Split([',', '，', '、', ' ', ';', '；'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The place that a form names, and what is written of it where it is new.</summary>
    private static (string? Place, YamlMapping? New, EditRefusal? Refusal) PlaceOf(Site site, DeviceFields fields)
    {
        if (fields.Place != DeviceFields.NewPlace)
            return (fields.Place, null, null);
        if (string.IsNullOrWhiteSpace(fields.PlaceName))
            return (null, null, EditRefusal.At("placeName", "请写新位置的名称，例如 2 号车棚", "name the new place, such as shed 2"));
        var id = NewPlaceId(site, fields.PlaceKind ?? "");
        return (id, Yaml.Map(("id", Yaml.Text(id)), ("name", Yaml.Text(fields.PlaceName.Trim())), ("kind", Yaml.Text(fields.PlaceKind ?? ""))), null);
    }

    private static (string Way, string Field)[] FieldsOf(string device, string? place)
    {
        var (at, inPlace) = ($"device {device}", $"place {place}");
        return
        [
            ($"{at} › id", "name"), ($"{at} › kind", "kind"), ($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › place", "place"),
            ($"{at} › circuit", "circuit"), ($"{at} › sockets", "sockets"), ($"{at} › reserved", "reserved"), ($"{at} › inspection-due", "inspectionDue"), ($"{at} › operators", "operators"), (at, "kind"),
            ($"{inPlace} › name", "placeName"), ($"{inPlace} › kind", "placeKind"), (inPlace, "placeName"),
        ];
    }

    private static YamlMapping? Foreign(NewDevice device) => device.Device.Site is not null ? null
        : Yaml.Map(("dialect", Yaml.Text(RegistrationText.Word(device.Device.Dialect))), ("name", Yaml.Text(device.Device.Name)));

    /// <summary>The first of <c>shed-1, shed-2 …</c> that nothing on the site is called.</summary>
    private static string NewPlaceId(Site site, string kind)
    {
        var stem = MappingReader.IsId(kind) && kind.Length < MappingReader.IdLengthMax / 2 ? kind : "place";
        var taken = site.Places.Select(place => place.Id).Concat(site.Circuits.Select(circuit => circuit.Id)).Concat(site.Devices.Select(device => device.Id)).ToHashSet(StringComparer.Ordinal);
        for (var number = 1; ; number++)
        {
            var id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stem}-{number}");
            if (!taken.Contains(id))
                return id;
        }
    }
}
