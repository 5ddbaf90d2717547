using FacilityMonitor.Readings;
using FirmwareSim.Devices;

namespace FacilityMonitor.Tests.FirmwareSim;

public sealed class MeterTests
{
    private const string Evening = """
        name: evening
        start: 2026-11-20T18:00:00+08:00
        warm_up: 3h
        sites:
          - id: a
            circuits:
              - { id: feeder, rated: 100, phases: 3, meter: m-feeder, class: 1, standing: 60, ohms: 0.02 }
              - { id: c1, parent: feeder, rated: 25, phase: 1, meter: m-1, class: 1 }
              - { id: c2, parent: feeder, rated: 25, phase: 2, meter: m-2, class: 1, loads: [{ kind: guard-room }] }
              - { id: c3, parent: feeder, rated: 40, phases: 3, meter: m-3, class: 1 }
            devices:
              - { id: p1, kind: pile, place: x, circuit: c1, sockets: 10 }
              - { id: p2, kind: pile, place: x, circuit: c2, sockets: 10 }
              - { id: p3, kind: pile, place: x, circuit: c3, sockets: 12 }
            people: [{ place: x }]
        """;

    [Fact]
    public void A_counter_rises_by_the_power_shown_over_time_within_its_class()
    {
        var world = Scenes.World(Evening);
        var counters = world.Devices.OfType<Meter>().SelectMany(meter => meter.Elements)
            .Concat(world.Devices.OfType<ChargingDevice>().SelectMany(device => device.Points.Select(point => point.Meter))).ToArray();
        var first = counters.Select(counter => counter.ExactWattHours).ToArray();
        var shown = new double[counters.Length];
        for (var second = 0; second < 3_600; second++)
        {
            world.Step();
            for (var index = 0; index < counters.Length; index++)
                shown[index] += counters[index].Watts / 3_600;
        }

        Assert.True(shown.Sum() > 1_000);
        for (var index = 0; index < counters.Length; index++)
            Assert.Equal(counters[index].ExactWattHours - first[index], shown[index], 0.001 * shown[index] + 0.06);
    }

    [Fact]
    public void What_a_meter_counts_is_what_flowed_within_its_class()
    {
        var world = Scenes.World(Evening);
        var meters = world.Devices.OfType<Meter>().ToArray();
        var before = meters.Select(meter => meter.Elements.Sum(element => element.ExactWattHours)).ToArray();
        var flowed = new double[meters.Length];
        for (var second = 0; second < 1_800; second++)
        {
            world.Step();
            for (var index = 0; index < meters.Length; index++)
                flowed[index] += meters[index].Measured.TotalWatts / 3_600;
        }

        for (var index = 0; index < meters.Length; index++)
        {
            var counted = meters[index].Elements.Sum(element => element.ExactWattHours) - before[index];
            Assert.InRange(counted, 0.99 * flowed[index], 1.01 * flowed[index]);
        }
    }

    [Fact]
    public void A_feeder_shows_the_sum_of_what_hangs_below_it_plus_its_standing_loss()
    {
        var world = Scenes.World(Evening);
        for (var second = 0; second < 600; second++)
            world.Step();
        var feeder = Find(world, "m-feeder");
        var below = Watts(Find(world, "m-1")) + Watts(Find(world, "m-2")) + Watts(Find(world, "m-3"));
        // One percent of class on each side, 60 W standing, and the loss in 0.02 ohm of feeder.
        Assert.InRange(Watts(feeder), (0.98 * below) + 55, (1.02 * below) + 100);
    }

    [Fact]
    public void A_circuit_shows_the_sum_of_its_sockets_within_both_classes()
    {
        var world = Scenes.World(Evening);
        for (var second = 0; second < 600; second++)
            world.Step();
        var sockets = world.Devices.OfType<ChargingDevice>().Where(device => device.Seat.Id is "p1" or "p3").Sum(device => device.Points.Sum(point => point.Meter.Watts));
        Assert.True(sockets > 500, "an evening has load");
        Assert.InRange(Watts(Find(world, "m-1")) + Watts(Find(world, "m-3")), 0.97 * sockets, (1.04 * sockets) + 24);
    }

    [Fact]
    public void Load_makes_the_voltage_sag()
    {
        var world = Scenes.World(Evening.Replace("people:", "#", StringComparison.Ordinal) + """

            script:
              - { at: 10s, for: 10s, do: circuit-load, on: a/c1, watts: 6000 }
            """);
        double Volts() => Find(world, "m-1").Elements[0].Volts;
        for (var second = 0; second < 9; second++)
            world.Step();
        var before = Volts();
        for (var second = 0; second < 8; second++)
            world.Step();
        // 27 A through 0.05 + 0.02 ohm.
        Assert.InRange(before - Volts(), 1, 3);
    }

    [Fact]
    public void A_single_phase_meter_speaks_as_main_and_a_three_phase_meter_by_phase()
    {
        var world = Scenes.World(Evening);
        Assert.Equal([ChannelId.Main], Find(world, "m-1").Channels.Select(channel => channel.Channel));
        Assert.Equal([ChannelId.Phase(1), ChannelId.Phase(2), ChannelId.Phase(3)], Find(world, "m-3").Channels.Select(channel => channel.Channel));
    }

    [Fact]
    public void A_lead_from_a_corridor_circuit_is_seen_by_its_meter_alone()
    {
        var world = Scenes.World(Evening.Replace("people:", "#", StringComparison.Ordinal) + """

            script:
              - { at: 10s, for: 60s, do: fly-wire, on: a/c1, pack: 48V20Ah, soc: 0.4, rule: charger-on-public-circuit, label: x }
            """);
        for (var second = 0; second < 30; second++)
            world.Step();
        Assert.InRange(Watts(Find(world, "m-1")), 150, 215);
        Assert.Equal(0, ((ChargingDevice)world.Devices.First(device => device.Seat.Id == "p1")).Points.Sum(point => point.Meter.Watts));
        for (var second = 0; second < 50; second++)
            world.Step();
        Assert.InRange(Watts(Find(world, "m-1")), 0, 10);
        Assert.Contains(world.Truths, truth => (truth.Rule, truth.Asset) == ("charger-on-public-circuit", "a/c1"));
    }

    private static Meter Find(global::FirmwareSim.World world, string id) => world.Devices.OfType<Meter>().First(meter => meter.Seat.Id == id);

    private static double Watts(Meter meter) => meter.Elements.Sum(element => element.Watts);
}
