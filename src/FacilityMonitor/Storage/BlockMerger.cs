using FacilityMonitor.Configuration;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Storage;

/// <summary>How long readings are kept.</summary>
internal sealed record StorageOptions
{
    /// <summary>Age at which blocks and hourly figures go; 400 days keep last year's same month.</summary>
    public int RetentionDays { get; init; } = 400;

    /// <summary>What readings and hourly figures may take before the oldest go, whatever their age; bytes. 0: no limit but the disk.</summary>
    public long BytesMax { get; init; }

    /// <summary>False: readings are in InfluxDB only; here is kept what was said last, and what InfluxDB has not got yet.</summary>
    public bool KeepsReadings { get; init; } = true;

    /// <summary>Age at which blocks go that InfluxDB has too; null: it is not read, and they stay.</summary>
    public int? RecentDays { get; init; }

    /// <summary>By the settings.</summary>
    public static StorageOptions Of(DataSettings data) => new()
    {
        RetentionDays = data.RetentionDays,
        BytesMax = data.RetentionBytes,
        KeepsReadings = data.Readings != ReadingsIn.Influx,
        RecentDays = data.Readings == ReadingsIn.Both ? data.RecentDays : null,
    };
}

/// <summary>Joins an hour's small blocks into one and makes its hourly figures from it; drops what is too old or too much. Each in steps of one device's hour.</summary>
/// <remarks>A block as flushed has generation 0. Whatever hour has such a block is due: that is all the state there is, so a crash forgets nothing. Readings that
/// come late make their hour due again, and with it the hour after, whose first rise begins at what is now the last reading before it.</remarks>
internal sealed class BlockMerger
{
    /// <summary>Blocks of generation 0 that make the current hour worth joining already.</summary>
    private const int SmallBlocksMax = 12;

    /// <summary>Rows dropped in one step of retention: about 2 ms of the writer's time.</summary>
    private const int DropStep = 64;

    /// <summary>Rows looked up at once. No index leads by the hour, so each look reads the whole table; that is a reader's work, never the writer's.</summary>
    private const int DropLook = 8_192;

    /// <summary>Hours reckoned in one go of <see cref="FillAsync"/>: some seconds of one core a minute, after an upgrade.</summary>
    private const int FillStep = 1_024;

    /// <summary>How far back figures are made for what was there before them: as long as a chart is.</summary>
    private const long FilledHours = 92 * 24;

    private readonly Database _database;
    private readonly EmbeddedStore _store;
    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly BlockCodec _codec = new();
    private readonly ByteBuffer _figures = new();
    private long _droppedBelow = long.MinValue;
    private long _sharedBelow = long.MinValue;
    private long _wholeFrom;
    private bool _isFilled;

    public BlockMerger(Database database, EmbeddedStore store, StorageOptions options, TimeProvider time)
    {
        (_database, _store, _options, _time) = (database, store, options, time);
        using var reader = database.OpenReader();
        _wholeFrom = ReadWholeFrom(reader) ?? ThisHour;
    }

    /// <summary>Blocks dropped because of age or size since the start.</summary>
    public long Dropped { get; private set; }

    /// <summary>Blocks dropped since the start because InfluxDB has them.</summary>
    public long Shared { get; private set; }

    /// <summary>The hour from which on every reading is here.</summary>
    public long WholeFrom => Volatile.Read(ref _wholeFrom);

