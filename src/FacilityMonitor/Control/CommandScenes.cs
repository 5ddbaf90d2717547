using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Control;

/// <summary>What is known by which an order is judged, when it is given and each time it goes out.</summary>
/// <param name="Registry">What stands where, now.</param>
/// <param name="Monitoring">What is open, now.</param>
internal sealed record CommandScenes(Func<FacilityIndex> Registry, Func<MonitoringState> Monitoring)
{
    /// <summary>Whether the open alerts were read since the start. Before it there seem to be none.</summary>
    public bool AreKnown => Monitoring().Number > 0;

    /// <summary>The scene of an order to a device, without the rates.</summary>
    public CommandScene Of(DeviceId device, DeviceAbilities? abilities, long nowMs)
    {
        var state = Monitoring();
        return new CommandScene
        {
            NowMs = nowMs,
            Registered = Registry().Find(device),
            Abilities = abilities,
            OpenAlerts = state.Alerts,
            Seat = state.Seats.TryGetValue(device, out var seat) ? seat : null,
        };
    }
}
