using System.Globalization;
using System.Text.Unicode;

namespace FacilityMonitor.Contract;

/// <summary>Whether the bytes of a payload are text at all, before a JSON reader sees them.</summary>
internal static class JsonText
{
    /// <summary>What is wrong with the text; null when every string in it can be read.</summary>
    /// <remarks>
    /// The JSON readers look at neither until a string is taken out, and then throw as if our code were at fault: one such message, never acknowledged,
    /// would stop the service at every start.
    /// </remarks>
    public static string? Fault(ReadOnlySpan<byte> payload) =>
        !Utf8.IsValid(payload) ? "payload: not UTF-8"
        : HasLoneSurrogate(payload) ? "payload: half a surrogate pair in a \\u escape"
        : null;

    private static bool HasLoneSurrogate(ReadOnlySpan<byte> text)
    {
        for (var rest = text; rest.IndexOf("\\"u8) is >= 0 and var at;)
        {
            rest = rest[at..];
            var unit = Escaped(rest);
            if (unit is >= 0xDC00 and <= 0xDFFF)
                return true;
            if (unit is >= 0xD800 and <= 0xDBFF)
            {
                if (Escaped(rest[6..]) is not (>= 0xDC00 and <= 0xDFFF))
                    return true;
                rest = rest[12..];
            }
            else
            {
                // The character behind a backslash belongs to it, a second backslash too.
                rest = rest[Math.Min(2, rest.Length)..];
            }
        }

        return false;
    }

    /// <summary>The UTF-16 unit of a <c>\uXXXX</c> at the start; -1 when there is none.</summary>
    private static int Escaped(ReadOnlySpan<byte> text)
    {
        if (text.Length < 6 || text[0] != (byte)'\\' || text[1] != (byte)'u')
            return -1;
        return ushort.TryParse(text[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? unit : -1;
    }
}
