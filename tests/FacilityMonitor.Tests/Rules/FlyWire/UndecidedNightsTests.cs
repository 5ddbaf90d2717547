using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

public sealed class UndecidedNightsTests
{
    private const double First = 29_000_000;
    private const double Day = 1440;
    private const double Most = 3;

    [Fact]
    public void A_night_that_ended_undecided_is_known_the_next_and_forgotten_by_half_within_a_week()
    {
        var nights = After((0, 150, 0.6));

        Assert.Equal(0.6 * Math.Pow(0.5, 1 / 7.0), nights.Of(First + Day, 150, Most), 6);
        Assert.Equal(0.3, nights.Of(First + (7 * Day), 150, Most), 6);
    }

    [Theory]
    [InlineData(0.19, 0)]
    [InlineData(0.2, 0.1)]
    public void What_was_hardly_suspected_is_not_remembered(double probability, double afterAWeek) =>
        Assert.Equal(afterAWeek, After((0, 150, probability)).Of(First + (7 * Day), 150, Most), 6);

    [Fact]
    public void Nights_add_up_but_never_beyond_what_is_set()
    {
        var nights = After((0, 150, 0.5), (Day, 150, 0.5), (2 * Day, 150, 0.5));
        var left = Math.Pow(0.5, 1 / 7.0);

        Assert.Equal(0.5 * (left + (left * left) + (left * left * left)), nights.Of(First + (3 * Day), 150, Most), 6);
        Assert.Equal(1, nights.Of(First + (3 * Day), 150, 1));
    }

    [Fact]
    public void What_comes_several_times_in_one_night_counts_once_as_its_surest_and_never_for_itself()
    {
        var nights = After((0, 150, 0.3), (120, 150, 0.5), (240, 150, 0.4));

        Assert.Equal(0, nights.Of(First + 300, 150, Most));
        Assert.Equal(0, nights.Of(First + UndecidedNights.NightMin - 1, 150, Most));
        Assert.True(nights.Of(First + UndecidedNights.NightMin, 150, Most) > 0);
        Assert.Equal(0.25, nights.Of(First + (7 * Day), 150, Most), 6);
    }

    [Fact]
    public void The_nights_before_still_count_while_tonight_goes_on()
    {
        var nights = After((0, 150, 0.6), (Day, 150, 0.6));

        Assert.Equal(0.6 * Math.Pow(0.5, 1 / 7.0), nights.Of(First + Day + 60, 150, Most), 6);
    }

    [Theory]
    [InlineData(150, true)]
    [InlineData(187, true)]
    [InlineData(188, false)]
    [InlineData(113, true)]
    [InlineData(112, false)]
    public void Only_a_load_of_the_same_size_is_meant(double stepW, bool isSame) =>
        Assert.Equal(isSame, After((0, 150, 0.6)).Of(First + Day, stepW, Most) > 0);

    [Fact]
    public void Of_two_loads_the_likelier_one_is_remembered()
    {
        var (weaker, surer) = (After((0, 150, 0.6), (Day, 400, 0.3)), After((0, 150, 0.3), (Day, 400, 0.6)));

        Assert.True(weaker.Of(First + (2 * Day), 150, Most) > 0 && weaker.Of(First + (2 * Day), 400, Most) == 0);
        Assert.True(surer.Of(First + (2 * Day), 150, Most) == 0 && surer.Of(First + (2 * Day), 400, Most) > 0);
    }

    private static UndecidedNights After(params (double Minute, double StepW, double Probability)[] loads)
    {
        var nights = new UndecidedNights();
        foreach (var (minute, stepW, probability) in loads)
            nights.Ended(First + minute, stepW, probability);
        return nights;
    }
}
