using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Users;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>Which alerts are of one cause.</summary>
public sealed class AlertListTests
{
    [Fact]
    public async Task What_hangs_on_what_hangs_on_another_is_of_the_first_cause()
    {
        await using var fixture = new ResponseFixture();
        await RaiseAsync(fixture, "feeder", "pile", "socket", "lamp");
        await AppendAsync(fixture, ("pile", "feeder", true), ("socket", "pile", true));

        Assert.Equal(["feeder: feeder pile socket", "lamp: lamp"], Groups(fixture, AlertTab.Open));
    }

    [Fact]
    public async Task What_is_explained_is_not_waiting_once_somebody_has_what_explains_it()
    {
        await using var fixture = new ResponseFixture();
        await RaiseAsync(fixture, "feeder", "pile");
        await AppendAsync(fixture, ("pile", "feeder", true));
        await fixture.DoesAsync("wang", "feeder", new ResponseCommand.Acknowledge());

        Assert.Empty(Groups(fixture, AlertTab.Open));
        Assert.Equal(["feeder: feeder pile"], Groups(fixture, AlertTab.All));
    }

    [Fact]
    public async Task Of_alerts_that_were_each_told_with_the_other_one_is_the_cause_and_always_the_same()
    {
        await using var fixture = new ResponseFixture();
        await RaiseAsync(fixture, "a", "b", "c");
        await AppendAsync(fixture, ("a", "b", false), ("b", "a", false), ("c", "b", false));

        Assert.Equal(["a: a b c"], Groups(fixture, AlertTab.Open));
    }

    [Fact]
    public async Task What_is_of_another_kind_only_came_by_the_same_message()
    {
        await using var fixture = new ResponseFixture();
        await RaiseAsync(fixture, "a", "b");
        await fixture.RaiseAsync(ResponseFixture.Step("other", Condition.Active, Priority.P1, "offline", "huaihai/other"));
        await AppendAsync(fixture, ("b", "a", false), ("other", "a", false));

        Assert.Equal(["a: a b", "other: other"], Groups(fixture, AlertTab.Open));
    }

    [Fact]
    public async Task Mine_is_what_I_hold_or_was_given_and_nothing_that_I_gave_back()
    {
        await using var fixture = new ResponseFixture();
        await RaiseAsync(fixture, "held", "back", "given", "theirs");
        foreach (var alert in (string[])["held", "back"])
            await fixture.DoesAsync("wang", alert, new ResponseCommand.Acknowledge());
        await fixture.DoesAsync("wang", "back", new ResponseCommand.Unacknowledge());
        await fixture.DoesAsync("li", "given", new ResponseCommand.Assign("wang"));
        await fixture.DoesAsync("li", "theirs", new ResponseCommand.Acknowledge());

        Assert.Equal(["given: given", "held: held"], Groups(fixture, AlertTab.Mine).Order());
    }

    private static Task RaiseAsync(ResponseFixture fixture, params string[] alerts) =>
        fixture.RaiseAsync([.. alerts.Select(alert => ResponseFixture.Step(alert, Condition.Active, asset: "huaihai/" + alert))]);

    private static Task AppendAsync(ResponseFixture fixture, params (string Alert, string Lead, bool IsExplained)[] facts) => fixture.CommitAsync(connection =>
    {
        foreach (var (alert, lead, isExplained) in facts)
        {
            ResponseTable.Append(
                connection, alert, ResponseTable.Load(connection, alert), [isExplained ? new ResponseEvent.Suppressed(lead) { AtMs = fixture.NowMs } : new ResponseEvent.Grouped(lead, 0, "wang") { AtMs = fixture.NowMs }]);
        }
    });

    private static List<string> Groups(ResponseFixture fixture, AlertTab tab)
    {
        using var reader = fixture.Database.OpenReader();
        return [.. AlertList.Find(reader, new AlertFilter(tab, SiteScope.All, "wang"), fixture.NowMs).Select(group => $"{group.Cause}: {string.Join(' ', group.Alerts)}")];
    }
}
