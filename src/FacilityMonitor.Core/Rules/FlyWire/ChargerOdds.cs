namespace FacilityMonitor.Rules;

/// <summary>From evidence to a probability.</summary>
internal static class ChargerOdds
{
    /// <summary>How likely an on-step of 60 to 700 W on a public circuit is a charger before anything is known of it, natural logarithm of the odds: 1 in 400.</summary>
    /// <remarks>A lamp timer, a fridge and a guard room make 10 to 40 such steps a day; a wire from the guard room once in ten to twenty days is what an
    /// old neighbourhood sees (one false case a week and compound is the budget, reference §8).</remarks>
    public const double PriorNats = -6;

    /// <summary>Probability at which somebody is told.</summary>
    public const double Told = 0.9;

    /// <summary>Probability from a logarithm of odds.</summary>
    public static double Probability(double nats) => 1 / (1 + Math.Exp(-nats));
}
