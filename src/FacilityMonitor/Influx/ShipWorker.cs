using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>Ships what the journal holds to InfluxDB, in order and at its own pace; whatever happens there, nobody else notices.</summary>
/// <remarks>
/// A batch is read from the journal while the one before it is on its way; no more than these two are in memory. A batch is sent until it is taken.
/// Its cursor in the journal stays <see cref="InfluxSettings.Horizon"/> behind what was taken: a database that restarts may have lost what it had acknowledged,
/// and is then sent everything from the cursor on again. The same reading is the same line, so that only what is missing is added.
/// </remarks>
internal sealed partial class ShipWorker : BackgroundService
{
    /// <summary>Name of its cursor.</summary>
    public const string Cursor = "influx";

    /// <summary>Reason of the dead letters it writes.</summary>
    public const string DeadLetterReason = "influx-refused";

    /// <summary>Most lines of a batch that are set aside. More at once is no bad reading, but a database that does not fit us: then the readings are kept.</summary>
    public const int SetAsideMax = 100;

    /// <summary>Share of the journal's limit at which waiting ends: from there on it is needed for those who raise alerts.</summary>
    public const double JournalShare = 0.8;

    /// <summary>The same while the database takes readings, but more slowly than they come.</summary>
    public const double JournalShareWhenTaken = 0.9;

    /// <summary>Share of the journal's limit from which nothing is kept for a restart of the database any more.</summary>
    public const double HorizonShare = 0.5;

    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BootEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BootEveryAfterTrouble = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SkipEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DiskRetry = TimeSpan.FromSeconds(1);

    private readonly InfluxSettings _settings;
    private readonly long _journalMax;
    private readonly IPointSink _sink;
    private readonly Database _database;
    private readonly MessageJournal _journal;
    private readonly StoreWorker _store;
    private readonly FacilitySource _registry;
    private readonly TimeProvider _time;
    private readonly ILogger<ShipWorker> _logger;
    private readonly JournalRecords _records;
    private readonly DeviceMessage _message = new();
    private readonly Dictionary<int, byte[]> _heads = [];
    private readonly Queue<(long Position, long TakenAt)> _taken = new();
    private FacilityIndex? _index;
    private LineBatch _filling = new();
    private LineBatch _sent = new();
    private Task<bool> _flight = Task.FromResult(true);
    private JournalReader? _reader;
    private long _fillingSince;
    private long _position;
    private long _keptFrom;
    private string? _boot;
    private long _bootLookedAt;
    private bool _wasAway;
    private byte[]? _lastTaken;
    private bool _hadFaults;
    private long _alertChange;
    private long _alertsRead;
    private long _alertsLookedAt;
    private long? _skippedAt;
    private long? _gapFromMs;
    private long _shipped;
    private long _setAside;
    private long _repeats;
    private long _skipped;
    private volatile ShipTrouble? _trouble;

    public ShipWorker(
        InfluxSettings settings, DataSettings data, IPointSink sink, Database database, MessageJournal journal, StoreWorker store, FacilitySource registry, DeviceTable devices,
        TimeProvider time, ILogger<ShipWorker> logger)
    {
        (_settings, _journalMax, _sink, _database, _journal, _store) = (settings, data.JournalBytes, sink, database, journal, store);
        (_registry, _time, _logger) = (registry, time, logger);
        _records = new JournalRecords(devices);
    }

    /// <summary>How it stands.</summary>
    public ShipState State
    {
        get
        {
            // Of two batches the one on its way is older; each may be taken or cleared while we look, which makes the figure late, not wrong.
            var oldest = Math.Min(_flight.IsCompleted ? long.MaxValue : AgeOf(_sent), AgeOf(_filling));
            return new ShipState(
                _sink.Name, Interlocked.Read(ref _shipped), Interlocked.Read(ref _setAside), Interlocked.Read(ref _repeats), Interlocked.Read(ref _skipped),
                oldest == long.MaxValue ? null : oldest, _trouble);

            static long AgeOf(LineBatch batch) => batch.FirstMs == 0 ? long.MaxValue : batch.FirstMs;
        }
    }

