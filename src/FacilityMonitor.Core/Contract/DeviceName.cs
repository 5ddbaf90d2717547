using System.Buffers;
using System.Globalization;
using System.Text;

namespace FacilityMonitor.Contract;

/// <summary>The names foreign devices have. They stand on pages, in messages to people and in terminals, whoever chose them.</summary>
internal static class DeviceName
{
    /// <summary>What a name holds none of, for whoever is refused.</summary>
    public const string Without = "without control, direction and other invisible characters";

    /// <summary>Whether a name is valid UTF-8 that shows as what it is: nothing in it moves a cursor, ends a line, turns the direction of what follows, or makes two names look like one.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> utf8)
    {
        // Nearly every name.
        if (Ascii.IsValid(utf8))
            return utf8.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) < 0;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var length) != OperationStatus.Done
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }

            utf8 = utf8[length..];
        }

        return true;
    }
}
