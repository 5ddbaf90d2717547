using FacilityMonitor.Alerts;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Response;

public sealed class PureAlarmFiguresTests
{
    private const long Minute = 60_000;
    private const long Day = 24 * 60 * Minute;

    [Fact]
    public void A_quiet_day_of_six_pages_an_hour_is_no_flood()
    {
        var pages = Enumerable.Range(0, 144).Select(number => new PageFact("wang", number * 10 * Minute)).ToList();
        var load = Assert.Single(AlarmFigures.Of(pages, [], 0, Day).People);
        Assert.Equal(new PersonLoad("wang", 6, 1, 0, 0), load);
    }

    [Fact]
    public void Eleven_pages_within_ten_minutes_are_a_flood_until_fewer_than_five_are_left()
    {
        // One a minute from minute 0: the eleventh comes at minute 10, when the first is just gone; so one more within.
        var pages = Enumerable.Range(0, 11).Select(number => new PageFact("wang", number * 30_000)).ToList();
        var load = Assert.Single(AlarmFigures.Of(pages, [], 0, Day).People);
        Assert.Equal(11, load.PeakIn10Min);
        Assert.Equal(1.0 / 144, load.CrowdedShare, 9);
        // On with the eleventh at 5:00; the seventh leaves at 13:00, and four are left.
        Assert.Equal(8.0 * Minute / Day, load.FloodShare, 9);

        var ten = AlarmFigures.Of(pages.Take(10).ToList(), [], 0, Day).People[0];
        Assert.Equal((10, 0.0, 0.0), (ten.PeakIn10Min, ten.CrowdedShare, ten.FloodShare));
    }

    [Fact]
    public void Bad_actors_standing_fleeting_and_chattering_alerts_are_counted()
    {
        var alerts = Enumerable.Range(0, 80).Select(number => new AlertFact($"busy {number % 2}", Priority.P3, number, number + 10_000, false))
            .Concat(Enumerable.Range(0, 20).Select(number => new AlertFact($"rare {number}", Priority.P2, number, number + 9_999, number == 0)))
            .Append(new AlertFact("old", Priority.P1, -1, null, false)).Append(new AlertFact("new", Priority.P0, 0, null, false)).ToList();

        var figures = AlarmFigures.Of([], alerts, 0, Day);

        Assert.Equal(("busy 0", 40), figures.Top10[0]);
        Assert.Equal(88.0 / 102, figures.Top10Share, 9);
        Assert.Equal((1, 1, 20), (figures.Standing, figures.Chattering, figures.Fleeting));
        Assert.Equal([1, 1, 20, 80], figures.ByPriority);
    }
}
