using System.Text;

namespace FacilityMonitor.Contract;

/// <summary>An MQTT topic filter, matched on bytes: <c>+</c> is one level, <c>#</c> all that follow.</summary>
internal sealed class TopicFilter(string filter)
{
    private readonly byte[][] _levels = [.. filter.Split('/').Select(Encoding.UTF8.GetBytes)];

    /// <summary>Whether a topic is taken. Topics that begin with <c>$</c> are the broker's own and never are by a wildcard.</summary>
    public bool Matches(ReadOnlySpan<byte> topic)
    {
        if (topic.StartsWith("$"u8) && _levels[0] is [(byte)'+' or (byte)'#'])
            return false;
        var rest = topic;
        for (var index = 0; index < _levels.Length; index++)
        {
            if (_levels[index] is [(byte)'#'])
                return true;
            var slash = rest.IndexOf((byte)'/');
            var level = slash < 0 ? rest : rest[..slash];
            if (_levels[index] is not [(byte)'+'] && !level.SequenceEqual(_levels[index]))
                return false;
            if (slash < 0)
                return index == _levels.Length - 1 || (index == _levels.Length - 2 && _levels[^1] is [(byte)'#']);
            rest = rest[(slash + 1)..];
        }

        return false;
    }

    /// <summary>A level of a topic, from 1; empty when the topic is shorter.</summary>
    public static ReadOnlySpan<byte> Level(ReadOnlySpan<byte> topic, int level)
    {
        for (; level > 1; level--)
        {
            var slash = topic.IndexOf((byte)'/');
            if (slash < 0)
                return [];
            topic = topic[(slash + 1)..];
        }

        var end = topic.IndexOf((byte)'/');
        return end < 0 ? topic : topic[..end];
    }
}
