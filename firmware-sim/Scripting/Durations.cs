using System.Globalization;

namespace FirmwareSim.Scripting;

/// <summary>Lengths of time as people write them: <c>100ms 90s 5m 8h 2d</c>, or bare seconds.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

    /// <summary>Seconds; null when it is no length of time.</summary>
    public static double? TryParse(string text)
    {
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && Number(text[..^unit.Length]) is { } number)
                return number * seconds;
        }

        return Number(text);
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
