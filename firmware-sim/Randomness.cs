using System.Numerics;
using FacilityMonitor;

namespace FirmwareSim;

/// <summary>The numbers of the simulator: xoshiro256** (Blackman, Vigna), seeded by SplitMix64 from the run's seed and the stream's name.</summary>
/// <remarks>Every device and every neighbour has a stream of their own, so one more device in a scenario leaves what the others do as it was.</remarks>
internal sealed class Randomness : RandomNumbers
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public Randomness(ulong seed, string stream)
    {
        var state = Seed(seed, stream);
        _a = SplitMix(ref state);
        _b = SplitMix(ref state);
        _c = SplitMix(ref state);
        _d = SplitMix(ref state);
    }

    public override ulong Next()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }
}
