using System.Buffers.Text;
using System.Text.Json;

namespace FacilityMonitor.Contract;

/// <summary>Reads the single values of foreign payloads: numbers that stand in quotes, true that is written as 1. Allocates nothing.</summary>
internal static class ScalarText
{
    /// <summary>Longest text that can still be a number, a time or a word of a table, bytes with its escapes; a longer one is neither.</summary>
    public const int TextMax = 256;

    private const int DecimalLengthMax = 28;

    /// <summary>The text of a scalar without quotes and escapes; -1 when it is too long to mean anything.</summary>
    public static int Copy(ref Utf8JsonReader reader, scoped Span<byte> into)
    {
        if (reader.ValueSpan.Length > into.Length)
            return -1;
        if (reader.TokenType == JsonTokenType.String)
            return reader.CopyString(into);
        reader.ValueSpan.CopyTo(into);
        return reader.ValueSpan.Length;
    }

    /// <summary>A number, also one in quotes; not finite ones.</summary>
    public static bool TryNumber(ref Utf8JsonReader reader, out double value)
    {
        value = 0;
        if (reader.TokenType == JsonTokenType.Number)
            return reader.TryGetDouble(out value) && double.IsFinite(value);
        if (reader.TokenType != JsonTokenType.String)
            return false;
        Span<byte> text = stackalloc byte[TextMax];
        var length = Copy(ref reader, text);
        return length > 0 && TryNumber(text[..length], out value);
    }

    public static bool TryNumber(ReadOnlySpan<byte> text, out double value)
    {
        text = text.Trim(ForeignDecoder.Space);
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && double.IsFinite(value);
    }

    /// <summary>A number times a scale plus an offset: the decimal point moves, no binary dust appears.</summary>
    public static bool TryScaled(ref Utf8JsonReader reader, decimal scale, decimal offset, out double value)
    {
        if (!TryNumber(ref reader, out value))
            return false;
        if (scale == 1 && offset == 0)
            return true;
        value = Math.Abs(value) < 1e12 && TryDecimal(ref reader, out var exact) ? (double)((exact * scale) + offset) : (value * (double)scale) + (double)offset;
        return double.IsFinite(value);
    }

    private static bool TryDecimal(ref Utf8JsonReader reader, out decimal exact)
    {
        exact = 0;
        Span<byte> text = stackalloc byte[TextMax];
        var length = Copy(ref reader, text);
        if (length < 0)
            return false;
        var trimmed = text[..length].Trim(ForeignDecoder.Space);
        // Beyond its digits a decimal rounds; such numbers are dust already.
        return trimmed.Length <= DecimalLengthMax && Utf8Parser.TryParse(trimmed, out exact, out var used) && used == trimmed.Length
            || Utf8Parser.TryParse(trimmed, out exact, out used, 'E') && used == trimmed.Length;
    }

    /// <summary>true, 1, "on" and their opposites.</summary>
    public static bool? Flag(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            return reader.TokenType == JsonTokenType.True;
        Span<byte> text = stackalloc byte[TextMax];
        var length = Copy(ref reader, text);
        if (length < 0)
            return null;
        ReadOnlySpan<byte> word = text[..length];
        return Is(word, "1"u8) || Is(word, "true"u8) || Is(word, "on"u8) ? true
            : Is(word, "0"u8) || Is(word, "false"u8) || Is(word, "off"u8) ? false
            : null;
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(text, word);
}
