using FacilityMonitor.Readings;

namespace FirmwareSim.Devices;

/// <summary>A charging pile (充电桩): sockets <c>s1…</c>.</summary>
internal sealed class Pile(DeviceSeat seat, IReadOnlyList<ChargingPoint> points, double ambientC, double ambientSwingK)
    : ChargingDevice(seat, points, Metrics, RatedA, ambientC, ambientSwingK)
{
    private const double RatedA = 5.5;

    private static readonly Metric[] Metrics = [Metric.W, Metric.V, Metric.A, Metric.Wh, Metric.Tc, Metric.Relay];

    public override string Model => $"PILE-{Points.Count}";
}
