using System.Globalization;
using System.Text;

namespace FacilityMonitor.Influx;

/// <summary>Text of InfluxQL. What devices and settings call themselves is quoted here and nowhere else: inside the quotes nothing of it is a word of the language.</summary>
/// <remarks>The escapes are those of the lexer of 1.x and 2.x and of the parser of 3.x: <c>\\</c>, <c>\n</c> and the quote itself.</remarks>
internal static class InfluxQl
{
    /// <summary>The name of a measurement, tag, field, database or policy.</summary>
    public static string Name(string text) => Quoted(text, '"');

    /// <summary>A text.</summary>
    public static string Text(string text) => Quoted(text, '\'');

    /// <summary>A time, given in ms since 1970-01-01 UTC.</summary>
    public static string Time(long ms) => ms.ToString(CultureInfo.InvariantCulture) + "ms";

    private static string Quoted(string text, char quote)
    {
        var quoted = new StringBuilder(text.Length + 2).Append(quote);
        foreach (var letter in text)
        {
            if (letter == '\n')
                quoted.Append("\\n");
            else if (letter == quote || letter == '\\')
                quoted.Append('\\').Append(letter);
            else
                quoted.Append(letter);
        }

        return quoted.Append(quote).ToString();
    }
}
