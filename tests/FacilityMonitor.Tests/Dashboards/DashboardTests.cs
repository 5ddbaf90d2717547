namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The Grafana dashboards that we ship. No Grafana draws them here: what can be known without one is.</summary>
public sealed class DashboardTests
{
    [Fact]
    public void There_is_a_dashboard_for_all_sites_a_site_a_circuit_a_device_and_the_system() => Assert.Equal(
        ["fm-circuit", "fm-device", "fm-health", "fm-overview", "fm-site"], GrafanaDashboard.Shipped().Select(dashboard => dashboard.Uid).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_dashboard_can_be_read_and_installed_by_somebody_else()
    {
        var dashboards = GrafanaDashboard.Shipped();
        AssertNone(dashboards.SelectMany(dashboard => DashboardRules.Faults(dashboard, dashboards)));
    }

    [RealServerFact("node", PublishedTypes.Installed)]
    public async Task Every_dashboard_is_of_the_types_that_grafana_publishes() =>
        AssertNone((await PublishedTypes.FaultsAsync(GrafanaDashboard.Shipped())).SelectMany(faults => faults));

    internal static void AssertNone(IEnumerable<string> faults) => Assert.True(!faults.Any(), string.Join('\n', faults));
}
