namespace FacilityMonitor.Evaluation;

/// <summary>The numbers of an evaluation (SplitMix64).</summary>
internal sealed class Dice(ulong seed) : RandomNumbers
{
    private ulong _state = seed;

    /// <summary>A stream of its own for one thing, so that adding another changes nothing here.</summary>
    public static Dice For(ulong seed, string what) => new(Seed(seed, what));

    public override ulong Next() => SplitMix(ref _state);
}
