using System.Buffers;
using System.Text;

namespace FacilityMonitor.Mqtt;

/// <summary>What a UTF-8 string of the protocol may hold (MQTT 5 §1.5.4).</summary>
internal static class MqttText
{
    /// <summary>
    /// At most 65,535 bytes, no U+0000, and no half of a surrogate pair: the encoder would turn that into U+FFFD, and the
    /// server would hear another name than the caller gave.
    /// </summary>
    public static bool IsValid(string text) =>
        !text.Contains('\0') && Encoding.UTF8.GetByteCount(text) <= ushort.MaxValue && !HasLoneSurrogate(text);

    private static bool HasLoneSurrogate(ReadOnlySpan<char> rest)
    {
        while (rest.IndexOfAnyInRange('\uD800', '\uDFFF') is var at and >= 0)
        {
            rest = rest[at..];
            if (Rune.DecodeFromUtf16(rest, out _, out var used) != OperationStatus.Done)
                return true;
            rest = rest[used..];
        }

        return false;
    }
}
