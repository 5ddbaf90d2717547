namespace FacilityMonitor.Configuration;

/// <summary>Which topic filters may be subscribed for foreign devices.</summary>
internal static class TopicFilters
{
    private static readonly string[] OwnTopics = ["fm/1/site/device/data", "fm/1/state/host"];

    /// <summary>Null when it may stand. One that also matches <c>fm/1</c> would bring every message of ours twice.</summary>
    public static Refusal? Refuse(string filter)
    {
        var levels = filter.Split('/');
        for (var index = 0; index < levels.Length; index++)
        {
            if ((levels[index].Contains('#', StringComparison.Ordinal) && (levels[index] != "#" || index < levels.Length - 1))
                || (levels[index].Contains('+', StringComparison.Ordinal) && levels[index] != "+"))
                return new($"'{filter}' 不是主题过滤器；'+' 占满一级，'#' 只能是最后一级", $"'{filter}' is no topic filter; '+' stands for one whole level and '#' for the last");
        }

        return levels[0] == "fm" || OwnTopics.Any(topic => Matches(levels, topic.Split('/')))
            ? new($"'{filter}' 也会收到 fm/1，读数会重复；请写得窄一些", $"'{filter}' also takes fm/1 and would bring its messages twice; make it narrower")
            : null;
    }

    /// <summary>The filters without those that another one takes anyway: a broker may deliver a message once for each filter that fits.</summary>
    public static IReadOnlyList<string> WithoutCovered(IReadOnlyList<string> filters)
    {
        var distinct = filters.Distinct(StringComparer.Ordinal).ToList();
        return [.. distinct.Where(filter => !distinct.Exists(other => other != filter && Covers(other.Split('/'), filter.Split('/'))))];
    }

    /// <summary>Whether one takes every topic that the other takes.</summary>
    private static bool Covers(string[] wide, string[] narrow)
    {
        for (var index = 0; index < wide.Length; index++)
        {
            if (wide[index] == "#")
                return index <= narrow.Length;
            if (index >= narrow.Length || narrow[index] == "#" || (wide[index] != "+" && wide[index] != narrow[index]))
                return false;
        }

        return wide.Length == narrow.Length;
    }

    private static bool Matches(string[] filter, string[] topic)
    {
        for (var index = 0; index < filter.Length; index++)
        {
            if (filter[index] == "#")
                return true;
            if (index >= topic.Length || (filter[index] != "+" && filter[index] != topic[index]))
                return false;
        }

        return filter.Length == topic.Length;
    }
}