    /// <summary>Whether the journal is kept full by us, who are behind the embedded store. Trimming takes some seconds, so that it is not asked again at once.</summary>
    private bool IsHoldingUp => _journal.Bytes >= _journalMax * (_trouble is null ? JournalShareWhenTaken : JournalShare) && _store.Position > Volatile.Read(ref _position)
        && (_skippedAt is not { } at || _time.GetElapsedTime(at) >= SkipEvery)
        && _journal.Cursors().All(cursor => cursor.Value >= Volatile.Read(ref _keptFrom));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await OpenAsync(stoppingToken);
            while (true)
            {
                if (!await TryReadOnAsync(stoppingToken))
                    await Task.Delay(ReadEvery, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not taken is in the journal, before the cursor that was saved with what was.
            await ((Task)_flight).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            _reader?.Dispose();
        }
    }

    /// <summary>A disk that cannot be read at the moment is no reason to end the service, which ends with any of its parts.</summary>
    private async Task<bool> TryReadOnAsync(CancellationToken cancellation)
    {
        try
        {
            return await ReadOnAsync(cancellation);
        }
        catch (Exception error) when (error is SqliteException or DatabaseUnavailableException or IOException)
        {
            LogNotRead(error.Message);
            await Task.Delay(DiskRetry, _time, cancellation);
            // Perhaps in the middle of an entry: everything since the last that was booked is read once more.
            await ((Task)_flight).WaitAsync(cancellation);
            Rewind(_position);
            return true;
        }
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        _keptFrom = await _journal.RegisterAsync(Cursor);
        _position = _keptFrom;
        using (var connection = _database.OpenReader())
        using (var command = Database.Command(connection, "select position, alert_change, boot from shipping where name = $name", ("$name", Cursor)))
        using (var row = command.ExecuteReader())
        {
            if (row.Read())
                (_position, _alertChange, _boot) = (Math.Max(_keptFrom, row.GetInt64(0)), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2));
        }

        _alertsRead = _alertChange;

