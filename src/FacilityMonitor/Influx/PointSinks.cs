using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall;

namespace FacilityMonitor.Influx;

/// <summary>Whose client writes to InfluxDB: ours, or InfluxDB.Client in a build with <c>-p:UpstreamClients=true</c>.</summary>
internal static class PointSinks
{
    public static IPointSink Open(InfluxSettings settings, TimeProvider time)
    {
#if UPSTREAM_CLIENTS
        // InfluxDB.Client knows the write interface of 2.x only, which 1.x offers from 1.8 on.
        if (settings.Version != InfluxVersion.V1)
            return new Upstream.UpstreamInfluxClient(settings);
#endif
        return new InfluxClient(settings, new HttpMessageInvoker(WebhookNotifier.Handler()), time);
    }
}
