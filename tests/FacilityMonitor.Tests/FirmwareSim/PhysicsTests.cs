using FirmwareSim;
using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>Age, cold, wires, contacts and meters.</summary>
public sealed class PhysicsTests
{
    private static readonly Moment Second = new(0, 1, 0, 1);

    [Fact]
    public void An_old_pack_is_full_sooner_in_its_constant_current_and_longer_in_its_taper()
    {
        var (young, old) = (PackCatalogue.Lead48V20.Aged(0), PackCatalogue.Lead48V20.Aged(1));
        Assert.True(MinutesToTaper(old) < 0.8 * MinutesToTaper(young));
        Assert.True(old.Taper.Remaining(0) > 1.1 * young.Taper.Remaining(0));
        Assert.Equal(0.7 * young.CapacityAh, old.CapacityAh, 6);
    }

    [Fact]
    public void A_cold_pack_takes_less_and_a_warm_one_is_as_it_was()
    {
        var model = PackCatalogue.Lead60V20;
        Assert.Equal(model, model.At(20));
        Assert.InRange(model.At(0).CapacityAh / model.CapacityAh, 0.85, 0.9);
        Assert.True(model.At(35).TailW > 1.8 * model.TailW);
    }

    [Fact]
    public void A_lithium_pack_below_freezing_is_let_a_fifth_of_its_current()
    {
        Assert.Equal(0.2 * PackCatalogue.Lithium48V.CurrentA, PackCatalogue.Lithium48V.At(-1).CurrentA, 9);
        Assert.Equal(PackCatalogue.Lithium48V.CurrentA, PackCatalogue.Lithium48V.At(0).CurrentA);
        Assert.Equal(PackCatalogue.Lead48V20.CurrentA, PackCatalogue.Lead48V20.At(-5).CurrentA);
    }

    [Fact]
    public void Iron_phosphate_hardly_climbs_in_the_middle_and_bends_up_at_the_end()
    {
        var model = PackCatalogue.Lfp48V;
        var charger = new Charger(model, 0.3);
        Run(charger, 20);
        var before = charger.Watts;
        Run(charger, 60);
        Assert.InRange((charger.Watts / before - 1) * 100 / 60, 0.004, 0.025);
        while (charger.Soc < 0.97 * model.TaperFrom)
            Run(charger, 1);
        var knee = charger.Watts;
        while (!charger.IsInTaper)
            Run(charger, 1);
        Assert.True(charger.Watts > 1.015 * knee);
    }

    [Fact]
    public void A_pack_with_a_shorted_cell_never_tapers()
    {
        var charger = new Charger(PackCatalogue.Lead48V20 with { HasShortedCell = true }, 0.5);
        Run(charger, 14 * 60);
        Assert.False(charger.IsInTaper);
        Assert.InRange(charger.Watts / PackCatalogue.Lead48V20.PeakW, 0.95, 1.02);
    }

    [Fact]
    public void A_charger_without_its_pack_draws_its_standby_and_some_give_a_second_small_charge()
    {
        var left = new Charger(PackCatalogue.Lead48V12, 0.5);
        left.TakePackAway();
        Run(left, 1);
        Assert.Equal(PackCatalogue.Lead48V12.StandbyW, left.Watts, 3);

        var refreshing = new Charger(PackCatalogue.Lithium72V, 0.99);
        while (!refreshing.IsDone)
            Run(refreshing, 1);
        Run(refreshing, 238);
        Assert.InRange(refreshing.Watts, 4, 7);
        Run(refreshing, 4);
        Assert.True(refreshing.Watts > 100);
        Run(refreshing, 15);
        Assert.InRange(refreshing.Watts, 4, 7);
    }

    [Fact]
    public void What_the_whole_site_draws_lowers_the_voltage_of_every_circuit_of_the_phase()
    {
        const string yaml = """
            name: sag
            start: 2026-11-20T18:00:00+08:00
            sites:
              - id: a
                mains_ohms: 0.2
                circuits:
                  - { id: c1, rated: 63, phase: 1, meter: m1, ohms: 0 }
                  - { id: c2, rated: 25, phase: 1, meter: m2, ohms: 0 }
                  - { id: c3, rated: 25, phase: 2, meter: m3, ohms: 0 }
            script:
              - { at: 10s, for: 60s, do: circuit-load, on: a/c1, watts: 8000 }
            """;
        var world = Scenes.World(yaml);
        var meters = world.Devices.OfType<Meter>().ToDictionary(meter => meter.Seat.Id);
        double[] Volts() => [meters["m2"].Elements[0].Volts, meters["m3"].Elements[0].Volts];
        Steps(world, 9);
        var before = Volts();
        Steps(world, 10);
        // About 35 A through 0.2 ohm on phase 1; nothing on phase 2.
        Assert.InRange(before[0] - Volts()[0], 6, 8);
        Assert.InRange(before[1] - Volts()[1], -0.5, 0.5);
    }

