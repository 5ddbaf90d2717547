using System.Reflection;

namespace FacilityMonitor.Rules;

/// <summary>Every rule there is. A new rule is one file beside this one and one line here: validation, texts, page and tests go by this list.</summary>
public static class RuleCatalogue
{
    /// <summary>Digits of the commit that <see cref="Version"/> names.</summary>
    private const int CommitDigits = 8;

    /// <summary>Version of the rules, which is that of the program they are built with: <c>0.1.0+57a611d6</c>, or without the commit where the build did not know it.</summary>
    public static string Version { get; } = Short(typeof(RuleCatalogue).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?");

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
        ChargeTooLong.Instance,
        NoTaper.Instance,
        RestartAfterFull.Instance,
        ImplausibleEnergy.Instance,
        WeldedRelay.Instance,
        ChargerOnPublicCircuit.Instance,
        UnmeteredLoad.Instance,
        FlyWireReport.Instance,
        SocketFuse.Instance,
        FullNotUnplugged.Instance,
        ReservedSocketMisuse.Instance,
        Smoke.Instance,
        Heat.Instance,
        Gas.Instance,
        ThermalRunaway.Instance,
        Water.Instance,
        ExitBlocked.Instance,
        OverCapacity.Instance,
        Stuck.Instance,
        Tilt.Instance,
        ClimberOverload.Instance,
        BrakeSlip.Instance,
        Unbelted.Instance,
        LowBatteryStart.Instance,
        InspectionOverdue.Instance,
        OffDock.Instance,
        EBikeInLift.Instance,
        BlockerFault.Instance,
        NoiseLimit.Instance,
        CallPressed.Instance,
        CallUnanswered.Instance,
        LampFailure.Instance,
        FireEquipmentDue.Instance,
        FireEquipmentPressure.Instance,
        Offline.Instance,
        Silent.Instance,
        Stale.Instance,
        ClockOff.Instance,
        SequenceGap.Instance,
        BatteryLow.Instance,
    ];

    /// <summary>Rules that judge one channel by its own readings.</summary>
    internal static IReadOnlyList<ChannelRule> OfChannels { get; } = [.. All.OfType<ChannelRule>()];

    /// <summary>Rules about charging sessions, in the order they are asked.</summary>
    internal static IReadOnlyList<SessionRule> OfSessions { get; } = [.. All.OfType<SessionRule>()];

    /// <summary>Rules with a state of their own, in the order they are asked.</summary>
    internal static IReadOnlyList<StateRule> WithState { get; } = [.. All.OfType<StateRule>()];

    /// <summary>Rules that compare dates of the registry with the calendar.</summary>
    internal static IReadOnlyList<DateRule> OfDates { get; } = [.. All.OfType<DateRule>()];

    private static Dictionary<string, Rule> ByName { get; } = All.ToDictionary(rule => rule.Name, StringComparer.Ordinal);

    /// <summary>The rule of this name; null when there is none.</summary>
    public static Rule? Find(string name) => ByName.GetValueOrDefault(name);

    private static string Short(string version) => version.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? version[..Math.Min(version.Length, plus + 1 + CommitDigits)] : version;
}
