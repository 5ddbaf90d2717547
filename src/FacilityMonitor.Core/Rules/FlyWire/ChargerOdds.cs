namespace FacilityMonitor.Rules;

/// <summary>From evidence to a probability.</summary>
internal static class ChargerOdds
{
    /// <summary>How likely a rise of the floor by 60 to 700 W on a public circuit is a charger before anything is known of it, natural logarithm of the odds: 1 in 100.</summary>
    /// <remarks>Of the steps a lamp timer, a fridge and a guard room make, some five to eight a day keep the floor up for 25 minutes; a wire from the guard room once in ten to twenty
    /// days is what an old neighbourhood sees (one false case a week and compound is the budget, reference §8).</remarks>
    public const double PriorNats = -4.6;

    /// <summary>Probability at which somebody is told.</summary>
    public const double Told = 0.9;

    /// <summary>Probability from a logarithm of odds.</summary>
    public static double Probability(double nats) => 1 / (1 + Math.Exp(-nats));
}
