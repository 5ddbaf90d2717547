using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Reports;

/// <summary>Alerts by rule and priority and response times, against logs that were added up by hand.</summary>
public sealed class AlertFiguresTests
{
    private const long T = 1_790_000_000_000;

    [Fact]
    public void A_log_of_seven_alerts_adds_up_to_what_was_added_up_by_hand()
    {
        var figures = AlertFigures.Of(
            [
                Of("smoke", Priority.P0, told: 2, acknowledged: 30, recovered: 600),
                Of("circuit-overload", Priority.P1, told: 10, acknowledged: 60, recovered: 1_200),
                Of("circuit-overload", Priority.P1, told: 20, acknowledged: 120, recovered: 2_400),
                Of("circuit-overload", Priority.P1, told: 60, acknowledged: 900, recovered: null),
                Of("offline", Priority.P2, told: 60, acknowledged: null, recovered: 3_600),
                Of("circuit-overload", Priority.P1, told: 1, acknowledged: 1, recovered: 1, exercise: Exercise.Drill),
                Of("circuit-overload", Priority.P1, told: 1, acknowledged: 1, recovered: 1) with { Stage = null },
            ],
            T - 60_000, T + 9_000_000);

        Assert.Equal(5, figures.Total);
        Assert.Equal([1, 3, 1, 0], figures.ByPriority);
        Assert.Equal(["circuit-overload", "offline", "smoke"], figures.ByRule.Select(rule => rule.Rule));
        Assert.Equal([0, 3, 0, 0], figures.ByRule[0].ByPriority);
        Assert.Equal((1, 1), (figures.Exercises, figures.Strangers));
        Assert.Equal(new ResponseTimes(3, new Spread(3, 20_000, 60_000), new Spread(3, 120_000, 900_000), new Spread(2, 1_800_000, 2_400_000)), figures.Times[1]);
        Assert.Equal(new ResponseTimes(1, new Spread(1, 60_000, 60_000), null, new Spread(1, 3_600_000, 3_600_000)), figures.Times[2]);
        Assert.Equal(new ResponseTimes(0, null, null, null), figures.Times[3]);
        // 2, 10, 20, 60, 60 · 30, 60, 120, 900 · 600, 1200, 2400, 3600.
        Assert.Equal(new ResponseTimes(5, new Spread(5, 20_000, 60_000), new Spread(4, 90_000, 900_000), new Spread(4, 1_800_000, 3_600_000)), figures.AllTimes);
        // The device was away from the onset, ten seconds before, until it was back.
        Assert.Equal((1, 3_610_000L), figures.Absences["huaihai/x"]);
    }

    [Fact]
    public void A_device_that_is_still_away_was_away_until_the_report_was_made()
    {
        var figures = AlertFigures.Of([Of("silent", Priority.P2, told: null, acknowledged: null, recovered: null)], T - 60_000, T + 90_000);

        Assert.Equal((1, 100_000L), figures.Absences["huaihai/x"]);
    }

    [Theory]
    [InlineData(-200, 5, 5)]
    [InlineData(-200, null, 90)]
    [InlineData(10, 900, 90)]
    public void An_absence_counts_only_as_far_as_it_lies_in_the_month(int onset, int? recovered, int away)
    {
        var alert = Of("offline", Priority.P2, told: null, acknowledged: null, recovered) with { OnsetMs = T + (onset * 1_000L), DetectedMs = T + (onset * 1_000L) };

        var figures = AlertFigures.Of([alert], T, T + 90_000);

        // What was detected before belongs to the month before; its time does not.
        Assert.Equal((figures.Total, (away - Math.Max(0, onset)) * 1_000L), figures.Absences["huaihai/x"]);
        Assert.Equal(onset < 0 ? 0 : 1, figures.Total);
    }

    [Fact]
    public void Nobody_answered_is_said_of_what_people_were_called_for_and_the_rest_is_named_apart()
    {
        var figures = AlertFigures.Of(
            [
                Of("smoke", Priority.P0, told: 1, acknowledged: 2, recovered: 3),
                Of("offline", Priority.P2, told: 1, acknowledged: null, recovered: 3),
                Of("offline", Priority.P2, told: null, acknowledged: null, recovered: 3) with { IsSuppressed = true },
                Of("battery-low", Priority.P3, told: null, acknowledged: null, recovered: 3),
            ],
            T, T + 90_000);

        Assert.Equal((1, 2), (figures.Unanswered, figures.UnansweredApart));
    }

    [Fact]
    public void A_clock_that_was_set_back_makes_no_time_shorter_than_none() =>
        Assert.Equal(new Spread(1, 0, 0), AlertFigures.Of([Of("smoke", Priority.P0, told: -5, acknowledged: null, recovered: null)], T - 60_000, T).AllTimes.Told);

    [Theory]
    [InlineData(new long[] { 7 }, 7, 7)]
    [InlineData(new long[] { 1, 2 }, 1, 2)]
    [InlineData(new long[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 5, 9)]
    [InlineData(new long[] { 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, 5, 9)]
    [InlineData(new long[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 6, 10)]
    public void Median_and_nine_in_ten_are_those_of_the_ranks(long[] times, long median, long p90) =>
        Assert.Equal(new Spread(times.Length, median, p90), Spread.Of(times));

    [Fact]
    public void Of_nothing_there_is_no_median() => Assert.Null(Spread.Of([]));

    private static LoggedAlert Of(string rule, Priority priority, int? told, int? acknowledged, int? recovered, Exercise exercise = Exercise.None)
    {
        static long? At(int? seconds) => seconds is { } s ? T + (s * 1_000L) : null;
        return new LoggedAlert(
            "00000000000000a1", rule, "huaihai", "huaihai/x", priority, new LocalText("", ""), T - 10_000, T, At(told), At(acknowledged), null, At(recovered), ResponseStage.Open, exercise);
    }
}
