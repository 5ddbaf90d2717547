using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A camera in a lift that knows an e-bike and holds the door (电梯阻车) until it is out.</summary>
internal sealed class LiftBlocker(DeviceSeat seat) : SimulatedDevice(seat)
{
    private bool _hasBike;

    public override string Model => "BLOCK-3";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Door], HasState: true)];

    public bool HasBike => _hasBike;

    public override void Step(in Moment now)
    {
    }

    /// <summary>An e-bike is pushed in, or taken out again.</summary>
    public void Bike(bool isIn)
    {
        if (_hasBike == isIn)
            return;
        _hasBike = isIn;
        Tell(new DeviceFact(isIn ? EventKind.EBikeInLift : EventKind.EBikeOut, ChannelId.Main) { On = isIn });
    }

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Flag(Metric.Door, _hasBike);
        writer.State(_hasBike ? "holding" : "ready");
        writer.End();
    }
}
