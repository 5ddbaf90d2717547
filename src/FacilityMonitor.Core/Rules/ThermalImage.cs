namespace FacilityMonitor.Rules;

/// <summary>How warm a thermal breaker is, as a first-order image (the form of IEC 60255-149): 1 is the level at which it trips.</summary>
/// <param name="K">Current that just trips it in the long run, as a multiple of rated current; IEC 60898-1 allows 1.13 to 1.45.</param>
/// <param name="TauS">Time constant, seconds.</param>
public readonly record struct ThermalImage(double K, double TauS)
{
    /// <summary>The level after <paramref name="elapsedS"/> seconds at a current, by the exact exponential: right for any step.</summary>
    /// <param name="level">Level before.</param>
    /// <param name="currentA">Current, A.</param>
    /// <param name="ratedA">Rated current In of the breaker, A.</param>
    /// <param name="elapsedS">Time passed, seconds, 0 or more.</param>
    public double Next(double level, double currentA, double ratedA, double elapsedS) =>
        level + ((Steady(currentA, ratedA) - level) * (1 - Math.Exp(-elapsedS / TauS)));

    /// <summary>The level this current leads to if it lasts: (I / (k·In))².</summary>
    public double Steady(double currentA, double ratedA)
    {
        var ratio = currentA / (K * ratedA);
        return ratio * ratio;
    }

    /// <summary>Seconds until it trips if the current lasts; positive infinity: never; 0: it should have tripped.</summary>
    public double TimeToTripS(double level, double currentA, double ratedA)
    {
        var steady = Steady(currentA, ratedA);
        if (level >= 1)
            return 0;
        return steady <= 1 ? double.PositiveInfinity : TauS * Math.Log((steady - level) / (steady - 1));
    }

    /// <summary>The level assumed for a breaker first seen at this current: as warm as the current makes it, but no warmer than rated current does.
    /// We cannot know what it carried before, and a cold start would promise minutes it may not have.</summary>
    public double HotStart(double currentA, double ratedA) => Math.Min(Steady(currentA, ratedA), 1 / (K * K));
}

/// <summary>When a breaker is expected to trip if the load lasts, from the earliest to the latest that its tolerance allows, in seconds.</summary>
/// <param name="FromS">Earliest.</param>
/// <param name="ToS">Latest; null: it may as well hold for ever.</param>
public readonly record struct TripBand(double FromS, double? ToS);
