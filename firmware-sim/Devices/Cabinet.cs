using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A charging cabinet (充电柜): packs charge in slots <c>k1…</c>, and each slot reads its pack.</summary>
internal sealed class Cabinet(DeviceSeat seat, IReadOnlyList<ChargingPoint> points, double ambientC, double ambientSwingK)
    : ChargingDevice(seat, points, Metrics, RatedA, ambientC, ambientSwingK)
{
    private const double RatedA = 3;

    private static readonly Metric[] Metrics = [Metric.W, Metric.V, Metric.A, Metric.Wh, Metric.Tc, Metric.Soc, Metric.Relay];

    public override string Model => $"CAB-{Points.Count}";

    protected override void ReadPack(ReadingWriter writer, ChargingPoint point)
    {
        if (point.Charger is { } pack)
            writer.Number(Metric.Soc, 100 * Math.Clamp(pack.Soc, 0, 1), 0);
        else
            writer.NotMeasured(Metric.Soc);
    }
}
