namespace FirmwareSim.Physics;

/// <summary>What a display or a register can show: a value in whole steps.</summary>
internal sealed record Resolution(double Watts, double Amps, double Volts, double WattHours)
{
    /// <summary>A good meter: 0.1 W, 0.01 A, 0.1 V, 0.01 kWh.</summary>
    public static Resolution Meter { get; } = new(0.1, 0.01, 0.1, 10);

    /// <summary>A charging pile since its firmware v1.1: 0.1 W, 0.01 A, 0.1 V, 0.001 kWh.</summary>
    public static Resolution Pile { get; } = new(0.1, 0.01, 0.1, 1);

    /// <summary>An older pile: whole watts, 0.01 kWh, which at 150 W moves every four minutes.</summary>
    public static Resolution OldPile { get; } = new(1, 0.01, 0.1, 10);

    public static double Round(double value, double step) => Math.Round(value / step, MidpointRounding.AwayFromZero) * step;

    /// <summary>A register shows only what is complete.</summary>
    public static double Floor(double value, double step) => Math.Floor(value / step) * step;
}

/// <summary>One measuring element with the error it left the factory with, and its energy register.</summary>
/// <param name="classPercent">Accuracy class in %: the error of this element is fixed and stays inside it.</param>
/// <param name="resolution">What it can show.</param>
/// <param name="random">Where its own error comes from.</param>
internal sealed class Measurement(double classPercent, Resolution resolution, Randomness random)
{
    private readonly double _gain = 1 + (Math.Clamp(random.Normal(0, classPercent / 3), -0.95 * classPercent, 0.95 * classPercent) / 100);
    private double _energyWh = Math.Floor(random.Between(5_000, 900_000));

    /// <summary>Active power as shown, W.</summary>
    public double Watts { get; private set; }

    /// <summary>Current as shown, A.</summary>
    public double Amps { get; private set; }

    public double Volts { get; private set; }

    public double PowerFactor { get; private set; }

    /// <summary>The register as shown, Wh; only rises.</summary>
    public double WattHours => Resolution.Floor(_energyWh, resolution.WattHours);

    /// <summary>The register with everything behind the last shown digit, Wh.</summary>
    public double ExactWattHours => _energyWh;

    /// <summary>The relay has opened since: nothing flows any more, and the display must not say that something did while it was open.</summary>
    public void Open() => (Watts, Amps, PowerFactor) = (0, 0, 0);

    public void Step(double watts, double amps, double volts, double seconds)
    {
        var measured = watts * _gain;
        _energyWh += measured * seconds / 3600;
        Watts = Resolution.Round(measured, resolution.Watts);
        // Never more watts than volts times amps: the element measures both with the same gain.
        Amps = Resolution.Round(amps * _gain, resolution.Amps);
        Volts = Resolution.Round(volts, resolution.Volts);
        PowerFactor = volts * amps > 1 ? Math.Round(Math.Clamp(watts / (volts * amps), 0, 1), 2) : 0;
    }
}
