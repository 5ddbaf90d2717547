using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>A block of readings as compressed columns, and back: every bit of every finite value as it was.</summary>
/// <remarks>Version byte, CRC-32C of the rest, then the columns: in version 1 their length and Brotli (quality 1) of them, in version 2 as they are. Columns: time as the change of its step, channel, quality, device time,
/// counter epoch, state, identity, then one column a metric. A metric's column holds differences of whole numbers at one decimal exponent; a value that is no
/// short decimal lies beside it as eight raw bytes. Not thread-safe: it keeps its buffers.</remarks>
internal sealed class BlockCodec
{
    public const byte Version = 1;

    /// <summary>Columns that are not compressed.</summary>
    public const byte PlainVersion = 2;

    /// <summary>Readings from which compression is worth its price: below it costs more time than the columns themselves, and merging compresses them soon.</summary>
    public const int CompressedFrom = 256;

    private const int HeaderLength = 1 + Checksum.Length;

    /// <summary>Largest block in plain form, bytes: a guard against a damaged length, far above any real block.</summary>
    private const int PlainMax = 256 << 20;

    /// <summary>Columns that each row has: time, channel, quality, the device's time, counter epoch, state, number and place of its message.</summary>
    private const int RowColumns = 8;

    /// <summary>Stands for a value that is no short decimal; whole numbers of the others take 54 bits.</summary>
    private const long NoMantissa = long.MinValue;

    private readonly ByteBuffer _plain = new(16 << 10);
    private readonly Dictionary<string, int> _states = new(StringComparer.Ordinal);
    private double[] _column = [];
    private long[] _mantissas = [];

    /// <summary>The rows, sorted and each channel and time once; values in order of their metrics.</summary>
    /// <param name="sorted">The rows.</param>
    /// <param name="output">Where to; the bytes of blocks follow each other.</param>
    /// <returns>The part of <paramref name="output"/> that was written; it stands until that is cleared.</returns>
    public ReadOnlyMemory<byte> Encode(ReadingBlock sorted, ByteBuffer output)
    {
        _plain.Clear();
        _plain.Varint((ulong)sorted.Count);
        Times(sorted.Rows);
        Columns(sorted.Rows);
        Metrics(sorted);

        var start = output.Length;
        var isCompressed = sorted.Count >= CompressedFrom;
        output.Byte(isCompressed ? Version : PlainVersion);
        output.Take(Checksum.Length);
        if (isCompressed)
            Compress(output);
        else
            output.Bytes(_plain.Span);
        var body = output.Memory[start..];
        BinaryPrimitives.WriteUInt32LittleEndian(output.Patch(start + 1, Checksum.Length), Checksum.Of(body.Span[HeaderLength..]));
        return body;
    }

    private void Compress(ByteBuffer output)
    {
        output.Varint((ulong)_plain.Length);
        var start = output.Length;
        if (!BrotliEncoder.TryCompress(_plain.Span, output.Take(BrotliEncoder.GetMaxCompressedLength(_plain.Length)), out var written, quality: 1, window: 22))
            throw new InvalidOperationException("Brotli did not fit its own stated maximum.");
        output.Truncate(start + written);
    }

