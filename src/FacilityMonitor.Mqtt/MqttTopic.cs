using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace FacilityMonitor.Mqtt;

/// <summary>The grammar of topic names and filters (MQTT 5 §4.7).</summary>
internal static class MqttTopic
{
    // U+0000 and the wildcards; all are single bytes in UTF-8 and appear in no other character's encoding.
    private static readonly SearchValues<byte> NotInNames = SearchValues.Create("\0+#"u8);

    public static bool IsName(ReadOnlySpan<byte> utf8) =>
        utf8.Length is > 0 and <= ushort.MaxValue && !utf8.ContainsAny(NotInNames) && Utf8.IsValid(utf8);

    public static bool IsName(string topic) => IsText(topic) && topic.AsSpan().IndexOfAny('\0', '+', '#') < 0;

    public static bool IsFilter(string filter)
    {
        if (!IsText(filter) || filter.Contains('\0'))
            return false;

        var levels = filter.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            var level = levels[i];
            var last = i == levels.Length - 1;
            if (level.Length > 1 && level.AsSpan().ContainsAny('+', '#') || level == "#" && !last)
                return false;
        }

        return true;
    }

    private static bool IsText(string text) => text.Length > 0 && Encoding.UTF8.GetByteCount(text) <= ushort.MaxValue;
}
