using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Storage;

/// <summary>How long readings are kept.</summary>
internal sealed record StorageOptions
{
    /// <summary>Age at which blocks and hourly figures go; 400 days keep last year's same month.</summary>
    public int RetentionDays { get; init; } = 400;

    /// <summary>Size of the database beyond which the oldest blocks go, whatever their age; bytes. 0: no limit but the disk.</summary>
    public long BytesMax { get; init; }
}

/// <summary>Joins an hour's small blocks into one and makes its hourly figures from it; drops what is too old or too much. Each in steps of one device's hour.</summary>
/// <remarks>A block as flushed has generation 0. Whatever hour has such a block is due: that is all the state there is, so a crash forgets nothing. Readings that
/// come late make their hour due again, and with it the hour after, whose first rise begins at what is now the last reading before it.</remarks>
internal sealed class BlockMerger(Database database, EmbeddedStore store, StorageOptions options, TimeProvider time)
{
    /// <summary>Blocks of generation 0 that make the current hour worth joining already.</summary>
    private const int SmallBlocksMax = 12;

    /// <summary>Hours dropped in one step of retention.</summary>
    private const int DropStep = 16;

    private readonly BlockCodec _codec = new();

    /// <summary>Blocks dropped because of age or size since the start.</summary>
    public long Dropped { get; private set; }

    /// <summary>Joins what is due: hours that are over, and this hour where it has many small blocks. Returns how many hours it joined.</summary>
    /// <param name="everything">Whether the current hour is joined however few blocks it has.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    public async Task<int> MergeAsync(bool everything, CancellationToken cancellation)
    {
        var now = HourlyRollup.HourOf(time.GetUtcNow().ToUnixTimeMilliseconds());
        using var reader = database.OpenReader();
        var due = Due(reader, now, everything);
        foreach (var (device, hour) in due)
        {
            cancellation.ThrowIfCancellationRequested();
            await MergeHourAsync(reader, device, hour);
        }

        return due.Count;
    }

    /// <summary>Drops what is beyond age or size, a step at a time.</summary>
    public async Task DropAsync(CancellationToken cancellation)
    {
        var oldest = HourlyRollup.HourOf(time.GetUtcNow().ToUnixTimeMilliseconds()) - (options.RetentionDays * 24L);
        while (await DropBelowAsync(oldest))
            cancellation.ThrowIfCancellationRequested();
        while (options.BytesMax > 0 && await DropOldestIfTooLargeAsync())
            cancellation.ThrowIfCancellationRequested();
    }

    private static List<(int Device, long Hour)> Due(SqliteConnection reader, long now, bool everything)
    {
        using var command = Database.Command(
            reader, "select device, hour from block where generation = 0 group by device, hour having hour < $now or count(*) >= $many",
            ("$now", now), ("$many", everything ? 1 : SmallBlocksMax));
        using var rows = command.ExecuteReader();
        var due = new List<(int, long)>();
        while (rows.Read())
            due.Add((rows.GetInt32(0), rows.GetInt64(1)));
        return due;
    }

    private async Task MergeHourAsync(SqliteConnection reader, int device, long hour)
    {
        var arrived = new ReadingBlock();
        var ids = BlockTable.Read(reader, device, hour, arrived, store.CountDamaged);
        var generation = (int)(BlockTable.Number(
            reader, "select max(generation) from block where device = $device and hour = $hour", ("$device", device), ("$hour", hour)) ?? 0) + 1;
        var merged = arrived.Sort();
        var rollups = HourlyRollup.Of(device, hour, Before(reader, device, hour), merged);
        if (BlockTable.HourAfter(reader, device, hour) is { } next)
            rollups.AddRange(HourlyRollup.Of(device, next, merged, ReadHour(reader, device, next)));
        var parts = Parts(device, hour, merged);
        await database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            BlockTable.Delete(connection, ids);
            foreach (var part in parts)
                BlockTable.Insert(connection, part, generation);
            BlockTable.Save(connection, rollups);
            // What is damaged stays where it is, but must not make its hour due for ever.
            Database.Execute(
                connection, "update block set generation = 1 where device = $device and hour = $hour and generation = 0 and id <= $last",
                ("$device", device), ("$hour", hour), ("$last", ids.Count > 0 ? ids[^1] : long.MaxValue));
        });
    }

    /// <summary>Blocks of at most <see cref="StoreWorker.ReadingsMax"/>, so that reading a channel's hour never unpacks a giant.</summary>
    private List<EncodedBlock> Parts(int device, long hour, ReadingBlock merged)
    {
        var parts = new List<EncodedBlock>();
        var bodies = new ByteBuffer();
        for (var first = 0; first < merged.Count; first += StoreWorker.ReadingsMax)
        {
            var part = new ReadingBlock();
            foreach (ref readonly var row in merged.Rows[first..Math.Min(merged.Count, first + StoreWorker.ReadingsMax)])
                part.Add(row, merged.ValuesOf(row));
            parts.Add(EncodedBlock.Of(device, hour, part, _codec, bodies));
        }

        return parts;
    }

    private ReadingBlock Before(SqliteConnection reader, int device, long hour) =>
        BlockTable.HourBefore(reader, device, hour) is { } before ? ReadHour(reader, device, before) : new ReadingBlock();

    private ReadingBlock ReadHour(SqliteConnection reader, int device, long hour)
    {
        var block = new ReadingBlock();
        BlockTable.Read(reader, device, hour, block, store.CountDamaged);
        return block.Sort();
    }

    private async Task<bool> DropBelowAsync(long hour)
    {
        var (blocks, others) = (0, 0);
        await database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            blocks = Database.Execute(
                connection, "delete from block where id in (select id from block where hour < $hour limit $step)", ("$hour", hour), ("$step", DropStep));
            others = Database.Execute(
                connection, "delete from hourly where (device, channel, hour) in (select device, channel, hour from hourly where hour < $hour limit $step)", ("$hour", hour), ("$step", DropStep));
            others += Database.Execute(
                connection, "delete from book where (hour, device) in (select hour, device from book where hour < $hour limit $step)", ("$hour", hour), ("$step", DropStep));
        });
        Dropped += blocks;
        return blocks + others > 0;
    }

    private async Task<bool> DropOldestIfTooLargeAsync()
    {
        using var reader = database.OpenReader();
        var pages = (BlockTable.Number(reader, "pragma page_count") ?? 0) - (BlockTable.Number(reader, "pragma freelist_count") ?? 0);
        if (pages * (BlockTable.Number(reader, "pragma page_size") ?? 0) <= options.BytesMax || BlockTable.Number(reader, "select min(hour) from block") is not { } oldest)
            return false;
        return await DropBelowAsync(oldest + 1);
    }
}
