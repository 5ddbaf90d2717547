using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Tests.Monitoring;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>The worker beside the real monitoring: what the inference raises goes the way of every alert.</summary>
public sealed class ResponseWorkerTests
{
    [Fact]
    public async Task Devices_of_one_circuit_that_fall_silent_together_raise_the_parent_that_nobody_reported()
    {
        await using var fixture = new MonitoringFixture(TimeSpan.FromMinutes(10));
        await fixture.OpenAndRunAsync();
        using var worker = new EscalationWorker(fixture.Database, fixture.Responses, fixture.Worker, fixture.Time, NullLogger<EscalationWorker>.Instance);
        string[] shed = ["huaihai/shed-1/pile-01", "huaihai/shed-1/pile-02", "huaihai/shed-1/pile-03"];
        fixture.Worker.Tell(Offline("far", "huaihai/cabinet/cabinet-1", Condition.Active));
        for (var number = 0; number < shed.Length; number++)
            fixture.Worker.Tell(Offline($"s{number}", shed[number], Condition.Active));
        await UntilAsync(fixture, "select count(*) from response", "4");

        await worker.TurnAsync();

        await UntilAsync(fixture, "select count(*) from response where rule = 'power-or-network-lost'", "1");
        Assert.Equal(["huaihai/c-shed"], fixture.Rows("select asset from alert where rule = 'power-or-network-lost'"));
        await UntilAsync(fixture, "select count(*) from response where suppressed_by is not null", "3");
        await worker.TurnAsync();
        Assert.Equal(["1"], fixture.Rows("select cast(count(*) as text) from alert where rule = 'power-or-network-lost'"));

        // Two of four are back, then all: the loss is over below a third.
        for (var number = 0; number < shed.Length; number++)
            fixture.Worker.Tell(Offline($"s{number}", shed[number], Condition.Cleared));
        await UntilAsync(fixture, "select count(*) from response where rule = 'offline' and condition = 4", "3");
        await worker.TurnAsync();
        await UntilAsync(fixture, "select count(*) from response where rule = 'power-or-network-lost' and condition = 4", "1");
    }

    private static Task UntilAsync(MonitoringFixture fixture, string sql, string expected) =>
        Mqtt.Until.TrueAsync(() => fixture.Rows(sql.Replace("count(*)", "cast(count(*) as text)", StringComparison.Ordinal))[0] == expected, sql);

    private static AlertTransition Offline(string alert, string asset, Condition condition) =>
        ResponseFixture.Step(alert, condition, Priority.P2, "offline", asset, condition == Condition.Active ? 0 : 1);
}
