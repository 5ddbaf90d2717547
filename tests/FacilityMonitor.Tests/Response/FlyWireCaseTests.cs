using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Response;

public sealed class FlyWireCaseTests
{
    private const long HourMs = 3_600_000;

    [Fact]
    public void A_suspicion_is_to_be_checked_within_a_day()
    {
        var told = FlyWireCase.Begin(1000);

        Assert.Equal(FlyWireStage.Suspected, told.Stage);
        Assert.False(told.IsOverdue(1000 + (24 * HourMs)));
        Assert.True(told.IsOverdue(1001 + (24 * HourMs)));
    }

    [Fact]
    public void It_goes_from_suspicion_over_advice_and_a_second_look_to_its_end()
    {
        var at = FlyWireCase.Begin(0);
        foreach (var stage in new[] { FlyWireStage.Confirmed, FlyWireStage.Advised, FlyWireStage.Noticed, FlyWireStage.Recheck, FlyWireStage.Closed })
        {
            Assert.False(at.IsOver);
            Assert.True(at.TryMove(stage, at.SinceMs + HourMs, out var then));
            at = then;
        }

        Assert.True(at.IsOver);
        Assert.False(at.IsOverdue(long.MaxValue));
    }

    [Theory]
    [InlineData(FlyWireStage.Suspected, FlyWireStage.Closed)]
    [InlineData(FlyWireStage.Suspected, FlyWireStage.Advised)]
    [InlineData(FlyWireStage.Confirmed, FlyWireStage.Dismissed)]
    [InlineData(FlyWireStage.Noticed, FlyWireStage.Closed)]
    [InlineData(FlyWireStage.Dismissed, FlyWireStage.Confirmed)]
    [InlineData(FlyWireStage.Closed, FlyWireStage.Recheck)]
    public void No_stage_is_left_out_and_what_has_ended_stays_so(FlyWireStage from, FlyWireStage to) =>
        Assert.False(new FlyWireCase(from, 0, null).TryMove(to, 1, out _));

    [Fact]
    public void What_is_found_again_goes_back_to_words_or_to_paper()
    {
        var again = new FlyWireCase(FlyWireStage.Recheck, 0, HourMs);

        Assert.True(again.TryMove(FlyWireStage.Noticed, 5, out var noticed));
        Assert.Equal(5 + (7 * 24 * HourMs), noticed.DueMs);
        Assert.True(again.TryMove(FlyWireStage.Advised, 5, out _));
    }

    [Fact]
    public void Nobody_acts_before_it_was_told() =>
        Assert.False(FlyWireCase.Begin(1000).TryMove(FlyWireStage.Confirmed, 999, out _));

    [Fact]
    public void What_is_seen_again_keeps_its_stage_and_its_day_and_the_newest_numbers()
    {
        Assert.True(FlyWireCase.Begin(1000, Numbers(40)).TryMove(FlyWireStage.Confirmed, 2000, out var at, "一楼"));

        var again = at.Seen(9000, Numbers(90), isNewAlert: true).Seen(9500, new Dictionary<string, object>(), isNewAlert: false);

        Assert.Equal((FlyWireStage.Confirmed, 2000L, at.DueMs, "一楼"), (again.Stage, again.SinceMs, again.DueMs, again.Text));
        Assert.Equal((2, 9500L, 1000L, 90), (again.Sights, again.SeenMs, again.OpenedMs, again.Evidence["minutes"]));
    }

    private static Dictionary<string, object> Numbers(int minutes) => new() { ["minutes"] = minutes };
}
