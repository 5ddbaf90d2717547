using System.Globalization;
using FacilityMonitor.Readings;
using FirmwareSim.Devices;
using FirmwareSim.People;
using FirmwareSim.Physics;
using FirmwareSim.Scripting;

namespace FirmwareSim;

/// <summary>Makes sites out of a scenario. Everything gets a random stream by its own name.</summary>
internal static class WorldBuilder
{
    public static IReadOnlyList<SimulatedSite> Build(Scenario scenario, ulong seed)
    {
        List<SimulatedSite> sites = [.. scenario.Sites.Select(spec => BuildSite(spec, seed))];
        if (scenario.Fleet is { } fleet)
            sites.Add(BuildSite(SpecOf(fleet), seed));
        return sites;
    }

    /// <summary>A fleet is a site with a circuit for every pile, so that load tests have the same physics as everything else.</summary>
    private static SiteSpec SpecOf(FleetSpec fleet)
    {
        var names = Enumerable.Range(1, fleet.Devices).Select(number => string.Create(CultureInfo.InvariantCulture, $"pile-{number:0000}")).ToArray();
        var behind = fleet.Gateways is { } gateways ? (names.Length + gateways - 1) / gateways : 0;
        string GatewayOf(int index) => string.Create(CultureInfo.InvariantCulture, $"gateway-{(index / behind) + 1:000}");
        return new SiteSpec
        {
            Id = fleet.Site,
            // They stand all over a district: no transformer is theirs alone, and none sags under all of them.
            MainsOhms = 0,
            Circuits = [.. names.Select((name, index) => new CircuitSpec { Id = "c-" + name, RatedA = 40, Phase = (index % 3) + 1 })],
            Devices =
            [
                // What they reach the broker through comes up first.
                .. names.Where((_, index) => behind > 0 && index % behind == 0).Select((_, number) => new DeviceSpec
                {
                    Id = GatewayOf(number * behind), Kind = SimulatedKind.Gateway, PeriodS = fleet.PeriodS, IsShared = true,
                }),
                .. names.Select((name, index) => new DeviceSpec
                {
                    Id = name, Kind = SimulatedKind.Pile, Place = "field", Circuit = "c-" + name, Sockets = fleet.Sockets, PeriodS = fleet.PeriodS,
                    ReconnectWithinS = fleet.ReconnectWithinS, Gateway = behind > 0 ? GatewayOf(index) : null,
                }),
            ],
            People = [new PeopleSpec("field", null)],
        };
    }

    private static SimulatedSite BuildSite(SiteSpec spec, ulong seed)
    {
        Randomness Stream(string name) => new(seed, $"{spec.Id}/{name}");

        var circuits = new Dictionary<string, Circuit>();
        var ordered = new List<Circuit>();
        foreach (var circuit in InOrder(spec.Circuits))
            ordered.Add(circuits[circuit.Id] = BuildCircuit(circuit, circuits, Stream));

        var site = new SimulatedSite
        {
            Id = spec.Id,
            Mains = new Mains(Stream("mains"), spec.MainsOhms),
            ResetAfterS = spec.ResetAfterS,
            Circuits = ordered,
            Loads = [.. spec.Circuits.SelectMany(circuit => BuildLoads(circuit, circuits[circuit.Id], Stream))],
        };

        var people = new Dictionary<string, Neighbours>();
        var devices = spec.Devices.Where(device => device.Kind is SimulatedKind.Pile or SimulatedKind.Cabinet)
            .ToDictionary(device => device.Id, device => BuildCharging(device, Seat(spec, device, circuits), Stream(device.Id)));
        foreach (var place in spec.People)
        {
            ChargingDevice[] here = [.. spec.Devices.Where(device => device.Place == place.Place && devices.ContainsKey(device.Id)).Select(device => devices[device.Id])];
            var isCabinet = here.Any(device => device is Cabinet);
            // What somebody may tap: circuits for everybody's lamps and rooms, not those of the piles.
            var tapped = !place.HasHabits ? null : spec.Circuits.Where(circuit => circuit.Meter is not null && circuit.Phases == 1 && circuit.Loads.Count > 0)
                .Select(circuit => (circuits[circuit.Id], $"{spec.Id}/{circuit.Id}")).ToList();
            var neighbours = new Neighbours(here, place, random => PickPack(isCabinet, random), Stream("people/" + place.Place), spec.Id, tapped);
            people[place.Place] = neighbours;
            site.People.Add(neighbours);
        }

        foreach (var device in spec.Devices)
        {
            site.Add(devices.TryGetValue(device.Id, out var charging)
                ? charging
                : BuildOther(device, Seat(spec, device, circuits), people.GetValueOrDefault(device.Place ?? ""), Stream(device.Id)));
        }

        foreach (var circuit in spec.Circuits.Where(circuit => circuit.Meter is not null))
        {
            // A meter hangs before its breaker and stands on the site itself.
            var seat = new DeviceSeat { Site = spec.Id, Id = circuit.Meter!, PeriodS = spec.MeterPeriodS, Dialect = circuit.MeterDialect };
            site.Add(new Meter(seat, circuits[circuit.Id], circuit.MeterClassPercent, Stream(circuit.Meter!)));
        }

        var byId = site.Devices.ToDictionary(device => device.Seat.Id);
        foreach (var device in spec.Devices.Where(device => device.Gateway is not null))
            byId[device.Id].Behind = byId[device.Gateway!];
        return site;
    }

