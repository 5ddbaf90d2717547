using System.Text.Json.Nodes;
using static FacilityMonitor.Tests.Dashboards.GrafanaDashboard;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>Where in a dashboard that is well mistakes are planted.</summary>
internal static class Planting
{
    /// <summary>A panel of lines whose query has another inside.</summary>
    public const string Lines = "各桩功率";

    /// <summary>A panel that is a table.</summary>
    public const string Table = "本小区的告警";

    /// <summary>The dashboard.</summary>
    public static GrafanaDashboard Site { get; } = Shipped().Single(dashboard => dashboard.Uid == "fm-site");

    public static JsonObject Panel(JsonObject json, string title) => List(json, "panels").First(panel => Text(panel, "title") == title);

    public static JsonObject Query(JsonObject json, string title) => List(Panel(json, title), "targets").First();

    public static JsonObject Defaults(JsonObject json, string title) => Member(Panel(json, title), "fieldConfig", "defaults");

    public static JsonObject Link(JsonObject json, string title) => List(Defaults(json, title), "links").First();

    public static JsonObject Variable(JsonObject json, string name) => List(json["templating"], "list").First(variable => Text(variable, "name") == name);

    public static JsonObject Member(JsonObject json, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            json = json[name]!.AsObject();
        return json;
    }

    public static void Rename(JsonObject json, string from, string to)
    {
        var value = json[from]!.DeepClone();
        Assert.True(json.Remove(from));
        json[to] = value;
    }

    public static void Add(JsonObject json, string name)
    {
        var variable = Variable(json, "site").DeepClone();
        variable["name"] = name;
        json["templating"]!["list"]!.AsArray().Add(variable);
    }

    public static void Ask(JsonObject json, string title, string from, string to)
    {
        var query = Text(Query(json, title), "query");
        Assert.Contains(from, query, StringComparison.Ordinal);
        Query(json, title)["query"] = query.Replace(from, to, StringComparison.Ordinal);
    }
}
