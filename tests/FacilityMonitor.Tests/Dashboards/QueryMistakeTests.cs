using System.Text.Json.Nodes;
using FacilityMonitor.Tests.Influx;
using static FacilityMonitor.Tests.Dashboards.GrafanaDashboard;
using static FacilityMonitor.Tests.Dashboards.Planting;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The execution of queries, checked: mistakes that InfluxDB itself does not complain of must be found by what it answers.</summary>
public sealed class QueryMistakeTests
{
    private static readonly Dictionary<string, (Action<JsonObject> Plant, string Found)> OfQuery = new()
    {
        ["a bracket that is not closed"] = (json => Ask(json, "温度", "max(\"tc\")", "max(\"tc\""), "error parsing query"),
        ["a function that there is not"] = (json => Ask(json, "温度", "max(", "maximum("), "undefined function"),
        ["a misspelt measurement"] = (json => Ask(json, "温度", "\"shed\"", "\"sheds\""), "answers with nothing"),
        ["a misspelt field"] = (json => Ask(json, "温度", "\"tc\"", "\"temp\""), "answers with nothing"),
        ["a misspelt field among others"] = (json => Ask(json, Table, "\"priority\"", "\"prio\""), "column prio is empty"),
        ["a misspelt tag among the columns"] = (json => Ask(json, Table, "\"rule\"::tag", "\"rules\"::tag"), "column rules is empty"),
        ["a misspelt tag to filter by"] = (json => Ask(json, "温度", "\"site\" =~", "\"sites\" =~"), "answers with nothing"),
        ["a misspelt tag to group by"] = (json => Ask(json, "温度", "\"device\"", "\"devices\""), "no series has the tag devices"),
        ["a misspelt tag to group by around another query"] = (json => Ask(json, "各桩在用充电口", "\"site\", \"device\" fill(null)", "\"site\", \"pile\" fill(null)"), "no series has the tag pile"),
        ["a misspelt field of an annotation"] = (json => List(json["annotations"], "list").First()["target"]!["query"] = "SELECT \"texts\" FROM \"alert\" WHERE $timeFilter AND \"site\" =~ /^${site:regex}$/", "answers with nothing"),
        ["a variable without values"] = (json => Variable(json, "site")["query"] = "SHOW TAG VALUES WITH KEY = \"sites\"", "nothing to choose from"),
        ["a variable that the server does not understand"] = (json => Variable(json, "site")["query"] = "SHOW TAGS VALUES WITH KEY = \"site\"", "error parsing query"),
    };

    [RealServerFact(InfluxServer.Influxd)]
    public async Task A_real_influxdb_finds_every_mistake_of_a_query()
    {
        await using var server = await InfluxServer.StartAsync(InfluxServer.Influxd);
        await DashboardQueryTests.FillAsync(server);
        foreach (var (mistake, (plant, found)) in OfQuery)
        {
            var faults = await DashboardExecution.FaultsAsync(Site.With(plant), server);
            Assert.True(faults.Any(fault => fault.Contains(found, StringComparison.Ordinal)), $"{mistake}: {string.Join('\n', faults)}");
        }
    }
}