    private long ThisHour => HourlyRollup.HourOf(_time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>The hour from which on every reading is here, as a process beside the service sees it; null: there never was one.</summary>
    public static long? ReadWholeFrom(SqliteConnection connection) => BlockTable.Number(connection, "select hour from store_begin");

    /// <summary>Joins what is due: hours that are over, and this hour where it has many small blocks. Returns how many hours it joined.</summary>
    /// <param name="everything">Whether the current hour is joined however few blocks it has.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    public async Task<int> MergeAsync(bool everything, CancellationToken cancellation)
    {
        var now = ThisHour;
        using var reader = _database.OpenReader();
        var due = Due(reader, now, everything);
        var work = new Work();
        foreach (var (device, hour) in due)
        {
            cancellation.ThrowIfCancellationRequested();
            await MergeHourAsync(reader, device, hour, work);
        }

        return due.Count;
    }

    /// <summary>Reckons the next hours that were joined before figures were kept, the latest first, as far back as a chart reaches.</summary>
    /// <returns>How many; once there are none, none are looked for until the next start.</returns>
    public async Task<int> FillAsync(CancellationToken cancellation)
    {
        if (_isFilled)
            return 0;
        using var reader = _database.OpenReader();
        var hours = BlockTable.WithoutFigures(reader, ThisHour - FilledHours, FillStep);
        var hourOf = new HourOfDevice();
        foreach (var (device, hour) in hours)
        {
            cancellation.ThrowIfCancellationRequested();
            HourFigures.Write(hour, ReadHour(reader, device, hour, hourOf), _figures);
            await _database.CommitAsync(CommitPriority.Housekeeping, connection => BlockTable.SaveFigures(connection, device, hour, _figures.Memory));
        }

        _isFilled = hours.Count < FillStep;
        return hours.Count;
    }

    /// <summary>Drops what is beyond age or size, a step at a time.</summary>
    /// <returns>How many blocks went because of the size, not their age.</returns>
    public async Task<int> DropAsync(CancellationToken cancellation)
    {
        var now = ThisHour;
        var oldest = now - (_options.RetentionDays * 24L);
        using var reader = _database.OpenReader();
        if (ReadWholeFrom(reader) is null)
            await BeginAtAsync(WholeFrom);
        if (oldest > _droppedBelow)
        {
            await DropBelowAsync(reader, oldest, cancellation);
            _droppedBelow = oldest;
        }

        // What comes late goes with the next hour.
        if ((_options.KeepsReadings ? now - (_options.RecentDays * 24L) : now + 1) is { } shared && shared > _sharedBelow && await DropSharedAsync(reader, shared, cancellation))
            _sharedBelow = shared;
        var bySize = 0;
        while (_options.BytesMax > 0 && ReadingBytes(reader) > _options.BytesMax && BlockTable.Number(reader, "select min(hour) from block") is { } first)
            bySize += await DropBelowAsync(reader, first + 1, cancellation);
        return bySize;
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

    private async Task MergeHourAsync(SqliteConnection reader, int device, long hour, Work work)
    {
        var ids = work.Hour.Read(reader, device, hour, _store.CountDamaged);
        var generation = (int)(BlockTable.Number(
            reader, "select max(generation) from block where device = $device and hour = $hour", ("$device", device), ("$hour", hour)) ?? 0) + 1;
        var merged = work.Hour.Sorted();
        var rollups = HourlyRollup.Of(device, hour, Before(reader, device, hour, work.Other), merged);
        if (BlockTable.HourAfter(reader, device, hour) is { } next)
            rollups.AddRange(HourlyRollup.Of(device, next, merged, ReadHour(reader, device, next, work.Other)));
        var parts = Parts(device, hour, merged, work);
        HourFigures.Write(hour, merged, _figures);
        await _database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            BlockTable.Delete(connection, ids);
            foreach (var part in parts)
                BlockTable.Insert(connection, part, generation);
            BlockTable.Save(connection, rollups);
            BlockTable.SaveFigures(connection, device, hour, _figures.Memory);
            // What is damaged stays where it is, but must not make its hour due for ever.
            Database.Execute(
                connection, "update block set generation = 1 where device = $device and hour = $hour and generation = 0 and id <= $last",
                ("$device", device), ("$hour", hour), ("$last", ids.Count > 0 ? ids[^1] : long.MaxValue));
        });
    }

    /// <summary>Blocks of at most <see cref="StoreWorker.ReadingsMax"/>, so that reading a channel's hour never unpacks a giant.</summary>
    private List<EncodedBlock> Parts(int device, long hour, ReadingBlock merged, Work work)
    {
        work.Bodies.Clear();
        if (merged.Count is > 0 and <= StoreWorker.ReadingsMax)
            return [EncodedBlock.Of(device, hour, merged, _codec, work.Bodies)];
        var parts = new List<EncodedBlock>();
        for (var first = 0; first < merged.Count; first += StoreWorker.ReadingsMax)
        {
            work.Part.Clear();
            foreach (ref readonly var row in merged.Rows[first..Math.Min(merged.Count, first + StoreWorker.ReadingsMax)])
                work.Part.Add(row, merged.ValuesOf(row));
            parts.Add(EncodedBlock.Of(device, hour, work.Part, _codec, work.Bodies));
        }

        return parts;
    }

    private ReadingBlock Before(SqliteConnection reader, int device, long hour, HourOfDevice into) =>
        BlockTable.HourBefore(reader, device, hour) is { } before ? ReadHour(reader, device, before, into) : into.Nothing();

    private ReadingBlock ReadHour(SqliteConnection reader, int device, long hour, HourOfDevice into)
    {
        into.Read(reader, device, hour, _store.CountDamaged);
        return into.Sorted();
    }

    /// <summary>What readings take: the pages in use, but for the journal and the dead letters, which have limits of their own.</summary>
    private static long ReadingBytes(SqliteConnection reader)
    {
        var pages = (BlockTable.Number(reader, "pragma page_count") ?? 0) - (BlockTable.Number(reader, "pragma freelist_count") ?? 0);
        return (pages * (BlockTable.Number(reader, "pragma page_size") ?? 0))
            - (BlockTable.Number(reader, "select sum(length(body)) from journal") ?? 0) - (BlockTable.Number(reader, "select sum(length(payload)) from dead_letter") ?? 0);
    }

