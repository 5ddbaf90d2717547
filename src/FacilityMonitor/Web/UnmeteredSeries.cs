using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>What a circuit's meter tells beyond the meters, sockets and devices below it, over time: by night, where nobody charges at a socket, what is left is what somebody taps.</summary>
internal static class UnmeteredSeries
{
    /// <summary>Channels that are added up below a circuit: sockets of a dozen piles.</summary>
    public const int ChannelsMax = 120;

    public static string Address(string site, string circuit) => $"/series/{site}/circuit/{circuit}/unmetered";

    /// <summary>What is measured directly below a circuit, each device with the channels that tell its power; null: of one of them nothing was ever heard, or there are too many, and without it any remainder would be wrong.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="site">The site.</param>
    /// <param name="circuit">The circuit.</param>
    public static IReadOnlyList<(DeviceEntry Device, IReadOnlyList<ChannelId> Channels)>? Parts(LiveView view, Site site, Circuit circuit)
    {
        var parts = new List<(DeviceEntry Device, IReadOnlyList<ChannelId> Channels)>();
        if (!Add(circuit, 0))
            return null;
        return parts.Sum(part => part.Channels.Count) > ChannelsMax ? null : parts;

        bool Add(Circuit at, int depth)
        {
            foreach (var device in site.Devices.Where(device => device.Circuit == at.Id && device.Id != at.Meter))
            {
                ChannelId[] channels = [.. (view.Find(site.Id, device.Id)?.Channels ?? []).Where(channel => channel.Now.Values.TryGet(Metric.W, out _)).Select(channel => channel.Now.Channel)];
                if (channels.Length > 0)
                    parts.Add((device, channels));
                else if (device.Sockets > 0)
                    return false;
            }

            foreach (var below in site.Circuits.Where(below => below.Parent == at.Id))
            {
                if (below.Meter is { } meter && site.Devices.FirstOrDefault(device => device.Id == meter) is { } entry)
                    parts.Add((entry, CircuitLoad.ChannelsOf(below)));
                else if (depth > site.Circuits.Count || !Add(below, depth + 1))
                    return false;
            }

            return true;
        }
    }

    /// <summary>The remainder, where both were told. Least and most are the widest that the single lines allow; the mean is exact.</summary>
    /// <param name="whole">What the circuit's meter told, stretch by stretch.</param>
    /// <param name="parts">What was told below it, in the same stretches.</param>
    public static IReadOnlyList<SeriesPoint> Of(IReadOnlyList<SeriesPoint> whole, IReadOnlyList<SeriesPoint> parts)
    {
        var below = parts.ToDictionary(point => point.AtMs);
        return
        [
            .. whole.Where(point => below.ContainsKey(point.AtMs)).Select(point =>
            {
                var part = below[point.AtMs];
                return new SeriesPoint(point.AtMs, point.Min - part.Max, point.Max - part.Min, point.Mean - part.Mean, point.Count + part.Count);
            }),
        ];
    }
}
