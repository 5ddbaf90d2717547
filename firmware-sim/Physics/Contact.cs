namespace FirmwareSim.Physics;

/// <summary>The contact of a plug in its socket: it heats with I²R and follows slowly.</summary>
/// <param name="milliohms">5 to 30 when good; a burnt contact has hundreds.</param>
internal sealed class Contact(double milliohms)
{
    private const double KelvinPerWatt = 12;
    private const double TauS = 240;

    private double _riseK;

    public double Milliohms { get; set; } = milliohms;

    public double RiseK => _riseK;

    public void Step(double amps, double seconds)
    {
        var target = amps * amps * Milliohms / 1000 * KelvinPerWatt;
        _riseK += (target - _riseK) * (1 - Math.Exp(-seconds / TauS));
    }
}
