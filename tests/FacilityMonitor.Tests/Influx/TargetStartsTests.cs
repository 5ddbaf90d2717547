using FacilityMonitor.Influx;

namespace FacilityMonitor.Tests.Influx;

/// <summary>When a database has restarted, and when it only looks so.</summary>
public sealed class TargetStartsTests
{
    [Fact]
    public void Another_start_is_a_restart_and_the_same_one_is_none()
    {
        var starts = new TargetStarts("a");
        Assert.Equal(TargetStart.Same, starts.Note("a", wasAway: true, isBack: true));
        Assert.Equal(TargetStart.Restarted, starts.Note("b", wasAway: false, isBack: false));
        Assert.Equal("b", starts.Last);
    }

    [Fact]
    public void Two_servers_behind_one_address_are_met_once_each()
    {
        var starts = new TargetStarts("a");
        Assert.Equal(TargetStart.Restarted, starts.Note("b", wasAway: false, isBack: false));
        for (var look = 0; look < 100; look++)
            Assert.Equal(TargetStart.KnownServer, starts.Note(look % 2 == 0 ? "a" : "b", wasAway: false, isBack: false));
        Assert.Equal(TargetStart.Restarted, starts.Note("c", wasAway: false, isBack: false));
    }

    [Fact]
    public void One_that_tells_another_start_every_time_is_not_believed_for_long()
    {
        var starts = new TargetStarts("0");
        for (var look = 1; look <= TargetStarts.UnseenMax; look++)
            Assert.Equal(TargetStart.Restarted, starts.Note($"{look}", wasAway: false, isBack: false));
        Assert.Equal(TargetStart.Unreliable, starts.Note("once more", wasAway: false, isBack: false));
        Assert.Equal(TargetStart.Same, starts.Note("and again", wasAway: false, isBack: false));
        Assert.Equal(TargetStart.Restarted, starts.Note("after a failure", wasAway: true, isBack: true));
    }

    [Fact]
    public void A_database_that_crashes_all_day_is_believed_every_time()
    {
        var starts = new TargetStarts("0");
        for (var crash = 1; crash <= 100; crash++)
            Assert.Equal(TargetStart.Restarted, starts.Note($"{crash}", wasAway: true, isBack: true));
    }

    [Fact]
    public void Restarts_that_nobody_saw_over_the_years_do_not_add_up()
    {
        var starts = new TargetStarts("0");
        for (var restart = 1; restart <= 100; restart++)
        {
            Assert.Equal(TargetStart.Restarted, starts.Note($"{restart}", wasAway: false, isBack: false));
            for (var look = 0; look < TargetStarts.SameMax; look++)
                Assert.Equal(TargetStart.Same, starts.Note($"{restart}", wasAway: false, isBack: false));
        }
    }

    [Fact]
    public void One_that_tells_nothing_has_perhaps_restarted_whenever_it_was_away()
    {
        var starts = new TargetStarts(null);
        Assert.Equal(TargetStart.Same, starts.Note(null, wasAway: false, isBack: false));
        Assert.Equal(TargetStart.Same, starts.Note(null, wasAway: true, isBack: false));
        Assert.Equal(TargetStart.Restarted, starts.Note(null, wasAway: true, isBack: true));
        Assert.Null(starts.Last);
    }
}
