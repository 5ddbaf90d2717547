using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Influx.Upstream;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Compiled with <c>-p:UpstreamClients=true</c> only.</summary>
public sealed class UpstreamInfluxClientTests : PointSinkContract
{
    private protected override IPointSink Create(InfluxSettings settings) => new UpstreamInfluxClient(settings);
}
