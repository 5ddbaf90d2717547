namespace FacilityMonitor.Evaluation;

/// <summary>Pseudo-random numbers that stay the same for ever with a seed (SplitMix64): an evaluation must give the same table tomorrow.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;
    private double _spare = double.NaN;

    /// <summary>A stream of its own for one thing, so that adding another changes nothing here.</summary>
    public static Dice For(ulong seed, string what)
    {
        // FNV-1a.
        var hash = 14695981039346656037UL;
        foreach (var letter in what)
            hash = (hash ^ letter) * 1099511628211UL;
        return new Dice(seed ^ hash);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    public double Between(double low, double high) => low + ((high - low) * Unit());

    public int Below(int count) => (int)(Unit() * count);

    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Standard normal (polar Box-Muller).</summary>
    public double Normal()
    {
        if (!double.IsNaN(_spare))
        {
            var spare = _spare;
            _spare = double.NaN;
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
        _spare = y * scale;
        return x * scale;
    }
}
