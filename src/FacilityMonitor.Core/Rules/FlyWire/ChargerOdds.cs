namespace FacilityMonitor.Rules;

/// <summary>From evidence to a probability: odds before anything is known, times how much likelier each sign is of a charger than of anything else.</summary>
/// <remarks>
/// The shape of the power is the evidence. What stands beside it (<see cref="HourNats"/>, <see cref="SignNats"/>, <see cref="NightsNats"/>) moves the odds, and is bounded together: never can it
/// suspect anybody alone. Each sign has one cause only, or is weighed as if its likeliest common cause were already there: arrivals are compared with those of the busiest hours, because
/// bikes and lamps come home at the same time. That a sign is missing counts as nothing: a battery goes upstairs in a bag, cameras are blind, and most circuits have none; so the prior is that of
/// circuits where nobody looks.
/// </remarks>
internal static class ChargerOdds
{
    /// <summary>How likely a rise of the floor by 60 to 700 W on a public circuit is a charger before anything is known of it, natural logarithm of the odds: 1 in 100.</summary>
    /// <remarks>Of the steps a lamp timer, a fridge and a guard room make, some five to eight a day keep the floor up for 25 minutes; a wire from the guard room once in ten to twenty
    /// days is what an old neighbourhood sees (one false case a week and compound is the budget, reference §8).</remarks>
    public const double PriorNats = -4.6;

    /// <summary>Probability at which somebody is told.</summary>
    public const double Told = 0.9;

    /// <summary>What the curve itself must say, natural logarithm: e times likelier a charger's than anything else's.</summary>
    public const double CurveNatsLeast = 1;

    /// <summary>One sign beside the curve is not believed beyond ten times: a camera takes a pram for a bike, a counter jumps.</summary>
    public const double SignNatsMost = 2.3;

    /// <summary>All of them together are not believed beyond fifty-five times: less than what one rise in a hundred asks for.</summary>
    public const double SignsNatsMost = 4;

    /// <summary>Nine of the day's hours are between <see cref="NightFrom"/> and <see cref="NightTo"/>.</summary>
    private const double NightHours = 9;
    private const double DayHours = 15;

    /// <summary>The hours in which most is charged where it must not be: 20:00 to 05:00 (reference §3.1).</summary>
    public const double NightFrom = 20;
    public const double NightTo = 5;

    /// <summary>Probability from a logarithm of odds.</summary>
    public static double Probability(double nats) => 1 / (1 + Math.Exp(-nats));

    /// <summary>How much likelier a charger begins at this hour than anything else does, which begins at any.</summary>
    /// <param name="isNight">Whether it began at night.</param>
    /// <param name="nightShare">Share of the charges that begin at night.</param>
    public static double HourNats(bool isNight, double nightShare) =>
        Math.Log(isNight ? nightShare * (NightHours + DayHours) / NightHours : (1 - nightShare) * (NightHours + DayHours) / DayHours);

    /// <summary>How much likelier a sign is beside a charger than beside anything else.</summary>
    /// <param name="share">Share of the charges that cause it; in the others it may come by chance.</param>
    /// <param name="chance">How likely it comes by chance.</param>
    public static double SignNats(double share, double chance) => Math.Min(Math.Log((share + ((1 - share) * chance)) / chance), SignNatsMost);

    /// <summary>What nights that ended undecided say, each as the part of a confirmed case that was believed of it: see <see cref="FlyWireLesson"/>.</summary>
    public static double NightsNats(double undecided) => Math.Log(1 + undecided);
}
