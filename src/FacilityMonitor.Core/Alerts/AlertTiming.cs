namespace FacilityMonitor.Alerts;

/// <summary>The delays that go by priority (reference: ISA-18.2 practice).</summary>
public static class AlertTiming
{
    /// <summary>How long a thing must be quiet before its alert clears, ms: P0 and P1 60 s, others 120 s.</summary>
    public static int OffDelayMs(Priority priority) => priority <= Priority.P1 ? 60_000 : 120_000;

    /// <summary>Within this time of clearing an alert comes back under its old name, ms: P0 and P1 30 min, others 15 min.</summary>
    public static int ReopenWindowMs(Priority priority) => priority <= Priority.P1 ? 30 * 60_000 : 15 * 60_000;
}
