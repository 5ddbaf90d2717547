namespace FirmwareSim.Physics;

/// <summary>The supply of one site: 220 V nominal, high by night and low in the evening, wandering a little, and sagging under what the site itself draws.</summary>
/// <remarks>Left out: harmonics, flicker, the neutral's own drop and reactance. Chargers without correction would lift the third harmonic; what is simulated is fundamental
/// active and reactive power only, so nothing here can test a detector that looks at waveforms.</remarks>
/// <param name="random">How it wanders.</param>
/// <param name="ohms">Transformer and service cable of one phase, Ω: 0.02 is a sound one, 0.2 the end of a long old lane.</param>
internal sealed class Mains(Randomness random, double ohms = 0.02)
{
    private const double NightV = 231;
    private const double SwingV = 4;
    private const double WanderV = 0.8;
    private const double WanderTauS = 300;

    private readonly double[] _wander = new double[3];
    private readonly double[] _sag = new double[3];
    private readonly double[] _offset = [random.Between(-1, 1), random.Between(-1, 1), random.Between(-1, 1)];

    public double Hz { get; private set; } = 50;

    public void Step(in Moment now)
    {
        var keep = Math.Exp(-now.ClockS / WanderTauS);
        var kick = WanderV * Math.Sqrt(1 - (keep * keep));
        for (var phase = 0; phase < 3; phase++)
            _wander[phase] = (keep * _wander[phase]) + (kick * random.Normal());
        Hz = 50 + (0.02 * _wander[0]);
        // Lowest when everybody cooks and charges, around 20 h.
        Base = NightV - SwingV + (SwingV * Math.Cos((now.Hour - 8) / 12 * Math.PI));
    }

    /// <summary>What a script adds: a tap changer left wrong, a loose neutral, V.</summary>
    public double ShiftV { get; set; }

    private double Base { get; set; } = NightV;

    /// <summary>Voltage of a phase, 1 to 3, where the site's own circuits begin.</summary>
    public double Volts(int phase) => Math.Max(0, Base + ShiftV + _offset[phase - 1] + _wander[phase - 1] - _sag[phase - 1]);

    /// <summary>What the site draws in this step, which lowers the next one's voltage.</summary>
    public void Carry(int phase, double amps) => _sag[phase - 1] = amps * ohms;
}
