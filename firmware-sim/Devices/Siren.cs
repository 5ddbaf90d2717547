using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A siren with a beacon at the gate; sounds on <c>cmd siren</c> for the asked time.</summary>
internal sealed class Siren(DeviceSeat seat) : SimulatedDevice(seat)
{
    private const double DefaultS = 60;

    /// <summary>It ends by itself after this, whatever it was asked.</summary>
    private const double LongestS = 180;

    private double _leftS;

    public override string Model => "SIREN-1";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Batt, Metric.Relay], HasState: true)];

    public override IReadOnlyList<string> Operations => ["siren", "off", "selftest"];

    /// <summary>It has a battery behind its supply.</summary>
    public override bool IsPowered => true;

    public override void Step(in Moment now) => _leftS = Math.Max(0, _leftS - now.ClockS);

    public override CommandAnswer? Obey(Command command, in Moment now)
    {
        switch (command.Operation)
        {
            case "siren":
                if (command.Seconds is < 1 or > LongestS)
                    return CommandAnswer.Rejected("args.s must be 1 to 180");
                _leftS = command.Seconds ?? DefaultS;
                return CommandAnswer.Done;
            case "off":
                _leftS = 0;
                return CommandAnswer.Done;
            case "selftest":
                return CommandAnswer.Done;
            default:
                return null;
        }
    }

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Batt, 100, 0);
        writer.Flag(Metric.Relay, _leftS > 0);
        writer.State(_leftS > 0 ? "sounding" : "ready");
        writer.End();
    }
}
