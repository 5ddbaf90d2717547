using System.Text.Json.Nodes;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>What a query of a dashboard is for.</summary>
internal enum QueryUse
{
    /// <summary>A panel draws what it answers.</summary>
    Panel,

    /// <summary>Its answer is what a variable can be.</summary>
    Variable,

    /// <summary>Its rows are drawn as lines across all panels.</summary>
    Annotation,
}

/// <summary>A query of a dashboard.</summary>
/// <param name="Where">Whose it is, for people.</param>
/// <param name="Use">What it is for.</param>
/// <param name="InfluxQl">The query with Grafana's variables in it.</param>
/// <param name="Alias">How series are called; empty: as Grafana calls them.</param>
/// <param name="Range">How far back it looks, as <c>24h</c>.</param>
/// <param name="Interval">The shortest time that its <c>$__interval</c> can be.</param>
internal sealed record DashboardQuery(string Where, QueryUse Use, string InfluxQl, string Alias, string Range, string Interval)
{
    /// <summary>By what the answer is grouped: the GROUP BY that stands in no parentheses; empty when there is none.</summary>
    public string OuterGroup()
    {
        var depth = 0;
        for (var at = 0; at < InfluxQl.Length; at++)
        {
            depth += InfluxQl[at] switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth == 0 && InfluxQl.AsSpan(at).StartsWith("GROUP BY", StringComparison.Ordinal))
                return InfluxQl[at..];
        }

        return "";
    }
}

/// <summary>A dashboard in Grafana's file format. Reads what is there: a file with a mistake in it is read as well.</summary>
internal sealed class GrafanaDashboard
{
    private const string Folder = "dashboards/grafana/dashboards";

    /// <summary>What Grafana takes for an interval where a panel names none: that of the data source.</summary>
    private const string ShortestInterval = "10s";

    private GrafanaDashboard(string name, JsonObject json) => (Name, Json) = (name, json);

    public string Name { get; }

    public JsonObject Json { get; }

    public string Uid => Text(Json, "uid");

    /// <summary>Panels and the rows that head them, those inside of rows too.</summary>
    public IEnumerable<JsonObject> Places => List(Json, "panels").SelectMany(panel => List(panel, "panels").Prepend(panel));

    public IEnumerable<JsonObject> Panels => Places.Where(panel => Text(panel, "type") != "row");

    public IEnumerable<JsonObject> Variables => List(Json["templating"], "list");

    public IEnumerable<JsonObject> Annotations => List(Json["annotations"], "list");

    public IEnumerable<DashboardQuery> Queries =>
    [
        .. Variables.Where(variable => Text(variable, "type") == "query")
            .Select(variable => new DashboardQuery($"{Name}: variable {Text(variable, "name")}", QueryUse.Variable, Text(variable, "query"), "", Range(Json), ShortestInterval)),
        .. Annotations.Select(annotation => new DashboardQuery(
            $"{Name}: annotation {Text(annotation, "name")}", QueryUse.Annotation, Text(annotation["target"], "query"), "", Range(Json), ShortestInterval)),
        .. Panels.SelectMany(panel => List(panel, "targets").Select(target => new DashboardQuery(
            $"{Name}: panel {Text(panel, "title")}", QueryUse.Panel, Text(target, "query"), Text(target, "alias"),
            panel["timeFrom"] is null ? Range(Json) : Text(panel, "timeFrom"), panel["interval"] is null ? ShortestInterval : Text(panel, "interval")))),
    ];

    /// <summary>The dashboards of this repository.</summary>
    public static IReadOnlyList<GrafanaDashboard> Shipped() =>
        [.. SourceTree.Files(Folder, "*.json").Select(path => new GrafanaDashboard(Path.GetFileName(path), JsonNode.Parse(File.ReadAllText(path))!.AsObject()))];

    /// <summary>The same dashboard with something changed in it.</summary>
    public GrafanaDashboard With(Action<JsonObject> change)
    {
        var copy = Json.DeepClone().AsObject();
        change(copy);
        return new GrafanaDashboard(Name, copy);
    }

    /// <summary>A text member; empty when there is none.</summary>
    public static string Text(JsonNode? parent, string member) =>
        parent is JsonObject found && found[member] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary>The objects of a list; none when there is no list.</summary>
    public static IEnumerable<JsonObject> List(JsonNode? parent, string member) =>
        parent is JsonObject found && found[member] is JsonArray items ? items.OfType<JsonObject>() : [];

    /// <summary>Every text in it, at any depth, with the name of its member.</summary>
    public static IEnumerable<(string Member, string Text)> Texts(JsonNode? node, string member = "") => node switch
    {
        JsonObject found => found.SelectMany(pair => Texts(pair.Value, pair.Key)),
        JsonArray items => items.SelectMany(item => Texts(item, member)),
        JsonValue value when value.TryGetValue<string>(out var text) => [(member, text)],
        _ => [],
    };

    private static string Range(JsonObject json) => Text(json["time"], "from").Replace("now-", "", StringComparison.Ordinal);
}
