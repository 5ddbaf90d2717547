using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A gateway (网关): whatever is behind it reaches the broker through it, or not at all.</summary>
/// <param name="seat">Where it is.</param>
/// <param name="isShared">Whether everything behind it speaks over its one connection, and not over connections of their own that only pass through it.</param>
/// <param name="random">How well it is received.</param>
internal sealed class Gateway(DeviceSeat seat, bool isShared, Randomness random) : SimulatedDevice(seat)
{
    private double _rssi = random.Between(-95, -65);

    public bool IsShared => isShared;

    public override string Model => "GW-4G";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Rssi], HasState: true)];

    public override void Step(in Moment now) => _rssi = Math.Clamp(_rssi + random.Normal(0, 0.05 * Math.Sqrt(now.ClockS)), -112, -55);

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Rssi, _rssi, 0);
        writer.State("online");
        writer.End();
    }
}
