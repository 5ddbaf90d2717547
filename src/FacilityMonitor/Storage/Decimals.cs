namespace FacilityMonitor.Storage;

/// <summary>Doubles that came from short decimals, as whole numbers: 132.5 is 1325 at exponent 1. Exact or not at all.</summary>
internal static class Decimals
{
    /// <summary>Most decimal places kept as a whole number.</summary>
    public const int ExponentMax = 9;

    /// <summary>Exponent that stands for the eight raw bytes of a double.</summary>
    public const int RawExponent = 15;

    /// <summary>2^53: up to here whole numbers, and the correctly rounded quotient by a power of ten, are exact.</summary>
    private const double MantissaMax = 9007199254740992;

    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    /// <summary>The whole number at this exponent, if that gives the very same double back.</summary>
    public static bool TryScale(double value, int exponent, out long mantissa)
    {
        mantissa = 0;
        var scaled = value * Powers[exponent];
        if (!(Math.Abs(scaled) <= MantissaMax))
            return false;
        mantissa = (long)Math.Round(scaled);
        // Bits, not values: negative zero is not zero.
        return BitConverter.DoubleToInt64Bits(mantissa / Powers[exponent]) == BitConverter.DoubleToInt64Bits(value);
    }

    /// <summary>Lowest exponent from <paramref name="from"/> on that holds the value exactly; <see cref="RawExponent"/> when none does.</summary>
    public static int Fit(double value, int from, out long mantissa)
    {
        for (var exponent = from; exponent <= ExponentMax; exponent++)
        {
            if (TryScale(value, exponent, out mantissa))
                return exponent;
        }

        // A large number may fit only with fewer places than the others needed.
        for (var exponent = from - 1; exponent >= 0; exponent--)
        {
            if (TryScale(value, exponent, out mantissa))
                return exponent;
        }

        mantissa = 0;
        return RawExponent;
    }

    public static double Unscale(long mantissa, int exponent) => mantissa / Powers[exponent];

    public static bool IsKnown(int exponent) => exponent is <= ExponentMax or RawExponent;
}
