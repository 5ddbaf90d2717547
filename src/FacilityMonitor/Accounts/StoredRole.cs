using System.Text.Json.Nodes;

namespace FacilityMonitor.Accounts;

/// <summary>Reads the rules of a role as the plugin has them.</summary>
internal static class StoredRole
{
    /// <summary>The rules of the kinds we give; others are somebody else's and left out.</summary>
    /// <param name="role">The role with its <c>acls</c>; null: none.</param>
    public static IReadOnlyList<AccessRule> RulesOf(JsonNode? role) =>
        role?["acls"] is not JsonArray lines ? [] : [.. lines.OfType<JsonObject>().Select(RuleOf).OfType<AccessRule>()];

    private static AccessRule? RuleOf(JsonObject line)
    {
        AccessKind? kind = line["acltype"]?.ToString() switch
        {
            "publishClientSend" => AccessKind.Send,
            "publishClientReceive" => AccessKind.Receive,
            "subscribePattern" => AccessKind.Subscribe,
            _ => null,
        };
        return kind is { } known && line["topic"]?.ToString() is { } topic ? new AccessRule(known, topic, line["allow"]?.ToString() == "true") : null;
    }
}
