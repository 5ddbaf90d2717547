using FacilityMonitor.Alerts;

namespace FacilityMonitor.Response;

/// <summary>The times of the response, by priority (reference: alerting §6; rows marked ° are our choice).</summary>
internal static class ResponseTiming
{
    private const long MinuteMs = 60_000;
    private const long HourMs = 60 * MinuteMs;

    /// <summary>When a comment, photo or arrival must have come after an acknowledgement, ms; otherwise it counts no more, and the next step of the chain is called.</summary>
    public static long AcknowledgementMs(Priority priority) => priority switch
    {
        Priority.P0 => 10 * MinuteMs,
        Priority.P1 => 30 * MinuteMs,
        Priority.P2 => 8 * HourMs,
        Priority.P3 => 24 * HourMs,
    };

    /// <summary>° The same for somebody who stands in front of it: hands that hold an extinguisher press no button every ten minutes, but they may need help.</summary>
    public static long OnSceneMs(Priority priority) => priority switch
    {
        Priority.P0 => HourMs,
        Priority.P1 => 4 * HourMs,
        Priority.P2 or Priority.P3 => 24 * HourMs,
    };

    /// <summary>Longest shelving, ms; null: never.</summary>
    public static long? ShelveMaxMs(Priority priority) => priority switch
    {
        Priority.P0 => null,
        Priority.P1 => 8 * HourMs,
        Priority.P2 => 24 * HourMs,
        Priority.P3 => 7 * 24 * HourMs,
    };

    /// <summary>How long after it cleared an alert that nobody has to close is closed, ms; null: a person closes it, with the cause.</summary>
    public static long? AutoCloseMs(Priority priority) => priority switch
    {
        Priority.P0 or Priority.P1 => null,
        Priority.P2 => 24 * HourMs,
        Priority.P3 => 0,
    };

    /// <summary>How often those who should close an alert are reminded of it, ms.</summary>
    public const long CloseReminderMs = 24 * HourMs;

    /// <summary>What comes soon after another of the same kind is told with it, ms.</summary>
    public static long GroupWaitMs(Priority priority) => priority switch
    {
        Priority.P0 => 0,
        Priority.P1 => 5_000,
        Priority.P2 => 30_000,
        Priority.P3 => 0,
    };

    /// <summary>Least time between the first pages of two alerts of one site and priority, ms: what comes in between is told together.</summary>
    public static long GroupIntervalMs(Priority priority) => priority switch
    {
        Priority.P0 or Priority.P3 => 0,
        Priority.P1 => MinuteMs,
        Priority.P2 => 5 * MinuteMs,
    };

    /// <summary>Activations within <see cref="ChatterActivationsMs"/> that make an alert chatter.</summary>
    public const int ChatterActivations = 3;

    /// <summary>Window of <see cref="ChatterActivations"/>, ms (ISA-18.2 practice).</summary>
    public const long ChatterActivationsMs = MinuteMs;

    /// <summary>Changes to and fro within <see cref="ChatterChangesMs"/> beyond which an alert chatters.</summary>
    public const int ChatterChanges = 5;

    /// <summary>Window of <see cref="ChatterChanges"/>, ms.</summary>
    public const long ChatterChangesMs = 5 * MinuteMs;

    /// <summary>Without any change for so long an alert chatters no more, ms.</summary>
    public const long ChatterQuietMs = 30 * MinuteMs;

    /// <summary>How long a sensor may be tested by one person, ms.</summary>
    public const long TestMaxMs = 15 * MinuteMs;

    /// <summary>In which time all tests of a sensor together may last <see cref="TestMaxMs"/>, ms: one test after the other would be out of service without a second person. °</summary>
    public const long TestWindowMs = HourMs;

    /// <summary>How long something that can raise P0 may be out of service, ms: two persons, and somebody who patrols meanwhile.</summary>
    public const long OutOfServiceMaxMs = 4 * HourMs;

    /// <summary>How long a maintenance window may be, ms. °</summary>
    public const long MaintenanceMaxMs = 24 * HourMs;

    /// <summary>Between the end of what hides an alert and its release, ms: what was only a consequence clears in this time.</summary>
    public const long ReleaseAfterMs = MinuteMs;

    /// <summary>How long an exercise calls people that do not answer, ms; then it is over, and its report says so. °</summary>
    public const long DrillMaxMs = HourMs;

    /// <summary>A fact may stand so far in the future before the clock counts as set back, ms: clocks are corrected by a second now and then. °</summary>
    public const long ClockSlackMs = 2_000;
}
