using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>An emergency call button (紧急呼叫按钮) on a battery.</summary>
internal sealed class CallButton(DeviceSeat seat, Randomness random) : SimulatedDevice(seat)
{
    private readonly double _batteryPercent = random.Between(55, 99);
    private readonly double _rssi = random.Between(-82, -58);

    public override string Model => "CALL-1";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Batt, Metric.Rssi], HasState: true)];

    public override IReadOnlyList<string> Operations => ["selftest"];

    public bool IsPressed { get; private set; }

    public override void Step(in Moment now)
    {
    }

    public void Press()
    {
        IsPressed = true;
        Tell(new DeviceFact(EventKind.Call, ChannelId.Main) { On = true });
    }

    public void Answer()
    {
        if (!IsPressed)
            return;
        IsPressed = false;
        Tell(new DeviceFact(EventKind.CallAnswered, ChannelId.Main) { On = false });
    }

    public override CommandAnswer? Obey(Command command, in Moment now) => command.Operation == "selftest" ? CommandAnswer.Done : null;

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Batt, _batteryPercent, 0);
        writer.Number(Metric.Rssi, _rssi, 0);
        writer.State(IsPressed ? "calling" : "idle");
        writer.End();
    }
}
