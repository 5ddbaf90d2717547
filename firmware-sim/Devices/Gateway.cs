using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A gateway (网关): whatever is behind it reaches the broker through it, or not at all.</summary>
internal sealed class Gateway(DeviceSeat seat, Randomness random) : SimulatedDevice(seat)
{
    private double _rssi = random.Between(-95, -65);

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
