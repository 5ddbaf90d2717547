using System.Diagnostics;
using FacilityMonitor.Contract;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Tests.Contract;

public sealed class ReadingMergerTests
{
    private const int Many = 60_000;

    private readonly ReadingMerger _merger = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000)]
    public void What_is_told_twice_comes_together_in_time_that_grows_with_the_message_and_not_with_its_square(int twice)
    {
        var best = TimeSpan.MaxValue;
        var readings = new ReadingBuffer();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            readings.Clear();
            for (var at = 0; at < Many - twice; at++)
                Add(readings, at, Metric.W, at % 1_000);
            for (var at = 0; at < twice; at++)
                Add(readings, at, Metric.V, 230);
            var began = Stopwatch.GetTimestamp();
            _merger.Merge(readings);
            var took = Stopwatch.GetElapsedTime(began);
            best = took < best ? took : best;
        }

        Assert.Equal(Many - twice, readings.Count);
        for (var at = 0; at < readings.Count; at++)
        {
            Assert.Equal(at < twice ? 2 : 1, readings.Readings[at].ValueCount);
            Assert.Equal((at, at % 1_000.0), ((int)readings.Readings[at].AtMs, readings.ValuesOf(readings.Readings[at])[0].Value));
        }

        // Each held against each, it was more than two seconds.
        Assert.InRange(best.TotalSeconds, 0, 0.7);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    public void Few_and_many_are_merged_alike(int count)
    {
        var readings = new ReadingBuffer();
        for (var at = 0; at < count - 1; at++)
            Add(readings, at, Metric.W, at);
        Add(readings, 0, Metric.W, 99);

        _merger.Merge(readings);

        Assert.Equal(count - 1, readings.Count);
        Assert.Equal([new MetricValue(Metric.W, 0)], readings.ValuesOf(readings.Readings[0]).ToArray());
    }

    private static void Add(ReadingBuffer readings, long atMs, Metric metric, double value)
    {
        readings.Add().AtMs = atMs;
        readings.AddValue(metric, value);
    }
}
