using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>Ships what the journal holds to InfluxDB, in order and at its own pace; whatever happens there, nobody else notices.</summary>
/// <remarks>
/// A batch is read from the journal while the one before it is on its way; no more than these two are in memory. A batch is sent until it is taken.
/// Its cursor in the journal stays <see cref="InfluxSettings.Horizon"/> behind what was taken: a database that restarts may have lost what it had acknowledged,
/// and is then sent everything from the cursor on again. The same reading is the same line, so that only what is missing is added.
/// What it refuses is set aside in the commit that holds the position behind it: neither a crash nor a repeat sets it aside twice.
/// </remarks>
internal sealed partial class ShipWorker : BackgroundService
{
    /// <summary>Name of its cursor.</summary>
    public const string Cursor = "influx";

    /// <summary>Reason of the dead letters it writes.</summary>
    public const string DeadLetterReason = "influx-refused";

    /// <summary>Most lines of a batch that are set aside. More at once is no bad reading, but a database that does not fit us: then the readings are kept.</summary>
    public const int SetAsideMax = 100;

    /// <summary>As many requests of a search for lines at fault go out before it pauses: a hundred faults take some thousand, and the database has others to serve.</summary>
    public const int SearchBurst = 50;

    /// <summary>As much of what lies beyond a retention policy is kept word for word of each batch, bytes: a device that hands in a year of readings must not push
    /// everything else out of the dead letters.</summary>
    public const int BeyondRetentionBytesMax = 64 << 10;

    /// <summary>The shortest retention policy that InfluxDB allows. What is younger cannot lie beyond one: then its clock is wrong, and the readings are kept.</summary>
    public static readonly TimeSpan RetentionMin = TimeSpan.FromHours(1);

    /// <summary>Share of the journal's limit at which waiting ends: from there on it is needed for those who raise alerts.</summary>
    public const double JournalShare = 0.8;

    /// <summary>The same while the database takes readings, but more slowly than they come.</summary>
    public const double JournalShareWhenTaken = 0.9;

    /// <summary>Share of the journal's limit from which nothing is kept for a restart of the database any more.</summary>
    public const double HorizonShare = 0.5;

    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BootEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BootEveryAfterTrouble = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RepeatPauseMin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RepeatsApart = TimeSpan.FromHours(1);
    private static readonly TimeSpan SearchPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SkipEvery = TimeSpan.FromSeconds(30);

    /// <summary>A look at when it started takes at most this part of the time, however slowly it answers.</summary>
    private const int LookShare = 20;

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(60);
    /// <summary>How far it is is saved no oftener while batch follows batch: the database would wait for our disk after each. A crash sends that much again, which changes nothing there.</summary>
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DiskRetry = TimeSpan.FromSeconds(1);

