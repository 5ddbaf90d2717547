using FacilityMonitor.Alerts;

namespace FacilityMonitor.Rules;

/// <summary>What a rule makes of a thing now, without memory of what was told to whom.</summary>
/// <param name="Condition">Normal, Pending, Active or Recovering.</param>
/// <param name="Priority">How urgent; of no meaning when normal.</param>
/// <param name="SinceMs">Event time of the first breaching sample.</param>
internal readonly record struct Verdict(Condition Condition, Priority Priority, long SinceMs)
{
    public static Verdict Normal => new(Condition.Normal, Priority.P3, 0);

    /// <summary>Condition and priority in a byte, to see at a glance that nothing changed. Normal is 0.</summary>
    public byte Code => Condition == Condition.Normal ? (byte)0 : (byte)(((int)Condition << 4) | (int)Priority);

    /// <summary>Whether a <see cref="Code"/> says active, or not quiet for long enough yet.</summary>
    public static bool IsOn(byte code) => (Condition)(code >> 4) is Condition.Active or Condition.Recovering;

    /// <summary>How urgent a verdict is that a <see cref="Code"/> calls on; null: it is not.</summary>
    public static Priority? Found(byte code) => IsOn(code) ? (Priority)(code & 3) : null;

    /// <summary>A verdict that a limit without any hold gives.</summary>
    public static Verdict When(bool active, Priority priority, long sinceMs) => active ? new Verdict(Condition.Active, priority, sinceMs) : Normal;

    /// <summary>Joins two verdicts about one thing: active before recovering before pending, the more urgent first, the earlier onset of equals.</summary>
    public Verdict Or(Priority priority, in Hold hold) => hold.Phase == HoldPhase.Idle ? this : OrHeld(priority, hold);

    private Verdict OrHeld(Priority priority, in Hold hold)
    {
        var condition = hold.Phase switch
        {
            HoldPhase.Idle => Condition.Normal,
            HoldPhase.Pending => Condition.Pending,
            HoldPhase.On => Condition.Active,
            HoldPhase.Releasing => Condition.Recovering,
        };
        if (Condition == Condition.Normal)
            return new Verdict(condition, priority, hold.SinceMs);

        // A limit that is recovering still counts for the priority: it falls only when the limit's own off-delay is over.
        var bothOpen = hold.IsActive && (Condition is Condition.Active or Condition.Recovering);
        if (hold.IsActive && !bothOpen)
            return new Verdict(condition, priority, hold.SinceMs);
        if (!hold.IsActive && Condition != Condition.Pending)
            return this;
        return new Verdict(
            Condition == Condition.Active || condition == Condition.Active ? Condition.Active : Condition,
            priority < Priority ? priority : Priority,
            Math.Min(SinceMs, hold.SinceMs));
    }
}
