using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FacilityMonitor.Tests.Influx;
using static FacilityMonitor.Tests.Dashboards.GrafanaDashboard;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>
/// The queries of a dashboard as a real InfluxDB answers them, with Grafana's variables filled in. InfluxDB takes a misspelt field or tag for one that
/// was never written and answers with nothing, or with a tag that is empty: so each query must answer with values, and with the tags it groups by.
/// </summary>
internal static partial class DashboardExecution
{
    /// <summary>Everything that is wrong with the answers, one line each.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(GrafanaDashboard dashboard, InfluxServer server)
    {
        var faults = new List<string>();
        var choices = await ChoicesAsync(dashboard, server, faults);
        var all = dashboard.Variables.Where(variable => Text(variable, "allValue").Length > 0).ToDictionary(variable => Text(variable, "name"), variable => Text(variable, "allValue"));
        foreach (var query in dashboard.Queries.Where(query => query.Use != QueryUse.Variable))
        {
            // With All chosen a misspelt tag is not missed, so each query is asked for one thing as well.
            var fault = await FaultAsync(query, choices, server)
                ?? await FaultAsync(query, choices.Select(choice => choice.ToDictionary(pair => pair.Key, pair => all.GetValueOrDefault(pair.Key, pair.Value))), server);
            if (fault is not null)
                faults.Add($"{query.Where}: {fault}: {query.InfluxQl}");
        }

        return faults;
    }

    /// <summary>What somebody can choose: each value of the first variable, with it each of the next, and so on.</summary>
    private static async Task<IReadOnlyList<Dictionary<string, string>>> ChoicesAsync(GrafanaDashboard dashboard, InfluxServer server, List<string> faults)
    {
        List<Dictionary<string, string>> choices = [[]];
        foreach (var variable in dashboard.Variables.Where(variable => Text(variable, "type") == "query"))
        {
            var name = Text(variable, "name");
            var next = new List<Dictionary<string, string>>();
            foreach (var choice in choices)
            {
                try
                {
                    var answer = await server.QueryAsync(Fill(Text(variable, "query"), "24h", "1m", choice));
                    next.AddRange(Series(answer).SelectMany(one => one.GetProperty("values").EnumerateArray()).Select(row => row[1].GetString()!).Distinct()
                        .Select(value => new Dictionary<string, string>(choice) { [name] = Regex.Escape(value) }));
                }
                catch (InvalidOperationException error)
                {
                    faults.Add($"{dashboard.Name}: variable {name}: {error.Message}");
                    return [];
                }
            }

            if (next.Count == 0)
                faults.Add($"{dashboard.Name}: variable {name}: nothing to choose from: {Text(variable, "query")}");
            choices = next;
        }

        return choices;
    }

    /// <summary>Null when there is a choice with which it answers as it should: not every device measures everything.</summary>
    private static async Task<string?> FaultAsync(DashboardQuery query, IEnumerable<Dictionary<string, string>> choices, InfluxServer server)
    {
        var faults = new HashSet<string>();
        foreach (var choice in choices.DistinctBy(choice => Fill(query.InfluxQl, query.Range, query.Interval, choice)))
        {
            if (await FaultAsync(query, choice, server) is not { } found)
                return null;
            faults.Add(found);
        }

        return faults.Count > 0 ? string.Join("; ", faults) : "no variable has a value";
    }

    private static async Task<string?> FaultAsync(DashboardQuery query, Dictionary<string, string> choice, InfluxServer server)
    {
        JsonElement[] series;
        try
        {
            series = Series(await server.QueryAsync(Fill(query.InfluxQl, query.Range, query.Interval, choice)));
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }

        if (series.Length == 0)
            return "answers with nothing";
        var columns = series.SelectMany(one => one.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)).Distinct().Except(["time"]);
        foreach (var column in columns)
        {
            if (!series.Any(one => HasValue(one, column)))
                return $"column {column} is empty";
        }

        foreach (Match tag in Tag().Matches(query.OuterGroup()))
        {
            if (!series.Any(one => one.TryGetProperty("tags", out var tags) && tags.TryGetProperty(tag.Groups[1].Value, out var value) && value.GetString()!.Length > 0))
                return $"no series has the tag {tag.Groups[1].Value}";
        }

        return null;
    }

    private static bool HasValue(JsonElement series, string column)
    {
        var index = series.GetProperty("columns").EnumerateArray().Select(one => one.GetString()).ToList().IndexOf(column);
        return index >= 0 && series.GetProperty("values").EnumerateArray().Any(row => row[index].ValueKind is not JsonValueKind.Null && !(row[index].ValueKind == JsonValueKind.String && row[index].GetString()!.Length == 0));
    }

    private static JsonElement[] Series(JsonElement answer) => answer.TryGetProperty("series", out var series) ? [.. series.EnumerateArray()] : [];

    /// <summary>What Grafana does before it asks.</summary>
    private static string Fill(string influxQl, string range, string interval, Dictionary<string, string> choice)
    {
        var now = SimulatedReadings.Now;
        var from = now - Duration(range);
        var filled = influxQl
            .Replace("$timeFilter", string.Create(CultureInfo.InvariantCulture, $"time >= {from.ToUnixTimeMilliseconds()}ms AND time <= {now.ToUnixTimeMilliseconds()}ms"), StringComparison.Ordinal)
            .Replace("$__interval", interval, StringComparison.Ordinal);
        foreach (var (name, value) in choice)
            filled = filled.Replace($"${{{name}:regex}}", value.Replace("/", "\\/", StringComparison.Ordinal), StringComparison.Ordinal);
        return filled;
    }

    private static TimeSpan Duration(string range) => double.Parse(range[..^1], CultureInfo.InvariantCulture) * range[^1] switch
    {
        'd' => TimeSpan.FromDays(1),
        'h' => TimeSpan.FromHours(1),
        'm' => TimeSpan.FromMinutes(1),
        _ => TimeSpan.FromSeconds(1),
    };

    [GeneratedRegex("\"([a-z_]+)\"")]
    private static partial Regex Tag();
}