    private readonly InfluxSettings _settings;
    private readonly long _journalMax;
    private readonly IPointSink _sink;
    private readonly Database _database;
    private readonly MessageJournal _journal;
    private readonly StoreWorker _store;
    private readonly DeviceTable _devices;
    private readonly bool _putsAway;
    private readonly TimeProvider _time;
    private readonly ILogger<ShipWorker> _logger;
    private readonly JournalRecords _records;
    private readonly DeviceMessage _message = new();
    private readonly LineHeads _heads;
    private readonly Queue<(long Position, long TakenAt)> _taken = new();
    private readonly List<SetAsideLines> _unbooked = [];
    private LineBatch _filling = new();
    private LineBatch _sent = new();
    private Task<bool> _flight = Task.FromResult(true);
    private JournalReader? _reader;
    private long _fillingSince;
    private long _position;
    private long _keptFrom;
    private TargetStarts _starts = new(last: null);
    private long _startLookedAt;
    private TimeSpan _lookPause;
    private bool _wasAway;
    private bool _isSeveral;
    private bool _isRepeatDue;
    private long? _repeatedAt;
    private TimeSpan _repeatPause;
    private bool _isPartTaken;
    private bool _isUnsaved;
    private long _savedAt;
    private byte[]? _lastTaken;
    private long _booked;
    private long _bookedAlert;
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
        (_heads, _devices, _time, _logger) = (new LineHeads(() => registry.Current), devices, time, logger);
        _putsAway = data.Readings == ReadingsIn.Influx;
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
                oldest == long.MaxValue ? null : oldest, Volatile.Read(ref _position) < Volatile.Read(ref _booked), _trouble);

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
        _booked = _position;
        bool isFirst;
        using (var connection = _database.OpenReader())
        using (var command = Database.Command(connection, "select position, alert_change, boot, booked, booked_alert from shipping where name = $name", ("$name", Cursor)))
        {
            using (var row = command.ExecuteReader())
            {
                isFirst = !row.Read();
                if (!isFirst)
                {
                    (_position, _alertChange) = (Math.Max(_keptFrom, row.GetInt64(0)), row.GetInt64(1));
                    _starts = new TargetStarts(row.IsDBNull(2) ? null : row.GetString(2));
                    (_booked, _bookedAlert) = (Math.Max(_position, row.GetInt64(3)), row.GetInt64(4));
                }
            }

            _heads.Load(connection, _booked);
        }

        _alertsRead = _alertChange;
        if (isFirst)
            await NoteWhatWasBeforeAsync(cancellation);

        // While we were away it may have restarted: that shows at the first look.
        _startLookedAt = _time.GetTimestamp() - (long)(BootEvery.TotalSeconds * _time.TimestampFrequency);
        _wasAway = _starts.Last is null && _position > _keptFrom;
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
            if (!await LandAsync(cancellation) || await LookForRestartAsync(cancellation))
                return true;
        }

        TakeAlerts();
        if (_reader!.TryRead(out var entry, out _))
        {
            await TakeAsync(entry!, cancellation);
            return true;
        }

        if (_filling.Count > 0 ? _flight.IsCompleted && _time.GetElapsedTime(_fillingSince) >= _settings.Interval : _filling.Position > _position && _flight.IsCompleted)
            await SendAsync(cancellation);
        else if (_isUnsaved && _flight.IsCompleted)
            await SaveAsync(cancellation);
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
        foreach (var (change, alert) in alerts)
            AlertChanges.Write(_filling, alert, change);
        _filling.AlertChange = _alertsRead;
    }

    private async Task TakeAsync(JournalEntry entry, CancellationToken cancellation)
    {
        try
        {
            _records.Open(entry);
            _heads.Begin(entry.Position);
            while (_records.TryRead(_message, out var kind, out _, out _))
            {
                if (kind == JournalRecordKind.Message && _message.Readings.Count > 0 && !await TakeAsync(entry.Position, cancellation))
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
    private async Task<bool> TakeAsync(long position, CancellationToken cancellation)
    {
        var head = _heads.Of(_message.Device!, position);
        for (var index = 0; index < _message.Readings.Count; index++)
        {
            if (_filling.Count == 0)
                _fillingSince = _time.GetTimestamp();
            Add(position, head, index);
            if ((_filling.Count >= _settings.BatchReadings || _filling.Bytes.Length >= LineBatch.BytesMax) && !await SendAsync(cancellation))
                return false;
        }

        return true;
    }

    private void Add(long position, byte[] head, int index)
    {
        ref readonly var reading = ref _message.Readings.Readings[index];
        var nanoseconds = LineProtocol.Nanoseconds(reading.AtMs, _message.Distinction, reading.Index);
        LineProtocol.Write(_filling.Bytes, head, reading, _message.Readings.ValuesOf(reading), nanoseconds);
        _filling.Added(_message.Device!.Number, position, _message.ReceivedMs, nanoseconds);
    }

    /// <summary>Sends the batch that was filled, after the one before it has landed.</summary>
    /// <returns>False when the reading begins anew elsewhere.</returns>
    private async Task<bool> SendAsync(CancellationToken cancellation)
    {
        await ((Task)_flight).WaitAsync(cancellation);
        // Between any two batches, or while it catches up nobody would look for hours.
        if (!await LandAsync(cancellation) || await LookForRestartAsync(cancellation))
            return false;
        // A batch that ends in the middle of an entry says nothing new of the position.
        (_filling, _sent) = (_sent, _filling);
        (_filling.Position, _filling.AlertChange) = (Math.Max(_sent.Position, _position), _alertsRead);
        _flight = FlyAsync(_sent, _heads.TakeUnsaved(_keptFrom), cancellation);
        return true;
    }

    /// <summary>Books the batch that was on its way.</summary>
    /// <returns>False when the journal is full: the reading begins anew behind what the embedded store has.</returns>
    private async Task<bool> LandAsync(CancellationToken cancellation)
    {
        var isTaken = await _flight;
        if (isTaken && _sent.Count > 0)
        {
            _unbooked.AddRange(_sent.SetAside);
            _sent.Clear();
            // Of an entry that is larger than a batch part may be there, and lost again, before its position is.
            _isPartTaken = _sent.Position <= _position;
            _gapFromMs = null;
        }

        if (isTaken && (_sent.Position > _position || _sent.AlertChange > _alertChange))
        {
            (_position, _alertChange) = (Math.Max(_sent.Position, _position), Math.Max(_sent.AlertChange, _alertChange));
            _taken.Enqueue((_position, _time.GetTimestamp()));
            _isUnsaved = true;
        }

        if (_isUnsaved && _time.GetElapsedTime(_savedAt) >= SaveEvery)
            await SaveAsync(cancellation);
        if (isTaken && !IsHoldingUp)
            return true;
        await SkipAsync(cancellation);
        return false;
    }

    /// <summary>Sends a batch until all of it is taken or set aside.</summary>
    /// <returns>False when the journal has no room to wait any longer.</returns>
    private async Task<bool> FlyAsync(LineBatch batch, IReadOnlyList<(int Device, LineHeads.Head Head)> heads, CancellationToken cancellation)
    {
        // Encoding goes on beside it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (heads.Count > 0)
            await CommitAsync(connection => LineHeads.Save(connection, heads, _keptFrom), cancellation);
        FaultSearch? search = null;
        var failures = 0;
        for (var requests = 1; batch.Count > 0; requests++)
        {
            var range = search?.Next ?? ..batch.Count;
            var answer = await _sink.WriteAsync(batch.Lines(range), cancellation);
            if (answer is WriteAnswer.Malformed or WriteAnswer.TooLarge)
                search ??= new FaultSearch(batch.Count);
            if (await TryBookAsync(batch, range, answer, search, cancellation))
            {
                failures = 0;
                if (search?.Next is null)
                    break;
                if (IsHoldingUp || (requests % SearchBurst == 0 && !await WaitAsync(SearchPause, cancellation)))
                    return false;
                continue;
            }

            Complain(answer);
            // What only has to wait goes on where it was; what does not fit begins anew when somebody may have mended it.
            if (answer is not (WriteAnswer.Later or WriteAnswer.Refused))
            {
                search = null;
                batch.KeepNothingAside();
            }

            if (IsHoldingUp || !await WaitAsync(RetryPlan.Pause(RetryMax, ++failures, (answer as WriteAnswer.Later)?.Wait, Random.Shared.NextDouble()), cancellation))
                return false;
        }

        Arrived(batch, search);
        return true;
    }

    /// <summary>Notes what was taken, and what is at fault.</summary>
    /// <returns>False when it is not the lines that are at fault: nothing of them may be set aside.</returns>
    private async Task<bool> TryBookAsync(LineBatch batch, Range range, WriteAnswer answer, FaultSearch? search, CancellationToken cancellation)
    {
        switch (answer)
        {
            case WriteAnswer.Written:
                search?.Taken();
                return true;
            case WriteAnswer.BeyondRetention beyond:
                var dropped = batch.Oldest(range, beyond.Dropped);
                if (dropped.Length < beyond.Dropped || _time.GetUtcNow() - RetentionMin < DateTimeOffset.FromUnixTimeMilliseconds(batch[dropped[^1]].AtNs / 1_000_000))
                    return false;
                SetAside(batch, dropped, beyond.Words);
                search?.Taken();
                return true;
            case WriteAnswer.Malformed or WriteAnswer.TooLarge:
                search!.Refused(WordsOf(answer), (answer as WriteAnswer.Malformed)?.Dropped);
                return search.Faults.Count <= SetAsideMax && !(answer is WriteAnswer.Malformed { Dropped: > SetAsideMax })
                    // Not one was taken: unless it still takes what it took before, it is not the lines. The same line again changes nothing there.
                    && (search.Faults.Count < batch.Count || (_lastTaken is { } known && await _sink.WriteAsync(known, cancellation) is WriteAnswer.Written));
            default:
                return false;
        }
    }

    /// <summary>All of a batch is taken or set aside.</summary>
    private void Arrived(LineBatch batch, FaultSearch? search)
    {
        if (batch.Count == 0)
            return;
        foreach (var (line, words) in search?.Faults ?? [])
        {
            if (IsUnbooked(batch[line]))
                Add(batch, Letter(batch.Lines(line..(line + 1)).ToArray(), words, batch[line].Device), [line]);
        }

        batch.LeftOut += search?.Faults.Count ?? 0;
        Interlocked.Add(ref _shipped, batch.Count - batch.LeftOut);
        if (batch.LeftOut == 0)
            _lastTaken = batch.Lines((batch.Count - 1)..).ToArray();
        if (_trouble is not { } over)
            return;
        var away = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(over.SinceMs);
        LogShippingAgain(_sink.Name, away);
        _trouble = null;
    }

    /// <summary>Sets aside, in one, what lies before what the database keeps: it wrote the others, and none of these will ever be wanted there.</summary>
    private void SetAside(LineBatch batch, int[] dropped, string words)
    {
        batch.LeftOut += dropped.Length;
        var kept = new MemoryStream();
        var unbooked = dropped.Where(line => IsUnbooked(batch[line])).ToArray();
        if (unbooked.Length == 0)
            return;
        foreach (var line in unbooked.TakeWhile(_ => kept.Length < BeyondRetentionBytesMax))
            kept.Write(batch.Lines(line..(line + 1)).Span);
        var device = batch[unbooked[0]].Device;
        Add(
            batch, Letter(kept.ToArray(), $"{words}; {unbooked.Length} lines, the oldest of them here", unbooked.All(line => batch[line].Device == device) ? device : null), unbooked);
    }

    private static void Add(LineBatch batch, DeadLetter letter, int[] lines)
    {
        var marks = Array.ConvertAll(lines, line => batch[line]);
        batch.SetAside.Add(new SetAsideLines(
            letter, lines.Length, marks.Max(mark => mark.Device is null ? 0 : mark.Position), marks.Max(mark => mark.Device is null ? mark.Position : 0)));
    }

    private DeadLetter Letter(byte[] lines, string words, int? device) => new(
        _time.GetUtcNow().ToUnixTimeMilliseconds(), System.Text.Encoding.UTF8.GetBytes("influx/" + _settings.Database), lines, DeadLetterReason, words, device);

    /// <summary>Whether a fault of this line is not among the dead letters yet: it may be sent again.</summary>
    private bool IsUnbooked(LineMark line) => line.Position > (line.Device is null ? _bookedAlert : _booked);

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
        var words = WordsOf(answer);
        var needsSomebody = answer is not WriteAnswer.Later;
        _wasAway |= answer is WriteAnswer.Later { MayHaveRestarted: true };
        if (_trouble is null)
            LogNotShipped(_sink.Name, words);
        if (_trouble is not { } known || known.Words != words)
            _trouble = new ShipTrouble(_trouble?.SinceMs ?? _time.GetUtcNow().ToUnixTimeMilliseconds(), needsSomebody, words);
    }

    private static string WordsOf(WriteAnswer answer) => answer switch
    {
        WriteAnswer.Later later => later.Words,
        WriteAnswer.Refused refused => refused.Words,
        WriteAnswer.Malformed malformed => malformed.Words,
        WriteAnswer.TooLarge large => large.Words,
        WriteAnswer.BeyondRetention beyond => beyond.Words,
        _ => "",
    };

    /// <summary>Saves how far it is. Of what was taken the newest part stays in the journal, unless the journal is wanted for something else.</summary>
    private async Task SaveAsync(CancellationToken cancellation)
    {
        var isShort = _journal.Bytes >= _journalMax * HorizonShare;
        // Until it is known whether it has restarted, what was taken before counts as perhaps lost, however long ago that was.
        while (!_wasAway && !_isRepeatDue && _taken.TryPeek(out var oldest) && (isShort || _time.GetElapsedTime(oldest.TakenAt) >= _settings.Horizon))
            _keptFrom = Math.Max(_keptFrom, _taken.Dequeue().Position);
        var (booked, bookedAlert) = (Math.Max(_booked, _position), Math.Max(_bookedAlert, _alertChange));
        // What lies behind the position, in an entry that is only partly sent, is found once more after a crash: it waits for its own.
        var due = _unbooked.FindAll(one => one.Position <= booked && one.AlertChange <= bookedAlert);
        await CommitAsync(
            connection =>
            {
                _journal.SetCursor(connection, Cursor, _keptFrom);
                Database.Execute(
                    connection, "insert or replace into shipping (name, position, alert_change, boot, booked, booked_alert) values ($name, $position, $change, $boot, $booked, $bookedAlert)",
                    ("$name", Cursor), ("$position", _position), ("$change", _alertChange), ("$boot", _starts.Last), ("$booked", booked), ("$bookedAlert", bookedAlert));
                foreach (var one in due)
                    DeadLetters.Insert(connection, one.Letter);
            },
            cancellation);
        (_isUnsaved, _savedAt) = (false, _time.GetTimestamp());
        Volatile.Write(ref _booked, booked);
        _bookedAlert = bookedAlert;
        if (due.Count == 0)
            return;
        var lines = due.Sum(one => one.Lines);
        Interlocked.Add(ref _setAside, lines);
        LogSetAside(lines, _sink.Name, due[0].Letter.Detail);
        _unbooked.RemoveAll(due.Contains);
    }

    /// <summary>Looks whether the database has restarted; if so, everything from the cursor on is sent again.</summary>
    /// <returns>Whether the reading begins anew elsewhere.</returns>
    private async Task<bool> LookForRestartAsync(CancellationToken cancellation)
    {
        var every = _wasAway ? BootEveryAfterTrouble : BootEvery;
        if (_time.GetElapsedTime(_startLookedAt) >= (every > _lookPause ? every : _lookPause))
            await LookAsync(cancellation);
        if (!_isRepeatDue || (_repeatedAt is { } before && _time.GetElapsedTime(before) < _repeatPause))
            return false;
        _isRepeatDue = false;
        var change = _alertChange;
        using (var connection = _database.OpenReader())
            change = AlertChanges.Before(connection, (_time.GetUtcNow() - _settings.Horizon).ToUnixTimeMilliseconds(), _alertChange);
        if (_keptFrom >= _position && !_isPartTaken && change == _alertChange)
            return false;
        // One that restarts again and again is sent everything again, but not all the time.
        var doubled = _repeatedAt is { } last && _time.GetElapsedTime(last) < RepeatsApart ? _repeatPause * 2 : RepeatPauseMin;
        _repeatPause = doubled < _settings.Horizon || doubled == RepeatPauseMin ? doubled : _settings.Horizon;
        _repeatedAt = _time.GetTimestamp();
        _alertChange = change;
        LogAgain(_sink.Name, _position - _keptFrom);
        Interlocked.Increment(ref _repeats);
        await BeginAtAsync(_keptFrom, cancellation);
        return true;
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var told = await _sink.BootAsync(cancellation);
        _startLookedAt = _time.GetTimestamp();
        _lookPause = _time.GetElapsedTime(began) * LookShare;
        var isBack = _wasAway && _trouble is null;
        var start = _starts.Note(told, _wasAway, isBack);
        // One that is away is looked at again.
        if (told is not null || isBack)
            _wasAway = false;
        _isRepeatDue |= start == TargetStart.Restarted;
        if (start == TargetStart.KnownServer && !_isSeveral)
        {
            _isSeveral = true;
            LogSeveral(_sink.Name);
        }
        else if (start == TargetStart.Unreliable)
        {
            LogUnreliable(_sink.Name);
        }
    }

    /// <summary>Leaves out what the embedded store has already: the journal is full, and without room in it nobody would be warned of anything.</summary>
    private async Task SkipAsync(CancellationToken cancellation)
    {
        var to = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (_gapFromMs is null)
            Interlocked.Increment(ref _skipped);
        var after = _wasAway || _isRepeatDue ? _keptFrom : _position;
        var from = _gapFromMs ??= ReceivedAfter(after) ?? to;
        var position = Math.Max(_position, _store.Position);
        await new SkippedReadings(_journal, _devices, _putsAway).NoteAsync(after, position, CommitAsync, cancellation);
        LogSkipped(_sink.Name, DateTimeOffset.FromUnixTimeMilliseconds(from), DateTimeOffset.FromUnixTimeMilliseconds(to));
        _skippedAt = _time.GetTimestamp();
        await BeginAtAsync(position, cancellation);
    }

    /// <summary>Nothing from before the first shipping is there. It can be filled, and until then the embedded store keeps it.</summary>
    private async Task NoteWhatWasBeforeAsync(CancellationToken cancellation)
    {
        ShippingGap gap;
        using (var connection = _database.OpenReader())
        {
            if (BlockTable.Number(connection, "select min(hour) from block") is not { } first)
                return;
            // What is not in a block yet is of this hour, or belongs to one that is.
            var last = Math.Max(BlockTable.Number(connection, "select max(hour) from block") ?? first, HourlyRollup.HourOf(_time.GetUtcNow().ToUnixTimeMilliseconds()));
            gap = new ShippingGap(first * HourlyRollup.HourMs, (last + 1) * HourlyRollup.HourMs);
        }

        await CommitAsync(connection => ShippingGaps.Add(connection, gap.FromMs, gap.ToMs), cancellation);
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
        // It is found once more.
        _unbooked.Clear();
        _isPartTaken = false;
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Several servers answer at {Target} by turns. To change over from one to another is no restart and nothing is sent again for it; let them share one store")]
    private partial void LogSeveral(string target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Target} tells another start at every look. It is not believed any more: readings are sent again only after a request has failed")]
    private partial void LogUnreliable(string target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} readings were set aside as dead letters, {Target} found fault with them: {Words}")]
    private partial void LogSetAside(int count, string target, string words);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal is full: what was received from {From} to {To} is not shipped to {Target}. The embedded store has it")]
    private partial void LogSkipped(string target, DateTimeOffset from, DateTimeOffset to);
}
