using FacilityMonitor.Readings;

namespace FacilityMonitor.Registry;

/// <summary>A registered device with the site it stands on.</summary>
/// <param name="Site">Its site.</param>
/// <param name="Entry">What the registry says of it.</param>
public sealed record RegisteredDevice(Site Site, DeviceEntry Entry)
{
    /// <summary>Path of the device, or of one of its channels: <c>site/place/device/s1</c>; <c>main</c> is the device itself.</summary>
    public string AssetPath(ChannelId channel)
    {
        var device = Entry.Place is null ? $"{Site.Id}/{Entry.Id}" : $"{Site.Id}/{Entry.Place}/{Entry.Id}";
        return channel.Kind == ChannelKind.Main ? device : $"{device}/{channel}";
    }
}

/// <summary>Finds what a <see cref="Facility"/> says about a device that speaks. Immutable and thread-safe.</summary>
public sealed class FacilityIndex
{
    private readonly Dictionary<DeviceId, RegisteredDevice> _devices = [];
    private readonly Dictionary<string, Site> _sites = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    /// <summary>Indexes a registry.</summary>
    public FacilityIndex(Facility facility)
    {
        ArgumentNullException.ThrowIfNull(facility);
        Facility = facility;
        foreach (var site in facility.Sites)
        {
            _sites[site.Id] = site;
            _ids.UnionWith([.. site.Places.Select(place => place.Id), .. site.Circuits.Select(circuit => circuit.Id), .. site.Devices.Select(device => device.Id)]);
            foreach (var entry in site.Devices)
                _devices[entry.Foreign ?? new DeviceId(Dialect.Fm1, site.Id, entry.Id)] = new RegisteredDevice(site, entry);
        }
    }

    /// <summary>What was indexed.</summary>
    public Facility Facility { get; }

    /// <summary>What the registry says of a device; null: it is unknown.</summary>
    public RegisteredDevice? Find(DeviceId device) => _devices.GetValueOrDefault(device);

    /// <summary>The site with this id; null when there is none.</summary>
    public Site? FindSite(string id) => _sites.GetValueOrDefault(id);

    /// <summary>Whether any site calls a device, place or circuit like this: another thing needs another id, wherever it will stand.</summary>
    public bool IsTaken(string id) => _ids.Contains(id);

    /// <summary>Asset path of a channel of a device, registered or not: an unknown device stands directly on its site (<c>unregistered</c> for a foreign one).</summary>
    public string AssetPath(DeviceId device, ChannelId channel)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (Find(device) is { } registered)
            return registered.AssetPath(channel);
        var path = $"{device.Site ?? "unregistered"}/{device.Name}";
        return channel.Kind == ChannelKind.Main ? path : $"{path}/{channel}";
    }
}
