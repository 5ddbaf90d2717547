using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;
using FacilityMonitor.Tests.Contract;

namespace FacilityMonitor.Tests.Configuration;

public sealed class JsonMappingReaderTests
{
    [Fact]
    public void The_vendor_formats_we_ship_are_read_as_they_lie_in_the_folder()
    {
        var mappings = ShippedMappings.Load().Mappings;

        Assert.Equal(3, ShippedMappings.Files.Count);
        Assert.Equal(["ansheng", "juy-heartbeat", "juy-ports", "x10p"], mappings.Select(mapping => mapping.Id));
        Assert.Equal(["ansheng", "juy", "juy", "x10p"], mappings.Select(mapping => mapping.Vendor));
        var energy = mappings[2].Channels.Single().Fields.Single(field => field.Metric == Metric.Wh);
        Assert.Equal((10m, "$.ports[*].energy"), (energy.Scale, energy.Path.ToString()));
    }

    [Fact]
    public void A_device_of_a_mapping_is_registered_by_vendor_and_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), """
            sites:
              - id: a
                name: { zh: 甲, en: A }
                devices:
                  - { id: p1, kind: pile, name: { zh: 桩, en: Pile }, sockets: 2, foreign: { dialect: mapped, name: v/123 } }
                  - { id: p2, kind: pile, name: { zh: 桩, en: Pile }, sockets: 2, foreign: 'thingsboard:Pile #3' }
            mappings:
              - { id: v, topic: v/+, device-level: 2, fields: [{ path: $.p, metric: w }] }
            """);

        var loaded = FacilityLoader.Load(folder.Path);

        Assert.Empty(loaded.Errors);
        Assert.Equal(["mapped:v/123", "thingsboard:Pile #3"], loaded.Facility!.Sites[0].Devices.Select(device => device.Foreign!.ToString()));
    }

    [Theory]
    [InlineData("a/+/c,a/b/c,x", "a/+/c,x")]
    [InlineData("a/#,a/+/c,a", "a/#")]
    [InlineData("a/+,a/+", "a/+")]
    [InlineData("a/+/c,a/b/+", "a/+/c,a/b/+")]
    [InlineData("a/+,a/#,b/#", "a/#,b/#")]
    public void A_topic_that_another_filter_takes_anyway_is_asked_for_once(string filters, string expected)
    {
        Assert.Equal(expected.Split(','), TopicFilters.WithoutCovered(filters.Split(',')));
    }

    [Theory]
    [InlineData("range: [31, 0]", "w")]
    [InlineData("range: [5, 5]", "w")]
    [InlineData("range: [1]", "w")]
    [InlineData("range: [1, 2, 3]", "w")]
    [InlineData("range: [a, b]", "w")]
    [InlineData("range: 31", "w")]
    [InlineData("range: [0, 1]", "relay")]
    [InlineData("range: [0, 1]", "st")]
    public void A_range_that_is_none_is_named_with_what_to_write(string range, string metric)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), $"sites: []\nmappings:\n  - {{ id: v, topic: v/+, device-level: 2, fields: [{{ path: $.p, metric: {metric}, {range} }}] }}\n");

        var error = Assert.Single(FacilityLoader.Load(folder.Path).Errors);

        Assert.Contains("range", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_mappings_are_taken_and_no_more()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "facility.yaml"), "sites: []\nmappings:\n" + string.Concat(Enumerable.Range(0, JsonMapping.MappingsMax + 1)
            .Select(number => $"  - {{ id: v{number}, topic: v/+, device-level: 2, fields: [{{ path: $.p, metric: w }}] }}\n")));

        var error = Assert.Single(FacilityLoader.Load(folder.Path).Errors);

        Assert.Contains("more than 100 mappings", error.Text.En, StringComparison.Ordinal);
    }
}
