using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>Who, beside its meter and what hangs on it, has something to say about a circuit: cameras in the lifts of its buildings, and those who count bikes where its sockets stand.</summary>
internal sealed class Neighbourhood
{
    private static readonly Neighbourhood None = new();

    private HashSet<string> _lifts = [];
    private HashSet<string> _counters = [];
    private MetricSet _metrics;
    private EventSet _events;
    private Circuit? _circuit;

    private Neighbourhood()
    {
    }

    /// <summary>The neighbourhood of a circuit.</summary>
    /// <param name="site">Its site.</param>
    /// <param name="circuit">The circuit.</param>
    /// <param name="cells">The rules about it: what none of them wants to hear is not said.</param>
    public static Neighbourhood Of(Site site, Circuit circuit, Cell[] cells)
    {
        var (metrics, events) = (default(MetricSet), default(EventSet));
        foreach (var cell in cells)
            (metrics, events) = (metrics | cell.Rule.Metrics, events | cell.Rule.Events);
        if (metrics.Bits == 0)
            return None;
        var lifts = site.Places.Where(place => place.Building is { } building && circuit.Buildings.Contains(building)).Select(place => place.Id).ToHashSet(StringComparer.Ordinal);
        var sheds = site.Devices.Where(device => device.Sockets > 0 && IsBelow(site, device.Circuit, circuit)).Select(device => device.Place).ToHashSet(StringComparer.Ordinal);
        return new Neighbourhood
        {
            _lifts = Ids(device => device.Kind is DeviceKind.LiftBlocker or DeviceKind.Camera && device.Place is { } place && lifts.Contains(place)),
            _counters = Ids(device => device.Sockets == 0 && device.Place is { } place && sheds.Contains(place)),
            _metrics = metrics,
            _events = events,
            _circuit = circuit,
        };

        HashSet<string> Ids(Func<DeviceEntry, bool> isOne) => site.Devices.Where(isOne).Select(device => device.Id).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Whether a fact told by this device is of interest.</summary>
    public bool Hears(DeviceEntry device, DeviceEvent fact) => fact.Kind == EventKind.EBikeInLift && _events.Has(fact.Kind) && _lifts.Contains(device.Id);

    /// <summary>Whether a value measured by a channel of this device is of interest: bikes near its sockets, warmth of its own meter.</summary>
    public bool Hears(DeviceEntry device, ChannelId channel, Metric metric) => _metrics.Has(metric) && metric switch
    {
        Metric.Bikes => _counters.Contains(device.Id),
        Metric.Tc => _circuit!.Meter == device.Id && (_circuit.MeterChannel is null || _circuit.MeterChannel == channel),
        _ => false,
    };

    private static bool IsBelow(Site site, string? id, Circuit circuit)
    {
        // Validation has refused circles; a chain is no longer than there are circuits.
        for (var steps = 0; id is not null && steps <= site.Circuits.Count; steps++)
        {
            if (id == circuit.Id)
                return true;
            id = site.Circuits.FirstOrDefault(one => one.Id == id)?.Parent;
        }

        return false;
    }
}
