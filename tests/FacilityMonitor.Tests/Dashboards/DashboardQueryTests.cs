using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.OnCall;
using FacilityMonitor.Tests.Influx;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The queries of the dashboards on a real InfluxDB 1.6, the generation whose InfluxQL all later ones share.</summary>
public sealed class DashboardQueryTests
{
    [RealServerFact(InfluxServer.Influxd)]
    public async Task Every_query_of_every_dashboard_has_an_answer_in_what_our_writer_wrote()
    {
        await using var server = await InfluxServer.StartAsync(InfluxServer.Influxd);
        await FillAsync(server);
        var faults = new List<string>();
        foreach (var dashboard in GrafanaDashboard.Shipped())
            faults.AddRange(await DashboardExecution.FaultsAsync(dashboard, server));
        DashboardTests.AssertNone(faults);
    }

    /// <summary>Has the simulated readings written to it.</summary>
    internal static async Task FillAsync(InfluxServer server)
    {
        using var client = new InfluxClient(Settings(server.Url), new HttpMessageInvoker(WebhookNotifier.Handler()), TimeProvider.System);
        await SimulatedReadings.WriteAsync(client);
    }

    private static InfluxSettings Settings(Uri url) => new()
    {
        Url = url,
        Version = InfluxVersion.V1,
        Database = "facility",
        RetentionPolicy = null,
        Organization = null,
        Username = null,
        Password = null,
        Token = null,
        BatchReadings = 5_000,
        Interval = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(30),
        Horizon = TimeSpan.FromMinutes(10),
    };
}
