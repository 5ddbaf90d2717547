namespace FirmwareSim;

/// <summary>What really happened, for judging what a monitor said.</summary>
/// <param name="FromMs">Begin on the clock, ms since 1970-01-01 UTC.</param>
/// <param name="ToMs">End on the clock.</param>
/// <param name="Rule">The rule that should have seen it; <see cref="Observed"/> for a site that was simulated all that time.</param>
/// <param name="Asset">Registry path of where it was.</param>
/// <param name="Label">What it was, in words.</param>
internal sealed record Truth(long FromMs, long ToMs, string Rule, string Asset, string Label)
{
    /// <summary>Says of a site that everything worth an alert in this time is in the file, so that an alert about anything else is a false one.</summary>
    public const string Observed = "observed";

    /// <summary>Something happened for which no rule has to say anything.</summary>
    public const string None = "none";

    /// <summary>Too near an edge, or only a consequence of something else: an alert about it is not wrong, and none is no miss.</summary>
    public bool May { get; init; }
}