    [Fact]
    public void A_cable_at_its_rated_current_is_40_K_warmer_than_the_air_and_loses_more_voltage_for_it()
    {
        var mains = new Mains(new Randomness(1, "m"), 0);
        var circuit = new Circuit { Id = "c", Phases = 1, RatedA = 25, Ohms = 0.4 };
        var cold = 0.0;
        for (var second = 0; second < 1_800; second++)
        {
            mains.Step(Second);
            circuit.Begin(mains);
            circuit.Add(1, 25 * circuit.Volts(1), 1);
            circuit.End(1);
            if (second == 3)
                cold = mains.Volts(1) - circuit.Volts(1);
        }

        Assert.InRange(circuit.CableRiseK, 38, 42);
        Assert.InRange((mains.Volts(1) - circuit.Volts(1)) / cold, 1.12, 1.19);
    }

    [Fact]
    public void A_sound_contact_stays_as_it_is_and_a_burnt_one_gets_worse_by_itself()
    {
        var (sound, burnt) = (new Contact(20), new Contact(450));
        for (var second = 0; second < 3_600; second++)
        {
            sound.Step(5, 1);
            burnt.Step(5, 1);
        }

        Assert.Equal(20, sound.Milliohms);
        Assert.InRange(sound.RiseK, 4, 8);
        Assert.True(burnt.Milliohms > 700 && burnt.RiseK > 150, $"{burnt.Milliohms} mΩ, {burnt.RiseK} K");
    }

    [Fact]
    public void A_slow_display_shows_the_mean_of_its_window_and_the_register_counts_all_the_time()
    {
        var meter = new Measurement(0, Resolution.Meter, new Randomness(1, "m"), refreshS: 10);
        var before = meter.ExactWattHours;
        for (var second = 0; second < 10; second++)
            meter.Step(second < 5 ? 0 : 200, second < 5 ? 0 : 1, 220, 1);
        Assert.InRange(meter.Watts, 99.5, 100.5);
        Assert.Equal(1_000.0 / 3_600, meter.ExactWattHours - before, 6);
        meter.Step(0, 0, 220, 1);
        Assert.InRange(meter.Watts, 99.5, 100.5);
    }

    [Fact]
    public void A_drifting_meter_leaves_its_class_and_a_new_one_begins_low_with_a_new_epoch()
    {
        var meter = new Measurement(0, Resolution.Meter, new Randomness(1, "m"));
        meter.Drift(2);
        for (var hour = 0; hour < 48; hour++)
            meter.Step(1_000, 5, 220, 3_600);
        Assert.InRange(meter.GainError, 0.038, 0.042);
        Assert.InRange(meter.Watts, 1_037, 1_043);

        meter.Exchange();
        Assert.Equal((2u, 0.0), (meter.Epoch, meter.GainError));
        Assert.InRange(meter.WattHours, 0, 3);
    }

    [Theory]
    [InlineData("{ kind: pump, w: 1500 }", 0, 4_600, 100, 900)]
    [InlineData("{ kind: fridge }", 0, 180, 15, 60)]
    [InlineData("{ kind: kettle, per_hour: 1 }", 0, 1_500, 10, 140)]
    [InlineData("{ kind: air-conditioner, w: 900, from: 8, to: 23 }", 0, 980, 150, 600)]
    public void What_else_hangs_on_a_circuit_draws_what_such_things_draw(string load, double least, double most, double meanLeast, double meanMost)
    {
        var world = Scenes.World($$"""
            name: load
            start: 2026-11-20T00:00:00+08:00
            step: 10s
            sites: [{ id: a, circuits: [{ id: c, rated: 63, loads: [{{load}}] }] }]
            """);
        var sum = 0.0;
        const int steps = 8_640;
        for (var step = 0; step < steps; step++)
        {
            world.Step();
            var watts = world.Sites[0].Circuits[0].TotalWatts;
            Assert.InRange(watts, least, most * 1.15);
            sum += watts;
        }

        Assert.InRange(sum / steps, meanLeast, meanMost);
    }

    private static double MinutesToTaper(ChargerModel model)
    {
        var charger = new Charger(model, 0.2);
        var minutes = 0.0;
        for (; !charger.IsInTaper; minutes++)
            Run(charger, 1);
        return minutes;
    }

    private static void Run(Charger charger, double minutes) => charger.Step(minutes * 60);

    private static void Steps(World world, int count)
    {
        for (var step = 0; step < count; step++)
            world.Step();
    }
}
