using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A yard lamp that burns from dusk to dawn.</summary>
internal sealed class Lamp(DeviceSeat seat, Randomness random) : SimulatedDevice(seat)
{
    private readonly double _watts = random.Between(34, 42);
    private bool _isLit;
    private double _volts;

    public override string Model => "LAMP-40";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Lamp, Metric.W, Metric.V])];

    /// <summary>A script breaks it: it is switched on and gives no light.</summary>
    public bool IsBroken { get; set; }

    public override void Step(in Moment now)
    {
        _isLit = now.IsBetween(17.5, 6) && !IsBroken;
        _volts = Seat.Circuit is { } circuit ? circuit.Volts(circuit.PhaseOf(0)) : 226 + random.Normal(0, 0.1);
        if (_isLit)
            Seat.Circuit?.Add(Seat.Circuit.PhaseOf(0), _watts, 0.95);
    }

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Flag(Metric.Lamp, _isLit);
        writer.Number(Metric.W, _isLit ? _watts : 0.4, 1);
        writer.Number(Metric.V, _volts, 1);
        writer.End();
    }
}
