using System.Buffers;
using System.Text.Unicode;

namespace FacilityMonitor.Mqtt;

/// <summary>The grammar of topic names and filters (MQTT 5 §4.7).</summary>
internal static class MqttTopic
{
    private const string SharePrefix = "$share/";

    // U+0000 and the wildcards; all are single bytes in UTF-8 and appear in no other character's encoding.
    private static readonly SearchValues<byte> NotInNames = SearchValues.Create("\0+#"u8);

    public static bool IsName(ReadOnlySpan<byte> utf8) =>
        utf8.Length is > 0 and <= ushort.MaxValue && !utf8.ContainsAny(NotInNames) && Utf8.IsValid(utf8);

    public static bool IsName(string topic) => IsText(topic) && topic.AsSpan().IndexOfAny('+', '#') < 0;

    public static bool IsFilter(string filter)
    {
        if (!IsText(filter))
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

    /// <summary>Whether a filter asks for a share of the messages only (MQTT 5 §4.8.2).</summary>
    public static bool IsShared(string filter) => filter.StartsWith(SharePrefix, StringComparison.Ordinal);

    /// <summary>A share has a name without wildcards, and a filter behind it: <c>$share/name/filter</c>.</summary>
    public static bool IsSharedFilter(string filter)
    {
        var share = filter.AsSpan(SharePrefix.Length);
        return share.IndexOf('/') is var slash and > 0 && share[..slash].IndexOfAny('+', '#') < 0 && IsFilter(share[(slash + 1)..].ToString());
    }

    private static bool IsText(string text) => text.Length > 0 && MqttText.IsValid(text);
}
