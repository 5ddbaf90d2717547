using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class ChargerOddsTests
{
    [Theory]
    [InlineData(0.6, 1.6, 0.64)]
    [InlineData(0.375, 1, 1)]
    [InlineData(0.3, 0.8, 1.12)]
    public void The_hour_counts_by_the_share_of_charges_in_nine_hours_of_night_and_fifteen_of_day(double nightShare, double atNight, double byDay)
    {
        Assert.Equal(atNight, Math.Exp(ChargerOdds.HourNats(isNight: true, nightShare)), 9);
        Assert.Equal(byDay, Math.Exp(ChargerOdds.HourNats(isNight: false, nightShare)), 9);
    }

    [Theory]
    [InlineData(0.3, 0.1, 3.7)]
    [InlineData(0.2, 0.07, 3.657142857)]
    [InlineData(0.3, 1, 1)]
    [InlineData(0, 0.1, 1)]
    public void A_sign_counts_as_often_as_charges_cause_it_against_how_often_it_comes_by_chance(double share, double chance, double times) =>
        Assert.Equal(times, Math.Exp(ChargerOdds.SignNats(share, chance)), 8);

    [Fact]
    public void A_sign_that_never_comes_by_chance_is_not_believed_beyond_ten_times() =>
        Assert.Equal(ChargerOdds.SignNatsMost, ChargerOdds.SignNats(0.9, 1e-9));

    [Fact]
    public void Each_undecided_night_counts_as_the_part_of_a_confirmed_case_that_was_believed()
    {
        Assert.Equal(0, ChargerOdds.NightsNats(0));
        Assert.Equal(Math.Log(1.6), ChargerOdds.NightsNats(0.6), 12);
        // One whole case teaches as much as staff who confirmed one.
        Assert.Equal(new FlyWireLesson(1, 0).Taught(0.01), ChargerOdds.Probability(Math.Log(0.01 / 0.99) + ChargerOdds.NightsNats(1)), 12);
    }

    [Fact]
    public void All_signs_beside_the_curve_never_suspect_anybody_alone()
    {
        var most = new LoadSigns { HourNats = (float)ChargerOdds.HourNats(isNight: true, 0.6), BikeNats = 2.3f, HeatNats = 2.3f, NightsNats = 2.3f };

        Assert.Equal(0.47 + ChargerOdds.SignsNatsMost, most.Nats, 2);
        // 1 in 99, times 1.6, times 54.6: less than even, where nine in ten are asked for.
        Assert.Equal(0.469, ChargerOdds.Probability(Math.Log(1.0 / 99) + most.Nats), 3);
    }
}
