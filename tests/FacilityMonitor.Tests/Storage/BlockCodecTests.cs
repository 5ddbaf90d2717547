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

    /// <summary>A program's own mistake, as its checksum is right: what was there before stays as it was.</summary>
    [Fact]
    public void A_block_that_ends_too_early_adds_nothing_whatever_its_checksum_says()
    {
        // Few enough that its columns are not compressed.
        var block = new ReadingBlock();
        for (var second = 0; second < 40; second++)
            block.Add(Row(ChannelId.Socket(1), At + (second * 1_000), second % 3 == 0 ? "charging" : null, second, 0), second % 2 == 0 ? [new(Metric.W, second + 0.1)] : [new(Metric.Wh, second / 3.0)]);
        var body = Encoded(block);
        Assert.Equal(BlockCodec.PlainVersion, body[0]);
        var into = new ReadingBlock();
        into.Add(Row(ChannelId.Main, At, null, 1, 0), [new(Metric.W, 7)]);
        for (var length = 6; length < body.Length; length++)
        {
            var cut = body[..length];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(cut.AsSpan(1), Checksum.Of(cut.AsSpan(1 + Checksum.Length)));
            Assert.Throws<InvalidDataException>(() => BlockCodec.Decode(cut, into));
        }

        Assert.Equal(1, into.Count);
        Assert.Equal([new MetricValue(Metric.W, 7)], into.ValuesOf(into.Rows[0]).ToArray());
    }

    [Fact]
    public void Of_a_block_only_what_is_asked_for_is_read()
    {
        var property = Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            var sorted = RandomBlock(new Random(seed)).Sort();
            var (body, read) = (Encoded(sorted), new ReadingBlock());
            foreach (var channel in sorted.Rows.ToArray().Select(row => row.Channel).Distinct().Append(ChannelId.Socket(999)))
            {
                read.Clear();
                BlockCodec.Decode(body, read, new ReadingParts(channel, [Metric.W, Metric.Tc]));
                var expected = new ReadingBlock();
                foreach (var row in sorted.Rows.ToArray().Where(row => row.Channel == channel))
                    expected.Add(row, sorted.ValuesOf(row).ToArray().Where(value => value.Metric is Metric.W or Metric.Tc).ToArray());
                AssertSame(expected, read);
            }

            return true;
        });
        property.QuickCheckThrowOnFailure();
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
