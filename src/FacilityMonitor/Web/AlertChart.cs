using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What an alert is about, half an hour to both sides of its onset, with the limit that was crossed.</summary>
internal static class AlertChart
{
    private const long AroundMs = 30 * 60_000;

    /// <summary>The evidence that names the limit of a quantity, in the unit of the quantity.</summary>
    private static readonly Dictionary<Metric, string> Limits = new()
    {
        [Metric.W] = "limit_w",
        [Metric.Tc] = "limit_c",
        [Metric.RaMa] = "limit_ma",
        [Metric.Laeq] = "limit_db",
        [Metric.Kpa] = "limit_kpa",
        [Metric.LoadKg] = "limit_kg",
        [Metric.Bikes] = "limit",
    };

    /// <summary>The chart; null where the alert is about nothing that is drawn.</summary>
    /// <param name="alert">The alert with its evidence.</param>
    /// <param name="index">The registry.</param>
    /// <param name="overMs">When it was over; null: it is not.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static ChartView? Of(AlertTransition alert, FacilityIndex index, long? overMs, long nowMs)
    {
        if (alert.Site is not { } id || index.FindSite(id) is not { } site)
            return null;
        var drawn = site.Circuits.FirstOrDefault(circuit => alert.Asset == $"{id}/{circuit.Id}") is { } circuit ? OfCircuit(circuit) : OfDevice(alert, site);
        if (drawn is not { } found)
            return null;
        ChartAlert[] times = [new ChartAlert(alert.AlertId, alert.OnsetMs, overMs, alert.Priority.ToString(), PageText.Brief(alert.Text))];
        return new ChartView($"/series/{id}/{found.Device}", found.Lines, found.Metrics, times, nowMs, alert.OnsetMs - AroundMs, alert.OnsetMs + AroundMs);
    }

    private static (string Device, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMetric> Metrics)? OfCircuit(Circuit circuit)
    {
        if (circuit.Meter is not { } meter)
            return null;
        return (meter, [.. CircuitLoad.ChannelsOf(circuit).Select(channel => new ChartLine(channel.ToString(), AlertText.Channel(channel) ?? circuit.Name))],
            [Named(Quantity.Of(Metric.A)!, circuit.RatedA), Quantity.Of(Metric.W)!]);
    }

    private static (string Device, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMetric> Metrics)? OfDevice(AlertTransition alert, Site site)
    {
        if (site.Devices.FirstOrDefault(device => device.Id == alert.Device) is not { } device)
            return null;
        var metrics = alert.Evidence.Keys.Select(key => MetricKeys.TryParse(key, out var metric) && Quantity.Of(metric) is { } quantity ? Named(quantity, Limit(alert, metric)) : null).OfType<ChartMetric>()
            .OrderByDescending(metric => metric.Limit is not null).ToList();
        var channel = alert.Channel ?? ChannelId.Main;
        return metrics.Count == 0 ? null : (device.Id, [new ChartLine(channel.ToString(), AlertText.Channel(channel) ?? device.Name)], metrics);
    }

    private static double? Limit(AlertTransition alert, Metric metric) =>
        Limits.TryGetValue(metric, out var name) && alert.Evidence.TryGetValue(name, out var limit)
            && double.TryParse(Convert.ToString(limit, CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static ChartMetric Named(ChartMetric metric, double? limit) => limit is not { } value ? metric : metric with
    {
        Limit = value,
        LimitName = new LocalText(string.Create(CultureInfo.InvariantCulture, $"限值 {value:0.##} {metric.Unit}"), string.Create(CultureInfo.InvariantCulture, $"limit {value:0.##} {metric.Unit}")),
    };
}
