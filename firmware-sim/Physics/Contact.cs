namespace FirmwareSim.Physics;

/// <summary>The contact of a plug in its socket: it heats with I²R and follows slowly. Where it has got too hot it oxidises, and that makes it hotter.</summary>
/// <param name="milliohms">5 to 30 when good; a burnt contact has hundreds.</param>
internal sealed class Contact(double milliohms)
{
    private const double KelvinPerWatt = 12;
    private const double TauS = 240;

    /// <summary>Rise from which the spring of the contact loses its force and the brass oxidises, K.</summary>
    private const double SpoilsFromK = 70;

    /// <summary>How fast it spoils: doubled in about twenty minutes when twice as hot as that (our choice; slow enough to be seen coming).</summary>
    private const double SpoilTauS = 1_800;

    /// <summary>What is left when the brass is gone, mΩ.</summary>
    private const double SpoiltMilliohms = 2_000;

    private double _riseK;
    private Lag _lag = new(TauS);

    public double Milliohms { get; set; } = milliohms;

    public double RiseK => _riseK;

    public void Step(double amps, double seconds)
    {
        if (amps == 0 && _riseK < 0.001)
        {
            _riseK = 0;
            return;
        }

        var target = amps * amps * Milliohms / 1000 * KelvinPerWatt;
        _riseK += (target - _riseK) * _lag.Share(seconds);
        if (_riseK > SpoilsFromK)
            Milliohms = Math.Min(SpoiltMilliohms, Milliohms * Math.Exp(seconds / SpoilTauS * ((_riseK / SpoilsFromK) - 1)));
    }
}
