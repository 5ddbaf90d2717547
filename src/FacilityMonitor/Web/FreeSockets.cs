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

    /// <summary>Of every shed of a site that has sockets, in the order of the registry.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="site">The site.</param>
    /// <param name="alerts">Open alerts of the site.</param>
    /// <param name="isWorkedOn">Whether an asset is out of service, tested or maintained.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static IReadOnlyList<FreeSockets> Of(LiveView view, Site site, IReadOnlyList<AlertTransition> alerts, Func<string, bool> isWorkedOn, long nowMs)
    {
        string? PlaceOf(DeviceEntry device) => site.Places.Any(place => place.Id == device.Place) ? device.Place : null;
        var devices = site.Devices.ToLookup(PlaceOf);
        var piles = site.Devices.Where(device => device.Sockets > 0).ToLookup(PlaceOf);
        var troubled = alerts.Select(alert => alert.Asset).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. site.Places.Select(place => (place.Name, Id: (string?)place.Id)).Append((site.Name, null)).Where(one => piles[one.Id].Any()).Select(one =>
                Of(view, site, one.Name, [.. piles[one.Id]], path => troubled.Contains(path) || isWorkedOn(path), nowMs) with { IsShut = alerts.Any(alert => Shuts(alert, site, one.Id, devices[one.Id])) }),
        ];
    }

    /// <summary>Whether an alert keeps everybody out of a shed: a danger to the shed, to a pile or to what watches it; of a single socket only what endangers life. A strange device closes none:
    /// anybody may invent it.</summary>
    private static bool Shuts(AlertTransition alert, Site site, string? place, IEnumerable<DeviceEntry> devices)
    {
        if (alert.Priority > Priority.P1)
            return false;
        var isForLife = alert.Priority == Priority.P0;
        if (alert.Asset == (place is null ? site.Id : $"{site.Id}/{place}") || (isForLife && alert.Asset == site.Id))
            return true;
        foreach (var device in devices)
        {
            var path = new RegisteredDevice(site, device).AssetPath(ChannelId.Main);
            if (alert.Asset == path || ((isForLife || device.Sockets == 0) && alert.Asset.StartsWith(path + "/", StringComparison.Ordinal)))
                return true;
        }

        return false;
    }

    private static FreeSockets Of(LiveView view, Site site, LocalText name, IReadOnlyList<DeviceEntry> piles, Func<string, bool> isOutOfUse, long nowMs)
    {
        var (sockets, free, taken, unknown, heardMs) = (0, 0, 0, 0, default(long?));
        foreach (var pile in piles)
        {
            var open = pile.SocketChannels.Except(pile.Reserved).ToList();
            sockets += open.Count;
            var device = view.Find(site.Id, pile.Id);
            heardMs = device?.HeardMs > heardMs || heardMs is null ? device?.HeardMs ?? heardMs : heardMs;
            foreach (var channel in open)
            {
                if (isOutOfUse(new RegisteredDevice(site, pile).AssetPath(channel)))
                    continue;
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

        // Where nothing is heard, none is not what we know.
        return new FreeSockets(name, sockets, free + taken == 0 && unknown > 0 ? null : free, unknown, heardMs);
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
