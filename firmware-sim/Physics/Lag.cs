namespace FirmwareSim.Physics;

/// <summary>How much of the way to its target something with a time constant goes in a step. Steps are alike, so the exponential is worked out once.</summary>
/// <param name="tauS">Time constant, s.</param>
internal struct Lag(double tauS)
{
    private double _seconds;
    private double _share;

    public double Share(double seconds)
    {
        if (seconds != _seconds)
            (_seconds, _share) = (seconds, 1 - Math.Exp(-seconds / tauS));
        return _share;
    }
}
