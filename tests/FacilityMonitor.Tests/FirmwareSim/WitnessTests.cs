using FirmwareSim;
using FirmwareSim.Devices;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>What the truth file says of charges: what really was, and nothing that only looks so.</summary>
public sealed class WitnessTests
{
    [Fact]
    public void A_shed_without_a_free_socket_and_with_a_bike_full_for_hours_is_in_the_truth()
    {
        var truth = Assert.Single(Truths(Shed("09:00", sockets: 2)), truth => truth is { Rule: "full-not-unplugged", May: false });
        Assert.Equal("a/shed", truth.Asset);
        // Full after some minutes, late two and three quarter hours later, until both are fetched at 17.
        Assert.InRange(Hours(truth.FromMs), 2.7, 3.6);
        Assert.InRange(Hours(truth.ToMs), 7.9, 9.2);
    }

    [Theory]
    [InlineData("09:00", 3)]
    [InlineData("22:10", 2)]
    public void With_a_free_socket_or_by_night_nobody_has_to_say_so(string start, int sockets) =>
        Assert.DoesNotContain(Truths(Shed(start, sockets)), truth => truth.Rule == "full-not-unplugged");

    [Fact]
    public void Two_chargers_are_named_from_the_begin_and_demanded_once_they_take_more_than_their_owner_ever_took()
    {
        var truths = Truths(Yard("""
              - { at: 10m, for: 3h, do: socket-load, on: a/p/s1, watts: 300 }
              - { at: 4h, for: 3h, do: socket-load, on: a/p/s1, watts: 300 }
              - { at: 8h, for: 3h, do: socket-load, on: a/p/s1, watts: 300 }
              - { at: 12h, for: 3h, do: socket-load, on: a/p/s1, watts: 900 }
            """)).Where(truth => truth.Rule == "implausible-energy").ToList();
        var demanded = Assert.Single(truths, truth => !truth.May);
        Assert.Equal("two chargers on one socket", demanded.Label);
        // 1.85 kWh at 900 W.
        Assert.InRange(Hours(demanded.FromMs), 14, 14.1);
        Assert.Equal(4, truths.Count(truth => truth.May));
        Assert.InRange(Hours(truths[0].FromMs), 0.15, 0.2);
    }

    [Fact]
    public void One_battery_that_takes_more_than_it_ever_did_is_no_second_one()
    {
        var truths = Truths(Yard(string.Concat(Enumerable.Range(0, 3).Select(day => $"  - {{ at: {day * 3}h, for: 2h, do: plug, on: a/p/s1, pack: 72V32Ah, soc: 0.93 }}\n"))
            + "  - { at: 10h, for: 9h, do: plug, on: a/p/s1, pack: 72V32Ah, soc: 0.05 }"));
        Assert.DoesNotContain(truths, truth => truth.Rule == "implausible-energy");
    }

    [Fact]
    public void A_charger_that_draws_fifteen_watts_with_nothing_to_charge_charges_nothing_however_long()
    {
        var left = new Charger(PackCatalogue.Lead48V12 with { StandbyW = 20 }, 0.5);
        left.TakePackAway();
        Assert.Equal(0, Follow(left).PerhapsChargedS);
    }

    [Fact]
    public void A_pack_that_is_never_full_charges_all_the_time()
    {
        var charge = Follow(new Charger(PackCatalogue.Lead48V12 with { HasShortedCell = true }, 0.5));
        Assert.InRange(charge.ChargedS, 9.9 * 3_600, 10 * 3_600);
        Assert.Equal(charge.ChargedS, charge.NearPeakS, 60.0);
    }

    [Fact]
    public void The_slow_end_of_a_good_pack_is_near_the_edge_and_not_beyond_it()
    {
        var charge = Follow(new Charger(PackCatalogue.Lead48V12, 0.2));
        Assert.InRange(charge.PerhapsChargedS - charge.ChargedS, 300, 3_600);
    }

    private static TrueCharge Follow(Charger charger)
    {
        var point = new ChargingPoint(FacilityMonitor.Readings.ChannelId.Of(FacilityMonitor.Readings.ChannelKind.Socket, 1), new PointSettings { FullBelowW = 0 }, 1, new Randomness(1, "point"));
        point.Plug(charger, "h:1");
        var charge = new TrueCharge();
        for (var minute = 1; minute <= 600; minute++)
        {
            var now = new Moment(minute * 60_000L, 60, minute * 60_000L, 60);
            point.Step(now, null, 20);
            charge.Step(point, now);
        }

        return charge;
    }

    private static List<Truth> Truths(string yaml)
    {
        var scenario = Scenes.Parse(yaml);
        var world = new World(scenario, 1, scenario.StartMs);
        world.Watch();
        for (var step = 0; step < scenario.DurationS / scenario.StepS; step++)
            world.Step();
        world.Finish();
        return [.. world.Truths];
    }

    private static double Hours(long ms) => (ms - new DateTimeOffset(2026, 11, 20, 1, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()) / 3_600_000.0;

    private static string Shed(string start, int sockets) => $$"""
        name: shed
        start: 2026-11-20T{{start}}:00+08:00
        duration: 10h
        step: 30s
        sites: [{ id: a, devices: [{ id: p, kind: pile, place: shed, sockets: {{sockets}}, period: 60s }] }]
        script:
          - { at: 1m, for: 8h, do: plug, on: a/p/s1, pack: li-48V12Ah-cut, soc: 0.95 }
          - { at: 1m, for: 8h, do: plug, on: a/p/s2, pack: 48V20Ah, soc: 0.1 }
        """;

    private static string Yard(string script) => $$"""
        name: yard
        start: 2026-11-20T09:00:00+08:00
        duration: 20h
        step: 30s
        sites: [{ id: a, devices: [{ id: p, kind: pile, sockets: 2, period: 60s }] }]
        script:
        {{script}}
        """;
}
