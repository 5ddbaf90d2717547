using FacilityMonitor.Registry;

namespace FacilityMonitor.Rules;

/// <summary>What the settings of a fly-wire rule say for one circuit.</summary>
/// <param name="PriorNats">Logarithm of the odds that an on-step here is a charger before anything is known of it.</param>
/// <param name="Least">Probability at which somebody is told.</param>
/// <param name="Urgent">Probability at which it is urgent on an escape route.</param>
/// <param name="IsEscapeRoute">Whether the circuit feeds stairs and corridors: a battery that burns there shuts people in.</param>
/// <param name="Expected">Chargers that belong here.</param>
internal sealed record FlyWireLimits(double PriorNats, double Least, double Urgent, bool IsEscapeRoute, IReadOnlyList<ExpectedCharger> Expected)
{
    /// <summary>Share of the charges that begin at night.</summary>
    public double NightShare { get; init; } = FlyWireSettings.NightShare.Default;

    /// <summary>Share of the charges before which a bike comes that is seen.</summary>
    public double BikeShare { get; init; }

    /// <summary>Whether these bikes were seen in a lift, where nobody knows what they did next; else where the sockets are, with no socket that began.</summary>
    public bool SeesLifts { get; init; }

    /// <summary>Share of the leads that warm the terminals.</summary>
    public double HeatShare { get; init; } = FlyWireSettings.HeatShare.Default;

    /// <summary>Confirmed cases that undecided nights count for at most.</summary>
    public double NightsMost { get; init; } = FlyWireSettings.NightsMost.Default;

    /// <summary>Rated current of the breaker, A; infinite where none is registered.</summary>
    public double RatedA { get; init; } = double.PositiveInfinity;
}

/// <summary>Settings that both rules have which look for a charger.</summary>
internal static class FlyWireSettings
{
    public static RuleSetting Least { get; } = new("least_probability", "", 0.9, 0.5, 0.99, "nine suspicions in ten should be true");

    public static RuleSetting NightShare { get; } = new("night_share", "", 0.6, 0.05, 0.95, "60 % of what is charged wrongly is charged between 20:00 and 05:00 (patent text, reference §3.1)");

    public static RuleSetting HeatShare { get; } = new("heat_share", "", 0.2, 0, 0.95, "assumed: so many leads that were joined by hand warm the meter's terminals by 5 K; to be set per site");

    public static RuleSetting NightsMost { get; } = new("nights_most", "", 3, 0, 20, "our choice: undecided nights count for three confirmed cases at most");
}
