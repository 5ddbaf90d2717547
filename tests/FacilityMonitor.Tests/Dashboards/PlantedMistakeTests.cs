using System.Text.Json.Nodes;
using static FacilityMonitor.Tests.Dashboards.GrafanaDashboard;
using static FacilityMonitor.Tests.Dashboards.Planting;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The checks themselves, checked: each mistake that somebody could make is planted in a dashboard that is well, and must be found.</summary>
public sealed class PlantedMistakeTests
{
    private static readonly Dictionary<string, Action<JsonObject>> OfType = new()
    {
        ["a misspelt member of the dashboard"] = json => Rename(json, "timezone", "timezome"),
        ["a misspelt member of a panel"] = json => Rename(Panel(json, Lines), "description", "descripton"),
        ["a misspelt option of a panel"] = json => Rename(Member(Panel(json, Lines), "options", "tooltip"), "mode", "modus"),
        ["a misspelt option of the panel beside it"] = json => Rename(Member(Panel(json, Table), "options"), "cellHeight", "cellHight"),
        ["an option of another kind of panel"] = json => Member(Panel(json, Table), "options")["graphMode"] = "none",
        ["a value that the option does not have"] = json => Member(Panel(json, Lines), "options", "tooltip")["mode"] = "several",
        ["a panel without a height"] = json => Member(Panel(json, Lines), "gridPos").Remove("h"),
        ["a dashboard without the version of its form"] = json => json.Remove("schemaVersion"),
        ["target for targets"] = json => Rename(Panel(json, Lines), "targets", "target"),
        ["a number in quotes"] = json => Member(Panel(json, Lines), "gridPos")["w"] = "12",
        ["a unit that Grafana does not know"] = json => Defaults(json, Lines)["unit"] = "wat",
        ["a unit of a column that Grafana does not know"] = json => List(Panel(json, Table)["fieldConfig"], "overrides").First()["properties"]![1]!["value"] = "dateTimeAsIos",
        ["a style of drawing that there is not"] = json => Member(Defaults(json, Lines), "custom")["drawStyle"] = "lines",
        ["a misspelt member of a query"] = json => Rename(Query(json, Lines), "resultFormat", "resultFromat"),
        ["a variable of a type that there is not"] = json => Variable(json, "web")["type"] = "text",
    };

