using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>A stair-climber (爬楼机): stands on its dock, and a few times a day carries somebody up or down.</summary>
internal sealed class Climber(DeviceSeat seat, Randomness random) : SimulatedDevice(seat)
{
    private const double DockW = 95;
    private const double FloorsPerCharge = 24;
    private const double StepsPerFloor = 18;
    private const double BoardingS = 25;
    private const double AmbientC = 18;

    private double _batteryPercent = random.Between(70, 98);
    private double _motorC = AmbientC;
    private double _pitch;
    private double _roll;
    private double _loadKg;
    private double _stepsPerMinute;
    private double _stepsLeft;
    private double _boardingS;
    private double _carriedKg;
    private bool _isUnbelted;

    public override string Model => "CLIMB-160";

    public override IReadOnlyList<DeviceChannel> Channels { get; } =
    [
        new(ChannelId.Main,
        [
            Metric.Pitch, Metric.Roll, Metric.LoadKg, Metric.Spm, Metric.Occupied, Metric.Belt, Metric.Brake, Metric.EStop, Metric.MotorTc, Metric.Batt, Metric.V,
        ],
        HasState: true),
    ];

    /// <summary>A script holds it on the stairs: motor jammed, somebody in the seat.</summary>
    public bool IsJammed { get; set; }

    /// <summary>Whether somebody sits in it on the stairs and nothing moves.</summary>
    public bool IsStuck => IsJammed && _stepsLeft > 0 && _boardingS <= 0;

    /// <summary>It lives on its battery.</summary>
    public override bool IsPowered => true;

    private bool IsTravelling => _stepsLeft > 0 || _boardingS > 0;

    /// <summary>Somebody sits down for a trip of some floors.</summary>
    /// <param name="floors">How many.</param>
    /// <param name="kilograms">Their weight; null: as people are.</param>
    /// <param name="isUnbelted">Nobody closes the belt.</param>
    public void BeginTrip(double floors, double? kilograms = null, bool isUnbelted = false)
    {
        if (IsTravelling)
            return;
        _isUnbelted = isUnbelted;
        _boardingS = BoardingS;
        _stepsLeft = floors * StepsPerFloor;
        _carriedKg = kilograms ?? random.Between(48, 92);
        Tell(new DeviceFact(EventKind.TripStart, ChannelId.Main));
    }

    public override void Step(in Moment now)
    {
        if (IsTravelling)
            Travel(now);
        else
            StandOnDock(now);
        var target = AmbientC + (_stepsPerMinute * 2.2);
        _motorC += (target - _motorC) * (1 - Math.Exp(-now.ClockS / 180));
    }

    public override void Read(ReadingWriter writer)
    {
        var seated = IsTravelling;
        writer.Begin(ChannelId.Main);
        writer.Number(Metric.Pitch, _pitch, 1);
        writer.Number(Metric.Roll, _roll, 1);
        writer.Number(Metric.LoadKg, _loadKg, 0);
        writer.Number(Metric.Spm, _stepsPerMinute, 1);
        writer.Flag(Metric.Occupied, seated);
        writer.Flag(Metric.Belt, seated && !_isUnbelted);
        writer.Flag(Metric.Brake, _stepsPerMinute == 0);
        writer.Flag(Metric.EStop, false);
        writer.Number(Metric.MotorTc, _motorC, 1);
        writer.Number(Metric.Batt, _batteryPercent, 0);
        writer.Number(Metric.V, 23.2 + (0.045 * _batteryPercent) - (_stepsPerMinute > 0 ? 0.6 : 0), 1);
        writer.State(IsJammed && seated ? "fault" : seated ? "trip" : "dock");
        writer.End();
    }

    private void StandOnDock(in Moment now)
    {
        (_pitch, _roll, _loadKg, _stepsPerMinute) = (0, 0, 0, 0);
        if (_batteryPercent < 100)
        {
            Seat.Circuit?.Add(Seat.Circuit.PhaseOf(0), _batteryPercent < 90 ? DockW : DockW * (100 - _batteryPercent) / 10, 0.6);
            _batteryPercent = Math.Min(100, _batteryPercent + (now.LifeS / 3600 * 18));
        }

        // A day has four or five trips, none in the night, and none on a battery that could not bring somebody home.
        if (now.IsBetween(8, 19) && _batteryPercent > 40 && random.Chance(1 - Math.Exp(-0.4 * now.LifeS / 3600)))
            BeginTrip(1 + random.Below(5));
    }

    private void Travel(in Moment now)
    {
        _loadKg = _carriedKg;
        if (_boardingS > 0)
        {
            _boardingS -= now.ClockS;
            return;
        }

        _pitch = 33 + random.Normal(0, 0.6);
        _roll = random.Normal(0, 0.7);
        _stepsPerMinute = IsJammed ? 0 : 12 + random.Normal(0, 0.8);
        var steps = _stepsPerMinute * now.ClockS / 60;
        _stepsLeft -= steps;
        _batteryPercent = Math.Max(0, _batteryPercent - (steps / StepsPerFloor / FloorsPerCharge * 100));
        if (_stepsLeft <= 0)
            Tell(new DeviceFact(EventKind.TripEnd, ChannelId.Main));
    }
}
