using System.Text;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Readings;

public sealed class MetricKeysTests
{
    [Fact]
    public void Every_metric_is_found_by_its_key_and_by_nothing_that_only_resembles_it()
    {
        var keys = Enum.GetValues<Metric>().Select(metric => metric.Key()).ToHashSet(StringComparer.Ordinal);
        foreach (var metric in Enum.GetValues<Metric>())
        {
            Assert.True(MetricKeys.TryParse(Encoding.UTF8.GetBytes(metric.Key()), out var found));
            Assert.Equal(metric, found);
            string[] alike = [metric.Key() + "x", "x" + metric.Key(), metric.Key()[..^1], metric.Key().ToUpperInvariant(), metric.Key()[..1] + "\0" + metric.Key()[1..], metric.Key() + "电"];
            foreach (var other in alike.Where(other => !keys.Contains(other)))
                Assert.False(MetricKeys.TryParse(Encoding.UTF8.GetBytes(other), out _), other);
        }

        Assert.False(MetricKeys.TryParse(Encoding.UTF8.GetBytes(new string('w', 16 * 1024)), out _));
    }
}
