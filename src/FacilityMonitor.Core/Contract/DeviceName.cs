using System.Buffers;
using System.Globalization;
using System.Text;

namespace FacilityMonitor.Contract;

/// <summary>The names foreign devices have. They stand on pages, in messages to people and in terminals, whoever chose them.</summary>
internal static class DeviceName
{
    /// <summary>What a name holds none of, for whoever is refused.</summary>
    public const string Without = "without characters that move a cursor, end a line or turn the direction of text";

    /// <summary>Whether a name is valid UTF-8 that shows as what it is: nothing in it moves a cursor, ends a line, or turns the direction of what follows.</summary>
    /// <remarks>What is only invisible is taken: a name that was copied from a chat has a mark of width nothing, and its detector must not fall silent for it.</remarks>
    public static bool IsPlain(ReadOnlySpan<byte> utf8)
    {
        // Nearly every name.
        if (Ascii.IsValid(utf8))
            return utf8.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var length) != OperationStatus.Done || Turns(rune.Value)
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }

            utf8 = utf8[length..];
        }

        return true;
    }

    /// <summary>Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9, 2).</summary>
    private static bool Turns(int rune) => rune is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
