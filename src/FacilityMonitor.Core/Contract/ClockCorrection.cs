namespace FacilityMonitor.Contract;

/// <summary>Decides, once and before the journal, when a sample was taken. The device's own time is kept beside ours.</summary>
/// <remarks>
/// A device is believed unless its clock is <c>none</c>, its base time lies more than <see cref="AheadMaxMs"/> ahead of receipt or before 2020, or, in live
/// <c>data</c>, more than <see cref="DataAgeMaxMs"/> back. Then the uptime decides: a sample is as old as the uptime says, counted from the earliest moment
/// this boot can have begun; without uptime a live message was measured when we received it.
/// </remarks>
public static class ClockCorrection
{
    /// <summary>How far ahead of receipt a base time may lie, ms.</summary>
    public const long AheadMaxMs = 60_000;

    /// <summary>How old live data may be, ms.</summary>
    public const long DataAgeMaxMs = 24 * 3_600_000L;

    /// <summary>2020-01-01 UTC: before it no device of ours existed.</summary>
    public const long EarliestMs = 1_577_836_800_000;

    /// <summary>Whether the device's own time is to be believed.</summary>
    public static bool IsBelieved(in Envelope envelope, MessageKind kind, long receivedMs) =>
        envelope.Clock != ClockSource.None
        && envelope.TsMs <= receivedMs + AheadMaxMs
        && envelope.TsMs >= EarliestMs
        && (kind != MessageKind.Data || envelope.TsMs >= receivedMs - DataAgeMaxMs);

    /// <summary>Whether the time of a foreign reading is to be believed: they send live values, so it lies within a day of receipt.</summary>
    public static bool IsBelieved(long atMs, long receivedMs) => atMs <= receivedMs + AheadMaxMs && atMs >= receivedMs - DataAgeMaxMs;

    /// <summary>Whether a time that lies too far back to be live can be the true time of an old value.</summary>
    public static bool CouldBePast(long atMs, long receivedMs) => atMs >= EarliestMs && atMs <= receivedMs;

    /// <summary>Our base time for a message whose own is not believed; its samples keep their distances (<c>dt</c>) from it.</summary>
    /// <param name="envelope">The message's envelope.</param>
    /// <param name="receivedMs">When it was received, ms since 1970-01-01 UTC.</param>
    /// <param name="bootBeganMs">The earliest moment this boot can have begun, from messages received before; null when not known.</param>
    public static long BaseMs(in Envelope envelope, long receivedMs, long? bootBeganMs) =>
        envelope.UpMs is { } up && bootBeganMs is { } began ? Math.Min(began + up, receivedMs) : receivedMs;
}
