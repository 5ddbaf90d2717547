using System.Runtime.CompilerServices;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Storage;

/// <summary>Readings in the one SQLite file. Reads what is open first and what is closed after: a block closed in between is then seen twice, which sorting makes once.</summary>
internal sealed partial class EmbeddedStore : IReadingStore, IReadingHours, IHourFigures
{
    private readonly Func<SqliteConnection> _connect;
    private readonly ILogger _logger;
    private long _damaged;
    private long _hoursRead;

    public EmbeddedStore(Database database, DeviceTable devices, ILogger<EmbeddedStore> logger)
        : this(database.OpenReader, devices, logger)
    {
    }

    /// <summary>For a process beside the service: it sees what is on disk.</summary>
    internal EmbeddedStore(Func<SqliteConnection> connect, DeviceTable devices, ILogger logger)
    {
        (_connect, _logger) = (connect, logger);
        using var reader = connect();
        foreach (var latest in BlockTable.Latest(reader, devices, CountDamagedLatest))
            Latest.Load(latest);
    }

    public OpenBlocks Open { get; } = new();

    public LatestTable Latest { get; } = new();

    /// <summary>Damaged blocks met so far.</summary>
    public long Damaged => Interlocked.Read(ref _damaged);

    /// <summary>Hours of a device whose readings were unpacked for somebody: what reading history costs.</summary>
    public long HoursRead => Interlocked.Read(ref _hoursRead);

    public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<LatestReading>>([.. devices.SelectMany(Latest.Of)]);

    public ValueTask<IReadOnlyList<IReadOnlyList<SeriesPoint>>> SeriesAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation) =>
        ReadingQueries.SeriesAsync(this, device, channels, metric, fromMs, toMs, maxPoints, cancellation);

    public IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, CancellationToken cancellation) =>
        ReadingQueries.ReadingsAsync(this, device, fromMs, toMs, cancellation);

    /// <summary>The hours of a device that have readings here, in order.</summary>
    public IReadOnlyList<long> HoursOf(Device device, long fromHour, long toHour)
    {
        if (fromHour >= toHour)
            return [];
        using var reader = _connect();
        return HoursOf(reader, device.Number, fromHour * HourlyRollup.HourMs, toHour * HourlyRollup.HourMs);
    }

    public async IAsyncEnumerable<ReadingHour> HoursAsync(Device device, long fromMs, long toMs, ReadingParts parts, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = _connect();
        var (open, all) = (new ReadingBlock(), new ReadingBlock());
        foreach (var hour in HoursOf(reader, device.Number, fromMs, toMs))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return new ReadingHour(hour, ReadHour(reader, device.Number, hour, open, all, parts));
        }

        await Task.CompletedTask;
    }

    /// <summary>From what was written when blocks were joined; hours that wait for that are reckoned now.</summary>
    public async IAsyncEnumerable<HourFigure> FiguresAsync(
        Device device, IReadOnlyList<ChannelId> channels, Metric metric, long fromHour, long toHour, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = _connect();
        // In this order: what is flushed or joined meanwhile is then read itself, or seen joined with figures at least as new.
        var open = Open.Hours(device.Number).Where(hour => hour >= fromHour && hour < toHour).ToHashSet();
        var closed = BlockTable.AreJoined(reader, device.Number, fromHour, toHour - 1);
        var figures = BlockTable.Figures(reader, device.Number, fromHour, toHour - 1, channels, metric, CountDamaged);
        var (some, all, parts) = (new ReadingBlock(), new ReadingBlock(), ReadingParts.Of(channels, metric));
        foreach (var hour in closed.Keys.Union(open).Order())
        {
            cancellation.ThrowIfCancellationRequested();
            var isKept = !open.Contains(hour) && closed[hour] && figures.ContainsKey(hour);
            foreach (var figure in isKept ? figures[hour] : HourFigures.Of(hour, ReadHour(reader, device.Number, hour, some, all, parts), channels, metric))
                yield return figure;
        }

        await Task.CompletedTask;
    }

    public ValueTask<long?> HourBeforeAsync(Device device, long hour, CancellationToken cancellation)
    {
        using var reader = _connect();
        var closed = BlockTable.HourBefore(reader, device.Number, hour);
        var open = Open.Hours(device.Number).Where(other => other < hour).Select(other => (long?)other).Max();
        return ValueTask.FromResult(closed > open || open is null ? closed : open);
    }

    public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
    {
        using var reader = _connect();
        var rows = new List<HourlyRollup>();
        foreach (var device in devices)
        {
            cancellation.ThrowIfCancellationRequested();
            rows.AddRange(BlockTable.Hourly(reader, device.Number, ReadingQueries.FirstHour(fromMs), HourlyRollup.HourOf(toMs - 1)));
        }

        return ValueTask.FromResult<IReadOnlyList<HourlyRollup>>(rows);
    }

    public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) =>
        ValueTask.FromResult(ReadingQueries.Top(devices.SelectMany(Latest.Of), sinceMs, most));

    private List<long> HoursOf(SqliteConnection reader, int device, long fromMs, long toMs)
    {
        var (from, to) = (HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(toMs - 1));
        var open = Open.Hours(device).Where(hour => hour >= from && hour <= to).ToList();
        return [.. BlockTable.Hours(reader, device, from, to).Union(open).Order()];
    }

    /// <param name="reader">Where from.</param>
    /// <param name="device">Device number.</param>
    /// <param name="hour">Hours since 1970-01-01 UTC.</param>
    /// <param name="open">Used for the work.</param>
    /// <param name="all">Used for the work, too; what is returned is one of the two.</param>
    /// <param name="parts">What is wanted.</param>
    private ReadingBlock ReadHour(SqliteConnection reader, int device, long hour, ReadingBlock open, ReadingBlock all, ReadingParts parts)
    {
        Interlocked.Increment(ref _hoursRead);
        open.Clear();
        all.Clear();
        Open.CopyTo(device, hour, open);
        BlockTable.Read(reader, device, hour, all, CountDamaged, parts);
        all.AddAll(open);
        return all.Sort(open);
    }

    internal void CountDamaged(long block, string reason)
    {
        Interlocked.Increment(ref _damaged);
        LogDamaged(block, reason);
    }

    private void CountDamagedLatest(long device, string reason)
    {
        Interlocked.Increment(ref _damaged);
        LogDamagedLatest(device, reason);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What device {Device} said last cannot be read; it is shown again when it speaks: {Reason}")]
    private partial void LogDamagedLatest(long device, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Block {Block} is passed over: {Reason}")]
    private partial void LogDamaged(long block, string reason);
}
