using FacilityMonitor.Alerts;

namespace FacilityMonitor.Tests.Alerts;

public sealed class AlertIdTests
{
    /// <summary>Computed elsewhere: <c>printf %s 'lane|…|1795168800000' | sha256sum | head -c 16</c>.</summary>
    [Theory]
    [InlineData("lane", "socket-overload", "lane/shed-1/pile-01/s1", 1_795_168_800_000, "6b59f48f41669617")]
    [InlineData(null, "silent", "unregistered/插座/s1", 0, "9d0fb79839987fe1")]
    public void An_alert_is_named_by_what_it_is_about_and_when_it_began(string? site, string rule, string asset, long onsetMs, string id) =>
        Assert.Equal(id, AlertId.Of(site, rule, asset, onsetMs));
}
