using FacilityMonitor.Contract;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>One reason for which many sockets are away at once: a breaker that tripped, a gateway or a pile that is gone.</summary>
/// <param name="Name">What it is: the circuit, the gateway or the pile.</param>
/// <param name="Link">Its page.</param>
/// <param name="Key">Key of the text that says what happened to it.</param>
internal sealed record SharedCause(LocalText Name, string Link, string Key)
{
    /// <summary>Share of a shed's sockets from which one tile stands for all that share a cause; each by itself would hide what else is wrong.</summary>
    public const double RollUpShare = 0.1;

    /// <summary>The cause that a device shares with its sockets; null: each has its own.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="site">The site.</param>
    /// <param name="entry">A pile or cabinet.</param>
    /// <param name="hasTripped">Whether an alert says that a circuit, by its id, has tripped or lost its supply.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static SharedCause? Of(LiveView view, Site site, DeviceEntry entry, Func<string, bool> hasTripped, long nowMs)
    {
        // The one nearest to the feeder explains the others below it.
        SharedCause? tripped = null;
        var seen = 0;
        for (var circuit = Find(site, entry.Circuit); circuit is not null && seen++ < site.Circuits.Count; circuit = Find(site, circuit.Parent))
        {
            if (hasTripped(circuit.Id))
                tripped = new SharedCause(circuit.Name, Links.Circuit(site.Id, circuit.Id), "cause-tripped");
        }

        if (tripped is not null)
            return tripped;
        if (entry.Gateway is { } gateway && site.Devices.FirstOrDefault(device => device.Id == gateway) is { } over && IsAway(view, site, over, nowMs))
            return new SharedCause(over.Name, Links.Device(site.Id, over.Id), "cause-gateway");
        return IsAway(view, site, entry, nowMs) ? new SharedCause(entry.Name, Links.Device(site.Id, entry.Id), view.Find(site.Id, entry.Id) is null ? "cause-never" : "cause-away") : null;
    }

    /// <summary>Those that one cause explains, for each that explains more than <see cref="RollUpShare"/> of a place; and the rest, each by itself.</summary>
    /// <param name="sockets">All sockets of the place.</param>
    /// <param name="causeOf">The cause that a device shares with its sockets.</param>
    public static (IReadOnlyList<(SharedCause Cause, IReadOnlyList<SocketNow> Sockets)> Rolled, IReadOnlyList<SocketNow> Single) Split(
        IReadOnlyList<SocketNow> sockets, Func<DeviceEntry, SharedCause?> causeOf)
    {
        var causes = sockets.Select(socket => socket.Device).Distinct().ToDictionary(device => device, causeOf);
        var rolled = sockets.Where(IsAwayWithItsDevice).GroupBy(socket => causes[socket.Device]).Where(group => group.Key is not null && group.Count() > 1 && group.Count() > RollUpShare * sockets.Count)
            .Select(group => (Cause: group.Key!, Sockets: (IReadOnlyList<SocketNow>)[.. group])).ToList();
        var inRolls = rolled.SelectMany(roll => roll.Sockets).ToHashSet(ReferenceEqualityComparer.Instance);
        return (rolled, [.. sockets.Where(socket => !inRolls.Contains(socket))]);
    }

    /// <summary>Only what is away is explained by a cause further up: an alert on the socket itself is never hidden behind it.</summary>
    private static bool IsAwayWithItsDevice(SocketNow socket) => socket is { Alert: null, State: SocketState.Never or SocketState.Offline or SocketState.Stale };

    private static Circuit? Find(Site site, string? id) => id is null ? null : site.Circuits.FirstOrDefault(circuit => circuit.Id == id);

    private static bool IsAway(LiveView view, Site site, DeviceEntry entry, long nowMs) =>
        view.Find(site.Id, entry.Id) is not { } device || device.Presence is Presence.Offline or Presence.Shutdown || nowMs - device.HeardMs > view.FreshMs(device);
}
