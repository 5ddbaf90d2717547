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
    public static bool TryRead(ReadOnlySpan<byte> text, out double value) => Read(text, 0, out value) == text.Length;

    /// <summary>Reads such a number out of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where it begins.</param>
    /// <param name="value">The number.</param>
    /// <returns>The position behind it; -1: what stands there is no number of JSON, or one for a full reader.</returns>
    public static int Read(ReadOnlySpan<byte> text, int at, out double value)
    {
        const int None = -1;
        value = 0;
        var negative = (uint)at < (uint)text.Length && text[at] == (byte)'-';
        at += negative ? 1 : 0;
        var begin = at;
        long digits = 0;
        for (; (uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9; at++)
            digits = (digits * 10) + (text[at] - '0');
        var count = at - begin;
        if (count == 0 || (count > 1 && text[begin] == (byte)'0'))
            return None;
        var power = 0;
        if ((uint)at < (uint)text.Length && text[at] == (byte)'.')
        {
            begin = ++at;
            for (; (uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9; at++)
                digits = (digits * 10) + (text[at] - '0');
            power = begin - at;
            count -= power;
            if (power == 0)
                return None;
        }

        if ((uint)at < (uint)text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at = ReadExponent(text, at + 1, out var exponent);
            power += exponent;
        }

        if (at == None || count > DigitsMax || power is < -PowerMax or > PowerMax || (digits == 0 && negative))
            return None;
        value = power < 0 ? digits / Powers[-power] : digits * Powers[power];
        if (negative)
            value = -value;
        return at;
    }

    /// <summary>An exponent of at most two digits; what is longer is left to a full reader.</summary>
    private static int ReadExponent(ReadOnlySpan<byte> text, int at, out int exponent)
    {
        exponent = 0;
        var sign = (uint)at < (uint)text.Length && text[at] == (byte)'-' ? -1 : 1;
        if ((uint)at < (uint)text.Length && text[at] is (byte)'-' or (byte)'+')
            at++;
        var begin = at;
        for (; (uint)at < (uint)text.Length && (uint)(text[at] - '0') <= 9 && at - begin <= 2; at++)
            exponent = (exponent * 10) + (text[at] - '0');
        exponent *= sign;
        return at - begin is 1 or 2 ? at : -1;
    }
}
