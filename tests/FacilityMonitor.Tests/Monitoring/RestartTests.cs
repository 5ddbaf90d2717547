using FacilityMonitor.Monitoring;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>Promise 1 for alerts: whatever is killed and whenever, they are the same alerts, told to the same people, once.</summary>
public sealed class RestartTests
{
    private static readonly Lazy<Task<string[]>> Undisturbed = new(async () =>
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        foreach (var entry in EveningOfTroubles.Entries)
            await fixture.AppendAsync(entry);
        await fixture.CaughtUpAsync();
        return fixture.Told();
    });

    [Fact]
    public async Task The_evening_has_everything_in_it_that_a_restart_could_spoil()
    {
        var told = await Undisturbed.Value;

        foreach (var rule in (string[])["socket-overload", "circuit-overload", "offline", "silent"])
            Assert.Contains(told, line => line.Contains($"\"rule\":\"{rule}\"", StringComparison.Ordinal));
        foreach (var state in (string[])["pending", "active", "recovering", "cleared", "nodata"])
            Assert.Contains(told, line => line.Contains($"\"state\":\"{state}\"", StringComparison.Ordinal));
        Assert.True(told.Count(line => line.Contains("\"state\":\"active\"", StringComparison.Ordinal)) >= 8);
    }

    [Theory]
    [InlineData(3_600, RuleSnapshot.StepBytesMax)]
    [InlineData(5, RuleSnapshot.StepBytesMax)]
    [InlineData(35, RuleSnapshot.StepBytesMax)]
    [InlineData(0, 1)]
    public async Task A_kill_after_every_single_entry_changes_nothing(int snapshotEveryS, int stepBytes)
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(snapshotEveryS)) { SnapshotStepBytes = stepBytes };
        await fixture.OpenAndRunAsync();
        foreach (var entry in EveningOfTroubles.Entries)
        {
            await fixture.AppendAsync(entry);
            await fixture.CaughtUpAsync();
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
        }

        await fixture.CaughtUpAsync();

        Assert.Equal(await Undisturbed.Value, fixture.Told());
        Assert.Equal(0, fixture.Worker.Damaged);
    }

    [Fact]
    public async Task A_kill_between_the_steps_of_a_snapshot_changes_nothing()
    {
        // One site a step and one step an entry: what is on disk is of as many moments as there are sites.
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(20)) { SnapshotStepBytes = 1 };
        await fixture.OpenAndRunAsync();
        var apart = 0;
        for (var number = 0; number < EveningOfTroubles.Entries.Count; number++)
        {
            await fixture.AppendAsync(EveningOfTroubles.Entries[number]);
            await fixture.CaughtUpAsync();
            if (number % 9 != 8)
                continue;
            apart += fixture.Rows("select distinct cast(position as text) from snapshot where position > (select position from snapshot where name = 'rules')").Length;
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
        }

        await fixture.CaughtUpAsync();
        Assert.True(apart >= 5, $"only {apart} sites were ahead of the cursor");
        Assert.Equal(await Undisturbed.Value, fixture.Told());
    }

    [Fact]
    public async Task A_kill_at_any_moment_while_the_rules_are_behind_changes_nothing()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(10));
        fixture.Open();
        foreach (var entry in EveningOfTroubles.Entries)
            await fixture.AppendAsync(entry);
        await fixture.Worker.StartAsync(CancellationToken.None);
        var kills = 0;
        var last = fixture.Journal.Last;
        var reached = 0L;
        while (reached < last)
        {
            // The clock runs, so that snapshots are taken; the kill comes wherever the rules are by then.
            var until = Math.Min(last, reached + 3);
            await Mqtt.Until.TrueAsync(
                () =>
                {
                    fixture.Time.Advance(TimeSpan.FromSeconds(1));
                    return fixture.Worker.Position >= until;
                },
                "the rules get on");
            reached = fixture.Worker.Position;
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
            kills++;
        }

        await fixture.CaughtUpAsync();
        Assert.True(kills > 1, $"only {kills} kills");
        Assert.Equal(await Undisturbed.Value, fixture.Told());
    }

    [Fact]
    public async Task A_stop_after_every_single_entry_changes_nothing_and_leaves_nothing_to_replay()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromHours(1));
        await fixture.OpenAndRunAsync();
        foreach (var entry in EveningOfTroubles.Entries)
        {
            await fixture.AppendAsync(entry);
            await fixture.CaughtUpAsync();
            await fixture.CloseAsync();
            fixture.Open();
            Assert.Equal([fixture.Journal.Last.ToString(System.Globalization.CultureInfo.InvariantCulture)], fixture.Rows("select cast(position as text) from cursor where name = 'monitoring'"));
            await fixture.Worker.StartAsync(CancellationToken.None);
        }

        await fixture.CaughtUpAsync();
        Assert.Equal(await Undisturbed.Value, fixture.Told());
    }

    [Fact]
    public async Task What_waits_for_a_refusing_disk_is_told_after_a_kill_as_if_nothing_had_been()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromSeconds(5));
        await fixture.OpenAndRunAsync();
        for (var number = 0; number < EveningOfTroubles.Entries.Count; number++)
        {
            if (number == 3)
                await fixture.RefuseAlertsAsync(() => true);
            await fixture.AppendAsync(EveningOfTroubles.Entries[number]);
            await fixture.CaughtUpAsync();
            if (number != 30)
                continue;
            Assert.True(fixture.Worker.State.NotDurable > 3, "steps wait");
            Assert.NotEmpty(fixture.Worker.State.Alerts);
            Assert.Empty(fixture.Told());
            await fixture.KillAsync();
            await fixture.OpenAndRunAsync();
        }

        Assert.Equal(await Undisturbed.Value, fixture.Told());
    }
}
