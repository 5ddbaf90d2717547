using System.Text.Json.Nodes;

namespace FacilityMonitor.Accounts;

/// <summary>What a rule of the broker is about.</summary>
internal enum AccessKind : byte
{
    /// <summary>The client publishes.</summary>
    Send,

    /// <summary>The broker hands a message to the client. Checked apart from subscribing: a session taken over brings subscriptions that were somebody else's.</summary>
    Receive,

    /// <summary>The client subscribes.</summary>
    Subscribe,
}

/// <summary>One line of a role in Mosquitto's dynamic security plugin. What no line allows is denied.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Topic">Topic filter. The plugin knows no placeholders such as <c>%u</c>, so every device has lines of its own.</param>
/// <param name="Allow">False: denied, before any line that allows it.</param>
internal sealed record AccessRule(AccessKind Kind, string Topic, bool Allow = true)
{
    /// <summary>The plugin takes the first line that fits, highest priority first.</summary>
    public int Priority => Allow ? 0 : 1;

    /// <summary>The kind in the plugin's words.</summary>
    public string Word => Kind switch
    {
        AccessKind.Send => "publishClientSend",
        AccessKind.Receive => "publishClientReceive",
        AccessKind.Subscribe => "subscribePattern",
    };

    /// <summary>The line as the plugin's file and its commands spell it.</summary>
    public JsonObject ToJson() => new() { ["acltype"] = Word, ["topic"] = Topic, ["priority"] = Priority, ["allow"] = Allow };

    /// <summary>The same list as JSON.</summary>
    public static JsonArray ToJson(IEnumerable<AccessRule> rules) => [.. rules.Select(rule => rule.ToJson())];

    /// <summary>Rules of one kind for several topics.</summary>
    public static IEnumerable<AccessRule> Each(AccessKind kind, params IEnumerable<string> topics) => topics.Select(topic => new AccessRule(kind, topic));

    /// <summary>Rules to hear these topics: to subscribe to them and to be handed what comes.</summary>
    public static IEnumerable<AccessRule> Hear(params IEnumerable<string> topics) => topics.SelectMany(topic => Each(AccessKind.Subscribe, topic).Concat(Each(AccessKind.Receive, topic)));
}
