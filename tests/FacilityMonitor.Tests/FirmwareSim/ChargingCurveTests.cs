using FirmwareSim;
using FirmwareSim.Physics;

namespace FacilityMonitor.Tests.FirmwareSim;

/// <summary>The curves against what was measured on real chargers (domain reference §2.1 and §2.2).</summary>
public sealed class ChargingCurveTests
{
    public static TheoryData<string> Packs => [.. PackCatalogue.Street.Select(entry => entry.Model.Name)];

    [Theory]
    [InlineData("48V12Ah", 115, 130)]
    [InlineData("48V20Ah", 170, 205)]
    [InlineData("60V20Ah", 215, 250)]
    [InlineData("72V20Ah", 275, 305)]
    [InlineData("72V32Ah", 470, 530)]
    [InlineData("li-48V12Ah", 97, 115)]
    [InlineData("li-36V-2x500Wh", 160, 212)]
    public void A_charger_draws_what_its_kind_draws(string pack, double least, double most) =>
        Assert.InRange(PackCatalogue.Find(pack)!.PeakW, least, most);

    /// <summary>Iron phosphate is the one that hardly climbs; it has a test of its own.</summary>
    public static TheoryData<string> ClimbingPacks => [.. PackCatalogue.Street.Where(entry => entry.Model.Chemistry != Chemistry.Lfp).Select(entry => entry.Model.Name)];

    [Theory]
    [MemberData(nameof(ClimbingPacks))]
    public void At_constant_current_the_power_climbs_by_0_03_to_0_2_percent_a_minute(string pack)
    {
        var model = PackCatalogue.Find(pack)!;
        var charger = new Charger(model, 0.2);
        // After the warm-up, when its extra loss no longer falls.
        Run(charger, minutes: 20);
        // To the last ten minutes that are constant current to their end: of two packs that is sooner than of one.
        var tenMinutes = model.CurrentA / 6 * model.ChargeEfficiency / model.CapacityAh;
        for (var before = charger.Watts; charger.Soc + tenMinutes < model.TaperFrom; before = charger.Watts)
        {
            Run(charger, minutes: 10);
            Assert.InRange((charger.Watts / before - 1) * 100 / 10, 0.03, 0.2);
        }
    }

    [Theory]
    [InlineData(50, 1.75, 31)]
    [InlineData(45, 2.0, 28)]
    [InlineData(76, 1.2, 35)]
    public void The_taper_of_lithium_falls_in_the_measured_times(double shoulder, double bend, double tau)
    {
        var taper = new Taper.Lithium(shoulder, bend, tau);
        Assert.InRange(MinutesTo(taper, 0.9), 15, 25);
        Assert.InRange(MinutesTo(taper, 0.5), 45, 77);
        Assert.InRange(MinutesTo(taper, 0.3), 58, 106);
        Assert.InRange(MinutesTo(taper, 0.1), 86, 135);
    }

    [Fact]
    public void The_taper_of_lead_acid_falls_in_the_measured_times()
    {
        var taper = PackCatalogue.Lead48V12.Taper;
        Assert.InRange(MinutesTo(taper, 0.9), 2, 6);
        Assert.InRange(MinutesTo(taper, 0.5), 18, 26);
        Assert.InRange(MinutesTo(taper, 0.3), 33, 45);
        Assert.InRange(MinutesTo(taper, 0.1), 80, 105);
    }

    [Theory]
    [MemberData(nameof(Packs))]
    public void What_a_taper_says_is_left_is_what_it_still_gives(string pack)
    {
        var taper = PackCatalogue.Find(pack)!.Taper;
        foreach (var from in new[] { 0.0, 10, 49, 80, 200 })
        {
            var sum = 0.0;
            for (var minute = from; minute < 2_000; minute += 0.05)
                sum += taper.Share(minute + 0.025) * 0.05;
            Assert.Equal(sum, taper.Remaining(from), 1);
        }
    }

    [Theory]
    [MemberData(nameof(Packs))]
    public void A_battery_takes_the_charge_it_was_missing(string pack)
    {
        var model = PackCatalogue.Find(pack)!;
        var charger = new Charger(model, 0.3);
        var ampHours = 0.0;
        while (!charger.IsDone)
        {
            Run(charger, minutes: 1);
            ampHours += charger.IsInTaper && model.Packs == 1
                ? model.CurrentA * charger.Watts / model.PeakW / 60
                : model.Packs == 1 && !charger.IsDone ? model.CurrentA / 60 : 0;
        }

        if (model.Packs == 1)
            Assert.InRange(ampHours * model.ChargeEfficiency / model.CapacityAh, 0.66, 0.72);
    }

    [Fact]
    public void A_nearly_full_battery_starts_in_the_taper()
    {
        var charger = new Charger(PackCatalogue.Lead48V20, 0.95);
        Assert.True(charger.IsInTaper);
        var before = charger.Watts;
        Run(charger, minutes: 5);
        Assert.InRange(charger.Watts, 0.5 * before, 0.95 * before);
    }

    [Fact]
    public void A_battery_that_cuts_itself_has_no_taper()
    {
        var charger = new Charger(PackCatalogue.LithiumCut, 0.5);
        var highest = 0.0;
        while (!charger.IsDone)
        {
            highest = Math.Max(highest, charger.Watts);
            Run(charger, minutes: 0.5);
            Assert.False(charger.IsInTaper);
        }

        Assert.InRange(highest, 0.97 * PackCatalogue.LithiumCut.PeakW, 1.01 * PackCatalogue.LithiumCut.PeakW);
        Assert.InRange(charger.Watts, 0.5, 5);
    }

    [Fact]
    public void Between_two_packs_the_power_dips_to_half_for_less_than_a_minute()
    {
        var charger = new Charger(PackCatalogue.LithiumTwoPacks, 0.4);
        var dipS = 0.0;
        while (!charger.IsInTaper)
        {
            charger.Step(5);
            dipS += charger.Watts < 0.6 * PackCatalogue.LithiumTwoPacks.PeakW ? 5 : 0;
        }

        Assert.InRange(dipS, 20, 59);
    }

    [Fact]
    public void Long_steps_and_short_steps_come_to_the_same_curve()
    {
        var (fine, coarse) = (new Charger(PackCatalogue.Lead60V20, 0.5), new Charger(PackCatalogue.Lead60V20, 0.5));
        for (var minute = 0; minute < 400; minute++)
        {
            for (var second = 0; second < 60; second++)
                fine.Step(1);
            coarse.Step(60);
            Assert.InRange(coarse.Watts - fine.Watts, -6, 6);
        }
    }

    [Fact]
    public void Every_bike_of_the_street_stays_within_what_chargers_do()
    {
        var random = new Randomness(7, "bikes");
        for (var bike = 0; bike < 500; bike++)
        {
            var model = PackCatalogue.Pick(random);
            Assert.InRange(model.PeakW, 90, 540);
            Assert.InRange(model.Efficiency, 0.80, 0.90);
            Assert.InRange(model.PowerFactor, 0.55, 0.98);
            Assert.InRange(model.TaperFrom, 0.5, 1);
            if (model.PeakW < 300)
                Assert.InRange(model.PowerFactor, 0.55, 0.70);
        }
    }

    private static void Run(Charger charger, double minutes)
    {
        for (var second = 0; second < minutes * 60; second++)
            charger.Step(1);
    }

    private static double MinutesTo(Taper taper, double share)
    {
        var minute = 0.0;
        while (taper.Share(minute) > share)
            minute += 0.1;
        return minute;
    }
}
