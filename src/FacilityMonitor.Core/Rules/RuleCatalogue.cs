namespace FacilityMonitor.Rules;

/// <summary>Every rule there is. A new rule is one file beside this one and one line here: validation, texts, page and tests go by this list.</summary>
public static class RuleCatalogue
{
    /// <summary>The rules, in the order of the design. A rule's position is stored nowhere; its name is.</summary>
    public static IReadOnlyList<Rule> All { get; } =
    [
        SocketOverload.Instance,
        CircuitOverload.Instance,
        CircuitTripped.Instance,
        SupplyLost.Instance,
        PileOverload.Instance,
        ResidualCurrent.Instance,
        VoltageOutOfRange.Instance,
        PhaseImbalance.Instance,
        OverTemperature.Instance,
        WeldedRelay.Instance,
        ChargerOnPublicCircuit.Instance,
        UnmeteredLoad.Instance,
        FlyWireReport.Instance,
        Offline.Instance,
        Silent.Instance,
    ];

    /// <summary>Rules that judge one channel by its own readings.</summary>
    internal static IReadOnlyList<ChannelRule> OfChannels { get; } = [.. All.OfType<ChannelRule>()];

    /// <summary>Rules with a state of their own, in the order they are asked.</summary>
    internal static IReadOnlyList<StateRule> WithState { get; } = [.. All.OfType<StateRule>()];

    /// <summary>Rules that compare dates of the registry with the calendar.</summary>
    internal static IReadOnlyList<DateRule> OfDates { get; } = [.. All.OfType<DateRule>()];

    private static Dictionary<string, Rule> ByName { get; } = All.ToDictionary(rule => rule.Name, StringComparer.Ordinal);

    /// <summary>The rule of this name; null when there is none.</summary>
    public static Rule? Find(string name) => ByName.GetValueOrDefault(name);
}
