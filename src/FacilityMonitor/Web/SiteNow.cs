using FacilityMonitor.Contract;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>A site in one line: what somebody asks first.</summary>
/// <param name="Site">The site.</param>
/// <param name="Alerts">Its open alerts.</param>
/// <param name="Loads">Its circuits, in the order of the registry.</param>
/// <param name="InUse">Sockets in use now.</param>
/// <param name="Sockets">Sockets that are registered.</param>
/// <param name="Silent">Devices of which nothing fresh is known.</param>
/// <param name="HeardMs">When any of its devices was last heard, ms since 1970-01-01 UTC; null: never.</param>
internal sealed record SiteNow(Site Site, int Alerts, IReadOnlyList<CircuitLoad> Loads, int InUse, int Sockets, int Silent, long? HeardMs)
{
    /// <summary>Devices that are registered.</summary>
    public int Devices => Site.Devices.Count;

    /// <summary>Whether one of its alerts needs somebody who has not come yet.</summary>
    public bool NeedsSomebody { get; init; }

    /// <summary>The greatest share of its rating that a circuit carries; null: of none it is known.</summary>
    public double? WorstShare => Loads.Max(load => load.Share);

    /// <summary>Reads it off the live picture.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="state">What the rules say, of this site or of more.</param>
    /// <param name="site">The site.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static SiteNow Of(LiveView view, MonitoringState state, Site site, long nowMs) => Of(view, state, [site], nowMs)[0];

    /// <summary>The same of several, which looks through what the rules say only once.</summary>
    public static IReadOnlyList<SiteNow> Of(LiveView view, MonitoringState state, IReadOnlyList<Site> sites, long nowMs)
    {
        var judged = state.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal);
        var alerts = state.Alerts.CountBy(alert => alert.Site ?? "").ToDictionary(StringComparer.Ordinal);
        var needy = state.Alerts.Where(state.NeedsSomebody).Select(alert => alert.Site).ToHashSet(StringComparer.Ordinal);
        return [.. sites.Select(site => Of(view, site, alerts.GetValueOrDefault(site.Id), judged, nowMs) with { NeedsSomebody = needy.Contains(site.Id) })];
    }

    /// <summary>Whether nothing fresh is known of a device of which something should be. The live page says it by the same rule (<c>isSilent</c> in <c>live.js</c>); whoever changes one changes the other.</summary>
    public static bool IsSilent(LiveView view, DeviceEntry entry, DeviceNow? device, long nowMs)
    {
        if (device is null || entry.SpeaksOnOccasion)
            return device is null ? !entry.SpeaksOnOccasion : IsGone(device);
        // A gateway has no readings of its own: it is there while it says anything.
        return !Fresh(view, device, nowMs).Any() && (IsGone(device) || device.Channels.Any() || nowMs - device.HeardMs > view.FreshMs(device));
    }

    /// <summary>Sockets of a device that are in use now.</summary>
    public static int InUseOf(LiveView view, DeviceEntry entry, DeviceNow? device, long nowMs) => Fresh(view, device, nowMs).Count(channel =>
        channel.Channel is { Kind: ChannelKind.Socket or ChannelKind.Slot, Number: var number } && number <= entry.Sockets
        && channel.Values.TryGet(Metric.W, out var watts) && watts.Value > FirstPicture.InUseW);

    private static SiteNow Of(LiveView view, Site site, int alerts, Dictionary<string, CircuitState> judged, long nowMs)
    {
        var (inUse, silent) = (0, 0);
        long? heard = null;
        foreach (var entry in site.Devices)
        {
            var device = view.Find(site.Id, entry.Id);
            silent += IsSilent(view, entry, device, nowMs) ? 1 : 0;
            inUse += InUseOf(view, entry, device, nowMs);
            heard = device is null || device.HeardMs < heard ? heard : device.HeardMs;
        }

        return new SiteNow(
            site, alerts, [.. site.Circuits.Select(circuit => CircuitLoad.Of(view, site.Id, circuit, judged.GetValueOrDefault($"{site.Id}/{circuit.Id}"), nowMs))],
            inUse, site.Devices.Sum(entry => entry.Sockets), silent, heard);
    }

    private static bool IsGone(DeviceNow device) => device.Presence is Presence.Offline or Presence.Shutdown;

    private static IEnumerable<ChannelNow> Fresh(LiveView view, DeviceNow? device, long nowMs) => device is null || IsGone(device)
        ? [] : device.Channels.Select(channel => channel.Now).Where(channel => channel.Quality != Quality.Stale && nowMs - channel.HeardMs <= view.FreshMs(device));
}
