using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FirmwareSim.Protocol;

/// <summary>What bad firmware makes of a good message; each kind has been seen on real devices.</summary>
internal static partial class Spoilt
{
    public const int Kinds = 6;

    /// <summary>A spoilt copy; the kind is one of <see cref="Kinds"/>.</summary>
    public static byte[] Copy(ReadOnlyMemory<byte> payload, int kind)
    {
        var text = Encoding.UTF8.GetString(payload.Span);
        return kind switch
        {
            // The buffer was too short.
            0 => payload[..(payload.Length / 2)].ToArray(),
            // printf("%f") of a division by zero.
            1 => Encoding.UTF8.GetBytes(Number().Replace(text, "\"w\":nan", 1)),
            // Numbers as text.
            2 => Encoding.UTF8.GetBytes(Number().Replace(text, match => string.Create(CultureInfo.InvariantCulture, $"\"w\":\"{match.Groups[1].Value}\""))),
            // A version from the future.
            3 => Encoding.UTF8.GetBytes(text.Replace("\"v\":1", "\"v\":9", StringComparison.Ordinal)),
            // Memory that was never written.
            4 => [.. Enumerable.Range(0, 64).Select(index => (byte)(0x80 + (index * 37 % 0x60)))],
            // Nothing at all.
            _ => [],
        };
    }

    [GeneratedRegex("\"w\":([0-9.]+)")]
    private static partial Regex Number();
}
