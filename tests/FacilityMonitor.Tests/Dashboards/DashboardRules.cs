using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Conventions;
using static FacilityMonitor.Tests.Dashboards.GrafanaDashboard;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>
/// What we ask of a dashboard beyond Grafana's types: that a property manager can read it, that it works with the InfluxDB, the site and the address
/// of whoever installs it, and that InfluxDB 1.x, 2.x and 3.x answer its queries.
/// </summary>
internal static partial class DashboardRules
{
    /// <summary>Columns of Grafana's grid.</summary>
    private const int Columns = 24;

    /// <summary>The longest uid that Grafana takes.</summary>
    private const int UidMax = 40;

    private const int RefreshMinSeconds = 10;

    /// <summary>Through this the data source is chosen, so that nobody edits uids.</summary>
    private const string Source = "${datasource}";

    /// <summary>Part of Grafana itself in every version from 9 on.</summary>
    private static readonly string[] PanelTypes = ["bargauge", "row", "stat", "state-timeline", "table", "timeseries"];

    /// <summary>Variables that Grafana gives, and the word for all of a variable's values.</summary>
    private static readonly string[] GivenVariables = ["timeFilter", "__interval", "__from", "__to", "__field", "__data", "__all"];

    private static readonly string[] ReadingTags = ["site", "device", "channel"];

    private static readonly string[] ReadingFields = [.. Enum.GetValues<Metric>().Select(metric => metric.Key()), "quality", "ce", "st"];

    private static readonly string[] AlertColumns = ["rule", "site", "asset", "id", "state", "priority", "text_zh", "text_en", "start", "end"];

    private static readonly string[] Kinds = [.. Enum.GetValues<DeviceKind>().Select(kind => LineProtocol.Measurement(kind)), LineProtocol.UnknownMeasurement];

    /// <summary>Metrics for which a value is known where somebody has to look: their panels say which.</summary>
    private static readonly string[] LimitedMetrics = ["tc", "motor_tc", "smoke_dbm", "h2_ppm", "co_ppm", "water_cm", "ra_ma", "batt", "soc", "rssi"];

    /// <summary>What InfluxDB 1.x, 2.x and 3.x all have of InfluxQL's functions, as far as we use it.</summary>
    private static readonly string[] Functions = ["count", "sum", "mean", "median", "min", "max", "first", "last", "percentile", "difference", "non_negative_difference", "time", "fill"];

    private static readonly string[] Colours = ["text", "green", "blue", "yellow", "orange", "red", "dark-red"];

    private static readonly string[] OurAnchors = FindAnchors();

    private static readonly string[] OurPages = FindPages();

    /// <summary>Everything that is wrong with one of the dashboards, one line each.</summary>
    public static IReadOnlyList<string> Faults(GrafanaDashboard dashboard, IReadOnlyList<GrafanaDashboard> all) =>
    [
        .. Head(dashboard).Concat(Grid(dashboard)).Concat(dashboard.Panels.SelectMany(Panel)).Concat(dashboard.Variables.SelectMany(Variable))
            .Concat(dashboard.Queries.SelectMany(Query)).Concat(References(dashboard)).Concat(Sources(dashboard)).Concat(Links(dashboard, all))
            .Select(fault => $"{dashboard.Name}: {fault}"),
    ];

    private static IEnumerable<string> Head(GrafanaDashboard dashboard)
    {
        if (!Uid().IsMatch(dashboard.Uid) || dashboard.Uid.Length > UidMax)
            yield return $"uid '{dashboard.Uid}' is not 'fm-…' of at most {UidMax} small letters, digits and dashes";
        foreach (var fault in Titles(dashboard.Json, "the dashboard"))
            yield return fault;
        foreach (var (_, interval) in Texts(dashboard.Json["timepicker"]?["refresh_intervals"]).Append(("refresh", Text(dashboard.Json, "refresh"))))
        {
            if (Seconds(interval) is not >= RefreshMinSeconds)
                yield return $"refresh '{interval}' is not a time of at least {RefreshMinSeconds} s";
        }
    }

