using System.Runtime.CompilerServices;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Storage;

/// <summary>Readings in the one SQLite file. Reads what is open first and what is closed after: a block closed in between is then seen twice, which sorting makes once.</summary>
internal sealed partial class EmbeddedStore : IReadingStore
{
    private readonly Func<SqliteConnection> _connect;
    private readonly ILogger _logger;
    private long _damaged;

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

    public ValueTask<IReadOnlyList<LatestReading>> LatestAsync(IReadOnlyCollection<Device> devices, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<LatestReading>>([.. devices.SelectMany(Latest.Of)]);

    public ValueTask<IReadOnlyList<SeriesPoint>> SeriesAsync(
        Device device, ChannelId channel, Metric metric, long fromMs, long toMs, int maxPoints, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPoints, 1);
        var values = new List<(long, double)>();
        using var reader = _connect();
        var (open, all) = (new ReadingBlock(), new ReadingBlock());
        foreach (var hour in HoursOf(reader, device.Number, fromMs, toMs))
        {
            cancellation.ThrowIfCancellationRequested();
            Collect(ReadHour(reader, device.Number, hour, open, all), channel, metric, fromMs, toMs, values);
        }

        return ValueTask.FromResult(ReadingStoreExtensions.Bucket(values, fromMs, toMs, maxPoints));
    }

    public async IAsyncEnumerable<StoredReading> ReadingsAsync(Device device, long fromMs, long toMs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = _connect();
        var (open, all) = (new ReadingBlock(), new ReadingBlock());
        foreach (var hour in HoursOf(reader, device.Number, fromMs, toMs))
        {
            cancellation.ThrowIfCancellationRequested();
            var block = ReadHour(reader, device.Number, hour, open, all);
            for (var index = 0; index < block.Count; index++)
            {
                if (block.Rows[index].AtMs >= fromMs && block.Rows[index].AtMs < toMs)
                    yield return ToReading(device, block, index);
            }
        }

        await Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<HourlyRollup>> HourlyAsync(IReadOnlyCollection<Device> devices, long fromMs, long toMs, CancellationToken cancellation)
    {
        using var reader = _connect();
        var rows = new List<HourlyRollup>();
        foreach (var device in devices)
        {
            cancellation.ThrowIfCancellationRequested();
            rows.AddRange(BlockTable.Hourly(reader, device.Number, FirstHour(fromMs), HourlyRollup.HourOf(toMs - 1)));
        }

        return ValueTask.FromResult<IReadOnlyList<HourlyRollup>>(rows);
    }

    public ValueTask<IReadOnlyList<Load>> TopLoadsAsync(IReadOnlyCollection<Device> devices, long sinceMs, int most, CancellationToken cancellation) =>
        ValueTask.FromResult(Top(devices.SelectMany(Latest.Of), sinceMs, most));

    internal static long FirstHour(long fromMs) => HourlyRollup.HourOf(fromMs + HourlyRollup.HourMs - 1);

    internal static IReadOnlyList<Load> Top(IEnumerable<LatestReading> latest, long sinceMs, int most) =>
    [
        .. latest.SelectMany(reading => reading.Values.Where(value => value.Metric == Metric.W && value.AtMs >= sinceMs)
                .Select(value => new Load(reading.Device, reading.Channel, value.AtMs, value.Value)))
            .OrderByDescending(load => load.W).ThenBy(load => load.Device.Number).ThenBy(load => load.Channel.Code).Take(most),
    ];

    internal static void Collect(ReadingBlock block, ChannelId channel, Metric metric, long fromMs, long toMs, List<(long, double)> into)
    {
        foreach (ref readonly var row in block.Rows)
        {
            if (row.Channel != channel || row.AtMs < fromMs || row.AtMs >= toMs || row.Quality == Quality.Bad)
                continue;
            foreach (var value in block.ValuesOf(row))
            {
                if (value.Metric == metric)
                    into.Add((row.AtMs, value.Value));
            }
        }
    }

    internal static StoredReading ToReading(Device device, ReadingBlock block, int index)
    {
        ref readonly var row = ref block.Rows[index];
        var values = block.ValuesOf(row).ToArray();
        Array.Sort(values, (left, right) => left.Metric.CompareTo(right.Metric));
        return new StoredReading(device, row.Channel, row.AtMs, row.DeviceMs, row.Quality, row.CounterEpoch, row.State, row.Seq, row.Index, values);
    }

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
    /// <param name="all">Used for the work; what is returned may be this.</param>
    private ReadingBlock ReadHour(SqliteConnection reader, int device, long hour, ReadingBlock open, ReadingBlock all)
    {
        open.Clear();
        all.Clear();
        Open.CopyTo(device, hour, open);
        BlockTable.Read(reader, device, hour, all, CountDamaged);
        all.AddAll(open);
        return all.Sort();
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