    /// <summary>Drops what InfluxDB has, but for the gaps: of those it has not got everything.</summary>
    /// <returns>False when nothing was ever shipped: then nothing is known of what it has.</returns>
    private async Task<bool> DropSharedAsync(SqliteConnection reader, long hour, CancellationToken cancellation)
    {
        // The first shipping notes what was before it as a gap, and only then says how far it is.
        if (BlockTable.Number(reader, "select count(*) from shipping") is not > 0)
            return false;
        await BeginAtAsync(hour);
        Shared += await DropBlocksAsync(() => BlockTable.BlocksOutsideGaps(reader, ShipWorker.Cursor, hour, DropLook), cancellation);
        await DropHourlyAsync(reader, hour, cancellation);
        return true;
    }

    /// <summary>Says that what is before an hour is not whole any more; before the first of it goes.</summary>
    private async Task BeginAtAsync(long hour)
    {
        var begin = Math.Max(hour, WholeFrom);
        await _database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            Database.Execute(connection, "delete from store_begin");
            Database.Execute(connection, "insert into store_begin (hour) values ($hour)", ("$hour", begin));
        });
        Volatile.Write(ref _wholeFrom, begin);
    }

    private async Task<int> DropBlocksAsync(Func<List<long>> next, CancellationToken cancellation)
    {
        var blocks = 0;
        List<long> ids;
        do
        {
            ids = next();
            await InStepsAsync(ids, BlockTable.Delete, cancellation);
            blocks += ids.Count;
        }
        while (ids.Count == DropLook);

        return blocks;
    }

    private async Task DropHourlyAsync(SqliteConnection reader, long hour, CancellationToken cancellation)
    {
        List<(int Device, long Hour)> figures;
        do
        {
            figures = BlockTable.FiguresBefore(reader, hour, DropLook);
            await InStepsAsync(figures, BlockTable.DeleteFigures, cancellation);
        }
        while (figures.Count == DropLook);

        List<(int Device, int Channel, long Hour)> rows;
        do
        {
            rows = BlockTable.HourlyBefore(reader, hour, DropLook);
            await InStepsAsync(rows, BlockTable.DeleteHourly, cancellation);
        }
        while (rows.Count == DropLook);
    }

    /// <returns>How many blocks went.</returns>
    private async Task<int> DropBelowAsync(SqliteConnection reader, long hour, CancellationToken cancellation)
    {
        await BeginAtAsync(hour);
        var blocks = await DropBlocksAsync(() => BlockTable.BlocksBefore(reader, hour, DropLook), cancellation);
        await DropHourlyAsync(reader, hour, cancellation);
        var books = DropStep;
        while (books == DropStep)
        {
            cancellation.ThrowIfCancellationRequested();
            await _database.CommitAsync(CommitPriority.Housekeeping, connection => books = Database.Execute(
                connection, "delete from book where (hour, device) in (select hour, device from book where hour < $hour limit $step)", ("$hour", hour), ("$step", DropStep)));
        }

        Dropped += blocks;
        return blocks;
    }

    private async Task InStepsAsync<T>(List<T> rows, Action<SqliteConnection, IEnumerable<T>> delete, CancellationToken cancellation)
    {
        foreach (var step in rows.Chunk(DropStep))
        {
            cancellation.ThrowIfCancellationRequested();
            await _database.CommitAsync(CommitPriority.Housekeeping, connection => delete(connection, step));
        }
    }

    /// <summary>An hour of a device as it is read: used again for the next, as a district has ten thousand of them at every full hour.</summary>
    private sealed class HourOfDevice
    {
        private readonly ReadingBlock _read = new();
        private readonly ReadingBlock _sorted = new();

        /// <returns>The blocks it was read from.</returns>
        public List<long> Read(SqliteConnection reader, int device, long hour, Action<long, string> damaged)
        {
            _read.Clear();
            return BlockTable.Read(reader, device, hour, _read, damaged);
        }

        /// <summary>An hour without readings.</summary>
        public ReadingBlock Nothing()
        {
            _read.Clear();
            return _read;
        }

        /// <summary>What was read; stands until the next is.</summary>
        public ReadingBlock Sorted() => _read.Sort(_sorted);
    }

    /// <summary>What joining works on; let go after each go.</summary>
    private sealed class Work
    {
        public HourOfDevice Hour { get; } = new();

        /// <summary>The hour before it, then the one after it.</summary>
        public HourOfDevice Other { get; } = new();

        public ReadingBlock Part { get; } = new();

        public ByteBuffer Bodies { get; } = new();
    }
}
