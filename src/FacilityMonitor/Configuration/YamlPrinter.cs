using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FacilityMonitor.Configuration;

/// <summary>Writes what <see cref="YamlText"/> reads: whatever a text holds, it comes back as it was.</summary>
internal static partial class YamlPrinter
{
    /// <summary>A whole file, a key a line.</summary>
    public static string Print(YamlMapping mapping)
    {
        var text = new StringBuilder();
        Entries(text, mapping, 0, isBegun: false);
        return text.ToString();
    }

    /// <summary>A word as it is where YAML reads it as one, in quotes where it would be a dash, nothing, or a number.</summary>
    public static string Word(string text) => PlainWord().IsMatch(text) && text is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n") ? text : Quoted(text);

    /// <summary>In double quotes, with everything escaped that YAML might fold, strip or take for the end.</summary>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        for (var index = 0; index < text.Length; index++)
        {
            var letter = text[index];
            var isPair = char.IsHighSurrogate(letter) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
            if (letter is '"' or '\\')
                quoted.Append('\\').Append(letter);
            else if (isPair)
                quoted.Append(letter).Append(text[++index]);
            else if (letter < ' ' || letter is '\u0085' or '\u00a0' or '\u2028' or '\u2029' or '\ufeff' || char.IsControl(letter) || char.IsSurrogate(letter))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            else
                quoted.Append(letter);
        }

        return quoted.Append('"').ToString();
    }

    private static void Entries(StringBuilder text, YamlMapping mapping, int depth, bool isBegun)
    {
        foreach (var (key, value) in mapping.Entries)
        {
            if (!isBegun)
                text.Append(' ', depth);
            isBegun = false;
            text.Append(Word(key.Text)).Append(':');
            Value(text, value, depth);
        }
    }

    private static void Value(StringBuilder text, YamlElement value, int depth)
    {
        switch (value)
        {
            case YamlScalar scalar:
                text.Append(' ').Append(scalar.IsNothing ? "" : PlainNumber().IsMatch(scalar.Text) ? scalar.Text : Word(scalar.Text)).Append('\n');
                break;
            case YamlMapping { Entries.Count: 0 }:
                text.Append(" {}\n");
                break;
            case YamlSequence { Items.Count: 0 }:
                text.Append(" []\n");
                break;
            case YamlMapping mapping:
                text.Append('\n');
                Entries(text, mapping, depth + 2, isBegun: false);
                break;
            case YamlSequence sequence:
                text.Append('\n');
                foreach (var item in sequence.Items)
                {
                    text.Append(' ', depth + 2).Append('-');
                    if (item is YamlMapping { Entries.Count: > 0 } one)
                        Entries(text.Append(' '), one, depth + 4, isBegun: true);
                    else
                        Value(text, item, depth + 2);
                }

                break;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex PlainWord();

    [GeneratedRegex("^-?(0|[1-9][0-9]*)([.][0-9]+)?$")]
    private static partial Regex PlainNumber();
}
