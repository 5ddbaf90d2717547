using System.Net;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>Whoever may publish can invent devices; that must not keep anybody from hearing of the real ones.</summary>
public sealed class StrangerQuotaTests
{
    [Fact]
    public async Task An_hour_brings_so_many_alerts_of_unregistered_devices_and_then_one_sum()
    {
        await using var fixture = new OutboxFixture(("guard", []), ("committee", []));

        await fixture.TellAsync(Strangers(0, StrangerQuota.Max));
        Assert.All(fixture.Rows(), row => Assert.Equal(OutboxState.Queued, row.State));

        await fixture.TellAsync(Strangers(StrangerQuota.Max, 1));
        foreach (var receiver in (string[])["guard", "committee"])
        {
            var rows = fixture.Rows().Where(row => row.Recipient == receiver).ToList();
            Assert.Equal(StrangerQuota.Max + 2, rows.Count);
            Assert.Equal((OutboxState.Withheld, StrangerQuota.Reason), (rows[^2].State, rows[^2].Result));
            Assert.Equal(OutboxState.Queued, rows[^1].State);
        }
    }

    [Fact]
    public async Task The_sum_is_told_after_a_minute_in_both_languages_and_once_an_hour()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.StartAsync();

        await fixture.TellAsync(Strangers(0, StrangerQuota.Max + 1));
        fixture.Time.Advance(StrangerQuota.SummaryAfter - TimeSpan.FromSeconds(2));
        await fixture.TellAsync(Strangers(500, 24));
        // A third step of one alert that is untold is no further alert.
        await fixture.TellAsync(Stranger("s500", number: 1, priority: Priority.P0));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == StrangerQuota.Max, "the quota is told");
        Assert.Equal(1, fixture.Count(OutboxState.Queued));
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Sent) == StrangerQuota.Max + 1, "the sum is told");

        var sum = fixture.Attempts.Last().Body;
        Assert.Equal((StrangerQuota.SummaryRule, "P2", "active"), (Text(sum, "rule"), Text(sum, "priority"), Text(sum, "state")));
        Assert.StartsWith("25 further alerts of devices that are not registered: see the page.", sum.GetProperty("text").GetProperty("en").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("另有 25 条未登记设备的告警没有逐条通知：请看页面。", sum.GetProperty("text").GetProperty("zh").GetString(), StringComparison.Ordinal);

        await fixture.TellAsync(Strangers(600, 5));
        Assert.Equal(0, fixture.Count(OutboxState.Queued));
        fixture.Time.Advance(StrangerQuota.Window);
        await fixture.TellAsync(Strangers(700, StrangerQuota.Max + 3));
        await fixture.AdvanceUntilAsync(() => fixture.Attempts.Count(attempt => Text(attempt.Body, "rule") == StrangerQuota.SummaryRule) == 2, "the next hour has a sum of its own");
        Assert.StartsWith("3 further", fixture.Attempts.Last().Body.GetProperty("text").GetProperty("en").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task After_an_hour_there_is_room_again(int ms, bool isWithheld)
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.TellAsync(Strangers(0, StrangerQuota.Max));

        fixture.Time.Advance(StrangerQuota.Window + TimeSpan.FromMilliseconds(ms));
        await fixture.TellAsync(Stranger("later"));

        Assert.Equal(isWithheld ? OutboxState.Withheld : OutboxState.Queued, fixture.Rows().Single(row => row.Alert == "later").State);
    }

    [Fact]
    public async Task A_flood_of_a_thousand_strangers_does_not_delay_the_alert_of_a_registered_device()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.TellAsync(Strangers(0, 1_000, Priority.P1));
        await fixture.TellAsync(OutboxFixture.Step("real", 0, Condition.Active, Priority.P1));

        await fixture.StartAsync();
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Queued) == 0, "all are told");

        Assert.Equal("real-0-guard", fixture.Attempts.First().Key);
        // Itself, the quota, and the sum.
        Assert.Equal(1 + StrangerQuota.Max + 1, fixture.Attempts.Count);
        Assert.Equal(1_000 - StrangerQuota.Max, fixture.Count(OutboxState.Withheld));
        await fixture.AdvanceUntilAsync(() => fixture.Worker.Books == new OutboxBooks(0, null, StrangerQuota.Max + 2, 0, 0, 0, 1_000 - StrangerQuota.Max), "all of it is counted");
    }

    [Fact]
    public async Task Of_what_is_equally_urgent_the_registered_is_told_first_and_the_sum_after_every_known_hazard()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.TellAsync(Strangers(0, StrangerQuota.Max - 2, Priority.P3));
        await fixture.TellAsync(Stranger("strange-hazard", priority: Priority.P1), Stranger("strange-service", priority: Priority.P2), Stranger("untold"));
        fixture.Time.Advance(StrangerQuota.SummaryAfter);
        await fixture.TellAsync(OutboxFixture.Step("service", 0, Condition.Active, Priority.P2), OutboxFixture.Step("hazard", 0, Condition.Active, Priority.P1));

        await fixture.StartAsync();
        await fixture.AdvanceUntilAsync(() => fixture.Count(OutboxState.Queued) == 0, "all are told");

        var told = fixture.Attempts.Select(attempt => Text(attempt.Body, "rule") == StrangerQuota.SummaryRule ? "sum" : Text(attempt.Body, "alert")).Take(5);
        Assert.Equal(["hazard", "strange-hazard", "service", "strange-service", "sum"], told);
    }

    [Fact]
    public async Task A_registered_device_has_no_quota()
    {
        await using var fixture = new OutboxFixture(("guard", []));

        await fixture.TellAsync([.. Strangers(0, 50), .. Enumerable.Range(0, 50).Select(index => OutboxFixture.Step($"real{index}", 0, Condition.Active))]);

        Assert.All(fixture.Rows().Where(row => row.Alert.StartsWith("real", StringComparison.Ordinal)), row => Assert.Equal(OutboxState.Queued, row.State));
    }

    [Fact]
    public async Task That_it_is_over_is_told_to_who_knows_it_as_on_and_to_nobody_else()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.StartAsync();
        await fixture.TellAsync(Strangers(0, StrangerQuota.Max + 1));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == StrangerQuota.Max, "the quota is told");

        // When a device that was never registered is forgotten, what ends its alert no longer knows that it was a stranger.
        await fixture.TellAsync(OutboxFixture.Step("s0", 1, Condition.Cleared), OutboxFixture.Step($"s{StrangerQuota.Max}", 1, Condition.Cleared));
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == StrangerQuota.Max + 1, "the end is told");
        // On again, beyond the quota, and over again: it is over for the receiver since before.
        await fixture.TellAsync(Stranger("s0", number: 2));
        await fixture.TellAsync(OutboxFixture.Step("s0", 3, Condition.Cleared));

        Assert.Equal([OutboxState.Sent, OutboxState.Sent, OutboxState.Withheld, OutboxState.Withheld], fixture.Rows().Where(row => row.Alert == "s0").Select(row => row.State));
        Assert.Equal([OutboxState.Withheld, OutboxState.Withheld], fixture.Rows().Where(row => row.Alert == $"s{StrangerQuota.Max}").Select(row => row.State));
    }

    [Fact]
    public async Task What_takes_the_place_of_one_that_still_waits_costs_nothing()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        fixture.Answer = (_, _) => OutboxFixture.Status(HttpStatusCode.BadGateway);
        await fixture.TellAsync(Strangers(0, StrangerQuota.Max - 1, Priority.P3));

        await fixture.TellAsync(Stranger("s0", 1, Priority.P2), Stranger("s0", 2, Priority.P1));
        await fixture.TellAsync(Stranger("last"), Stranger("one-more"), Stranger("last", 1, Priority.P1));

        Assert.Equal(["one-more"], fixture.Rows().Where(row => row.State == OutboxState.Withheld).Select(row => row.Alert));
        Assert.Equal(StrangerQuota.Max + 1, fixture.Count(OutboxState.Queued));
    }

    [Fact]
    public async Task A_restart_does_not_open_the_quota_anew()
    {
        await using var fixture = new OutboxFixture(("guard", []));
        await fixture.TellAsync(Strangers(0, StrangerQuota.Max));
        await fixture.RestartAsync();
        await fixture.UntilAsync(() => fixture.Count(OutboxState.Sent) == StrangerQuota.Max, "they are told");

        await fixture.TellAsync(Stranger("one-more"));

        Assert.Equal(OutboxState.Withheld, fixture.Rows().Single(row => row.Alert == "one-more").State);
    }

    private static AlertTransition Stranger(string alert, int number = 0, Priority priority = Priority.P2) => OutboxFixture.Step(alert, number, Condition.Active, priority) with { IsStranger = true };

    private static AlertTransition[] Strangers(int first, int count, Priority priority = Priority.P2) =>
        [.. Enumerable.Range(first, count).Select(index => Stranger($"s{index}", priority: priority))];

    private static string? Text(JsonElement body, string property) => body.GetProperty(property).GetString();
}
