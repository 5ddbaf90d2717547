using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Web;

namespace FacilityMonitor.Reports;

/// <summary>How the energy of a circuit is known.</summary>
internal enum EnergyBasis
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By the counter of its meter.</summary>
    Meter,

    /// <summary>It has no meter: added up from what is measured below it.</summary>
    Below,

    /// <summary>Derived from power, because nothing counts.</summary>
    Power,
}

/// <summary>Energy of one circuit in a period.</summary>
/// <param name="Circuit">The circuit.</param>
/// <param name="Wh">Its energy, Wh; null: not known.</param>
/// <param name="Basis">How it is known.</param>
/// <param name="Stand">Where its meter's counter stood; null: it has none.</param>
/// <param name="BeganAgain">Whether the counter began again, was changed or jumped: the energy is then not the difference of the two, and is counted right across.</param>
/// <param name="HoursWithout">Hours without a reading of its meter. A counter counts on through them; power is missing for them.</param>
/// <param name="IsPartial">Whether something below it is not known: then it is at least this much.</param>
internal sealed record CircuitEnergy(Circuit Circuit, double? Wh, EnergyBasis Basis, CounterStand? Stand, bool BeganAgain, int HoursWithout, bool IsPartial)
{
    /// <summary>Hours since the last reading of its meter, up to the end: what was used in them is not known.</summary>
    public int HoursSinceLast { get; init; }

    /// <summary>The hour, whole ones since 1970-01-01 UTC, from which a counter is counted that was not read from then into the period: what was used before the period is contained. Null: counted from its begin.</summary>
    public long? CountedFromHour { get; init; }

    /// <summary>Difference between what was counted and what the counter stands tell that is rounding, Wh.</summary>
    private const double RoundingWh = 1;

    /// <summary>Energy of every circuit of a site, in the order of the registry.</summary>
    /// <param name="site">The site.</param>
    /// <param name="devices">What is known of its devices, by id.</param>
    public static IReadOnlyList<CircuitEnergy> Of(Site site, IReadOnlyDictionary<string, DeviceFigures> devices)
    {
        var found = new Dictionary<string, CircuitEnergy>(StringComparer.Ordinal);
        // Children first: a circuit without a meter is the sum of them. The registry has parents before children.
        foreach (var circuit in site.Circuits.Reverse())
            found[circuit.Id] = Of(site, circuit, devices, found);
        return [.. site.Circuits.Select(circuit => found[circuit.Id])];
    }

    private static CircuitEnergy Of(Site site, Circuit circuit, IReadOnlyDictionary<string, DeviceFigures> devices, Dictionary<string, CircuitEnergy> children)
    {
        if (circuit.Meter is null)
            return OfBelow(site, circuit, devices, children);
        if (devices.GetValueOrDefault(circuit.Meter) is not { } meter)
            return new CircuitEnergy(circuit, null, EnergyBasis.None, null, false, 0, false);
        var channels = ChannelsOf(circuit, meter).Select(meter.Energy.GetValueOrDefault).ToList();
        if (channels.Count > 0 && channels.TrueForAll(channel => channel?.CountedWh is not null))
        {
            var counted = channels.Sum(channel => channel!.CountedWh!.Value);
            var stand = meter.Stands.GetValueOrDefault(circuit.Id);
            var beganAgain = stand is not null && Math.Abs(counted - (stand.EndWh - stand.BeginWh)) > RoundingWh;
            return new CircuitEnergy(circuit, counted, EnergyBasis.Meter, stand, beganAgain, meter.SilentHours.Count, meter.HoursSinceLast > 0)
            {
                HoursSinceLast = meter.HoursSinceLast,
                CountedFromHour = meter.AwaySinceHour,
            };
        }

        var power = channels.Select(channel => channel?.PowerWh).ToList();
        return power.TrueForAll(wh => wh is null)
            ? new CircuitEnergy(circuit, null, EnergyBasis.None, null, false, meter.SilentHours.Count, false)
            : new CircuitEnergy(circuit, power.Sum(), EnergyBasis.Power, null, false, meter.SilentHours.Count, meter.SilentHours.Count > 0 || power.Contains(null)) { HoursSinceLast = meter.HoursSinceLast };
    }

    /// <summary>The channels that count. Some three-phase meters count all phases in one, whatever else they tell of each; a circuit with a channel of its own never takes that of the whole meter.</summary>
    public static IReadOnlyList<ChannelId> ChannelsOf(Circuit circuit, DeviceFigures meter)
    {
        var channels = CircuitLoad.ChannelsOf(circuit);
        if (circuit.MeterChannel is not null || channels.All(Counts))
            return channels;
        return Counts(ChannelId.Main) || !channels.Any(meter.Energy.ContainsKey) ? [ChannelId.Main] : channels;

        bool Counts(ChannelId channel) => meter.Energy.GetValueOrDefault(channel)?.CountedWh is not null;
    }

    private static CircuitEnergy OfBelow(Site site, Circuit circuit, IReadOnlyDictionary<string, DeviceFigures> devices, Dictionary<string, CircuitEnergy> children)
    {
        var (sum, isKnown, isPartial, isPower) = (0d, false, false, false);
        long? countedFrom = null;
        void Add(double? wh, bool partial, bool power)
        {
            sum += wh ?? 0;
            isKnown |= wh is not null;
            isPartial |= partial || wh is null;
            isPower |= power && wh is not null;
        }

        void From(long? hour) => countedFrom = hour < countedFrom || countedFrom is null ? hour : countedFrom;

        foreach (var child in site.Circuits.Where(other => other.Parent == circuit.Id).Select(other => children.GetValueOrDefault(other.Id)))
        {
            Add(child?.Wh, child?.IsPartial ?? false, child?.Basis == EnergyBasis.Power);
            From(child?.CountedFromHour);
        }

        foreach (var entry in site.Devices.Where(device => device.Circuit == circuit.Id && device.Kind != DeviceKind.Meter))
        {
            if (devices.GetValueOrDefault(entry.Id) is not { NeverSpoke: false } device)
            {
                // A lamp or a button that measures nothing is no gap; a pile of which nothing is known is one.
                if (entry.Sockets > 0)
                    Add(null, true, false);
                continue;
            }

            // A pile that tells its total as well would be counted twice.
            var channels = device.Energy.Where(channel => entry.Sockets == 0 || channel.Key.Kind is ChannelKind.Socket or ChannelKind.Slot).Select(channel => channel.Value)
                .Where(channel => channel is not { CountedWh: null, PowerWh: null }).ToList();
            // It spoke, and of what it used we know nothing.
            if (channels.Count == 0 && entry.Sockets > 0)
                Add(null, true, false);
            if (channels.Exists(channel => channel.CountedWh is not null))
                From(device.AwaySinceHour);
            foreach (var channel in channels)
                Add(channel.CountedWh ?? channel.PowerWh, device.HoursSinceLast > 0 || (channel.CountedWh is null && device.SilentHours.Count > 0), channel.CountedWh is null);
        }

        return isKnown
            ? new CircuitEnergy(circuit, sum, isPower ? EnergyBasis.Power : EnergyBasis.Below, null, false, 0, isPartial) { CountedFromHour = countedFrom }
            : new CircuitEnergy(circuit, null, EnergyBasis.None, null, false, 0, false);
    }
}
