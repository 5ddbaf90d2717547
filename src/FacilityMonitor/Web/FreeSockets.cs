using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>How many sockets of a shed the next bike can use.</summary>
/// <param name="Name">What the shed is called.</param>
/// <param name="Sockets">Its sockets for everybody; reserved ones are not promised to anybody else.</param>
/// <param name="Free">How many are free; null: nothing is known now.</param>
/// <param name="Unknown">Sockets of which nothing is known now; they count as neither.</param>
/// <param name="HeardMs">When one of its piles was heard last, ms since 1970-01-01 UTC; null: never.</param>
internal sealed record FreeSockets(LocalText Name, int Sockets, int? Free, int Unknown, long? HeardMs)
{
    /// <summary>Whether nobody should go there now: something in the shed is dangerous. Why is nothing for strangers.</summary>
    public bool IsShut { get; init; }

    /// <summary>Of every shed of a site that has sockets, in the order of the registry. What is closed is what an alert covers, and no more: a socket by any alert of its own; those of a pile, or of all that
    /// hangs on a circuit, by a danger there; a whole shed by a danger to itself or to what watches it, and by whatever is about lives in it.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="site">The site.</param>
    /// <param name="alerts">Open alerts of the site that are meant: exercises close nothing.</param>
    /// <param name="isWorkedOn">Whether an asset is out of service, tested or maintained.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static IReadOnlyList<FreeSockets> Of(LiveView view, Site site, IReadOnlyList<AlertTransition> alerts, Func<string, bool> isWorkedOn, long nowMs)
    {
        string? PlaceOf(DeviceEntry device) => site.Places.Any(place => place.Id == device.Place) ? device.Place : null;
        var devices = site.Devices.ToLookup(PlaceOf);
        var troubled = alerts.Select(alert => alert.Asset).ToHashSet(StringComparer.Ordinal);
        var dangers = alerts.Where(alert => alert.Priority <= Priority.P1).ToList();
        var dangerous = dangers.Select(alert => alert.Asset).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. site.Places.Select(place => (place.Name, Id: (string?)place.Id)).Append((site.Name, null))
                .Where(one => devices[one.Id].Any(device => device.Sockets > 0)).Select(one => ShedOf(one.Name, one.Id)),
        ];

        FreeSockets ShedOf(LocalText name, string? place)
        {
            var shed = Of(view, site, name, [.. devices[place].Where(device => device.Sockets > 0)], IsPileClosed, path => troubled.Contains(path) || isWorkedOn(path), nowMs);
            return dangers.Exists(alert => Shuts(alert, site, place, devices[place])) ? shed with { IsShut = true } : shed;
        }

        bool IsPileClosed(DeviceEntry pile) => dangerous.Contains(new RegisteredDevice(site, pile).AssetPath(ChannelId.Main))
            || ElectricalTree.Feeding(site.Circuits, site.Circuits.FirstOrDefault(circuit => circuit.Id == pile.Circuit)).Any(circuit => $"{site.Id}/{circuit.Id}" is var path && (dangerous.Contains(path) || isWorkedOn(path)));
    }

    /// <summary>Whether a danger keeps everybody out of a shed: one to the shed itself or to what watches it; of a pile or a socket only what is about lives. A strange device closes none: anybody may
    /// invent it.</summary>
    private static bool Shuts(AlertTransition danger, Site site, string? place, IEnumerable<DeviceEntry> devices)
    {
        var isForLife = danger.Priority == Priority.P0;
        if (danger.Asset == (place is null ? site.Id : $"{site.Id}/{place}") || (isForLife && danger.Asset == site.Id))
            return true;
        return devices.Where(device => isForLife || device.Kind == DeviceKind.Shed).Select(device => new RegisteredDevice(site, device).AssetPath(ChannelId.Main))
            .Any(path => danger.Asset == path || danger.Asset.StartsWith(path + "/", StringComparison.Ordinal));
    }

    private static FreeSockets Of(LiveView view, Site site, LocalText name, IReadOnlyList<DeviceEntry> piles, Func<DeviceEntry, bool> isClosed, Func<string, bool> isOutOfUse, long nowMs)
    {
        var (sockets, free, taken, unknown, closed, heardMs) = (0, 0, 0, 0, 0, default(long?));
        foreach (var pile in piles)
        {
            var open = pile.SocketChannels.Except(pile.Reserved).ToList();
            sockets += open.Count;
            var device = view.Find(site.Id, pile.Id);
            heardMs = device?.HeardMs > heardMs || heardMs is null ? device?.HeardMs ?? heardMs : heardMs;
            var isPileClosed = isClosed(pile);
            foreach (var channel in open)
            {
                if (isPileClosed || isOutOfUse(new RegisteredDevice(site, pile).AssetPath(channel)))
                {
                    closed++;
                    continue;
                }

                switch (IsFree(view, device, channel, nowMs))
                {
                    case true:
                        free++;
                        break;
                    case null:
                        unknown++;
                        break;
                    case false:
                        taken++;
                        break;
                }
            }
        }

        // Where nothing is heard, none is not what we know; and where each is closed, all of it is.
        return new FreeSockets(name, sockets, free + taken == 0 && unknown > 0 ? null : free, unknown, heardMs) { IsShut = sockets > 0 && closed == sockets };
    }

    /// <summary>Whether the next bike can use it; null: not known. On a pile that speaks, a socket that was never heard of is free: many do not report idle ones.</summary>
    private static bool? IsFree(LiveView view, DeviceNow? device, ChannelId channel, long nowMs)
    {
        if (device is null || device.Presence is Presence.Offline or Presence.Shutdown)
            return null;
        var fresh = view.FreshMs(device);
        if (device.Channel(channel) is not { } now)
            return nowMs - device.HeardMs <= fresh ? true : null;
        if (now.Quality == Quality.Stale || nowMs - now.HeardMs > fresh)
            return null;
        return !SocketWords.Of(now.State).Blocks() && !(now.Values.TryGet(Metric.W, out var watts) && watts.Value > FirstPicture.InUseW);
    }
}
