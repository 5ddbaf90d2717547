namespace FirmwareSim.Physics;

/// <summary>The supply of one site at its transformer: 220 V nominal, high by night and low in the evening, wandering a little.</summary>
internal sealed class Mains(Randomness random)
{
    private const double NightV = 231;
    private const double SwingV = 4;
    private const double WanderV = 0.8;
    private const double WanderTauS = 300;

    private readonly double[] _wander = new double[3];
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

    private double Base { get; set; } = NightV;

    /// <summary>Voltage of a phase, 1 to 3.</summary>
    public double Volts(int phase) => Base + _offset[phase - 1] + _wander[phase - 1];
}
