using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A charging cabinet (充电柜): packs charge in slots <c>k1…</c>, and each slot reads its pack.</summary>
internal sealed class Cabinet(DeviceSeat seat, IReadOnlyList<ChargingPoint> points, double ambientC, double ambientSwingK)
    : ChargingDevice(seat, points, ambientC, ambientSwingK)
{
    private static readonly Metric[] Metrics = [Metric.W, Metric.V, Metric.A, Metric.Wh, Metric.Tc, Metric.Soc, Metric.Relay];

    public override string Model => $"CAB-{Points.Count}";

    public override IReadOnlyList<DeviceChannel> Channels { get; } =
        [.. points.Select(point => new DeviceChannel(point.Channel, Metrics, RatedA: 3, HasState: true))];

    public override void Read(ReadingWriter writer)
    {
        foreach (var point in Points)
        {
            writer.Begin(point.Channel);
            writer.Number(Metric.W, point.Meter.Watts, 1);
            writer.Number(Metric.V, point.Meter.Volts, 1);
            writer.Number(Metric.A, point.Meter.Amps, 2);
            writer.Number(Metric.Wh, point.Meter.WattHours, 0);
            writer.CounterEpoch(point.Meter.Epoch);
            writer.Number(Metric.Tc, point.Celsius, 1);
            if (point.Charger is { } pack)
                writer.Number(Metric.Soc, 100 * Math.Clamp(pack.Soc, 0, 1), 0);
            else
                writer.NotMeasured(Metric.Soc);
            writer.Flag(Metric.Relay, point.RelayClosed);
            writer.State(point.State);
            writer.End();
        }
    }
}
