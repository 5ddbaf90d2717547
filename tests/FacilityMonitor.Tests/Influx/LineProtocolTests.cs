using System.Text;
using FacilityMonitor.Influx;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using FsCheck;

namespace FacilityMonitor.Tests.Influx;

/// <summary>Readings as line protocol.</summary>
public sealed class LineProtocolTests
{
    [Fact]
    public void A_reading_is_one_line_with_the_kind_as_measurement_and_every_metric_as_a_field()
    {
        var line = Line(
            LineProtocol.Head(DeviceKind.Pile, "jiugeng", "pile-01"), ChannelId.Socket(7), Quality.Suspect, epoch: 3, state: "charging", LineProtocol.Nanoseconds(1_795_168_800_123, 41_007, 9),
            (Metric.W, 187.25), (Metric.Wh, 1e15), (Metric.A, -0.5), (Metric.Relay, 1), (Metric.Door, 0));
        Assert.Equal(
            "pile,site=jiugeng,device=pile-01,channel=s7 quality=\"suspect\",w=187.25,wh=1000000000000000,a=-0.5,relay=true,door=false,ce=3i,st=\"charging\" 1795168800123007009\n", line);
    }

    [Fact]
    public void A_device_that_nobody_registered_is_of_the_measurement_unknown_and_has_no_site_unless_it_named_one()
    {
        Assert.Equal("unknown,device=tasmota_1,channel=", Encoding.UTF8.GetString(LineProtocol.Head(null, null, "tasmota_1")));
        Assert.Equal("unknown,site=lane,device=pile-9,channel=", Encoding.UTF8.GetString(LineProtocol.Head(null, "lane", "pile-9")));
    }

    [Fact]
    public void What_a_device_calls_itself_cannot_become_another_tag_or_another_line()
    {
        Assert.Equal("unknown,device=a\\ b\\,site\\=x/\\ y,channel=", Encoding.UTF8.GetString(LineProtocol.Head(null, null, "a b,site=x\\\ny")));
        Assert.Equal(
            "plug,device=p,channel=main quality=\"good\",st=\"a\\\"b\\\\ c 充\" 0\n",
            Line(LineProtocol.Head(DeviceKind.Plug, null, "p"), ChannelId.Main, Quality.Good, null, "a\"b\\\nc\r充", 0));
    }

    [Fact]
    public void Readings_of_one_millisecond_have_times_of_their_own_and_the_same_reading_always_has_the_same()
    {
        var times = new HashSet<long>();
        for (var seq = 0; seq < 1000; seq += 37)
        {
            for (var index = 0; index < 10; index++)
                Assert.True(times.Add(LineProtocol.Nanoseconds(1_795_168_800_123, seq, index)));
        }

        Assert.Equal(LineProtocol.Nanoseconds(5, 1_000_042, 3), LineProtocol.Nanoseconds(5, 42, 3));
    }

    [Fact]
    public void A_channel_in_utf8_is_the_one_in_text()
    {
        var channels = Enumerable.Range(1, ChannelId.NumberMax).SelectMany(number => new[] { ChannelId.Socket(number), ChannelId.Of(ChannelKind.Bay, number) })
            .Append(ChannelId.Main).Append(ChannelId.Phase(3)).ToArray();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var channel in channels)
        {
            Assert.True(channel.TryFormat(bytes, out var length, default, null));
            Assert.Equal(channel.ToString(), Encoding.UTF8.GetString(bytes[..length]));
            Assert.False(channel.TryFormat(bytes[..(length - 1)], out var none, default, null));
            Assert.Equal(0, none);
        }
    }

    [Fact]
    public void Every_number_is_its_shortest_text() => Prop.ForAll<double, int, byte>((any, digits, places) =>
        IsShortest(any) && IsShortest(digits / Math.Pow(10, places % 8)) && IsShortest(Math.BitDecrement(digits / 100.0))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.001)]
    [InlineData(-0.05)]
    [InlineData(0.0005)]
    [InlineData(0.30000000000000004)]
    [InlineData(100.0)]
    [InlineData(999_999_999_999_999.0)]
    [InlineData(1e15)]
    [InlineData(123_456_789_012.345)]
    [InlineData(99_999_999_999_999.98)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    public void A_number_at_an_edge_is_its_shortest_text(double value) => Assert.True(IsShortest(value) && IsShortest(-value));

    private static bool IsShortest(double value)
    {
        // The journal holds none that is not a number.
        if (!double.IsFinite(value))
            return true;
        var lines = new ByteBuffer();
        LineProtocol.Number(lines, value);
        return Encoding.UTF8.GetString(lines.Span) == value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Writing_lines_allocates_nothing()
    {
        var head = LineProtocol.Head(DeviceKind.Pile, "jiugeng", "pile-01");
        var buffer = Buffer(ChannelId.Socket(3), Quality.Good, 1, "charging", (Metric.W, 187.251), (Metric.V, 229.7), (Metric.Relay, 1));
        var lines = new ByteBuffer();
        Write(1_000);
        lines.Clear();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(1_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Write(int count)
        {
            for (var line = 0; line < count; line++)
                LineProtocol.Write(lines, head, buffer.Readings[0], buffer.ValuesOf(buffer.Readings[0]), LineProtocol.Nanoseconds(1_795_168_800_123, line, 0));
        }
    }

    private static string Line(byte[] head, ChannelId channel, Quality quality, uint? epoch, string? state, long nanoseconds, params (Metric Metric, double Value)[] values)
    {
        var buffer = Buffer(channel, quality, epoch, state, values);
        var lines = new ByteBuffer();
        LineProtocol.Write(lines, head, buffer.Readings[0], buffer.ValuesOf(buffer.Readings[0]), nanoseconds);
        return Encoding.UTF8.GetString(lines.Span);
    }

    private static ReadingBuffer Buffer(ChannelId channel, Quality quality, uint? epoch, string? state, params (Metric Metric, double Value)[] values)
    {
        var buffer = new ReadingBuffer();
        ref var reading = ref buffer.Add();
        (reading.Channel, reading.Quality, reading.CounterEpoch, reading.State) = (channel, quality, epoch, state);
        foreach (var (metric, value) in values)
            buffer.AddValue(metric, value);
        return buffer;
    }
}
