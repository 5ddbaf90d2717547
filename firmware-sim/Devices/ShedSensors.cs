using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FirmwareSim.Physics;
using FirmwareSim.Protocol;

namespace FirmwareSim.Devices;

/// <summary>What a script does to the air, the floor and the door of a shed; added to what is normal.</summary>
internal sealed class ShedHazard
{
    public double SmokeDbm { get; set; }

    public double RiseK { get; set; }

    public double HydrogenPpm { get; set; }

    public double CarbonMonoxidePpm { get; set; }

    public double WaterCm { get; set; }

    public bool ExitBlocked { get; set; }
}

/// <summary>The sensors of a shed or garage: smoke, heat, gas, water, the door, bikes, the way out.</summary>
internal sealed class ShedSensors(DeviceSeat seat, Func<int> bikes, double ambientC, double ambientSwingK, Randomness random) : SimulatedDevice(seat)
{
    /// <summary>Typical point detectors trip between 0.05 and 0.7 dB/m.</summary>
    private const double SmokeAlarmDbm = 0.15;
    private const double SmokeTauS = 8;
    private const double HeatTauS = 25;

    /// <summary>How long somebody with a bike needs through a door, s (our choice).</summary>
    private const double DoorLeastS = 10;
    private const double DoorMostS = 40;

    private double _smokeDbm;
    private double _celsius = double.NaN;
    private double _h2;
    private double _co = 2;
    private bool _smoke;
    private bool _blocked;
    private double _doorOpenS;

    public override string Model => "SHED-6";

    public override IReadOnlyList<DeviceChannel> Channels { get; } =
    [
        new(ChannelId.Main, [Metric.Smoke, Metric.SmokeDbm, Metric.Tc, Metric.Rh, Metric.H2Ppm, Metric.CoPpm, Metric.WaterCm, Metric.Door, Metric.Bikes, Metric.ExitBlocked]),
    ];

    /// <summary>What the heat sensor feels, °C.</summary>
    public double Celsius => _celsius;

    public ShedHazard Hazard { get; } = new();

    public override void Step(in Moment now)
    {
        _smokeDbm += (Hazard.SmokeDbm - _smokeDbm) * (1 - Math.Exp(-now.ClockS / SmokeTauS));
        var air = Weather.Celsius(now, ambientC, ambientSwingK) + Hazard.RiseK;
        // It has been there for long when we first look.
        _celsius = double.IsNaN(_celsius) ? air : _celsius + ((air - _celsius) * (1 - Math.Exp(-now.ClockS / HeatTauS)));
        _h2 = Hazard.HydrogenPpm + Math.Abs(random.Normal(0, 0.8));
        _co = 2 + Hazard.CarbonMonoxidePpm + random.Normal(0, 0.4);
        StepDoor(now);
        TellWhenTurned(ref _smoke, _smokeDbm >= SmokeAlarmDbm, EventKind.Smoke);
        TellWhenTurned(ref _blocked, Hazard.ExitBlocked, EventKind.ExitBlocked);
    }

    public override void Read(ReadingWriter writer)
    {
        writer.Begin(ChannelId.Main);
        writer.Flag(Metric.Smoke, _smoke);
        writer.Number(Metric.SmokeDbm, _smokeDbm, 3);
        writer.Number(Metric.Tc, _celsius, 1);
        writer.Number(Metric.Rh, Math.Clamp(95 - (1.4 * _celsius), 20, 95), 0);
        writer.Number(Metric.H2Ppm, _h2, 1);
        writer.Number(Metric.CoPpm, Math.Max(0, _co), 1);
        writer.Number(Metric.WaterCm, Hazard.WaterCm, 1);
        writer.Flag(Metric.Door, _doorOpenS > 0);
        writer.Number(Metric.Bikes, bikes(), 0);
        writer.Flag(Metric.ExitBlocked, _blocked);
        writer.End();
    }

    /// <summary>Somebody comes or goes, and the door falls shut behind them.</summary>
    private void StepDoor(in Moment now)
    {
        var perHour = now.IsBetween(7, 9) || now.IsBetween(17, 22) ? 12 : now.IsBetween(9, 17) ? 4 : 0.5;
        _doorOpenS -= now.ClockS;
        if (_doorOpenS <= 0)
            _doorOpenS = random.Chance(1 - Math.Exp(-perHour * now.LifeS / 3_600)) ? random.Between(DoorLeastS, DoorMostS) : 0;
    }

    private void TellWhenTurned(ref bool state, bool value, EventKind kind)
    {
        if (state == value)
            return;
        state = value;
        Tell(new DeviceFact(kind, ChannelId.Main) { On = value });
    }
}
