using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>What a pile and a cabinet have in common: points that charge, what they tell of each, and commands for them.</summary>
/// <param name="seat">Where it is.</param>
/// <param name="points">Its sockets or slots.</param>
/// <param name="metrics">What it measures at each.</param>
/// <param name="ratedA">Rated current of each, A.</param>
/// <param name="ambientC">Mean temperature of the air around it, °C.</param>
/// <param name="ambientSwingK">Half of what lies between the coldest and the warmest hour, K.</param>
internal abstract class ChargingDevice(
    DeviceSeat seat, IReadOnlyList<ChargingPoint> points, IReadOnlyList<Metric> metrics, double ratedA, double ambientC, double ambientSwingK) : SimulatedDevice(seat)
{
    private const double StandbyW = 6;

    /// <summary>How much warmer the board is than the air, K: its own standby.</summary>
    private const double BoardRiseK = 6;

    private static readonly Metric[] BoardMetrics = [Metric.Tc];

    public IReadOnlyList<ChargingPoint> Points { get; } = points;

    public override IReadOnlyList<DeviceChannel> Channels { get; } =
    [
        .. points.Select(point => new DeviceChannel(point.Channel, metrics, ratedA, HasState: true)),
        .. seat.Has(Quirks.IdleUnreported) ? [new DeviceChannel(ChannelId.Main, BoardMetrics)] : Array.Empty<DeviceChannel>(),
    ];

    public override IReadOnlyList<string> Operations => ["off", "on", "limit"];

    public ChargingPoint? Find(ChannelId channel) => Points.FirstOrDefault(point => point.Channel == channel);

    /// <summary>Somebody plugs a bike in and pays.</summary>
    public void Plug(ChargingPoint point, Charger charger, string user) => Tell(point.Plug(charger, user));

    /// <summary>Somebody pays without a bike of ours in the socket: what hangs there is a script's matter.</summary>
    public void StartFor(ChargingPoint point, string user) => TellIf(point.SwitchOn(user));

    /// <summary>The air around it, °C.</summary>
    public double Celsius { get; private set; } = 20;

    /// <summary>What its board's own thermometer shows, °C.</summary>
    public double BoardCelsius => Celsius + BoardRiseK;

    /// <summary>Its owner ends a session by telephone.</summary>
    public void SwitchOff(ChargingPoint point) => TellIf(point.SwitchOff(StopReason.User, "off"));

    /// <summary>A command opens or closes the relay of a point, whatever language it came in.</summary>
    public void SwitchRemotely(ChargingPoint point, bool on) => TellIf(on ? point.SwitchOn("h:remote") : point.SwitchOff(StopReason.Remote, "off"));

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

    public override void Read(ReadingWriter writer)
    {
        var hidesIdle = Seat.Has(Quirks.IdleUnreported);
        foreach (var point in Points)
        {
            if (!hidesIdle || point.Session is not null)
                Read(writer, point);
        }

        if (!hidesIdle)
            return;
        // Else a pile whose sockets are all idle could not be told from one that is gone.
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Tc, BoardCelsius, 1);
        writer.End();
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
            case "on":
                SwitchRemotely(point, command.Operation == "on");
                return CommandAnswer.Done;
            default:
                if (command.Watts is not (>= 10 and <= 2_500))
                    return CommandAnswer.Rejected("args.w must be 10 to 2500");
                point.Limit(command.Watts.Value);
                return CommandAnswer.Done;
        }
    }

    /// <summary>What only one of them measures at a point.</summary>
    protected virtual void ReadPack(ReadingWriter writer, ChargingPoint point)
    {
    }

    private void Read(ReadingWriter writer, ChargingPoint point)
    {
        writer.Begin(point.Channel);
        writer.Number(Metric.W, point.Meter.Watts, 1);
        writer.Number(Metric.V, point.Meter.Volts, 1);
        writer.Number(Metric.A, point.Meter.Amps, 2);
        writer.Number(Metric.Wh, point.CounterWattHours, 0);
        writer.CounterEpoch(point.Meter.Epoch);
        writer.Number(Metric.Tc, point.Celsius, 1);
        ReadPack(writer, point);
        writer.Flag(Metric.Relay, point.RelayClosed);
        writer.State(point.State);
        writer.End();
    }

    private void TellIf(DeviceFact? fact)
    {
        if (fact is not null)
            Tell(fact);
    }
}
