using FacilityMonitor.Contract;

namespace FacilityMonitor.Tests.Contract;

public sealed class JsonPathTests
{
    [Theory]
    [InlineData("$", "")]
    [InlineData("$.power", "power")]
    [InlineData("$['power']", "power")]
    [InlineData("$[\"a b\"].c", "a b|c")]
    [InlineData("$.ports[*].p", "ports|*|p")]
    [InlineData("$.ports.*.p", "ports|*|p")]
    [InlineData("$.list[0][12].数", "list|0|12|数")]
    [InlineData("$['it\\'s']", "it's")]
    [InlineData("$._a1", "_a1")]
    public void A_path_of_our_part_is_understood(string text, string expected)
    {
        Assert.True(JsonPath.TryParse(text, out var path, out var refusal), refusal?.En);

        Assert.Equal(expected, string.Join('|', path!.Steps.Select(step => step.Kind switch { JsonPathStepKind.Name => step.Name, JsonPathStepKind.Index => $"{step.Index}", _ => "*" })));
        Assert.Equal(text, path.ToString());
    }

    [Theory]
    [InlineData("power", "begins with $")]
    [InlineData("", "begins with $")]
    [InlineData("$..power", "any depth")]
    [InlineData("$.ports[?(@.p>1)]", "filter")]
    [InlineData("$.ports[-1]", "count from the front")]
    [InlineData("$.ports[0:3]", "slice")]
    [InlineData("$.ports[0,1]", "union")]
    [InlineData("$['a','b']", "union")]
    [InlineData("$.ports[*].x[*]", "one list only")]
    [InlineData("$.1st", "['name']")]
    [InlineData("$.", "a name must follow")]
    [InlineData("$.ports[", "']' is missing")]
    [InlineData("$['a", "is missing")]
    [InlineData("$['a\\", "is missing")]
    [InlineData("$.ports[01]", "is not understood")]
    [InlineData("$.ports[99999]", "is not understood")]
    [InlineData("$power", "not understood at character 2")]
    [InlineData("$.a.b.c.d.e.f.g.h.i.j.k.l.m", "13 steps")]
    public void The_rest_is_refused_with_what_to_write_instead(string text, string expected)
    {
        Assert.False(JsonPath.TryParse(text, out _, out var refusal));

        Assert.Contains(expected, refusal!.En, StringComparison.Ordinal);
        Assert.Matches(@"\p{IsCJKUnifiedIdeographs}", refusal.Zh);
    }

    [Theory]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a/+/c", "a/b", false)]
    [InlineData("a/+/c", "a/b/c/d", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "b", false)]
    [InlineData("#", "$SYS/broker", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("/a/+", "/a/b", true)]
    [InlineData("/a/+", "/a/", true)]
    public void A_topic_fits_a_filter_as_brokers_see_it(string filter, string topic, bool expected)
    {
        Assert.Equal(expected, new TopicFilter(filter).Matches(System.Text.Encoding.UTF8.GetBytes(topic)));
    }
}
