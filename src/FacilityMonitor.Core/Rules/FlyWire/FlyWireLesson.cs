namespace FacilityMonitor.Rules;

/// <summary>What staff found on the spot teaches a circuit: how many suspicions there were true, and how many were something else.</summary>
/// <param name="Confirmed">Cases that were confirmed.</param>
/// <param name="Dismissed">Cases that were dismissed.</param>
public readonly record struct FlyWireLesson(int Confirmed, int Dismissed)
{
    /// <summary>The odds, as a probability, that an on-step there is a charger: from what they were and the cases that have ended.</summary>
    /// <param name="prior">Probability before anything was learned, between 0 and 1.</param>
    /// <remarks>Each answer is one more observation beside one imagined of either kind (Laplace): a dismissal halves the odds, the next takes a third of the rest.</remarks>
    public double Taught(double prior)
    {
        var odds = prior / (1 - prior) * (Confirmed + 1) / (Dismissed + 1);
        return odds / (1 + odds);
    }
}