    private static readonly Dictionary<string, (Action<JsonObject> Plant, string Found)> OfRule = new()
    {
        ["two panels of one id"] = (json => Panel(json, Lines)["id"] = 2, "not its own"),
        ["panels on top of each other"] = (json => Member(Panel(json, Lines), "gridPos")["y"] = 3, "overlaps"),
        ["a panel beside the grid"] = (json => Member(Panel(json, Lines), "gridPos")["x"] = 13, "not within the grid"),
        ["a kind of panel that not every Grafana has"] = (json => Panel(json, Lines)["type"] = "graph", "type 'graph'"),
        ["no unit"] = (json => Defaults(json, Lines).Remove("unit"), "no unit"),
        ["no limit where one is known"] = (json => Defaults(json, "温度").Remove("thresholds"), "no threshold"),
        ["a colour of its own"] = (json => Defaults(json, "温度")["thresholds"]!["steps"]![1]!["color"] = "#ff0000", "colour '#ff0000'"),
        ["a title that is not Chinese"] = (json => Panel(json, Lines)["title"] = "Power", "title is not Chinese"),
        ["a panel without a description"] = (json => Panel(json, Lines).Remove("description"), "no English description"),
        ["a description in Chinese"] = (json => json["description"] = "一个小区", "no English description"),
        ["a variable without a Chinese name"] = (json => Variable(json, "site")["label"] = "Site", "label is not Chinese"),
        ["a variable that nobody declared"] = (json => Ask(json, Lines, "${site:regex}", "${sites:regex}"), "'sites' is used and not declared"),
        ["a variable that nobody uses"] = (json => Add(json, "building"), "'building' is declared and not used"),
        ["a variable declared twice"] = (json => Add(json, "site"), "'site' is declared twice"),
        ["somebody's own data source in a panel"] = (json => Panel(json, Lines)["datasource"]!["uid"] = "P951FEA4DE68E13C5", "data source is not the variable"),
        ["somebody's own data source in a query"] = (json => Query(json, Lines)["datasource"]!["uid"] = "P951FEA4DE68E13C5", "data source is not the variable"),
        ["somebody's own data source in a variable"] = (json => Variable(json, "site")["datasource"]!["uid"] = "P951FEA4DE68E13C5", "data source is not the variable"),
        ["somebody's own data source in an annotation"] = (json => List(json["annotations"], "list").First()["datasource"]!["uid"] = "P951FEA4DE68E13C5", "data source is not the variable"),
        ["somebody's own address"] = (json => List(json, "links").First()["url"] = "http://10.0.0.7:8080/", "somebody's own address"),
        ["a refresh every 9 s"] = (json => json["refresh"] = "9s", "refresh '9s'"),
        ["a refresh every 5 s to choose"] = (json => json["timepicker"]!["refresh_intervals"] = new JsonArray("5s"), "refresh '5s'"),
        ["no refresh"] = (json => json["refresh"] = "", "refresh ''"),
        ["a uid that is too long"] = (json => json["uid"] = "fm-" + new string('x', 38), "is not 'fm-…'"),
        ["a query over all time"] = (json => Ask(json, "温度", "$timeFilter AND ", ""), "without $timeFilter"),
        ["an inner query over all time"] = (json => Ask(json, Lines, "WHERE $timeFilter AND ", "WHERE "), "without $timeFilter"),
        ["gaps that are filled as the server likes"] = (json => Ask(json, "温度", " fill(null)", ""), "what to fill gaps with"),
        ["a function that InfluxDB 3 does not have"] = (json => Ask(json, "温度", "max(", "integral("), "have integral()"),
        ["a clause that InfluxDB 3 does not have"] = (json => Ask(json, "温度", " fill(null)", " fill(null) SLIMIT 5"), "have SLIMIT"),
        ["a query that writes"] = (json => Ask(json, "温度", " FROM ", " INTO \"copy\" FROM "), "have INTO"),
        ["a measurement that our writer does not write"] = (json => Ask(json, "温度", "\"shed\"", "\"sheds\""), "no measurement 'sheds'"),
        ["a measurement among others that our writer does not write"] = (json => Ask(json, Lines, "|plug)", "|plugs)"), "no measurement 'plugs'"),
        ["a field that our writer does not write"] = (json => Ask(json, "温度", "\"tc\"", "\"temp\""), "no tag or field 'temp'"),
        ["a tag that our writer does not write"] = (json => Ask(json, "温度", "\"device\"", "\"devices\""), "no tag or field 'devices'"),
        ["series named by a tag they are not grouped by"] = (json => Query(json, "温度")["alias"] = "$tag_channel", "does not group"),
        ["two queries of one name in a panel"] = (json => List(Panel(json, "氢气与一氧化碳"), "targets").Last()["refId"] = "A", "two queries of one refId"),
        ["a link to a place our page does not have"] = (json => List(json, "links").First()["url"] = "${web}/#sites", "no such place"),
        ["a link to a site that names none"] = (json => List(json, "links").First()["url"] = "${web}/site", "no such place"),
        ["a link to a page we do not have"] = (json => List(json, "links").First()["url"] = "${web}/no-such-page", "no such place"),
        ["a link to a dashboard we do not have"] = (json => Link(json, Lines)["url"] = "/d/fm-socket?var-site=a", "no such dashboard"),
        ["a link with a variable the other dashboard does not have"] = (json => Link(json, Lines)["url"] = "/d/fm-device?var-socket=a", "no variable 'socket'"),
        ["a link to somewhere else"] = (json => Link(json, Lines)["url"] = "/explore", "neither to our page nor"),
        ["no way to our page"] = (json => json["links"] = new JsonArray(), "no link to our page"),
    };

    public static TheoryData<string> RuleMistakes => [.. OfRule.Keys];

    [RealServerFact("node", PublishedTypes.Installed)]
    public async Task The_published_types_find_every_mistake_of_form()
    {
        var found = await PublishedTypes.FaultsAsync([Site, .. OfType.Values.Select(Site.With)]);
        Assert.Empty(found[0]);
        Assert.Equal([], OfType.Keys.Zip(found.Skip(1)).Where(mistake => mistake.Second.Count == 0).Select(mistake => mistake.First));
    }

    [Theory]
    [MemberData(nameof(RuleMistakes))]
    public void Our_rules_find(string mistake)
    {
        var (plant, found) = OfRule[mistake];
        Assert.Contains(DashboardRules.Faults(Site.With(plant), Shipped()), fault => fault.Contains(found, StringComparison.Ordinal));
    }
}
