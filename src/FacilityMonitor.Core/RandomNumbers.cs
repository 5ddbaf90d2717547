using System.Text;

namespace FacilityMonitor;

/// <summary>A stream of pseudo-random numbers that stays the same for ever with its seed: a simulated month and an evaluation must be the same tomorrow.</summary>
/// <remarks>Our own and not <see cref="Random"/>, whose sequence is no promise of .NET. Where the bits come from is the descendant's matter; what is made of them is the same for all.
/// Not thread-safe.</remarks>
public abstract class RandomNumbers
{
    /// <summary>Beyond this mean the normal law is as good as counting, and does not take longer the more is expected.</summary>
    private const double PoissonByNormalFrom = 30;

    private double _spareNormal = double.NaN;

    /// <summary>The next 64 bits.</summary>
    public abstract ulong Next();

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public double Between(double low, double high) => low + ((high - low) * Unit());

    /// <summary>Uniform in [0, <paramref name="count"/>).</summary>
    public int Below(int count) => (int)(Unit() * count);

    /// <summary>True as often as <paramref name="probability"/> says, 0 to 1.</summary>
    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Standard normal (polar Box-Muller).</summary>
    public double Normal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            var spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        double x, y, square;
        do
        {
            x = (2 * Unit()) - 1;
            y = (2 * Unit()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);
        var scale = Math.Sqrt(-2 * Math.Log(square) / square);
        _spareNormal = y * scale;
        return x * scale;
    }

    /// <summary>Normal with this mean and standard deviation.</summary>
    public double Normal(double mean, double deviation) => mean + (deviation * Normal());

    /// <summary>How many of rare, independent things happen when <paramref name="mean"/> are expected (Knuth).</summary>
    public int Poisson(double mean)
    {
        if (mean <= 0)
            return 0;
        if (mean > PoissonByNormalFrom)
            return Math.Max(0, (int)Math.Round(Normal(mean, Math.Sqrt(mean))));
        var limit = Math.Exp(-mean);
        var product = Unit();
        var count = 0;
        while (product > limit)
        {
            product *= Unit();
            count++;
        }

        return count;
    }

    /// <summary>The seed of a stream by its name, so that one more stream leaves the others as they were (FNV-1a of its UTF-8).</summary>
    protected static ulong Seed(ulong seed, string stream)
    {
        var hash = 14695981039346656037UL;
        foreach (var octet in Encoding.UTF8.GetBytes(stream))
            hash = (hash ^ octet) * 1099511628211UL;
        return seed ^ hash;
    }

    /// <summary>The next number of SplitMix64 (Steele, Lea, Flood): good by itself, and what xoshiro is seeded with.</summary>
    protected static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