        // While we were away it may have restarted: that shows at the first look.
        _bootLookedAt = _time.GetTimestamp() - (long)(BootEvery.TotalSeconds * _time.TimestampFrequency);
        _wasAway = _boot is null && _position > _keptFrom;
        _reader = _journal.OpenReader(_position);
        _taken.Enqueue((_position, _time.GetTimestamp()));
        await LookForRestartAsync(cancellation);
    }

    /// <summary>Reads what the journal has, and sends what is due.</summary>
    /// <returns>Whether there may be more at once.</returns>
    private async Task<bool> ReadOnAsync(CancellationToken cancellation)
    {
        if (_flight.IsCompleted)
        {
            if (!await LandAsync(cancellation))
                return true;
            await LookForRestartAsync(cancellation);
        }

        TakeAlerts();
        if (_reader!.TryRead(out var entry, out _))
        {
            await TakeAsync(entry!, cancellation);
            return true;
        }

        if (_filling.Count > 0 ? _flight.IsCompleted && _time.GetElapsedTime(_fillingSince) >= _settings.Interval : _filling.Position > _position && _flight.IsCompleted)
            await SendAsync(cancellation);
        return false;
    }

    /// <summary>Alerts go with the next batch; they are few, and a second is soon enough for a dashboard.</summary>
    private void TakeAlerts()
    {
        if (_time.GetElapsedTime(_alertsLookedAt) < _settings.Interval || _filling.Count >= _settings.BatchReadings)
            return;
        _alertsLookedAt = _time.GetTimestamp();
        using var connection = _database.OpenReader();
        (var alerts, _alertsRead) = AlertChanges.After(connection, _alertsRead);
        if (_filling.Count == 0)
            _fillingSince = _alertsLookedAt;
        foreach (var alert in alerts)
            AlertChanges.Write(_filling, alert);
        _filling.AlertChange = _alertsRead;
    }

    private async Task TakeAsync(JournalEntry entry, CancellationToken cancellation)
    {
        try
        {
            _records.Open(entry);
            while (_records.TryRead(_message, out var kind, out _, out _))
            {
                if (kind == JournalRecordKind.Message && _message.Readings.Count > 0 && !await TakeAsync(cancellation))
                    return;
            }
        }
        catch (InvalidDataException)
        {
            // The store reads the same entry, says so in the log and counts it.
        }

        _filling.Position = entry.Position;
    }

    /// <returns>False when the reading begins anew elsewhere.</returns>
    private async Task<bool> TakeAsync(CancellationToken cancellation)
    {
        var device = _message.Device!;
        var head = HeadOf(device);
        var seq = _message.HasEnvelope ? _message.Envelope.Seq : 0;
        for (var index = 0; index < _message.Readings.Count; index++)
        {
            if (_filling.Count == 0)
                _fillingSince = _time.GetTimestamp();
            Add(device, head, seq, index);
            if ((_filling.Count >= _settings.BatchReadings || _filling.Bytes.Length >= LineBatch.BytesMax) && !await SendAsync(cancellation))
                return false;
        }

        return true;
    }

    private void Add(Device device, byte[] head, long seq, int index)
    {
        ref readonly var reading = ref _message.Readings.Readings[index];
        LineProtocol.Write(_filling.Bytes, head, reading, _message.Readings.ValuesOf(reading), LineProtocol.Nanoseconds(reading.AtMs, seq, reading.Index));
        _filling.Added(device.Number, _message.ReceivedMs);
    }

    /// <summary>What a device's lines begin with; made again when another registry comes into force.</summary>
    private byte[] HeadOf(Device device)
    {
        if (!ReferenceEquals(_index, _registry.Current))
        {
            _index = _registry.Current;
            _heads.Clear();
        }

        if (_heads.TryGetValue(device.Number, out var head))
            return head;
        var known = _registry.Current.Find(device.Id);
        return _heads[device.Number] = LineProtocol.Head(known?.Entry.Kind, known?.Site.Id ?? device.Id.Site, known?.Entry.Id ?? device.Id.Name);
    }

    /// <summary>Sends the batch that was filled, after the one before it has landed.</summary>
    /// <returns>False when the reading begins anew elsewhere.</returns>
    private async Task<bool> SendAsync(CancellationToken cancellation)
    {
        await ((Task)_flight).WaitAsync(cancellation);
        if (!await LandAsync(cancellation))
            return false;
        // A batch that ends in the middle of an entry says nothing new of the position.
        (_filling, _sent) = (_sent, _filling);
        (_filling.Position, _filling.AlertChange) = (Math.Max(_sent.Position, _position), _alertsRead);
        _flight = FlyAsync(_sent, cancellation);
        return true;
    }

    /// <summary>Books the batch that was on its way.</summary>
    /// <returns>False when the journal is full: the reading begins anew behind what the embedded store has.</returns>
    private async Task<bool> LandAsync(CancellationToken cancellation)
    {
        var isTaken = await _flight;
        if (isTaken && _sent.Count > 0)
        {
            _sent.Clear();
            _gapFromMs = null;
        }

        if (isTaken && (_sent.Position > _position || _sent.AlertChange > _alertChange))
        {
            (_position, _alertChange) = (Math.Max(_sent.Position, _position), Math.Max(_sent.AlertChange, _alertChange));
            _taken.Enqueue((_position, _time.GetTimestamp()));
            await SaveAsync(cancellation);
        }

        if (isTaken && !IsHoldingUp)
            return true;
        await SkipAsync(cancellation);
        return false;
    }

    /// <summary>Sends a batch until it is taken.</summary>
    /// <returns>False when the journal has no room to wait any longer.</returns>
    private async Task<bool> FlyAsync(LineBatch batch, CancellationToken cancellation)
    {
        // Encoding goes on beside it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (var failures = 0; ;)
        {
            var answer = batch.Count == 0 ? new WriteAnswer.Written() : await WriteAsync(batch, cancellation);
            if (answer is WriteAnswer.Written)
            {
                Interlocked.Add(ref _shipped, batch.Count);
                if (batch.Count > 0 && !_hadFaults)
                    _lastTaken = batch.Lines((batch.Count - 1)..).ToArray();
                if (batch.Count > 0 && _trouble is { } over)
                {
                    var away = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(over.SinceMs);
                    LogShippingAgain(_sink.Name, away);
                    _trouble = null;
                }

                return true;
            }

            Complain(answer);
            if (IsHoldingUp)
                return false;
            var pause = RetryPlan.Pause(RetryMax, ++failures, (answer as WriteAnswer.Later)?.Wait, Random.Shared.NextDouble());
            if (!await WaitAsync(pause, cancellation))
                return false;
        }
    }

    /// <returns>False when the journal has no room to wait any longer.</returns>
    private async Task<bool> WaitAsync(TimeSpan pause, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (pause - _time.GetElapsedTime(began) is { Ticks: > 0 } left)
        {
            // Less than a millisecond would be no pause at all.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(left.TotalMilliseconds), 1, LookEvery.TotalMilliseconds)), _time, cancellation);
            if (IsHoldingUp)
                return false;
        }

        return true;
    }

    private void Complain(WriteAnswer answer)
    {
        var words = answer switch
        {
            WriteAnswer.Later later => later.Words,
            WriteAnswer.Refused refused => refused.Words,
            WriteAnswer.Malformed malformed => malformed.Words,
            WriteAnswer.TooLarge large => large.Words,
            _ => "",
        };
        var needsSomebody = answer is not WriteAnswer.Later;
        _wasAway |= answer is WriteAnswer.Later { MayHaveRestarted: true };
        if (_trouble is null)
            LogNotShipped(_sink.Name, words);
        if (_trouble is not { } known || known.Words != words)
            _trouble = new ShipTrouble(_trouble?.SinceMs ?? _time.GetUtcNow().ToUnixTimeMilliseconds(), needsSomebody, words);
    }

    /// <summary>Writes a batch, and sets aside the lines in it that the database finds fault with.</summary>
    private async Task<WriteAnswer> WriteAsync(LineBatch batch, CancellationToken cancellation)
    {
        _hadFaults = false;
        var answer = await _sink.WriteAsync(batch.Lines(..), cancellation);
        if (answer is not (WriteAnswer.Malformed or WriteAnswer.TooLarge))
            return answer;
        var faults = new List<(int Line, string Words)>();
        answer = await IsolateAsync(batch, 0, batch.Count, answer, faults, cancellation);
        if (answer is not WriteAnswer.Written || faults.Count == 0)
            return answer;
        // Not one was taken: unless it still takes what it took before, it is not the lines. The same line again changes nothing there.
        if (faults.Count == batch.Count && (_lastTaken is not { } known || await _sink.WriteAsync(known, cancellation) is not WriteAnswer.Written))
            return new WriteAnswer.Malformed(faults[0].Words);
        _hadFaults = true;
        await SetAsideAsync(batch, faults, cancellation);
        return answer;
    }

    /// <summary>Finds the lines at fault by halves: each takes about twice the binary logarithm of the batch in requests. What is good is written on the way.</summary>
    private async Task<WriteAnswer> IsolateAsync(LineBatch batch, int from, int to, WriteAnswer answer, List<(int Line, string Words)> faults, CancellationToken cancellation)
    {
        if (to - from == 1)
        {
            faults.Add((from, answer is WriteAnswer.Malformed malformed ? malformed.Words : ((WriteAnswer.TooLarge)answer).Words));
            return faults.Count > SetAsideMax ? answer : new WriteAnswer.Written();
        }

        var middle = (from + to) / 2;
        foreach (var (begin, end) in new[] { (from, middle), (middle, to) })
        {
            var half = await _sink.WriteAsync(batch.Lines(begin..end), cancellation);
            if (half is WriteAnswer.Malformed or WriteAnswer.TooLarge)
                half = await IsolateAsync(batch, begin, end, half, faults, cancellation);
            if (half is not WriteAnswer.Written)
                return half;
        }

        return new WriteAnswer.Written();
    }

    private async Task SetAsideAsync(LineBatch batch, List<(int Line, string Words)> faults, CancellationToken cancellation)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var letters = faults.ConvertAll(fault => new DeadLetter(
            now, System.Text.Encoding.UTF8.GetBytes("influx/" + _settings.Database), batch.Lines(fault.Line..(fault.Line + 1)).ToArray(), DeadLetterReason, fault.Words, batch.DeviceOf(fault.Line)));
        await CommitAsync(connection => letters.ForEach(letter => DeadLetters.Insert(connection, letter)), cancellation);
        Interlocked.Add(ref _setAside, faults.Count);
        LogSetAside(faults.Count, _sink.Name, faults[0].Words);
    }

    /// <summary>Saves how far it is. Of what was taken the newest part stays in the journal, unless the journal is wanted for something else.</summary>
    private Task SaveAsync(CancellationToken cancellation)
    {
        var isShort = _journal.Bytes >= _journalMax * HorizonShare;
        // Until it is known whether it has restarted, what was taken before counts as perhaps lost, however long ago that was.
        while (!_wasAway && _taken.TryPeek(out var oldest) && (isShort || _time.GetElapsedTime(oldest.TakenAt) >= _settings.Horizon))
            _keptFrom = Math.Max(_keptFrom, _taken.Dequeue().Position);
        var (position, keptFrom, alertChange, boot) = (_position, _keptFrom, _alertChange, _boot);
        return CommitAsync(
            connection =>
            {
                _journal.SetCursor(connection, Cursor, keptFrom);
                Database.Execute(
                    connection, "insert or replace into shipping (name, position, alert_change, boot) values ($name, $position, $change, $boot)",
                    ("$name", Cursor), ("$position", position), ("$change", alertChange), ("$boot", boot));
            },
            cancellation);
    }

    /// <summary>Looks whether the database has restarted; if so, everything from the cursor on is sent again.</summary>
    private async Task LookForRestartAsync(CancellationToken cancellation)
    {
        if (_time.GetElapsedTime(_bootLookedAt) < (_wasAway ? BootEveryAfterTrouble : BootEvery))
            return;
        _bootLookedAt = _time.GetTimestamp();
        var boot = await _sink.BootAsync(cancellation);
        // One that is away is looked at again. One that does not tell has perhaps restarted whenever it was away.
        var isBack = _wasAway && _trouble is null;
        var restarted = boot is null || _boot is null ? isBack : boot != _boot;
        if (boot is null && !restarted)
            return;
        var change = _alertChange;
        if (restarted)
        {
            using var connection = _database.OpenReader();
            change = AlertChanges.Before(connection, (_time.GetUtcNow() - _settings.Horizon).ToUnixTimeMilliseconds(), _alertChange);
        }

        (_wasAway, _boot) = (false, boot);
        if (!restarted || (_keptFrom >= _position && change == _alertChange))
            return;
        _alertChange = change;
        LogAgain(_sink.Name, _position - _keptFrom);
        Interlocked.Increment(ref _repeats);
        await BeginAtAsync(_keptFrom, cancellation);
    }

    /// <summary>Leaves out what the embedded store has already: the journal is full, and without room in it nobody would be warned of anything.</summary>
    private async Task SkipAsync(CancellationToken cancellation)
    {
        var to = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (_gapFromMs is null)
            Interlocked.Increment(ref _skipped);
        var from = _gapFromMs ??= ReceivedAfter(_wasAway ? _keptFrom : _position) ?? to;
        var position = Math.Max(_position, _store.Position);
        await CommitAsync(
            connection => Database.Execute(connection, "insert or replace into shipping_gap (name, from_ms, to_ms) values ($name, $from, $to)", ("$name", Cursor), ("$from", from), ("$to", to)),
            cancellation);
        LogSkipped(_sink.Name, DateTimeOffset.FromUnixTimeMilliseconds(from), DateTimeOffset.FromUnixTimeMilliseconds(to));
        _skippedAt = _time.GetTimestamp();
        await BeginAtAsync(position, cancellation);
    }

    private long? ReceivedAfter(long position)
    {
        using var connection = _database.OpenReader();
        using var command = Database.Command(connection, "select first_ms from journal where position > $position order by position limit 1", ("$position", position));
        return (long?)command.ExecuteScalar();
    }

    private async Task BeginAtAsync(long position, CancellationToken cancellation)
    {
        Rewind(position);
        _taken.Clear();
        _taken.Enqueue((position, _time.GetTimestamp()));
        (_position, _keptFrom) = (position, position);
        await SaveAsync(cancellation);
    }

    /// <summary>Reads on behind a position, and forgets what was read before.</summary>
    private void Rewind(long position)
    {
        _reader!.Dispose();
        _reader = _journal.OpenReader(position);
        _filling.Clear();
        _sent.Clear();
        (_filling.Position, _sent.Position) = (position, position);
        _flight = Task.FromResult(true);
        _alertsRead = _filling.AlertChange = _sent.AlertChange = _alertChange;
    }

    /// <summary>A disk that refuses is asked again until it takes it: what is to be written is small, and waiting costs no reading.</summary>
    private async Task CommitAsync(Action<SqliteConnection> write, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await _database.CommitAsync(CommitPriority.Housekeeping, write);
                return;
            }
            catch (DatabaseUnavailableException)
            {
                // Ingest tells of it loudly.
                await Task.Delay(DiskRetry, _time, cancellation);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} takes no readings: {Words}. They wait in the journal")]
    private partial void LogNotShipped(string target, string words);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal cannot be read on for InfluxDB: {Reason}. It is tried again")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Target} takes readings again, after {Pause}")]
    private partial void LogShippingAgain(string target, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Target} has restarted: {Commits} commits of the journal are sent again")]
    private partial void LogAgain(string target, long commits);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} readings were set aside as dead letters, {Target} found fault with them: {Words}")]
    private partial void LogSetAside(int count, string target, string words);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal is full: what was received from {From} to {To} is not shipped to {Target}. The embedded store has it")]
    private partial void LogSkipped(string target, DateTimeOffset from, DateTimeOffset to);
}