    private static ChargerModel PickPack(bool isCabinet, Randomness random) =>
        isCabinet ? PackCatalogue.Vary(PackCatalogue.CabinetPack, random) : PackCatalogue.Pick(random);

    private static DeviceSeat Seat(SiteSpec site, DeviceSpec device, Dictionary<string, Circuit> circuits) => new()
    {
        Site = site.Id,
        Id = device.Id,
        Place = device.Place,
        PeriodS = device.PeriodS,
        Dialect = device.Dialect,
        Quirks = device.Quirks,
        ReconnectWithinS = device.ReconnectWithinS,
        SkewMs = (long)Math.Round(device.SkewS * 1000),
        Circuit = device.Circuit is null ? null : circuits[device.Circuit],
    };

    /// <summary>Parents before children; the reader has refused cycles.</summary>
    private static IEnumerable<CircuitSpec> InOrder(IReadOnlyList<CircuitSpec> circuits)
    {
        var left = circuits.Where(circuit => circuit.Parent is not null).ToList();
        var done = new HashSet<string>();
        foreach (var top in circuits.Where(circuit => circuit.Parent is null))
        {
            done.Add(top.Id);
            yield return top;
        }

        while (left.Count > 0)
        {
            var next = left.First(circuit => circuit.Parent is null || done.Contains(circuit.Parent));
            left.Remove(next);
            done.Add(next.Id);
            yield return next;
        }
    }

    private static Circuit BuildCircuit(CircuitSpec spec, Dictionary<string, Circuit> known, Func<string, Randomness> stream) => new()
    {
        Breaker = spec.RatedA is { } rated ? new Breaker(rated, spec.Curve, stream("breaker/" + spec.Id)) : null,
        Id = spec.Id,
        Parent = spec.Parent is null ? null : known[spec.Parent],
        RatedA = spec.RatedA,
        Phases = spec.Phases,
        Phase = spec.Phase,
        Ohms = spec.Ohms,
    };

    private static IEnumerable<(Circuit Circuit, BaseLoad Load)> BuildLoads(CircuitSpec spec, Circuit circuit, Func<string, Randomness> stream)
    {
        if (spec.StandingW > 0)
            yield return (circuit, new StandingLoad(spec.StandingW));
        for (var index = 0; index < spec.Loads.Count; index++)
        {
            var random = stream(string.Create(CultureInfo.InvariantCulture, $"{spec.Id}/load-{index}"));
            yield return (circuit, spec.Loads[index] switch
            {
                LoadSpec.TimedLamps lamps => new TimedLamps(lamps.Watts, lamps.Count, lamps.OnS, random),
                LoadSpec.NightLamps lamps => new NightLamps(lamps.Watts),
                LoadSpec.Lift lift => new LiftLoad(lift.MotionW, lift.StandbyW, random),
                LoadSpec.Cycling cycling => new CyclingLoad(cycling.Watts, cycling.OnS, cycling.OffS, 0.7, random),
                LoadSpec.GuardRoom => new GuardRoom(random),
                LoadSpec.Pump pump => new TankPump(pump.Watts, random),
                LoadSpec.Fridge => new Fridge(random),
                LoadSpec.Kettle kettle => new Kettle(kettle.PerHour, random),
                LoadSpec.AirConditioner cooler => new AirConditioner(cooler.Watts, cooler.FromHour, cooler.ToHour, random),
                _ => throw new System.Diagnostics.UnreachableException(),
            });
        }
    }

    private static ChargingDevice BuildCharging(DeviceSpec spec, DeviceSeat seat, Randomness random)
    {
        var isCabinet = spec.Kind == SimulatedKind.Cabinet;
        var settings = new PointSettings
        {
            Resolution = seat.Has(Quirks.WholeWatts) ? Resolution.OldPile : Resolution.Pile,
            RefreshS = spec.RefreshS,
            CountsPerOrder = seat.Has(Quirks.CounterPerOrder),
        };
        var points = new ChargingPoint[spec.Sockets];
        for (var index = 0; index < points.Length; index++)
        {
            var channel = ChannelId.Of(isCabinet ? ChannelKind.Slot : ChannelKind.Socket, index + 1);
            points[index] = new ChargingPoint(channel, settings, seat.Circuit?.PhaseOf(index) ?? 1, random)
            {
                IsReserved = spec.Reserved.Contains(channel.ToString()),
            };
        }

        return isCabinet ? new Cabinet(seat, points, spec.AmbientC, spec.AmbientSwingK) : new Pile(seat, points, spec.AmbientC, spec.AmbientSwingK);
    }

    private static SimulatedDevice BuildOther(DeviceSpec spec, DeviceSeat seat, Neighbours? people, Randomness random) => spec.Kind switch
    {
        SimulatedKind.Shed => new ShedSensors(seat, () => people?.Parked ?? 0, spec.AmbientC, spec.AmbientSwingK, random),
        SimulatedKind.Climber => new Climber(seat, random),
        SimulatedKind.Lamp => new Lamp(seat, random),
        SimulatedKind.Noise => new NoiseMeter(seat, random),
        SimulatedKind.CallButton => new CallButton(seat, random),
        SimulatedKind.LiftBlocker => new LiftBlocker(seat),
        SimulatedKind.Siren => new Siren(seat),
        SimulatedKind.Gateway => new Gateway(seat, spec.IsShared, random),
        SimulatedKind.Pile or SimulatedKind.Cabinet => throw new System.Diagnostics.UnreachableException(),
    };
}
