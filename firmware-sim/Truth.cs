namespace FirmwareSim;

/// <summary>What really happened, for judging what a monitor said.</summary>
/// <param name="FromMs">Begin on the clock, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">End on the clock.</param>
/// <param name="Rule">The rule that should have seen it.</param>
/// <param name="Asset">Registry path of where it was.</param>
/// <param name="Label">What it was, in words.</param>
internal sealed record Truth(long FromMs, long ToMs, string Rule, string Asset, string Label);
