using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Reports;

/// <summary>One alert as a report tells it: what it was, and when people and readings did what.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Rule">Rule name.</param>
/// <param name="Site">Site id; null for what is on none.</param>
/// <param name="Asset">Registry path.</param>
/// <param name="Priority">The most urgent one it had.</param>
/// <param name="Text">What it said last.</param>
/// <param name="OnsetMs">Event time of the first breaching sample, ms since 1970-01-01 UTC.</param>
/// <param name="DetectedMs">When the rule was sure and the alert was raised.</param>
/// <param name="ToldMs">When a channel first took a message about it for somebody; null: none did.</param>
/// <param name="AcknowledgedMs">When somebody first took it; null: nobody did.</param>
/// <param name="AcknowledgedBy">Who that was.</param>
/// <param name="RecoveredMs">When the readings were well for good; null: they are not.</param>
/// <param name="Stage">How far the people are; null: nobody is called for it, because its device is not registered.</param>
/// <param name="Exercise">Whether it was meant.</param>
internal sealed record LoggedAlert(
    string Id, string Rule, string? Site, string Asset, Priority Priority, LocalText Text, long OnsetMs, long DetectedMs, long? ToldMs, long? AcknowledgedMs, string? AcknowledgedBy,
    long? RecoveredMs, ResponseStage? Stage, Exercise Exercise)
{
    /// <summary>Whether it was held back because another alert explains it: nobody was asked to come.</summary>
    public bool IsSuppressed { get; init; }

    /// <summary>Whether the figures count it: an exercise is meant to load people, and anybody may invent a device that nobody registered.</summary>
    public bool Counts => Exercise == Exercise.None && Stage is not null;
}
