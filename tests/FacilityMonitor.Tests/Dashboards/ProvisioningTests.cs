using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Dashboards;

/// <summary>The files that tell Grafana of our data source and of our dashboards.</summary>
public sealed partial class ProvisioningTests
{
    private const string Folder = "dashboards/grafana/provisioning";

    private static readonly string[] Files = ["influxdb-1.yaml", "influxdb-2.yaml", "influxdb-3.yaml"];

    public static TheoryData<string> Sources => [.. Files];

    [Fact]
    public void There_is_a_data_source_for_each_generation_of_influxdb() =>
        Assert.Equal(Files, SourceTree.Files($"{Folder}/datasources", "*").Select(path => Path.GetFileName(path)));

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_data_source_is_the_one_the_dashboards_choose_first_and_asks_in_influxql(string file)
    {
        var source = Assert.IsType<YamlMapping>(Assert.Single(Assert.IsType<YamlSequence>(Read($"datasources/{file}").Find("datasources")).Items));
        Assert.Equal("influxdb", Text(source, "type"));
        Assert.Equal("proxy", Text(source, "access"));
        Assert.Equal("InfluxQL", Text(source, "jsonData", "version"));
        // A GET cannot write, whatever a query says.
        Assert.Equal("GET", Text(source, "jsonData", "httpMode"));
        Assert.All(GrafanaDashboard.Shipped(), dashboard =>
        {
            var chosen = dashboard.Variables.Single(variable => GrafanaDashboard.Text(variable, "type") == "datasource")["current"];
            Assert.Equal((Text(source, "name"), Text(source, "uid")), (GrafanaDashboard.Text(chosen, "text"), GrafanaDashboard.Text(chosen, "value")));
        });
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void What_is_somebodys_own_comes_from_the_environment(string file)
    {
        var source = Assert.IsType<YamlMapping>(Assert.Single(Assert.IsType<YamlSequence>(Read($"datasources/{file}").Find("datasources")).Items));
        Assert.Equal("$FM_INFLUX_URL", Text(source, "url"));
        Assert.Equal("$FM_INFLUX_DATABASE", Text(source, "jsonData", "dbName"));
        Assert.All(Assert.IsType<YamlMapping>(source.Find("secureJsonData")).Entries, secret => Assert.Matches(FromEnvironment(), ((YamlScalar)secret.Value).Text));
        // What is outside of secureJsonData Grafana shows to everybody who may see the data source.
        Assert.DoesNotMatch(Secret(), string.Join('\n', source.Entries.Where(entry => entry.Key.Text != "secureJsonData").SelectMany(entry => Scalars(entry.Value))));
    }

    [Theory]
    [InlineData("influxdb-1.yaml", "password", "$FM_INFLUX_PASSWORD")]
    [InlineData("influxdb-2.yaml", "httpHeaderValue1", "Token $FM_INFLUX_TOKEN")]
    [InlineData("influxdb-3.yaml", "httpHeaderValue1", "Bearer $FM_INFLUX_TOKEN")]
    public void Each_generation_is_spoken_to_by_its_own_credentials(string file, string member, string value)
    {
        var source = Assert.IsType<YamlMapping>(Assert.Single(Assert.IsType<YamlSequence>(Read($"datasources/{file}").Find("datasources")).Items));
        Assert.Equal(value, Text(source, "secureJsonData", member));
        Assert.Equal(file == "influxdb-1.yaml" ? null : "Authorization", Text(source, "jsonData", "httpHeaderName1"));
    }

    [Fact]
    public void The_dashboards_are_read_from_a_folder_of_the_installers_choice()
    {
        var provider = Assert.IsType<YamlMapping>(Assert.Single(Assert.IsType<YamlSequence>(Read("dashboards/facilitymonitor.yaml").Find("providers")).Items));
        Assert.Equal("file", Text(provider, "type"));
        Assert.Equal("$FM_GRAFANA_DASHBOARDS", Text(provider, "options", "path"));
    }

    private static YamlMapping Read(string file)
    {
        var problems = new Problems();
        var read = YamlText.Read(File.ReadAllBytes(Path.Combine(SourceTree.Root, Folder, file)), file, problems);
        var mapping = Assert.IsType<YamlMapping>(read);
        Assert.Equal("1", Text(mapping, "apiVersion"));
        return mapping;
    }

    private static string? Text(YamlMapping mapping, params ReadOnlySpan<string> path)
    {
        YamlElement? found = mapping;
        foreach (var key in path)
            found = (found as YamlMapping)?.Find(key);
        return (found as YamlScalar)?.Text;
    }

    private static IEnumerable<string> Scalars(YamlElement element) => element switch
    {
        YamlMapping mapping => mapping.Entries.SelectMany(entry => Scalars(entry.Value)),
        YamlSequence sequence => sequence.Items.SelectMany(Scalars),
        _ => [((YamlScalar)element).Text],
    };

    [GeneratedRegex("^(Token |Bearer )?\\$FM_[A-Z_]+$")]
    private static partial Regex FromEnvironment();

    [GeneratedRegex("TOKEN|PASSWORD|Token |Bearer ")]
    private static partial Regex Secret();
}