    private static IEnumerable<string> Grid(GrafanaDashboard dashboard)
    {
        var ids = new HashSet<int>();
        var taken = new Dictionary<(int X, int Y), string>();
        foreach (var place in dashboard.Places)
        {
            var title = Text(place, "title");
            if (!ids.Add(Number(place, "id")) || Number(place, "id") <= 0)
                yield return $"panel '{title}': id {Number(place, "id")} is not positive, or not its own";
            var (x, y, width, height) = (Number(place["gridPos"], "x"), Number(place["gridPos"], "y"), Number(place["gridPos"], "w"), Number(place["gridPos"], "h"));
            if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > Columns)
            {
                yield return $"panel '{title}': not within the grid of {Columns} columns";
                continue;
            }

            var others = Enumerable.Range(x, width).SelectMany(column => Enumerable.Range(y, height).Select(row => (column, row)))
                .Select(cell => taken.TryAdd(cell, title) ? null : taken[cell]).OfType<string>().Distinct();
            foreach (var other in others)
                yield return $"panel '{title}': overlaps '{other}'";
        }
    }

    private static IEnumerable<string> Panel(JsonObject panel)
    {
        var title = Text(panel, "title");
        var type = Text(panel, "type");
        if (!PanelTypes.Contains(type))
            yield return $"panel '{title}': type '{type}' is not one of {string.Join(", ", PanelTypes)}";
        foreach (var fault in Titles(panel, $"panel '{title}'"))
            yield return fault;

        var defaults = panel["fieldConfig"]?["defaults"];
        if (Text(defaults, "unit").Length == 0)
            yield return $"panel '{title}': no unit";
        var steps = List(defaults?["thresholds"], "steps").ToArray();
        var drawn = List(panel, "targets").SelectMany(target => Identifiers(Text(target, "query"))).Intersect(LimitedMetrics).ToArray();
        if (type is "timeseries" or "stat" or "bargauge" && drawn.Length > 0 && steps.Length < 2)
            yield return $"panel '{title}': no threshold, though it draws {string.Join(", ", drawn)}";
        foreach (var colour in Texts(panel["fieldConfig"]).Where(text => text.Member == "color").Select(text => text.Text).Except(Colours))
            yield return $"panel '{title}': colour '{colour}' is not one of {string.Join(", ", Colours)}";
        if (!List(panel, "targets").Any())
            yield return $"panel '{title}': no query";
        var references = List(panel, "targets").Select(target => Text(target, "refId")).ToArray();
        if (references.Distinct().Count() != references.Length)
            yield return $"panel '{title}': two queries of one refId";
    }

    private static IEnumerable<string> Variable(JsonObject variable)
    {
        var name = Text(variable, "name");
        if (!Chinese().IsMatch(Text(variable, "label")))
            yield return $"variable '{name}': label is not Chinese";
        if (!IsEnglish(Text(variable, "description")))
            yield return $"variable '{name}': description is not English";
    }

    private static IEnumerable<string> Query(DashboardQuery query)
    {
        var bare = Bare(query.InfluxQl);
        var selects = Select().Count(bare);
        if (query.Use != QueryUse.Variable && (selects == 0 || selects != TimeFilter().Count(bare)))
            yield return $"{query.Where}: a SELECT without $timeFilter reads all there is";
        // Grafana fills it in once only in an annotation.
        if (query.Use == QueryUse.Annotation && selects > 1)
            yield return $"{query.Where}: an annotation can have one $timeFilter";
        if (GroupByTime().Count(bare) != Fill().Count(bare))
            yield return $"{query.Where}: GROUP BY time() does not say what to fill gaps with";
        foreach (Match function in Function().Matches(bare))
        {
            if (!Functions.Contains(function.Groups[1].Value))
                yield return $"{query.Where}: not all of InfluxDB 1.x, 2.x and 3.x have {function.Groups[1].Value}()";
        }

        foreach (Match word in NotShared().Matches(bare))
            yield return $"{query.Where}: not all of InfluxDB 1.x, 2.x and 3.x have {word.Value}, or it does not read only";
        var measurements = Measurements(query.InfluxQl).ToArray();
        foreach (var measurement in measurements.Except(Kinds).Where(name => name != AlertChanges.Measurement))
            yield return $"{query.Where}: our writer writes no measurement '{measurement}'";
        var known = (measurements.Contains(AlertChanges.Measurement) ? AlertColumns : [.. ReadingTags, .. ReadingFields]).Concat(Named().Matches(query.InfluxQl).Select(match => match.Groups[1].Value)).ToArray();
        foreach (var identifier in Identifiers(query.InfluxQl).Except(known))
            yield return $"{query.Where}: our writer writes no tag or field '{identifier}'";
        var groups = query.OuterGroup();
        foreach (Match tag in AliasTag().Matches(query.Alias))
        {
            if (!groups.Contains($"\"{tag.Groups[1].Value}\"", StringComparison.Ordinal))
                yield return $"{query.Where}: series are named by the tag '{tag.Groups[1].Value}', by which it does not group";
        }
    }

    /// <summary>Variables that nobody declared, and those that nobody uses.</summary>
    private static IEnumerable<string> References(GrafanaDashboard dashboard)
    {
        var declared = dashboard.Variables.Select(variable => Text(variable, "name")).ToArray();
        foreach (var twice in declared.GroupBy(name => name).Where(group => group.Count() > 1))
            yield return $"variable '{twice.Key}' is declared twice";
        // An alias has words of its own: $m is the measurement, $tag_x a tag.
        var used = Texts(dashboard.Json).Where(text => text.Member != "alias").SelectMany(text => Reference().Matches(text.Text).Select(match => match.Groups[1].Value)).Distinct().ToArray();
        foreach (var name in used.Except(declared).Except(GivenVariables))
            yield return $"variable '{name}' is used and not declared";
        foreach (var name in declared.Except(used))
            yield return $"variable '{name}' is declared and not used";
    }

    /// <summary>Data sources and addresses that are somebody's own.</summary>
    private static IEnumerable<string> Sources(GrafanaDashboard dashboard)
    {
        IEnumerable<(string Where, JsonNode Holder)> holders =
        [
            .. dashboard.Panels.Select(panel => ($"panel '{Text(panel, "title")}'", (JsonNode)panel)),
            .. dashboard.Panels.SelectMany(panel => List(panel, "targets").Select(target => ($"query of panel '{Text(panel, "title")}'", (JsonNode)target))),
            .. dashboard.Annotations.Select(annotation => ($"annotation '{Text(annotation, "name")}'", (JsonNode)annotation)),
            .. dashboard.Variables.Where(variable => Text(variable, "type") == "query").Select(variable => ($"variable '{Text(variable, "name")}'", (JsonNode)variable)),
        ];
        foreach (var (where, holder) in holders)
        {
            if (Text(holder["datasource"], "uid") != Source || Text(holder["datasource"], "type") != "influxdb")
                yield return $"{where}: its data source is not the variable {Source}";
        }

        foreach (var (_, text) in dashboard.Json.Where(pair => pair.Key != "templating").SelectMany(pair => Texts(pair.Value)).Where(text => Address().IsMatch(text.Text)))
            yield return $"'{text}' is somebody's own address; use the variable web";
    }

    private static IEnumerable<string> Links(GrafanaDashboard dashboard, IReadOnlyList<GrafanaDashboard> all)
    {
        foreach (var url in Texts(dashboard.Json).Where(text => text.Member == "url").Select(text => text.Text))
        {
            if (url.StartsWith("${web}/", StringComparison.Ordinal))
            {
                var path = url["${web}/".Length..];
                if (path.Length > 0 && !OurAnchors.Contains(path) && !OurPages.Contains(Placed().Replace(path, "{}")))
                    yield return $"link '{url}': our page has no such place";
            }
            else if (BoardLink().Match(url) is { Success: true } match)
            {
                var target = all.FirstOrDefault(one => one.Uid == match.Groups[1].Value);
                if (target is null)
                    yield return $"link '{url}': there is no such dashboard";
                foreach (Match variable in BoardVariable().Matches(url))
                {
                    if (target is not null && !target.Variables.Any(one => Text(one, "name") == variable.Groups[1].Value))
                        yield return $"link '{url}': '{target.Uid}' has no variable '{variable.Groups[1].Value}'";
                }
            }
            else
            {
                yield return $"link '{url}' leads neither to our page nor to a dashboard";
            }
        }

        if (!List(dashboard.Json, "links").Any(link => Text(link, "url").StartsWith("${web}/", StringComparison.Ordinal)))
            yield return "no link to our page, where alerts are handled";
    }

    private static IEnumerable<string> Titles(JsonObject titled, string what)
    {
        if (!Chinese().IsMatch(Text(titled, "title")))
            yield return $"{what}: title is not Chinese";
        if (!IsEnglish(Text(titled, "description")))
            yield return $"{what}: no English description";
    }

    private static bool IsEnglish(string text) => text.Length > 0 && !Chinese().IsMatch(text);

    private static int Number(JsonNode? parent, string member) =>
        parent is JsonObject found && found[member] is JsonValue value && value.TryGetValue<int>(out var number) ? number : -1;

    private static double? Seconds(string interval) => Interval().Match(interval) is { Success: true } match
        ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch { "s" => 1, "m" => 60, "h" => 3600, _ => 86_400 }
        : null;

    /// <summary>Measurements that a query reads: by name, or by a pattern of names.</summary>
    private static IEnumerable<string> Measurements(string influxQl) =>
        From().Matches(influxQl).SelectMany(match => match.Groups[1].Success ? [match.Groups[1].Value] : match.Groups[2].Value.Split('|'));

    private static IEnumerable<string> Identifiers(string influxQl) => Identifier().Matches(NameOfOther().Replace(Literal().Replace(influxQl, ""), "")).Select(match => match.Groups[1].Value);

    /// <summary>Without what is quoted: a word in there is no keyword.</summary>
    private static string Bare(string influxQl) => Identifier().Replace(Literal().Replace(influxQl, ""), "");

    /// <summary>Places on our page that an address can name, as the page's own source has them.</summary>
    private static string[] FindAnchors()
    {
        string[] scripts = ["dashboards/web/live.js", "dashboards/web/health/health.js"];
        return [.. scripts.SelectMany(script => Anchor().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, script)))).Select(match => "#" + match.Groups[1].Value)];
    }

    /// <summary>Pages of ours, as they say themselves: <c>site/{}</c>.</summary>
    private static string[] FindPages() =>
        [.. SourceTree.Files("src/FacilityMonitor/Web/Pages", "*.cshtml").SelectMany(file => Page().Matches(File.ReadAllText(file))).Select(match => Placed().Replace(match.Groups[1].Value, "{}"))];

    [GeneratedRegex("^@page \"/([^\"]*)\"")]
    private static partial Regex Page();

    [GeneratedRegex(@"\$?\{[^}]*\}")]
    private static partial Regex Placed();

    [GeneratedRegex("^fm-[a-z0-9-]+$")]
    private static partial Regex Uid();

    [GeneratedRegex(@"[\u4e00-\u9fff]")]
    private static partial Regex Chinese();

    [GeneratedRegex("^([0-9]+)(s|m|h|d)$")]
    private static partial Regex Interval();

    [GeneratedRegex(@"\bSELECT\b", RegexOptions.IgnoreCase)]
    private static partial Regex Select();

    [GeneratedRegex(@"\$timeFilter\b")]
    private static partial Regex TimeFilter();

    [GeneratedRegex(@"GROUP BY[^()]*time\(", RegexOptions.IgnoreCase)]
    private static partial Regex GroupByTime();

    [GeneratedRegex(@"\bfill\(")]
    private static partial Regex Fill();

    [GeneratedRegex(@"\b([A-Za-z_]+)\(")]
    private static partial Regex Function();

    [GeneratedRegex(@"\b(SLIMIT|SOFFSET|INTO|DELETE|DROP|CREATE|ALTER|SHOW SERIES|SHOW DATABASES|now\(\))", RegexOptions.IgnoreCase)]
    private static partial Regex NotShared();

    [GeneratedRegex("""\bFROM\s+(?:"([^"]+)"|/\^\(?([^)$]+)\)?\$/)""")]
    private static partial Regex From();

    [GeneratedRegex(@"\b(?:FROM|AS)\s+""[^""]+""")]
    private static partial Regex NameOfOther();

    [GeneratedRegex(@"\bAS\s+""([^""]+)""")]
    private static partial Regex Named();

    [GeneratedRegex("""'(?:[^'\\]|\\.)*'|/(?:[^/\\\s]|\\.)+/""")]
    private static partial Regex Literal();

    [GeneratedRegex(@"""([^""]+)""")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\$tag_([a-z]+)")]
    private static partial Regex AliasTag();

    [GeneratedRegex(@"\$\{?([A-Za-z_]+)")]
    private static partial Regex Reference();

    [GeneratedRegex("https?://")]
    private static partial Regex Address();

    [GeneratedRegex(@"^/d/([a-z0-9-]+)\?")]
    private static partial Regex BoardLink();

    [GeneratedRegex("[?&]var-([a-z]+)=")]
    private static partial Regex BoardVariable();

    [GeneratedRegex("""\sid=(?:"|\$\{`)([a-z-]+?)(?:"|\$)""")]
    private static partial Regex Anchor();
}
