using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using FacilityMonitor.Web;

namespace FacilityMonitor.Edits;

/// <summary>What a form says of a new device.</summary>
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
}

/// <summary>A device that was heard becomes a registered one, at a place that is there or comes with it.</summary>
internal static class DeviceEdit
{
    /// <param name="device">The device, as it was heard.</param>
    /// <param name="site">Where it is.</param>
    /// <param name="fields">What somebody said of it.</param>
    /// <returns>The edit; or why there is none.</returns>
    public static (RegistryEdit? Edit, EditRefusal? Refusal) Of(NewDevice device, Site site, DeviceFields fields)
    {
        if (string.IsNullOrWhiteSpace(fields.Name))
            return (null, EditRefusal.At("name", "请写名称，大家怎么叫它就怎么写", "give it a name, as people call it"));
        var isNewPlace = fields.Place == DeviceFields.NewPlace;
        if (isNewPlace && string.IsNullOrWhiteSpace(fields.PlaceName))
            return (null, EditRefusal.At("placeName", "请写新位置的名称，例如 2 号车棚", "name the new place, such as shed 2"));
        var place = isNewPlace ? NewPlaceId(site, fields.PlaceKind ?? "") : fields.Place;
        var at = $"device {device.Id}";
        var inPlace = $"place {place}";
        var content = Yaml.Listed("sites", ("id", Yaml.Text(site.Id)),
            ("places", !isNewPlace ? null : Yaml.List(Yaml.Map(("id", Yaml.Text(place!)), ("name", Yaml.Text(fields.PlaceName!.Trim())), ("kind", Yaml.Text(fields.PlaceKind ?? ""))))),
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
            Fields =
            [
                ($"{at} › id", "name"), ($"{at} › kind", "kind"), ($"{at} › name", "name"), ($"{at} › name › zh", "name"), ($"{at} › name › en", "nameEn"), ($"{at} › place", "place"),
                ($"{at} › circuit", "circuit"), ($"{at} › sockets", "sockets"), (at, "kind"), ($"{inPlace} › name", "placeName"), ($"{inPlace} › kind", "placeKind"), (inPlace, "placeName"),
            ],
        }, null);
    }

    /// <summary>Whether a device is registered as a form says.</summary>
    public static bool Says(DeviceEntry entry, Site site, DeviceFields fields)
    {
        var (zh, en) = (fields.Name?.Trim() ?? "", fields.NameEn?.Trim() ?? "");
        var place = fields.Place == DeviceFields.NewPlace ? fields.PlaceName?.Trim() == site.Places.FirstOrDefault(known => known.Id == entry.Place)?.Name.Zh : (fields.Place ?? "") == (entry.Place ?? "");
        return place && entry.Name == new LocalText(zh, en.Length > 0 ? en : zh) && fields.Kind == Words.Of(entry.Kind) && (fields.Circuit ?? "") == (entry.Circuit ?? "")
            && (string.IsNullOrWhiteSpace(fields.Sockets) || fields.Sockets.Trim() == entry.Sockets.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>What is written of a device.</summary>
    public static YamlElement? Part(WrittenRegistry written, string site, string device) => WrittenRegistry.Item(written.Site(site), "devices", device);

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
