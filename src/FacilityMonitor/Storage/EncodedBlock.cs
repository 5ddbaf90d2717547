namespace FacilityMonitor.Storage;

/// <summary>A block as it is stored.</summary>
/// <param name="Device">Device number.</param>
/// <param name="Hour">Hours since 1970-01-01 UTC.</param>
/// <param name="FirstMs">Its earliest reading, ms since 1970-01-01 UTC.</param>
/// <param name="LastMs">Its latest reading.</param>
/// <param name="Readings">How many.</param>
/// <param name="Body">Part of the buffer it was encoded into.</param>
internal readonly record struct EncodedBlock(int Device, long Hour, long FirstMs, long LastMs, int Readings, ReadOnlyMemory<byte> Body)
{
    public static EncodedBlock Of(int device, long hour, ReadingBlock sorted, BlockCodec codec, ByteBuffer output)
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (ref readonly var row in sorted.Rows)
            (first, last) = (Math.Min(first, row.AtMs), Math.Max(last, row.AtMs));
        return new EncodedBlock(device, hour, first, last, sorted.Count, codec.Encode(sorted, output));
    }
}
