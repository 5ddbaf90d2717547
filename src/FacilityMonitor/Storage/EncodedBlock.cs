namespace FacilityMonitor.Storage;

/// <summary>A block as it is stored.</summary>
internal sealed record EncodedBlock(int Device, long Hour, long FirstMs, long LastMs, int Readings, byte[] Body)
{
    public static EncodedBlock Of(int device, long hour, ReadingBlock sorted, BlockCodec codec)
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (ref readonly var row in sorted.Rows)
            (first, last) = (Math.Min(first, row.AtMs), Math.Max(last, row.AtMs));
        return new EncodedBlock(device, hour, first, last, sorted.Count, codec.Encode(sorted));
    }
}
