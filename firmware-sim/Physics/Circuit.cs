namespace FirmwareSim.Physics;

/// <summary>A feeder or circuit: what hangs below it adds up here, and its wire lets the voltage sag.</summary>
/// <remarks>Voltages are those of the step before: the loop between load and voltage is closed one step late, which is stable because the wire's share is small.</remarks>
internal sealed class Circuit
{
    /// <summary>A cable laid for its rated current is 40 K warmer than the air at it; two PVC cores of 2.5 mm² take about three minutes.</summary>
    private const double RiseAtRatedK = 40;
    private const double CableTauS = 180;
    private const double CopperPerK = 0.0039;

    /// <summary>What the cable is taken to be laid for where nobody registered the breaker, A.</summary>
    private const double UnknownRatedA = 25;

    private readonly double[] _volts = [230, 230, 230];
    private readonly double[] _watts = new double[3];
    private readonly double[] _vars = new double[3];
    private readonly double[] _amps = new double[3];
    private readonly double[] _sumW = new double[3];
    private readonly double[] _sumVar = new double[3];
    private readonly double[] _cableRiseK = new double[3];
    private Lag _cableLag = new(CableTauS);

    public required string Id { get; init; }

    /// <summary>The circuit above; null at the top.</summary>
    public Circuit? Parent { get; init; }

    /// <summary>Rated current of its breaker, A; null when nobody knows.</summary>
    public double? RatedA { get; init; }

    /// <summary>1 or 3.</summary>
    public required int Phases { get; init; }

    /// <summary>Phase of a single-phase circuit, 1 to 3.</summary>
    public int Phase { get; init; } = 1;

    /// <summary>Wire and contacts, Ω.</summary>
    public double Ohms { get; init; } = 0.05;

    /// <summary>Its breaker; null where nobody knows of one.</summary>
    public Breaker? Breaker { get; init; }

    /// <summary>Whether current can flow.</summary>
    public bool IsClosed => !IsCut && Breaker?.IsClosed != false;

    /// <summary>Whether a script holds it open.</summary>
    public bool IsCut { get; private set; }

    /// <summary>How much warmer than the air the cores of its cable are, K.</summary>
    public double CableRiseK => _cableRiseK[0] > _cableRiseK[1] ? Math.Max(_cableRiseK[0], _cableRiseK[2]) : Math.Max(_cableRiseK[1], _cableRiseK[2]);

    public double Watts(int phase) => _sumW[phase - 1];

    public double Vars(int phase) => _sumVar[phase - 1];

    public double Amps(int phase) => _amps[phase - 1];

    public double Volts(int phase) => _volts[phase - 1];

    public double TotalWatts => _sumW[0] + _sumW[1] + _sumW[2];

    /// <summary>The phase something is on that says only its place in line: the circuit's own, or one of three in turn.</summary>
    public int PhaseOf(int position) => Phases == 1 ? Phase : (position % 3) + 1;

    /// <summary>Begins a step: takes the voltage from above and forgets the loads. Parents go before their children.</summary>
    public void Begin(Mains mains)
    {
        for (var phase = 1; phase <= 3; phase++)
        {
            var above = Parent?.Volts(phase) ?? mains.Volts(phase);
            _volts[phase - 1] = IsClosed && above > 0 ? Math.Max(0, above - (_amps[phase - 1] * OhmsNow(phase - 1))) : 0;
            _watts[phase - 1] = 0;
            _vars[phase - 1] = 0;
        }
    }

    /// <summary>A load on one phase; nothing flows on a dead circuit.</summary>
    public void Add(int phase, double watts, double powerFactor)
    {
        if (_volts[phase - 1] <= 0)
            return;
        _watts[phase - 1] += watts;
        _vars[phase - 1] += watts * Math.Sqrt((1 / (powerFactor * powerFactor)) - 1);
    }

    /// <summary>A resistive load that draws its rated watts at 220 V and follows the square of the voltage.</summary>
    public void AddResistive(int phase, double wattsAt220)
    {
        var relative = _volts[phase - 1] / 220;
        Add(phase, wattsAt220 * relative * relative, 1);
    }

    /// <summary>Somebody, or a script, opens the circuit; a breaker then says that it tripped.</summary>
    public void Cut()
    {
        IsCut = true;
        Breaker?.Open(asTrip: true);
    }

    public void Restore()
    {
        IsCut = false;
        Breaker?.Close();
    }

    /// <summary>Ends the step: adds the loss in the wire, warms cable and breaker, and hands everything to the circuit above. Children go before their parents.</summary>
    public void End(double seconds)
    {
        for (var index = 0; index < 3; index++)
        {
            var volts = _volts[index];
            var amps = volts > 0 ? Math.Sqrt((_watts[index] * _watts[index]) + (_vars[index] * _vars[index])) / volts : 0;
            _amps[index] = amps;
            _sumW[index] = _watts[index] + (amps * amps * OhmsNow(index));
            var ratio = amps / (RatedA ?? UnknownRatedA);
            _cableRiseK[index] += ((RiseAtRatedK * ratio * ratio) - _cableRiseK[index]) * _cableLag.Share(seconds);
            _sumVar[index] = _vars[index];
            if (Parent is null)
                continue;
            Parent._watts[index] += _sumW[index];
            Parent._vars[index] += _sumVar[index];
        }

        Breaker?.Step(_amps, seconds);
    }

    /// <summary>Warm copper resists more.</summary>
    private double OhmsNow(int index) => Ohms * (1 + (CopperPerK * _cableRiseK[index]));
}
