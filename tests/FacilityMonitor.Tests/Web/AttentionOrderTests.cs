using FacilityMonitor.Alerts;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.OnCall;
using FacilityMonitor.Users;
using FacilityMonitor.Web;
using Microsoft.Extensions.DependencyInjection;

namespace FacilityMonitor.Tests.Web;

/// <summary>What stands on top of the overview and on the wall.</summary>
public sealed class AttentionOrderTests
{
    [Fact]
    public void Lives_come_first_then_what_nobody_has_taken_the_most_urgent_and_oldest_first()
    {
        AlertTransition[] alerts =
        [
            Step("taken-hazard", Priority.P1, 0), Step("young-hazard", Priority.P1, 9), Step("old-hazard", Priority.P1, 5), Step("old-service", Priority.P2, 1), Step("fire-in-hand", Priority.P0, 8), Step("new-fire", Priority.P0, 9),
        ];

        var order = AttentionOrder.Of(alerts, new HashSet<string> { "taken-hazard", "fire-in-hand" });

        Assert.Equal(["new-fire", "fire-in-hand", "old-hazard", "young-hazard", "old-service", "taken-hazard"], order.Select(alert => alert.AlertId));
    }

    [Fact]
    public async Task When_somebody_takes_an_alert_every_open_overview_is_told_the_new_order()
    {
        using var folder = new TemporaryFolder();
        await using var page = await PageUnderTest.StartAsync(folder.Path);
        var rules = page.Services.GetRequiredService<MonitoringWorker>();
        foreach (var (alert, minute) in ((string, int)[])[("older", 1), ("newer", 2)])
            rules.Tell(Step(alert, Priority.P1, minute) with { Asset = "huaihai/shed-1/" + alert });
        await page.UntilAsync(() => rules.State.Alerts.Count == 2, "both alerts");
        Assert.Equal(["older", "newer"], Order(page.State().GetProperty("alerts")));
        using var viewer = page.Feed.Open(SiteScope.All, () => true)!;
        while (viewer.Frames.TryRead(out _))
        {
        }

        await page.Services.GetRequiredService<ResponseDesk>().DoAsync("older", new ResponseCommand.Acknowledge(), new Actor("manager", "page"));

        string[]? told = null;
        await page.UntilAsync(
            () =>
            {
                while (viewer.Frames.TryRead(out var frame))
                {
                    if (System.Text.Encoding.UTF8.GetString(frame!.Bytes.Span).StartsWith("event: alerts", StringComparison.Ordinal))
                        told = Order(PageUnderTest.Body(frame));
                }

                return told?[0] == "newer";
            },
            "the new order");
        Assert.Equal(["newer", "older"], told!);
        Assert.Equal(["newer", "older"], Order(page.State().GetProperty("alerts")));
        page.Feed.Close(viewer);
    }

    private static string[] Order(System.Text.Json.JsonElement alerts) => [.. alerts.GetProperty("alerts").EnumerateArray().Select(alert => alert.GetProperty("id").GetString()!)];

    private static AlertTransition Step(string alert, Priority priority, int minute) =>
        ResponseFixture.Step(alert, Condition.Active, priority) with { OnsetMs = minute * 60_000 };
}
