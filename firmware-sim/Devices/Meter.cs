using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>The meter of a circuit: <c>l1…l3</c> of a three-phase one, <c>main</c> of another.</summary>
internal sealed class Meter : SimulatedDevice
{
    private static readonly Metric[] Metrics = [Metric.W, Metric.V, Metric.A, Metric.Pf, Metric.Wh];

    private readonly Circuit _measured;
    private readonly Measurement[] _elements;
    private readonly ChannelId[] _channels;
    private bool _hasTripped;

    /// <param name="seat">Where it is. It lives on the supply side, so a trip of its circuit leaves it alive.</param>
    /// <param name="measured">The circuit it measures.</param>
    /// <param name="classPercent">Accuracy class, %.</param>
    /// <param name="random">The error its elements left the factory with.</param>
    public Meter(DeviceSeat seat, Circuit measured, double classPercent, Randomness random)
        : base(seat)
    {
        _measured = measured;
        _channels = measured.Phases == 1 ? [ChannelId.Main] : [ChannelId.Phase(1), ChannelId.Phase(2), ChannelId.Phase(3)];
        _elements = [.. _channels.Select(_ => new Measurement(classPercent, Resolution.Meter, random))];
        Channels = [.. _channels.Select(channel => new DeviceChannel(channel, Metrics))];
    }

    public override string Model => _channels.Length == 1 ? "MTR-1P" : "MTR-3P";

    public override IReadOnlyList<DeviceChannel> Channels { get; }

    public Circuit Measured => _measured;

    public IReadOnlyList<Measurement> Elements => _elements;

    public override bool IsPowered => true;

    public override void Step(in Moment now)
    {
        // A contact beside the breaker tells the meter that it has tripped.
        var hasTripped = _measured.Breaker?.HasTripped == true;
        if (hasTripped && !_hasTripped)
            Tell(new DeviceFact(EventKind.Trip, ChannelId.Main));
        _hasTripped = hasTripped;
        for (var index = 0; index < _elements.Length; index++)
        {
            var phase = _elements.Length == 1 ? _measured.Phase : index + 1;
            _elements[index].Step(_measured.Watts(phase), _measured.Amps(phase), _measured.Volts(phase), now.ClockS);
        }
    }

    public override void Read(ReadingWriter writer)
    {
        for (var index = 0; index < _elements.Length; index++)
        {
            var element = _elements[index];
            writer.Begin(_channels[index]);
            writer.Number(Metric.W, element.Watts, 1);
            writer.Number(Metric.V, element.Volts, 1);
            writer.Number(Metric.A, element.Amps, 2);
            writer.Number(Metric.Pf, element.PowerFactor, 2);
            writer.Number(Metric.Wh, element.WattHours, 0);
            writer.CounterEpoch(element.Epoch);
            writer.End();
        }
    }
}