    /// <summary>Adds the rows of a block; all of them or, when it throws, none.</summary>
    /// <param name="body">The block.</param>
    /// <param name="into">Where to.</param>
    /// <param name="parts">What of it is wanted; null: everything.</param>
    /// <exception cref="InvalidDataException">Damaged, or of another version.</exception>
    public static void Decode(ReadOnlySpan<byte> body, ReadingBlock into, ReadingParts? parts = null)
    {
        if (body.Length <= HeaderLength || body[0] is not (Version or PlainVersion))
            throw new InvalidDataException("The block has a format this program does not read.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(body[1..]) != Checksum.Of(body[HeaderLength..]))
            throw new InvalidDataException("The block is damaged: its checksum does not match.");
        var head = new ByteCursor(body, HeaderLength);
        if (body[0] == PlainVersion)
        {
            Rows(ref head, into, parts);
            return;
        }

        var plain = ArrayPool<byte>.Shared.Rent(head.Count(PlainMax));
        try
        {
            if (!BrotliDecoder.TryDecompress(body[head.Position..], plain, out var length))
                throw new InvalidDataException("The block is damaged: it does not decompress.");
            var cursor = new ByteCursor(plain.AsSpan(0, length));
            Rows(ref cursor, into, parts);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    private void Times(ReadOnlySpan<BlockRow> rows)
    {
        var (previous, step) = (0L, 0L);
        foreach (ref readonly var row in rows)
        {
            var next = unchecked(row.AtMs - previous);
            _plain.Zigzag(unchecked(next - step));
            (previous, step) = (row.AtMs, next);
        }
    }

    private void Columns(ReadOnlySpan<BlockRow> rows)
    {
        foreach (ref readonly var row in rows)
            _plain.Varint(row.Channel.Code);
        foreach (ref readonly var row in rows)
            _plain.Byte((byte)row.Quality);
        foreach (ref readonly var row in rows)
            _plain.Zigzag(unchecked(row.DeviceMs - row.AtMs));
        foreach (ref readonly var row in rows)
            _plain.Varint(row.CounterEpoch is { } epoch ? epoch + 1UL : 0);
        States(rows);
        var seq = 0L;
        foreach (ref readonly var row in rows)
        {
            _plain.Zigzag(row.Seq - seq);
            seq = row.Seq;
        }

        foreach (ref readonly var row in rows)
            _plain.Varint(row.Index);
    }

    /// <summary>0: none; n: the nth text; one more than there are so far: a new text follows.</summary>
    private void States(ReadOnlySpan<BlockRow> rows)
    {
        _states.Clear();
        string? last = null;
        var lastIndex = 0;
        foreach (ref readonly var row in rows)
        {
            if (row.State is not { } state)
            {
                _plain.Varint(0);
                continue;
            }

            // Texts are kept once, so the same text is nearly always the same object.
            if (ReferenceEquals(state, last))
            {
                _plain.Varint((ulong)lastIndex);
                continue;
            }

            last = state;
            if (_states.TryGetValue(state, out lastIndex))
            {
                _plain.Varint((ulong)lastIndex);
                continue;
            }

            _states[state] = lastIndex = _states.Count + 1;
            _plain.Varint((ulong)lastIndex);
            _plain.Text(state);
        }
    }

    private void Metrics(ReadingBlock block)
    {
        var used = 0UL;
        foreach (ref readonly var row in block.Rows)
        {
            foreach (var value in block.ValuesOf(row))
                used |= 1UL << (int)value.Metric;
        }

        _plain.Varint((ulong)BitOperations.PopCount(used));
        for (var rest = used; rest != 0; rest &= rest - 1)
            Column(block, (Metric)BitOperations.TrailingZeroCount(rest));
    }

    private void Column(ReadingBlock block, Metric metric)
    {
        _plain.Byte((byte)metric);
        var count = Gather(block, metric);
        var exponent = Scale(count);
        _plain.Byte((byte)exponent);
        var previous = 0L;
        for (var index = 0; index < count; index++)
        {
            // An even number is a difference, an odd one says that eight raw bytes follow: differences take 54 bits, so there is room.
            if (_mantissas[index] is var mantissa and not NoMantissa)
            {
                var difference = mantissa - previous;
                _plain.Varint((ulong)((difference << 1) ^ (difference >> 63)) << 1);
                previous = mantissa;
            }
            else
            {
                _plain.Varint(1);
                _plain.Raw(_column[index]);
            }
        }
    }

    /// <summary>Takes the values of a metric out of the rows, and writes which rows have one: bits a byte, lowest first; a single byte where every row has it, which is the rule.</summary>
    /// <returns>How many there are.</returns>
    private int Gather(ReadingBlock block, Metric metric)
    {
        if (_column.Length < block.Count)
            (_column, _mantissas) = (new double[block.Count * 2], new long[block.Count * 2]);
        var start = _plain.Length;
        _plain.Byte(0);
        var (count, place, bits, filled) = (0, 0, (byte)0, 0);
        foreach (ref readonly var row in block.Rows)
        {
            var values = block.ValuesOf(row);
            // Rows of a device are alike: the metric stands where it stood in the row before.
            if (place >= values.Length || values[place].Metric != metric)
                place = PlaceOf(values, metric);
            var has = place < values.Length;
            if (has)
                _column[count++] = values[place].Value;
            bits |= (byte)((has ? 1 : 0) << filled);
            if (++filled < 8)
                continue;
            _plain.Byte(bits);
            (bits, filled) = (0, 0);
        }

        if (filled > 0)
            _plain.Byte(bits);
        if (count == block.Count)
            _plain.Truncate(start + 1);
        else
            _plain.Patch(start, 1)[0] = 1;
        return count;
    }

    /// <summary>Makes whole numbers of the gathered values, at the most places any short decimal of them needs, as far as 15 digits allow.</summary>
    /// <returns>The exponent.</returns>
    private int Scale(int count)
    {
        var (exponent, from) = (0, 0);
        for (var index = 0; index < count; index++)
        {
            if (Decimals.TryScale(_column[index], exponent, out _mantissas[index]))
                continue;
            _mantissas[index] = NoMantissa;
            var fitting = Decimals.Fit(_column[index], exponent, out _);
            if (fitting <= exponent || fitting > Decimals.ExponentMax)
                continue;
            (exponent, from) = (fitting, index + 1);
            Decimals.TryScale(_column[index], exponent, out _mantissas[index]);
        }

        // Those before the last that needed more places.
        for (var index = 0; index < from; index++)
        {
            if (!Decimals.TryScale(_column[index], exponent, out _mantissas[index]))
                _mantissas[index] = NoMantissa;
        }

        return exponent;
    }

    private static int PlaceOf(ReadOnlySpan<MetricValue> values, Metric metric)
    {
        var place = 0;
        while (place < values.Length && values[place].Metric != metric)
            place++;
        return place;
    }

    private static void Rows(ref ByteCursor cursor, ReadingBlock into, ReadingParts? parts)
    {
        // Every row takes a byte in each of its columns at least, so a count beyond that is damage.
        var (before, count) = (into.Count, cursor.Count(cursor.Left / RowColumns));
        var rows = into.AddRows(count);
        var values = Array.Empty<double>();
        try
        {
            ReadTimes(ref cursor, rows);
            ReadColumns(ref cursor, rows);
            var left = cursor.Count(MetricKeys.Count);
            // And every column a bit for each row.
            if ((long)left * count > 8L * cursor.Left)
                throw new InvalidDataException("A count is out of range.");
            Span<Metric> metrics = stackalloc Metric[left];
            values = ArrayPool<double>.Shared.Rent(left * count);
            var columns = 0;
            for (; left > 0; left--)
            {
                metrics[columns] = ReadColumn(ref cursor, values.AsSpan(columns * count, count));
                // What nobody asked for makes room for the next.
                columns += parts?.Metrics is { } wanted && !wanted.Contains(metrics[columns]) ? 0 : 1;
            }

            into.Truncate(before + Fill(into, rows, parts?.Channel, metrics[..columns], values));
        }
        catch (ArgumentOutOfRangeException impossible)
        {
            into.Truncate(before);
            throw new InvalidDataException("A channel is none.", impossible);
        }
        catch
        {
            into.Truncate(before);
            throw;
        }
        finally
        {
            ArrayPool<double>.Shared.Return(values);
        }
    }

    /// <summary>Gives the rows their values, and moves those that are wanted together.</summary>
    /// <returns>How many are.</returns>
    private static int Fill(ReadingBlock into, Span<BlockRow> rows, ChannelId? channel, ReadOnlySpan<Metric> metrics, ReadOnlySpan<double> values)
    {
        Span<MetricValue> ofRow = stackalloc MetricValue[MetricKeys.Count];
        var kept = 0;
        for (var row = 0; row < rows.Length; row++)
        {
            if (channel is { } wanted && rows[row].Channel != wanted)
                continue;
            var found = 0;
            for (var column = 0; column < metrics.Length; column++)
            {
                // Where there is none; and an older version stored any number: what is none is no reading.
                if (values[(column * rows.Length) + row] is var value && double.IsFinite(value))
                    ofRow[found++] = new MetricValue(metrics[column], value);
            }

            rows[kept] = rows[row];
            into.SetValues(ref rows[kept++], ofRow[..found]);
        }

        return kept;
    }

    private static void ReadTimes(ref ByteCursor cursor, Span<BlockRow> rows)
    {
        var (previous, step) = (0L, 0L);
        foreach (ref var row in rows)
        {
            step = unchecked(step + cursor.Zigzag());
            previous = unchecked(previous + step);
            row.AtMs = previous;
        }
    }

    private static void ReadColumns(ref ByteCursor cursor, Span<BlockRow> rows)
    {
        foreach (ref var row in rows)
            row.Channel = ChannelId.FromCode((ushort)cursor.Count(ushort.MaxValue));
        foreach (ref var row in rows)
            row.Quality = (Quality)cursor.Byte();
        foreach (ref var row in rows)
            row.DeviceMs = unchecked(row.AtMs + cursor.Zigzag());
        foreach (ref var row in rows)
            row.CounterEpoch = cursor.Varint() is > 0 and var epoch ? (uint)(epoch - 1) : null;
        var states = new List<string>();
        foreach (ref var row in rows)
        {
            var index = cursor.Count(states.Count + 1);
            if (index > states.Count)
                states.Add(cursor.Text());
            row.State = index == 0 ? null : states[index - 1];
        }

        var seq = 0L;
        foreach (ref var row in rows)
            row.Seq = seq += cursor.Zigzag();
        foreach (ref var row in rows)
            row.Index = (ushort)cursor.Count(ushort.MaxValue);
    }

    /// <summary>Reads a column: a value for each row, and no number where a row has none.</summary>
    private static Metric ReadColumn(ref ByteCursor cursor, Span<double> values)
    {
        var metric = (Metric)cursor.Byte();
        var present = cursor.Byte() == 0 ? [] : cursor.Bytes((values.Length + 7) / 8);
        var exponent = cursor.Byte();
        if ((int)metric >= MetricKeys.Count || exponent > Decimals.ExponentMax)
            throw new InvalidDataException("The block holds a metric this program does not know.");
        var mantissa = 0L;
        for (var row = 0; row < values.Length; row++)
        {
            if (present.Length > 0 && (present[row / 8] & (1 << (row % 8))) == 0)
            {
                values[row] = double.NaN;
                continue;
            }

            var coded = cursor.Varint();
            if ((coded & 1) != 0)
            {
                values[row] = cursor.Raw();
                continue;
            }

            var zigzag = coded >> 1;
            mantissa += (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            values[row] = Decimals.Unscale(mantissa, exponent);
        }

        return metric;
    }
}
