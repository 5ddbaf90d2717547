using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class TerminalWarmthTests
{
    private const double Start = 29_000_000;

    [Fact]
    public void Warmth_is_what_comes_within_an_hour_above_what_was_before()
    {
        Assert.Equal(6, Of((-120, 21), (20, 24), (40, 27)).Rise(Start));
        Assert.Equal(3, Of((-120, 21), (20, 24), (61, 27)).Rise(Start));
        Assert.Equal(6, Of((-120, 21), (20, 24), (60, 27)).Rise(Start));
    }

    [Fact]
    public void Of_the_half_hour_before_the_warmest_counts_and_of_earlier_the_last()
    {
        Assert.Equal(2, Of((-120, 21), (-20, 25), (-5, 21), (20, 27)).Rise(Start));
        Assert.Equal(6, Of((-120, 21), (-40, 25), (-35, 21), (20, 27)).Rise(Start));
    }

    [Fact]
    public void Where_the_warmth_before_is_not_known_or_it_grows_colder_nothing_is_said()
    {
        Assert.Equal(0, new TerminalWarmth().Rise(Start));
        Assert.Equal(0, Of((1, 21), (20, 30)).Rise(Start));
        Assert.Equal(0, Of((-5, 21), (20, 17)).Rise(Start));
        Assert.Equal(0, Of((-5, 21)).Rise(Start));
    }

    [Fact]
    public void A_thermometer_that_flickers_by_a_degree_pushes_nothing_out()
    {
        var warmth = Of((-60, 21));
        for (var minute = -59; minute < 0; minute++)
            warmth.Take(Start + minute, minute % 2 == 0 ? 21.4 : 22.4);
        warmth.Take(Start + 10, 30);

        Assert.Equal(9, warmth.Rise(Start));
    }

    [Fact]
    public void When_more_changes_come_than_are_kept_the_oldest_go_and_nothing_is_made_up()
    {
        var warmth = Of((-60, 21));
        for (var change = 1; change <= 12; change++)
            warmth.Take(Start + change, 21 + (3 * change));

        Assert.Equal(0, warmth.Rise(Start));
    }

    private static TerminalWarmth Of(params (double Minute, double Celsius)[] words)
    {
        var warmth = new TerminalWarmth();
        foreach (var (minute, celsius) in words)
            warmth.Take(Start + minute, celsius);
        return warmth;
    }
}
