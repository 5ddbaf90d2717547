using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Influx;

/// <summary>How a backfill ended.</summary>
/// <param name="Sent">Readings the database took.</param>
/// <param name="Refused">Readings it found fault with.</param>
/// <param name="Refusal">What it said of the first of them.</param>
/// <param name="Damaged">Blocks that could not be read.</param>
/// <param name="Trouble">Why it ended before the end, in the database's words; null: everything of the time was sent.</param>
/// <param name="DoneToMs">Up to where every hour was sent; ms since 1970-01-01 UTC.</param>
internal sealed record BackfillResult(long Sent, long Refused, string? Refusal, long Damaged, string? Trouble, long DoneToMs);

/// <summary>
/// Sends readings from the embedded store to InfluxDB, hour after hour. The lines are those of the first time: what is there already overwrites itself, so that it can be
/// repeated at any time, and after it was stopped goes on from the hour it had come to.
/// </summary>
/// <param name="directory">The data directory; the service may be running on it.</param>
/// <param name="devices">Who they are.</param>
/// <param name="registry">What they are called.</param>
/// <param name="sink">Where to.</param>
/// <param name="batchReadings">Readings in one request.</param>
/// <param name="time">The clock.</param>
/// <param name="tell">Takes how far it is, now and then: the hour and the readings sent so far.</param>
internal sealed class Backfill(
    string directory, DeviceTable devices, FacilityIndex registry, IPointSink sink, int batchReadings, TimeProvider time, Action<long, long> tell)
{
    /// <summary>Most readings that may be refused. More is no bad reading, but a database that does not fit us.</summary>
    public const int RefusedMax = ShipWorker.SetAsideMax;

    /// <summary>As long it is tried again while the database is away.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(5);

    // Lines and where each ends.
    private readonly ByteBuffer _lines = new();
    private readonly List<int> _ends = [];
    private readonly Dictionary<int, byte[]> _heads = [];
    private long _sent;
    private long _refused;
    private long _damaged;
    private string? _refusal;
    private long _toldAt = time.GetTimestamp();

    /// <summary>The first and the last hour that the embedded store has, as a time; null when it has none.</summary>
    public static (long FromMs, long ToMs)? Stored(string directory)
    {
        using var connection = Database.OpenReader(directory);
        return BlockTable.Number(connection, "select min(hour) from block") is { } first && BlockTable.Number(connection, "select max(hour) from block") is { } last
            ? (first * HourlyRollup.HourMs, (last + 1) * HourlyRollup.HourMs) : null;
    }

    /// <summary>Sends a time.</summary>
    /// <param name="fromMs">Begin, included; ms since 1970-01-01 UTC.</param>
    /// <param name="toMs">End, excluded.</param>
    /// <param name="cancellation">Ends it; what was sent stays sent.</param>
    public async Task<BackfillResult> RunAsync(long fromMs, long toMs, CancellationToken cancellation)
    {
        (_sent, _refused, _damaged, _refusal) = (0, 0, 0, null);
        using var connection = Database.OpenReader(directory);
        var (from, to) = (HourlyRollup.HourOf(fromMs), HourlyRollup.HourOf(toMs - 1) + 1);
        var doneToMs = fromMs;
        var block = new ReadingBlock();
        // A day at a time: the index leads by device, so that each look reads it whole, and what it finds is held in memory.
        for (var day = from; day < to && toMs > fromMs;)
        {
            // What is not stored is skipped, so that a time of years costs no more than what there is of it.
            if (BlockTable.Number(connection, "select min(hour) from block where hour >= $from and hour < $to", ("$from", day), ("$to", to)) is not { } first)
                break;
            foreach (var hour in Hours(connection, first, Math.Min(to, first + 24)).GroupBy(pair => pair.Hour))
            {
                foreach (var (_, number) in hour)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (devices.Find(number) is not { } device)
                        continue;
                    block.Clear();
                    BlockTable.Read(connection, number, hour.Key, block, (_, _) => _damaged++);
                    if (await AddAsync(device, block.Sort(), fromMs, toMs, cancellation) is { } trouble)
                        return Result(trouble, doneToMs);
                }

                if (await SendAsync(cancellation) is { } last)
                    return Result(last, doneToMs);
                doneToMs = Math.Min(toMs, (hour.Key + 1) * HourlyRollup.HourMs);
                if (time.GetElapsedTime(_toldAt) >= TellEvery)
                {
                    _toldAt = time.GetTimestamp();
                    tell(doneToMs, _sent);
                }
            }

            day = first + 24;
        }

        return Result(null, toMs);
    }

    private static List<(long Hour, int Device)> Hours(Microsoft.Data.Sqlite.SqliteConnection connection, long fromHour, long toHour)
    {
        using var command = Database.Command(
            connection, "select distinct hour, device from block where hour >= $from and hour < $to order by hour, device", ("$from", fromHour), ("$to", toHour));
        using var rows = command.ExecuteReader();
        var hours = new List<(long, int)>();
        while (rows.Read())
            hours.Add((rows.GetInt64(0), rows.GetInt32(1)));
        return hours;
    }

    private BackfillResult Result(string? trouble, long doneToMs) => new(_sent, _refused, _refusal, _damaged, trouble, doneToMs);

    private async Task<string?> AddAsync(Device device, ReadingBlock block, long fromMs, long toMs, CancellationToken cancellation)
    {
        var head = HeadOf(device);
        for (var index = 0; index < block.Count; index++)
        {
            if (block.Rows[index].AtMs < fromMs || block.Rows[index].AtMs >= toMs)
                continue;
            Write(head, block, index);
            if ((_ends.Count >= batchReadings || _lines.Length >= LineBatch.BytesMax) && await SendAsync(cancellation) is { } trouble)
                return trouble;
        }

        return null;
    }

    private void Write(byte[] head, ReadingBlock block, int index)
    {
        ref readonly var row = ref block.Rows[index];
        var reading = new Reading
        {
            Channel = row.Channel,
            Index = row.Index,
            Quality = row.Quality,
            AtMs = row.AtMs,
            DeviceMs = row.DeviceMs,
            CounterEpoch = row.CounterEpoch,
            State = row.State,
        };
        LineProtocol.Write(_lines, head, reading, block.ValuesOf(row), LineProtocol.Nanoseconds(row.AtMs, row.Seq, row.Index));
        _ends.Add(_lines.Length);
    }

    private byte[] HeadOf(Device device)
    {
        if (_heads.TryGetValue(device.Number, out var head))
            return head;
        var known = registry.Find(device.Id);
        return _heads[device.Number] = LineProtocol.Head(known?.Entry.Kind, known?.Site.Id ?? device.Id.Site, known?.Entry.Id ?? device.Id.Name);
    }

    /// <returns>Why it cannot go on; null: it was sent.</returns>
    private async Task<string?> SendAsync(CancellationToken cancellation)
    {
        var trouble = _ends.Count == 0 ? null : await SendAsync(0, _ends.Count, cancellation);
        _lines.Clear();
        _ends.Clear();
        return trouble;
    }

    private async Task<string?> SendAsync(int first, int count, CancellationToken cancellation)
    {
        var answer = await WriteAsync(_lines.Memory[(first == 0 ? 0 : _ends[first - 1]).._ends[first + count - 1]], cancellation);
        switch (answer)
        {
            case WriteAnswer.Written:
                _sent += count;
                return null;
            case WriteAnswer.Malformed or WriteAnswer.TooLarge when count > 1:
                // What is good of it is written on the way to what is not.
                return await SendAsync(first, count / 2, cancellation) ?? await SendAsync(first + (count / 2), count - (count / 2), cancellation);
            case WriteAnswer.Malformed or WriteAnswer.TooLarge:
                _refusal ??= Words(answer);
                return ++_refused > RefusedMax ? _refusal : null;
            default:
                return Words(answer);
        }
    }

    /// <summary>Writes, again and again while it is only away.</summary>
    private async Task<WriteAnswer> WriteAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            var answer = await sink.WriteAsync(lines, cancellation);
            if (answer is not WriteAnswer.Later later || time.GetElapsedTime(began) >= Patience)
                return answer;
            var pause = RetryPlan.Pause(RetryMax, failures, later.Wait, Random.Shared.NextDouble());
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(pause.TotalMilliseconds, Patience.TotalMilliseconds))), time, cancellation);
        }
    }

    private static string Words(WriteAnswer answer) => answer switch
    {
        WriteAnswer.Later later => later.Words,
        WriteAnswer.Refused refused => refused.Words,
        WriteAnswer.Malformed malformed => malformed.Words,
        WriteAnswer.TooLarge large => large.Words,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
