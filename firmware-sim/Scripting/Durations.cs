using System.Globalization;

namespace FirmwareSim.Scripting;

/// <summary>Lengths of time as people write them: <c>100ms 90s 5m 8h 2d</c>, also <c>2d20h</c>, or bare seconds.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

    /// <summary>Seconds; null when it is no length of time. Parts add up: <c>2d20h</c>.</summary>
    public static double? TryParse(string text)
    {
        if (Number(text) is { } bare)
            return bare;
        var sum = 0.0;
        for (var from = 0; from < text.Length;)
        {
            var end = from;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
                end++;
            var unitEnd = end;
            while (unitEnd < text.Length && char.IsAsciiLetter(text[unitEnd]))
                unitEnd++;
            var unit = Array.Find(Units, candidate => text.AsSpan(end, unitEnd - end).SequenceEqual(candidate.Unit));
            if (unit.Unit is null || Number(text[from..end]) is not { } number)
                return null;
            sum += number * unit.Seconds;
            from = unitEnd;
        }

        return text.Length == 0 ? null : sum;
    }

    /// <summary>A length of time as people write it, in the largest units that keep it whole: <c>2d20h</c>.</summary>
    public static string Text(double seconds)
    {
        var text = "";
        var left = Math.Round(seconds * 1000);
        foreach (var (unit, length) in Enumerable.Reverse(Units))
        {
            var count = Math.Floor(left / Math.Round(length * 1000));
            left -= count * Math.Round(length * 1000);
            text += count > 0 ? string.Create(CultureInfo.InvariantCulture, $"{count:0}{unit}") : "";
        }

        return text.Length == 0 ? "0s" : text;
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
