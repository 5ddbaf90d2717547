namespace FacilityMonitor.Influx;

/// <summary>Why nothing is taken at the moment.</summary>
/// <param name="SinceMs">Since when, ms since 1970-01-01 UTC.</param>
/// <param name="NeedsSomebody">Whether it stays so until somebody changes something.</param>
/// <param name="Words">What the database said, or what happened.</param>
internal sealed record ShipTrouble(long SinceMs, bool NeedsSomebody, string Words);

/// <summary>How the shipping to InfluxDB stands.</summary>
/// <param name="Target">Where it goes, without secrets.</param>
/// <param name="Shipped">Readings it took since our start, those sent again included.</param>
/// <param name="SetAside">Readings it found fault with, kept as dead letters, since our start.</param>
/// <param name="Repeats">How often the newest readings were sent again because it had restarted.</param>
/// <param name="Skipped">How often readings were left out because the journal was full.</param>
/// <param name="OldestMs">When the oldest message that waits was received; null: nothing waits.</param>
/// <param name="IsRepeating">Whether what waits was taken before, and is sent again because it may have been lost.</param>
/// <param name="Trouble">Null: it takes readings.</param>
internal sealed record ShipState(string Target, long Shipped, long SetAside, long Repeats, long Skipped, long? OldestMs, bool IsRepeating, ShipTrouble? Trouble);
