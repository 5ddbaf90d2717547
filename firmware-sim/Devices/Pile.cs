using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A charging pile (充电桩): sockets <c>s1…</c>.</summary>
internal sealed class Pile(DeviceSeat seat, IReadOnlyList<ChargingPoint> points, double ambientC, double ambientSwingK)
    : ChargingDevice(seat, points, ambientC, ambientSwingK)
{
    private static readonly Metric[] Metrics = [Metric.W, Metric.V, Metric.A, Metric.Wh, Metric.Tc, Metric.Relay];

    public override string Model => $"PILE-{Points.Count}";

    public override IReadOnlyList<DeviceChannel> Channels { get; } =
        [.. points.Select(point => new DeviceChannel(point.Channel, Metrics, RatedA: 5.5, HasState: true))];

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
            writer.Flag(Metric.Relay, point.RelayClosed);
            writer.State(point.State);
            writer.End();
        }
    }
}
