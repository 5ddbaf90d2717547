using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A noise meter on a square: the equivalent level of its period.</summary>
internal sealed class NoiseMeter(DeviceSeat seat, Randomness random) : SimulatedDevice(seat)
{
    private double _laeq = 48;

    public override string Model => "NOISE-2";

    public override IReadOnlyList<DeviceChannel> Channels { get; } = [new(ChannelId.Main, [Metric.Laeq, Metric.Batt])];

    /// <summary>A script's source: dancing, a drill; dB(A) at the meter, 0 for none.</summary>
    public double SourceDb { get; set; }

    public override void Step(in Moment now)
    {
        var background = now.IsBetween(22, 6) ? 40 : now.IsBetween(18.5, 20.5) ? 56 : 50;
        var target = SourceDb <= 0 ? background : 10 * Math.Log10(Math.Pow(10, background / 10.0) + Math.Pow(10, SourceDb / 10));
        _laeq += (target + random.Normal(0, 1.5) - _laeq) * (1 - Math.Exp(-now.ClockS / 15));
    }

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Laeq, _laeq, 1);
        writer.Number(Metric.Batt, 96, 0);
        writer.End();
    }
}
