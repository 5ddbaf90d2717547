using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using FsCheck;
using Random = System.Random;

namespace FacilityMonitor.Tests.Storage;

public sealed class BlockCodecTests
{
    private const long At = 1_767_225_600_000;
    private readonly BlockCodec _codec = new();

    [Fact]
    public void Any_block_comes_back_bit_for_bit()
    {
        var property = Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            var sorted = RandomBlock(new Random(seed)).Sort();
            var read = new ReadingBlock();
            BlockCodec.Decode(Encoded(sorted), read);
            AssertSame(sorted, read);
            return true;
        });
        property.QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_empty_block_comes_back_empty()
    {
        var read = new ReadingBlock();
        BlockCodec.Decode(Encoded(new ReadingBlock()), read);
        Assert.Equal(0, read.Count);
    }

    [Fact]
    public void A_single_flipped_bit_anywhere_is_noticed()
    {
        var body = Encoded(RandomBlock(new Random(3)).Sort());
        for (var bit = 0; bit < body.Length * 8; bit++)
        {
            body[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidDataException>(() => BlockCodec.Decode(body, new ReadingBlock()));
            body[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void An_hour_of_a_pile_takes_less_than_six_bytes_a_reading()
    {
        var random = new Random(5);
        var block = new ReadingBlock();
        var wh = new double[10];
        for (var minute = 0; minute < 60; minute++)
        {
            for (var socket = 0; socket < 10; socket++)
            {
                var w = Math.Round(130 + (random.NextDouble() * 4), 1);
                wh[socket] = Math.Round(wh[socket] + (w / 60), 1);
                block.Add(
                    Row(ChannelId.Socket(socket + 1), At + (minute * 60_000), "charging", minute, (ushort)socket),
                    [new(Metric.W, w), new(Metric.V, Math.Round(226 + (random.NextDouble() * 2), 1)), new(Metric.Wh, wh[socket]), new(Metric.Relay, 1)]);
            }
        }

        Assert.InRange(Encoded(block.Sort()).Length, 600, 600 * 6);
    }

    [Fact]
    public void A_repeated_reading_is_stored_once_and_the_later_word_wins()
    {
        var block = new ReadingBlock();
        block.Add(Row(ChannelId.Main, At, "idle", 1, 0), [new(Metric.W, 1), new(Metric.V, 228)]);
        block.Add(Row(ChannelId.Main, At + 1, null, 1, 1), [new(Metric.W, 5)]);
        block.Add(Row(ChannelId.Main, At, null, 2, 0), [new(Metric.W, 2)]);

        var sorted = block.Sort();

        Assert.Equal(2, sorted.Count);
        Assert.Equal([new MetricValue(Metric.W, 2), new MetricValue(Metric.V, 228)], sorted.ValuesOf(sorted.Rows[0]).ToArray());
        Assert.Equal("idle", sorted.Rows[0].State);
        Assert.Equal(At + 1, sorted.Rows[1].AtMs);
    }

    internal static BlockRow Row(ChannelId channel, long atMs, string? state = null, long seq = 0, ushort index = 0, uint? epoch = null) =>
        new(channel, atMs, atMs, Quality.Good, epoch, state, seq, index, 0, 0);

    private byte[] Encoded(ReadingBlock sorted)
    {
        // Behind something else, as in a step of many blocks.
        var output = new ByteBuffer();
        output.Text("before");
        return _codec.Encode(sorted, output).ToArray();
    }

    private static void AssertSame(ReadingBlock expected, ReadingBlock actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var index = 0; index < expected.Count; index++)
        {
            Assert.Equal(expected.Rows[index] with { FirstValue = 0 }, actual.Rows[index] with { FirstValue = 0 });
            Assert.Equal(Bits(expected, index), Bits(actual, index));
        }
    }

    private static (Metric, long)[] Bits(ReadingBlock block, int index) =>
        [.. block.ValuesOf(block.Rows[index]).ToArray().OrderBy(value => value.Metric).Select(value => (value.Metric, BitConverter.DoubleToInt64Bits(value.Value)))];

    private static ReadingBlock RandomBlock(Random random)
    {
        var block = new ReadingBlock();
        for (var count = random.Next(60); count > 0; count--)
        {
            var atMs = At + random.Next(-100, 100) * (random.Next(3) == 0 ? 1_000_003L : 1);
            var values = Enumerable.Range(0, random.Next(7)).Select(_ => (Metric)random.Next(MetricKeys.Count)).Distinct()
                .Select(metric => new MetricValue(metric, Value(random))).ToArray();
            block.Add(
                new BlockRow(
                    random.Next(3) == 0 ? ChannelId.Main : ChannelId.Socket(1 + random.Next(4)), atMs, random.Next(3) == 0 ? random.NextInt64() : atMs, (Quality)random.Next(5),
                    random.Next(2) == 0 ? null : (uint)random.NextInt64(uint.MaxValue + 1L), random.Next(2) == 0 ? null : "状态" + random.Next(9),
                    random.NextInt64(1L << 53), (ushort)random.Next(2048), 0, 0),
                values);
        }

        return block;
    }

    private static double Value(Random random) => random.Next(9) switch
    {
        0 => -0.0,
        1 => double.MaxValue,
        2 => double.Epsilon,
        3 => random.NextDouble(),
        4 => -9007199254740993,
        5 => 123456789.123456,
        6 => 0,
        _ => random.Next(-5000, 5000) / 10.0,
    };
}
