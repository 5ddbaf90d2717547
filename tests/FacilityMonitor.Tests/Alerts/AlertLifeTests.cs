using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Tests.Rules;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Alerts;

/// <summary>How an alert comes, goes and comes back.</summary>
public sealed class AlertLifeTests
{
    [Theory]
    [InlineData(890, true)]
    [InlineData(890.001, false)]
    public void Within_fifteen_minutes_a_P2_comes_back_under_its_old_name_and_is_counted(double afterS, bool isTheSame)
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, 100).Watts(140, 100);
        Assert.Equal("140 cleared P2", scene.Course.Last());

        // It has to be active within the window: the breach began ten seconds before.
        scene.Ticks(141, 150).Watts(140 + afterS, 1200).Watts(150 + afterS, 1200);
        var last = scene.Steps[^1];
        Assert.Equal(Condition.Active, last.Condition);
        Assert.Equal(isTheSame, last.AlertId == scene.Steps[0].AlertId);
        Assert.Equal(isTheSame ? (1, Scene.At(0)) : (0, Scene.At(140 + afterS)), (last.FlapCount, last.OnsetMs));
    }

    [Theory]
    [InlineData(1770, true)]
    [InlineData(1770.001, false)]
    public void Within_thirty_minutes_a_P1_comes_back_under_its_old_name_and_is_counted(double afterS, bool isTheSame)
    {
        var scene = new Scene().Amps(0, 30, 10, 24).Amps(40, 100, 10, 5);
        Assert.Equal("100 cleared P1", scene.Course.Last());

        // Active half a minute after the breach began.
        scene.Ticks(101, 110).Amps(100 + afterS, 130 + afterS, 10, 24);
        Assert.Equal((Condition.Active, isTheSame), (scene.Steps[^1].Condition, scene.Steps[^1].AlertId == scene.Steps[0].AlertId));
    }

    [Fact]
    public void The_steps_of_an_alert_are_counted_over_its_whole_life()
    {
        var scene = new Scene().Watts(0, 1200).Watts(10, 1200).Watts(20, 100).Watts(140, 100).Watts(200, 1200).Watts(210, 1200);

        Assert.Equal([0, 1, 2, 3, 4, 5], scene.Steps.Select(step => step.Sequence));
        Assert.Equal([0, 0, 0, 0, 0, 1], scene.Steps.Select(step => step.FlapCount));
        Assert.All(scene.Steps, step => Assert.Equal(Scene.At(0), step.OnsetMs));
    }

    [Fact]
    public void A_breach_that_passes_is_no_alert_and_the_next_one_has_its_own_name()
    {
        var scene = new Scene().Watts(0, 1200).Watts(5, 100).Watts(60, 1200).Watts(70, 1200);

        Assert.Equal(["0 pending P2", "5 cleared P2", "60 pending P2", "70 active P2"], scene.Course);
        Assert.NotEqual(scene.Steps[0].AlertId, scene.Steps[3].AlertId);
        Assert.Equal(0, scene.Steps[3].FlapCount);
    }

    [Fact]
    public void There_is_never_more_than_one_open_alert_about_one_thing_and_each_tells_its_steps_in_order() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            var random = new Random(seed);
            var scene = new Scene(Scene.Lane(periodS: 10)).Birth(-1, 10);
            var time = 0.0;
            for (var step = 0; step < 150; step++)
            {
                time += random.Next(20) == 0 ? random.Next(1200) : random.Next(1, 20);
                var late = random.Next(4) == 0 ? random.Next(35) : 0;
                switch (random.Next(8))
                {
                    case 0:
                        scene.Status(time, random.Next(2) == 0 ? Presence.Offline : Presence.Online);
                        break;
                    case 1:
                        scene.Ticks(time, time + 5);
                        break;
                    case 2:
                        scene.Amps(time - late, random.Next(4) * 9, receivedS: time);
                        break;
                    default:
                        scene.Watts(time - late, random.Next(5) * 350, receivedS: time);
                        break;
                }
            }

            Assert.All(scene.Steps.GroupBy(step => step.AlertId), alert =>
            {
                Assert.All(alert.Zip(alert.Skip(1)), pair => Assert.True(pair.First.Sequence < pair.Second.Sequence));
                Assert.Single(alert.Select(step => (step.OnsetMs, step.Rule, step.Asset)).Distinct());
                Assert.Equal(AlertId.Of(alert.First().Site, alert.First().Rule, alert.First().Asset, alert.First().OnsetMs), alert.Key);
                Assert.All(alert.Zip(alert.Skip(1)), pair => Assert.True(
                    Follows(pair.First.Condition, pair.Second.Condition) || (pair.First.Condition == pair.Second.Condition && pair.First.Priority != pair.Second.Priority),
                    $"{pair.First.Condition} {pair.First.Priority} → {pair.Second.Condition} {pair.Second.Priority}"));
            });
            foreach (var about in scene.Steps.GroupBy(step => (step.Rule, step.Asset)))
            {
                var open = "";
                foreach (var step in about)
                {
                    Assert.True(open.Length == 0 || open == step.AlertId);
                    open = step.Condition == Condition.Cleared ? "" : step.AlertId;
                }
            }
        }).QuickCheckThrowOnFailure();

    private static bool Follows(Condition before, Condition after) => before switch
    {
        Condition.Pending => after is Condition.Active or Condition.Cleared,
        Condition.Active => after is Condition.Recovering or Condition.NoData or Condition.Cleared,
        Condition.Recovering => after is Condition.Active or Condition.NoData or Condition.Cleared,
        Condition.NoData => after is Condition.Active or Condition.Recovering or Condition.Cleared,
        Condition.Cleared => after is Condition.Pending or Condition.Active,
        Condition.Normal => false,
    };
}
