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
/// <param name="refreshS">How often the display takes a new value, s: it shows the mean since the one before. The register counts all the time.</param>
internal sealed class Measurement(double classPercent, Resolution resolution, Randomness random, double refreshS = 0)
{
    /// <summary>Noise of a metering chip at one second, as a share of the value and in W.</summary>
    private const double NoiseShare = 0.0002;
    private const double NoiseW = 0.02;

    private readonly double _gain = 1 + (Math.Clamp(random.Normal(0, classPercent / 3), -0.95 * classPercent, 0.95 * classPercent) / 100);
    private double _energyWh = Math.Floor(random.Between(5_000, 900_000));
    private double _driftPerS;
    private double _drift = 1;
    private double _windowS;
    private double _windowWs;
    private double _windowAs;

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
    public void Open() => (Watts, Amps, PowerFactor, _windowS, _windowWs, _windowAs) = (0, 0, 0, 0, 0, 0);

    /// <summary>Which life of the register this is; counts up when the meter is exchanged.</summary>
    public uint Epoch { get; private set; } = 1;

    /// <summary>A new meter: its register begins low.</summary>
    public void Exchange()
    {
        Epoch++;
        _energyWh = random.Between(0, 3);
        _drift = 1;
    }

    /// <summary>The register falls to nothing without a word, as cheap ones do after a power cut.</summary>
    public void Forget() => _energyWh = 0;

    /// <summary>Its gain begins to drift, % a day; 0 ends it and leaves it where it is.</summary>
    public void Drift(double percentPerDay) => _driftPerS = percentPerDay / 100 / 86_400;

    /// <summary>Error of the gain now, 0 when it tells the truth.</summary>
    public double GainError => (_gain * _drift) - 1;

    public void Step(double watts, double amps, double volts, double seconds)
    {
        _drift += _driftPerS * seconds;
        var gain = _gain * _drift;
        _energyWh += watts * gain * seconds / 3600;
        _windowS += seconds;
        _windowWs += watts * gain * seconds;
        _windowAs += amps * gain * seconds;
        Volts = Resolution.Round(volts, resolution.Volts);
        if (_windowS < refreshS)
            return;
        var mean = _windowWs / _windowS;
        var meanA = _windowAs / _windowS;
        (_windowS, _windowWs, _windowAs) = (0, 0, 0);
        var noise = mean > 0 ? random.Normal() * ((NoiseShare * mean) + NoiseW) : 0;
        Watts = Math.Max(0, Resolution.Round(mean + noise, resolution.Watts));
        // Never more watts than volts times amps: the element measures both with the same gain.
        Amps = Resolution.Round(meanA, resolution.Amps);
        PowerFactor = volts * meanA > 1 ? Math.Round(Math.Clamp(mean / (volts * meanA), 0, 1), 2) : 0;
    }
}
