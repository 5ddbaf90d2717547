namespace FirmwareSim.Physics;

/// <summary>What a circuit feeds beside devices that speak: lamps, lift, pump, the guard's kettle.</summary>
internal abstract class BaseLoad
{
    public abstract void Step(in Moment now, Circuit circuit);

    /// <summary>Whether something that comes at random, so often per hour of life, comes in this step.</summary>
    protected static bool Comes(Randomness random, double perHour, in Moment now) => random.Chance(1 - Math.Exp(-perHour * now.LifeS / 3600));
}

/// <summary>Always the same: meters, controllers, the transformers of a cabinet.</summary>
internal sealed class StandingLoad(double watts) : BaseLoad
{
    public override void Step(in Moment now, Circuit circuit)
    {
        for (var position = 0; position < circuit.Phases; position++)
            circuit.Add(circuit.PhaseOf(position), watts / circuit.Phases, 0.9);
    }
}

/// <summary>Corridor lamps on timers: somebody comes, one lights for two minutes. LED, so a warm-up of nothing and a power factor of 0.9.</summary>
internal sealed class TimedLamps(double wattsEach, int count, double onS, Randomness random) : BaseLoad
{
    private readonly double[] _leftS = new double[count];

    public override void Step(in Moment now, Circuit circuit)
    {
        // People come and go most in the evening; in daylight the lamps' light sensors hold them off.
        var perHour = now.IsBetween(6.5, 17) ? 0.2 : now.IsBetween(17, 23) ? 6 : 0.7;
        var lit = 0;
        for (var lamp = 0; lamp < count; lamp++)
        {
            if (Comes(random, perHour, now))
                _leftS[lamp] = onS;
            if (_leftS[lamp] <= 0)
                continue;
            lit++;
            _leftS[lamp] -= now.ClockS;
        }

        if (lit > 0)
            circuit.Add(circuit.PhaseOf(0), lit * wattsEach, 0.9);
    }
}

/// <summary>Lamps that burn all night.</summary>
internal sealed class NightLamps(double watts) : BaseLoad
{
    public override void Step(in Moment now, Circuit circuit)
    {
        if (now.IsBetween(17.5, 6))
            circuit.Add(circuit.PhaseOf(0), watts, 0.92);
    }
}

/// <summary>A lift: a drive that runs for a trip, and a car that is always lit.</summary>
internal sealed class LiftLoad(double motionW, double standbyW, Randomness random) : BaseLoad
{
    private double _leftS;
    private double _tripW;

    public override void Step(in Moment now, Circuit circuit)
    {
        var perHour = now.IsBetween(7, 9) || now.IsBetween(17, 21) ? 40 : now.IsBetween(9, 22) ? 15 : 1.5;
        if (_leftS <= 0 && Comes(random, perHour, now))
        {
            _leftS = random.Between(12, 35);
            _tripW = motionW * random.Between(0.35, 1);
        }

        var moving = _leftS > 0 ? _tripW : 0;
        _leftS -= now.ClockS;
        for (var position = 0; position < circuit.Phases; position++)
            circuit.Add(circuit.PhaseOf(position), (moving + standbyW) / circuit.Phases, moving > 0 ? 0.8 : 0.6);
    }
}

/// <summary>Something that switches itself on and off: a pump, a fridge.</summary>
internal sealed class CyclingLoad(double watts, double onS, double offS, double powerFactor, Randomness random) : BaseLoad
{
    private bool _isOn;
    private double _leftS = random.Between(0, onS + offS);

    public override void Step(in Moment now, Circuit circuit)
    {
        _leftS -= now.ClockS;
        if (_leftS <= 0)
        {
            _isOn = !_isOn;
            _leftS = (_isOn ? onS : offS) * random.Between(0.8, 1.25);
        }

        if (_isOn)
            circuit.Add(circuit.PhaseOf(1), watts, powerFactor);
    }
}

/// <summary>The guard room: a computer, a lamp, a fridge's worth of standing load, and a kettle now and then.</summary>
internal sealed class GuardRoom(Randomness random) : BaseLoad
{
    private const double KettleW = 1_317;
    private double _kettleS;

    public override void Step(in Moment now, Circuit circuit)
    {
        if (_kettleS <= 0 && Comes(random, now.IsBetween(6, 23) ? 0.6 : 0.15, now))
            _kettleS = random.Between(150, 260);
        circuit.Add(circuit.PhaseOf(0), 85, 0.75);
        if (_kettleS > 0)
            circuit.AddResistive(circuit.PhaseOf(0), KettleW);
        _kettleS -= now.ClockS;
    }
}

