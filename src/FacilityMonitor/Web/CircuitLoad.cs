using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Web;

/// <summary>What a circuit carries now, and what it could still carry.</summary>
/// <param name="Circuit">The circuit.</param>
/// <param name="Amps">Current of each phase, A; empty: not known now.</param>
/// <param name="Watts">Power by its meter, W; null: not known now.</param>
/// <param name="HeardMs">When its meter was last heard, ms since 1970-01-01 UTC; null: never, or it has none.</param>
/// <param name="IsAway">Whether the meter said that it is gone.</param>
/// <param name="Trip">When the breaker is expected to trip; null: not at this load.</param>
internal sealed record CircuitLoad(Circuit Circuit, IReadOnlyList<double> Amps, double? Watts, long? HeardMs, bool IsAway, TripBand? Trip)
{
    /// <summary>What one more e-bike draws, A: a charger of 200 W at a power factor of 0.6, as those below 300 W have no correction.</summary>
    public const double BikeA = 1.5;

    /// <summary>Share of the rated current that a breaker carries for hours: the practice that the overload rule tells of as well.</summary>
    public const double LastingShare = 0.8;

    /// <summary>Greatest phase against the rated current; null when either is not known.</summary>
    public double? Share => Amps.Count > 0 && Circuit.RatedA is { } rated ? Amps.Max() / rated : null;

    /// <summary>How it stands, as a style: beyond its rating, near it, or neither.</summary>
    public string Css => Share switch { null => "unknown", > 1 => "over", > LastingShare => "near", _ => "fine" };

    /// <summary>Current that can lastingly be added, A, over all phases; null when it is not known.</summary>
    public double? SpareA => Spare?.Sum();

    /// <summary>How many more e-bikes it can lastingly charge: each hangs on one phase, and half of one is none. Beyond its rating none at all: nobody sees on which phase the next socket hangs.</summary>
    public int? SpareBikes => Share > 1 ? 0 : Spare?.Sum(amps => (int)(amps / BikeA));

    private IEnumerable<double>? Spare => Circuit.RatedA is { } rated && Amps.Count > 0 ? Amps.Select(amps => Math.Max(0, (LastingShare * rated) - amps)) : null;

    /// <summary>Reads it off the live picture.</summary>
    public static CircuitLoad Of(LiveView view, string site, Circuit circuit, CircuitState? judged, long nowMs)
    {
        if (circuit.Meter is null)
            return new CircuitLoad(circuit, judged?.Amps ?? [], null, null, false, judged?.Trip);
        var meter = view.Find(site, circuit.Meter);
        var isAway = meter?.Presence is Presence.Offline or Presence.Shutdown;
        return new CircuitLoad(circuit, isAway ? [] : view.Amps(site, circuit, nowMs), isAway ? null : Power(view, meter, circuit, nowMs), meter?.HeardMs, isAway, judged?.Trip);
    }

    /// <summary>Channels of a circuit's meter.</summary>
    public static IReadOnlyList<ChannelId> ChannelsOf(Circuit circuit) => circuit switch
    {
        { MeterChannel: { } own } => [own],
        { Phases: 3 } => [ChannelId.Phase(1), ChannelId.Phase(2), ChannelId.Phase(3)],
        _ => [ChannelId.Main],
    };

    private static double? Power(LiveView view, DeviceNow? meter, Circuit circuit, long nowMs)
    {
        if (meter is null)
            return null;
        var fresh = view.FreshMs(meter);
        double sum = 0;
        foreach (var channel in ChannelsOf(circuit))
        {
            if (meter.Channel(channel) is not { } now || nowMs - now.HeardMs > fresh || !now.Values.TryGet(Metric.W, out var watts))
                return null;
            sum += watts.Value;
        }

        return sum;
    }
}
