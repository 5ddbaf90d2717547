namespace FirmwareSim.Physics;

/// <summary>How soon a breaker opens at many times its rated current.</summary>
internal enum BreakerCurve
{
    B,
    C,
    D,
}

/// <summary>A circuit breaker with a bimetal and a magnet, as one really hangs there: within IEC 60898-1, but with a release level of its own.</summary>
/// <remarks>The bimetal is an image of two bodies: the strip itself, and the box and wires around it. One time constant would be too fast near the release level, where real
/// breakers take tens of minutes. Deliberately not the service's <c>ThermalImage</c>: what predicts the trip must not be what decides it.</remarks>
internal sealed class Breaker
{
    private const double StripShare = 0.6;
    private const double StripTauS = 60;
    private const double BoxTauS = 900;

    /// <summary>Above this rated current the standard gives twice the time at 2.55 In.</summary>
    private const double LargeA = 32;

    private readonly double _releaseRatio;
    private readonly double _magnetRatio;
    private Lag _stripLag;
    private Lag _boxLag;
    private readonly double[] _strip = new double[3];
    private readonly double[] _box = new double[3];

    /// <param name="ratedA">In, A.</param>
    /// <param name="curve">Where the magnet answers: B 3 to 5, C 5 to 10, D 10 to 20 times In.</param>
    /// <param name="random">Which one of its kind: it releases in the long run at 1.2 to 1.35 In, where 1.13 to 1.45 is allowed.</param>
    public Breaker(double ratedA, BreakerCurve curve, Randomness random)
    {
        RatedA = ratedA;
        _releaseRatio = random.Between(1.2, 1.35);
        _magnetRatio = curve switch
        {
            BreakerCurve.B => random.Between(3.2, 4.8),
            BreakerCurve.C => random.Between(5.5, 9.5),
            BreakerCurve.D => random.Between(11, 19),
        };
        var slowness = ratedA > LargeA ? 1.5 : 1;
        (_stripLag, _boxLag) = (new Lag(StripTauS * slowness), new Lag(BoxTauS * slowness));
    }

    public double RatedA { get; }

    public bool IsClosed { get; private set; } = true;

    /// <summary>Whether it opened by itself and has not been switched on again.</summary>
    public bool HasTripped { get; private set; }

    /// <summary>How warm the warmest pole is; at 1 it releases.</summary>
    public double Level { get; private set; }

    /// <summary>Warms by the currents of three phases; unused ones are 0.</summary>
    public void Step(ReadOnlySpan<double> amps, double seconds)
    {
        Level = 0;
        var strip = _stripLag.Share(seconds);
        var box = _boxLag.Share(seconds);
        var isShort = false;
        for (var pole = 0; pole < _strip.Length; pole++)
        {
            var ratio = IsClosed ? amps[pole] / RatedA : 0;
            var target = ratio * ratio / (_releaseRatio * _releaseRatio);
            _strip[pole] += (target - _strip[pole]) * strip;
            _box[pole] += (target - _box[pole]) * box;
            Level = Math.Max(Level, (StripShare * _strip[pole]) + ((1 - StripShare) * _box[pole]));
            isShort |= ratio >= _magnetRatio;
        }

        if (IsClosed && (Level >= 1 || isShort))
            (IsClosed, HasTripped) = (false, true);
    }

    /// <summary>Somebody switches it off, or it is made to trip.</summary>
    public void Open(bool asTrip) => (IsClosed, HasTripped) = (false, asTrip);

    /// <summary>Somebody switches it on. It stays as warm as it is.</summary>
    public void Close() => (IsClosed, HasTripped) = (true, false);
}
