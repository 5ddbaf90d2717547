using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>What a pile and a cabinet have in common: points that charge, and commands for them.</summary>
internal abstract class ChargingDevice(DeviceSeat seat, IReadOnlyList<ChargingPoint> points, double ambientC, double ambientSwingK) : SimulatedDevice(seat)
{
    private const double StandbyW = 6;

    public IReadOnlyList<ChargingPoint> Points { get; } = points;

    public override IReadOnlyList<string> Operations => ["off", "on", "limit"];

    public ChargingPoint? Find(ChannelId channel) => Points.FirstOrDefault(point => point.Channel == channel);

    /// <summary>Somebody plugs a bike in and pays.</summary>
    public void Plug(ChargingPoint point, Charger charger, string user) => Tell(point.Plug(charger, user));

    /// <summary>Somebody pays without a bike of ours in the socket: what hangs there is a script's matter.</summary>
    public void StartFor(ChargingPoint point, string user) => TellIf(point.SwitchOn(user));

    /// <summary>The air around it, °C.</summary>
    public double Celsius { get; private set; } = 20;

    /// <summary>Its owner ends a session by telephone.</summary>
    public void SwitchOff(ChargingPoint point) => TellIf(point.SwitchOff(StopReason.User, "off"));

    public override void Step(in Moment now)
    {
        var ambient = Weather.Celsius(now, ambientC, ambientSwingK);
        Celsius = ambient;
        Seat.Circuit?.Add(Seat.Circuit.PhaseOf(0), StandbyW, 0.6);
        foreach (var point in Points)
        {
            if (point.Step(now, Seat.Circuit, ambient) is { } fact)
                Tell(fact);
        }
    }

    public override CommandAnswer? Obey(Command command, in Moment now)
    {
        if (command.Operation is not ("off" or "on" or "limit"))
            return null;
        if (command.Channel is not { } channel || Find(channel) is not { } point)
            return CommandAnswer.Rejected("no such channel");
        switch (command.Operation)
        {
            case "off":
                TellIf(point.SwitchOff(StopReason.Remote, "off"));
                return CommandAnswer.Done;
            case "on":
                TellIf(point.SwitchOn("h:remote"));
                return CommandAnswer.Done;
            default:
                if (command.Watts is not (> 0 and <= 2_500))
                    return CommandAnswer.Rejected("args.w must be 1 to 2500");
                point.Limit(command.Watts.Value);
                return CommandAnswer.Done;
        }
    }

    private void TellIf(DeviceFact? fact)
    {
        if (fact is not null)
            Tell(fact);
    }
}
