namespace FacilityMonitor.Contract;

/// <summary>What became of a message.</summary>
public enum DecodeResult : byte
{
    /// <summary>The message holds what was sent.</summary>
    Decoded,

    /// <summary>A topic that is known and holds nothing for us: our own commands, a bridge's log.</summary>
    Ignored,

    /// <summary>It cannot be used; the outcome says why.</summary>
    Rejected,
}

/// <summary>What became of a message, and why when it was refused.</summary>
/// <param name="Result">Decoded, ignored or rejected.</param>
/// <param name="Reason">Why it was rejected; without meaning otherwise.</param>
/// <param name="Detail">The key, its value and what is allowed; null unless rejected.</param>
public readonly record struct DecodeOutcome(DecodeResult Result, RejectReason Reason, string? Detail)
{
    /// <summary>The message holds what was sent.</summary>
    public static DecodeOutcome Decoded => default;

    /// <summary>Known, and nothing for us.</summary>
    public static DecodeOutcome Ignored => new(DecodeResult.Ignored, default, null);

    /// <summary>It cannot be used.</summary>
    public static DecodeOutcome Rejected(RejectReason reason, string detail) => new(DecodeResult.Rejected, reason, detail);
}
