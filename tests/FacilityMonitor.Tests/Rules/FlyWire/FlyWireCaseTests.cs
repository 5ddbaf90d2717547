using FacilityMonitor.Rules;

namespace FacilityMonitor.Tests.Rules.FlyWire;

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
    public void Dismissals_make_a_circuit_harder_to_suspect_and_confirmations_easier()
    {
        Assert.Equal(0.1, FlyWireCase.Taught(0.1, 0, 0), 12);
        Assert.Equal(1 / 19.0, FlyWireCase.Taught(0.1, 0, 1), 12);
        Assert.Equal(0.2 / 1.1, FlyWireCase.Taught(0.1, 1, 0), 12);
        Assert.Equal(0.1, FlyWireCase.Taught(0.1, 3, 3), 12);
    }
}