/// <summary>A water pump under a roof tank: the tank empties by how people use water, and the pump fills it in one go.</summary>
internal sealed class TankPump(double watts, Randomness random) : BaseLoad
{
    private const double StartBelow = 0.3;
    private const double StopAbove = 0.95;
    private const double FillPerHour = 2.4;

    private double _level = random.Between(StartBelow, StopAbove);
    private bool _isOn;
    private double _startingS;

    public override void Step(in Moment now, Circuit circuit)
    {
        var usedPerHour = now.IsBetween(6, 9) || now.IsBetween(17, 22) ? 0.35 : now.IsBetween(9, 17) ? 0.15 : 0.03;
        _level += ((_isOn ? FillPerHour : 0) - (usedPerHour * random.Between(0.6, 1.4))) * now.LifeS / 3600;
        if (!_isOn && _level < StartBelow)
            (_isOn, _startingS) = (true, 1);
        else if (_isOn && _level > StopAbove)
            _isOn = false;
        if (!_isOn)
            return;
        // An induction motor takes several times its power for the first second; a breaker's bimetal does not mind, a meter may see it.
        var share = _startingS > 0 ? 3.0 : 1;
        _startingS -= now.ClockS;
        for (var position = 0; position < circuit.Phases; position++)
            circuit.Add(circuit.PhaseOf(position), share * watts / circuit.Phases, share > 1 ? 0.4 : 0.82);
    }
}

/// <summary>A fridge: 69 W at power factor 0.68 was measured on Chinese ones; now and then it defrosts.</summary>
internal sealed class Fridge(Randomness random) : BaseLoad
{
    private const double CompressorW = 69;
    private const double DefrostW = 160;

    private bool _isOn;
    private double _leftS = random.Between(0, 1_200);
    private double _onS;
    private double _toDefrostS = random.Between(0, 12 * 3_600);
    private double _defrostS;

    public override void Step(in Moment now, Circuit circuit)
    {
        _toDefrostS -= now.ClockS;
        if (_toDefrostS <= 0)
            (_toDefrostS, _defrostS) = (12 * 3_600 * random.Between(0.8, 1.2), random.Between(700, 1_300));
        if (_defrostS > 0)
        {
            _defrostS -= now.ClockS;
            circuit.AddResistive(circuit.PhaseOf(0), DefrostW);
            return;
        }

        _leftS -= now.ClockS;
        if (_leftS <= 0)
        {
            _isOn = !_isOn;
            _onS = 0;
            _leftS = (_isOn ? 13 : 24) * 60 * random.Between(0.75, 1.3);
        }

        if (!_isOn)
            return;
        _onS += now.ClockS;
        // The condenser is warm at first: the power falls by a tenth over some minutes. What climbs is a charger.
        circuit.Add(circuit.PhaseOf(0), CompressorW * (1 + (0.12 * Math.Exp(-_onS / 240))), 0.68);
    }
}

/// <summary>A kettle: 1,317 W for three minutes.</summary>
internal sealed class Kettle(double perHour, Randomness random) : BaseLoad
{
    private const double WattsAt220 = 1_317;
    private double _leftS;

    public override void Step(in Moment now, Circuit circuit)
    {
        if (_leftS <= 0 && Comes(random, now.IsBetween(6, 23) ? perHour : perHour / 5, now))
            _leftS = random.Between(150, 260);
        if (_leftS > 0)
            circuit.AddResistive(circuit.PhaseOf(0), WattsAt220);
        _leftS -= now.ClockS;
    }
}

/// <summary>An inverter air conditioner: full power until the room is there, then it follows the room, with a power factor of 0.99.</summary>
internal sealed class AirConditioner(double watts, double fromHour, double toHour, Randomness random) : BaseLoad
{
    private const double SettlesS = 1_500;
    private const double WanderTauS = 600;

    private double _onS;
    private double _wander;

    public override void Step(in Moment now, Circuit circuit)
    {
        if (!now.IsBetween(fromHour, toHour))
        {
            _onS = 0;
            return;
        }

        _onS += now.ClockS;
        var keep = Math.Exp(-now.ClockS / WanderTauS);
        _wander = (keep * _wander) + (0.08 * Math.Sqrt(1 - (keep * keep)) * random.Normal());
        var share = 0.4 + (0.6 * Math.Exp(-_onS / SettlesS)) + _wander;
        circuit.Add(circuit.PhaseOf(0), watts * Math.Clamp(share, 0.2, 1.05), 0.99);
    }
}
