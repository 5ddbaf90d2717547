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

    /// <summary>What of the evidence is drawn, and which other evidence, in the same unit, it should not exceed and not fall below.</summary>
    private static readonly Dictionary<string, Drawn> ByEvidence = new(StringComparer.Ordinal)
    {
        ["w"] = new(Metric.W, "limit_w"),
        ["v"] = new(Metric.V, "high_v", "low_v"),
        ["tc"] = new(Metric.Tc, "limit_c"),
        ["ra_ma"] = new(Metric.RaMa, "limit_ma"),
        ["laeq_10min"] = new(Metric.Laeq, "limit_db"),
        ["kpa"] = new(Metric.Kpa, Least: "limit_kpa"),
        ["load_kg"] = new(Metric.LoadKg, "limit_kg"),
        ["bikes"] = new(Metric.Bikes, "limit"),
        ["batt"] = new(Metric.Batt, Least: "limit"),
        ["h2_ppm"] = new(Metric.H2Ppm, "limit_h2_ppm"),
        ["co_ppm"] = new(Metric.CoPpm, "limit_co_ppm"),
        ["smoke_dbm"] = new(Metric.SmokeDbm, "limit_dbm"),
        ["water_cm"] = new(Metric.WaterCm, "limit_cm"),
        ["pitch_deg"] = new(Metric.Pitch, "pitch_limit_deg") { IsToBothSides = true },
        ["roll_deg"] = new(Metric.Roll, "roll_limit_deg") { IsToBothSides = true },
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
        var drawn = site.Circuits.FirstOrDefault(circuit => alert.Asset == $"{id}/{circuit.Id}") is { } circuit ? OfCircuit(alert, circuit) : OfDevice(alert, site);
        if (drawn is not { } found)
            return null;
        ChartAlert[] times = [new ChartAlert(alert.AlertId, alert.OnsetMs, overMs, alert.Priority.ToString(), PageText.Brief(alert.Text))];
        return new ChartView($"/series/{id}/{found.Device}", found.Lines, found.Metrics, times, nowMs, alert.OnsetMs - AroundMs, alert.OnsetMs + AroundMs);
    }

    private static (string Device, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMetric> Metrics)? OfCircuit(AlertTransition alert, Circuit circuit)
    {
        if (circuit.Meter is not { } meter)
            return null;
        ChartMetric[] always = [Named(Quantity.Of(Metric.A)!, circuit.RatedA), Quantity.Of(Metric.W)!];
        return (meter, [.. CircuitLoad.ChannelsOf(circuit).Select(channel => new ChartLine(channel.ToString(), AlertText.Channel(channel) ?? circuit.Name))],
            [.. MetricsOf(alert).Where(metric => metric.HasLine && Array.TrueForAll(always, one => one.Key != metric.Key)), .. always]);
    }

    private static (string Device, IReadOnlyList<ChartLine> Lines, IReadOnlyList<ChartMetric> Metrics)? OfDevice(AlertTransition alert, Site site)
    {
        if (site.Devices.FirstOrDefault(device => device.Id == alert.Device) is not { } device)
            return null;
        var metrics = MetricsOf(alert);
        var channel = alert.Channel ?? ChannelId.Main;
        return metrics.Count == 0 ? null : (device.Id, [new ChartLine(channel.ToString(), AlertText.Channel(channel) ?? device.Name)], metrics);
    }

    /// <summary>What the evidence is about: what was crossed comes first, then what has a limit at all.</summary>
    private static List<ChartMetric> MetricsOf(AlertTransition alert) =>
    [
        .. alert.Evidence.Select(told => (Metric: MetricOf(told.Key, alert), Value: Number(told.Value))).Where(one => one.Metric is not null)
            .OrderByDescending(one => one.Value >= one.Metric!.Limit || one.Value <= one.Metric.Floor).ThenByDescending(one => one.Metric!.HasLine).Select(one => one.Metric!),
    ];

    /// <summary>The quantity that a piece of evidence is about; null: nothing that is drawn.</summary>
    private static ChartMetric? MetricOf(string key, AlertTransition alert)
    {
        if (!ByEvidence.TryGetValue(key, out var drawn))
            return MetricKeys.TryParse(key, out var metric) ? Quantity.Of(metric) : null;
        var (most, least) = (Evidence(alert, drawn.Most), Evidence(alert, drawn.Least));
        return Named(Quantity.Of(drawn.Metric)!, most, drawn.IsToBothSides ? -most : least);
    }

    private static double? Evidence(AlertTransition alert, string? name) => name is not null && alert.Evidence.TryGetValue(name, out var value) ? Number(value) : null;

    private static double? Number(object value) => double.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ChartMetric Named(ChartMetric metric, double? limit, double? floor = null) => metric with
    {
        Limit = limit,
        LimitName = Name(limit, metric.Unit),
        Floor = floor,
        FloorName = Name(floor, metric.Unit),
    };

    private static LocalText? Name(double? limit, string unit) => limit is not { } value ? null
        : new LocalText(string.Create(CultureInfo.InvariantCulture, $"限值 {value:0.##} {unit}"), string.Create(CultureInfo.InvariantCulture, $"limit {value:0.##} {unit}"));

    private readonly record struct Drawn(Metric Metric, string? Most = null, string? Least = null)
    {
        /// <summary>Whether the same limit holds below nothing.</summary>
        public bool IsToBothSides { get; init; }
    }
}
