using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>How loudly a step may reach a person. The numbers are stored; a louder one includes the quieter.</summary>
internal enum Loudness : byte
{
    /// <summary>Bots, apps and mail.</summary>
    Message = 0,

    /// <summary>SMS too.</summary>
    Sms = 1,

    /// <summary>The telephone rings.</summary>
    Voice = 2,
}

/// <summary>One step of a chain.</summary>
/// <param name="AfterS">Seconds after the chain began.</param>
/// <param name="Tiers">Who is called; nobody for a step that is the siren alone.</param>
/// <param name="Loudness">How loudly.</param>
/// <param name="Siren">Whether the site's siren sounds.</param>
internal sealed record EscalationStep(int AfterS, IReadOnlyList<Tier> Tiers, Loudness Loudness, bool Siren = false);

/// <summary>A chain that is configured: of one priority, at some sites or at all.</summary>
/// <param name="Priority">Of the alerts.</param>
/// <param name="Sites">Site ids; empty: every site that has none of its own.</param>
/// <param name="Chain">Who hears of them and when.</param>
internal sealed record SiteChain(Priority Priority, IReadOnlyList<string> Sites, EscalationChain Chain);

/// <summary>Who hears of an alert and when. An alert keeps the chain it was raised with, whatever is edited meanwhile.</summary>
/// <param name="Steps">In the order of their time.</param>
/// <param name="RepeatS">Seconds after the last step when everybody is called again, and again.</param>
internal sealed record EscalationChain(IReadOnlyList<EscalationStep> Steps, int RepeatS)
{
    /// <summary>Most steps of a chain that is configured: who has not come after a dozen is not brought by a thirteenth.</summary>
    public const int StepsMax = 12;

    /// <summary>Latest step, s.</summary>
    public const int AfterMaxS = 7 * 24 * 3_600;

    /// <summary>Shortest pause between repeats, s: a number may be called once a minute, and somebody who runs downstairs presses no key.</summary>
    public const int RepeatMinS = 30;

    /// <summary>Longest pause between repeats, s.</summary>
    public const int RepeatMaxS = 30 * 24 * 3_600;

    /// <summary>Repeats at the chain's own pace; after so many each hour is enough: who has not come in an hour is not woken by the sixtieth call, and the list of calls stays short.</summary>
    public const int RepeatsQuick = 20;

    /// <summary>Seconds between later repeats.</summary>
    public const int RepeatSlowS = 3_600;

    private static readonly EscalationChain Life = new(
        [
            new(0, [Tier.Guard, Tier.MicroFireStation], Loudness.Voice, Siren: true),
            new(60, [Tier.PropertyManager, Tier.GridOfficer, Tier.StairLeader], Loudness.Voice),
            new(120, [Tier.CommitteeDuty], Loudness.Voice),
            new(180, [Tier.SubDistrict], Loudness.Voice),
        ], 180);

    private static readonly EscalationChain Hazard = new(
        [
            new(0, [Tier.Guard, Tier.PropertyManager], Loudness.Message),
            new(180, [Tier.Guard, Tier.PropertyManager], Loudness.Sms),
            new(300, [Tier.Guard, Tier.PropertyManager], Loudness.Voice),
            new(600, [Tier.GridOfficer], Loudness.Voice),
            new(1_200, [Tier.CommitteeDuty], Loudness.Voice),
        ], 900);

    private static readonly EscalationChain Service = new(
        [
            new(0, [Tier.Guard], Loudness.Message),
            new(1_800, [Tier.PropertyManager], Loudness.Message),
            new(14_400, [Tier.PropertyManager, Tier.CommitteeDuty], Loudness.Sms),
        ], 14_400);

    private static readonly EscalationChain Information = new([new(0, [Tier.PropertyManager, Tier.CommitteeDuty], Loudness.Message)], 7 * 24 * 3_600);

    /// <summary>The chain of a priority (DESIGN §6 for P0, reference: alerting §6.5 for the others).</summary>
    public static EscalationChain Of(Priority priority) => priority switch
    {
        Priority.P0 => Life,
        Priority.P1 => Hazard,
        Priority.P2 => Service,
        Priority.P3 => Information,
    };

    /// <summary>The step of a number; beyond the last it is everybody, as loudly as any of the steps.</summary>
    public EscalationStep At(int number) => number < Steps.Count
        ? Steps[number]
        : new EscalationStep(0, [.. Steps.SelectMany(step => step.Tiers).Distinct()], Steps.Max(step => step.Loudness), Steps.Any(step => step.Siren));

    /// <summary>When the step after one is due, ms.</summary>
    /// <param name="number">The step that was just taken.</param>
    /// <param name="beganMs">When the chain began.</param>
    /// <param name="nowMs">Now.</param>
    public long NextDueMs(int number, long beganMs, long nowMs)
    {
        if (number + 1 < Steps.Count)
            return Math.Max(nowMs, beganMs + (Steps[number + 1].AfterS * 1_000L));
        var repeats = number + 1 - Steps.Count;
        return nowMs + ((repeats < RepeatsQuick ? RepeatS : RepeatSlowS) * 1_000L);
    }
}
