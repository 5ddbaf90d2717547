using System.Text.RegularExpressions;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Conventions;

namespace FacilityMonitor.Tests.Contract;

/// <summary>What the page for installers says is what the code does.</summary>
public sealed partial class MappingPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SourceTree.Root, "src/FacilityMonitor.Core/Contract/mapping.md"));

    [Fact]
    public void The_example_of_the_page_is_a_mapping()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), "sites: []\n" + Yaml().Match(Page).Groups[1].Value);

        var loaded = FacilityLoader.Load(folder.Path);

        Assert.Empty(loaded.Errors);
        var mapping = Assert.Single(loaded.Facility!.Mappings);
        var decoder = new MessageDecoder(new DeviceTable());
        var message = new DeviceMessage();
        decoder.Use(new JsonMappings([mapping]));
        var outcome = decoder.Decode(
            "acme/pile-1/report"u8,
            """{"cmd":88,"ts":1767225600,"volt":2281,"temp":-128,"ports":[{"no":3,"p":132.5,"kwh":"0.5","order":"A1","st":1,"on":"开"}]}"""u8, false, 1_767_225_605_000, message);
        Assert.Null(outcome.Detail);
        Assert.Equal((ChannelId.Socket(3), "charging", 5), (message.Readings.Readings[0].Channel, message.Readings.Readings[0].State, message.Readings.Readings[0].ValueCount + 1));
    }

    [Fact]
    public void Every_key_of_ThingsBoard_is_on_the_page_and_no_other()
    {
        var written = Row().Matches(Page[Page.IndexOf("| metric 指标", StringComparison.Ordinal)..])
            .SelectMany(row => Code().Matches(row.Groups[3].Value).Select(key => (key.Groups[1].Value, row.Groups[1].Value, row.Groups[2].Value.Length == 0 ? "1" : row.Groups[2].Value))).ToHashSet();
        var known = ThingsBoardDecoder.Known.Where(pair => pair.Key != pair.Metric).Select(pair => (pair.Key, pair.Metric, FormattableString.Invariant($"{pair.Scale}")))
            .Append(("state", "st", "1")).Append(("status", "st", "1")).ToHashSet();

        Assert.Equal(known.Order(), written.Order());
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Yaml();

    [GeneratedRegex(@"^\| `(\w+)`(?: \(× ([\d.]+)\))? \| (.*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
