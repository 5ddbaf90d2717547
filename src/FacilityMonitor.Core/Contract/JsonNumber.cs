namespace FacilityMonitor.Contract;

/// <summary>The numbers that meters tell, read in a third of the time: a few digits, perhaps a point, perhaps a small exponent.</summary>
internal static class JsonNumber
{
    /// <summary>Up to 15 digits a double holds every whole number.</summary>
    private const int DigitsMax = 15;

    /// <summary>10^22 is the last power of ten that a double holds.</summary>
    private const int PowerMax = 22;

    private static readonly double[] Powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads a number of JSON whose digits and power of ten are both exact as doubles: then one multiplication or division rounds correctly, and gives the very bits that a
    /// full reader does. False for any other, which a full reader must read, and for minus zero.</summary>
    /// <param name="text">A number as JSON spells it; that was checked already.</param>
    /// <param name="value">The number.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var at = text is [(byte)'-', ..] ? 1 : 0;
        var negative = at == 1;
        long digits = 0;
        var (count, places, exponent) = (0, 0, 0);
        for (var afterPoint = false; at < text.Length; at++)
        {
            var digit = text[at] - '0';
            if ((uint)digit <= 9)
            {
                digits = (digits * 10) + digit;
                count++;
                places += afterPoint ? 1 : 0;
            }
            else if (text[at] == (byte)'.')
            {
                afterPoint = true;
            }
            else
            {
                if (!TryReadExponent(text[(at + 1)..], out exponent))
                    return false;
                break;
            }
        }

        var power = exponent - places;
        if (count > DigitsMax || power is < -PowerMax or > PowerMax || (digits == 0 && negative))
            return false;
        value = power < 0 ? digits / Powers[-power] : digits * Powers[power];
        if (negative)
            value = -value;
        return true;
    }

    /// <summary>An exponent of at most two digits; what is longer is left to a full reader.</summary>
    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        var sign = text is [(byte)'-', ..] ? -1 : 1;
        if (text is [(byte)'-' or (byte)'+', ..])
            text = text[1..];
        if (text.Length is 0 or > 2)
            return false;
        foreach (var digit in text)
            exponent = (exponent * 10) + digit - '0';
        exponent *= sign;
        return true;
    }
}
