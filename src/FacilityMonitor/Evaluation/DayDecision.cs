namespace FacilityMonitor.Evaluation;

/// <summary>What the first alert of a circuit-day was worth to who was woken by it. There is one decision a day: what is told later changes it no more.</summary>
internal enum DayDecision
{
    /// <summary>Nobody was told.</summary>
    Quiet,

    /// <summary>Somebody was told while the charge drew power.</summary>
    Found,

    /// <summary>Before the charge began.</summary>
    Early,

    /// <summary>After it was over.</summary>
    Late,

    /// <summary>There was none.</summary>
    Without,
}

/// <summary>Decides what a circuit-day was.</summary>
internal static class DayDecisions
{
    /// <summary>A day with a charge.</summary>
    /// <param name="toldMin">When somebody was told, in minutes of the charge's file; null: never.</param>
    /// <param name="shape">The charge. It is over after its last sample of 20 W, as it begins with its first.</param>
    public static DayDecision OnCharge(double? toldMin, ChargeShape shape) => toldMin is not { } told ? DayDecision.Quiet
        : told < shape.StartMin ? DayDecision.Early
        : told <= shape.EndMin ? DayDecision.Found
        : DayDecision.Late;

    /// <summary>A day without.</summary>
    public static DayDecision OnNone(double? toldMin) => toldMin is null ? DayDecision.Quiet : DayDecision.Without;
}
