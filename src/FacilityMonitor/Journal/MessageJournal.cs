using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Journal;

/// <summary>One group commit of the journal.</summary>
/// <param name="Position">Rises by one a commit; never used again.</param>
/// <param name="Body">Sealed records.</param>
internal sealed record JournalEntry(long Position, ReadOnlyMemory<byte> Body)
{
    /// <summary>Position of what waits for the disk: it has none yet.</summary>
    private const long None = 0;

    /// <summary>Whether the disk has not taken it yet.</summary>
    public bool IsAhead => Position == None;

    /// <summary>The how many-th it is that was judged before the disk took it; 0: it was not.</summary>
    public long Number { get; private init; }

    /// <summary>What waits for the disk.</summary>
    public static JournalEntry Ahead(ReadOnlyMemory<byte> body, long number) => new(None, body) { Number = number };
}

/// <summary>The spine: what was received, in the order of the commits. Everybody else reads it at their own pace.</summary>
internal sealed class MessageJournal
{
    /// <summary>How much of the newest is kept in memory at most, bytes, until everybody who reads along has read it: three seconds at full load, longer than a flush of the store takes. Who is further behind reads from disk, into memory of its own.</summary>
    public const long RecentBytesMax = 64L * 1024 * 1024;

    /// <summary>How long a batch may wait for the disk before the rules judge it all the same. A commit takes milliseconds; one that takes seconds must not keep a fire waiting.</summary>
    public static readonly TimeSpan JudgeAheadAfter = TimeSpan.FromSeconds(2);

    /// <summary>What an entry takes beside its body: quiet hours are made of ticks of twelve bytes.</summary>
    private const int EntryBytes = 192;

    private readonly Database _database;
    private readonly DeviceTable _devices;
    private readonly Lock _gate = new();
    private readonly Queue<JournalEntry> _recent = new();
    private readonly List<JournalReader> _readers = [];
    private readonly Dictionary<long, JournalEntry> _byPosition = [];
    private readonly List<Device> _unconfirmed = [];
    private readonly HashSet<long> _damaged = [];
    private readonly LinkedList<JournalBatch> _waiting = new();
    private readonly SortedList<long, long> _judged = [];
    private readonly SortedSet<long> _unmet = [];
    private LinkedListNode<JournalBatch>? _nextAhead;
    private long _aheadNumber;
    private readonly Dictionary<string, long> _cursors = new(StringComparer.Ordinal);
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _recentBytes;
    private long _bytes;
    private int _refused;
    private long _next;
    private long _last;

    /// <summary>Opens the journal of a database and fills the table of devices.</summary>
    public MessageJournal(Database database, DeviceTable devices)
    {
        _database = database;
        _devices = devices;
        using var reader = database.OpenReader();
        LoadDevices(reader, devices);
        LoadChannels(reader, devices);

        // A trimmed journal is empty and still must not begin again at 1: the cursors remember how far it was.
        using var last = Database.Command(reader, "select max(coalesce((select max(position) from journal), 0), coalesce((select max(position) from cursor), 0))");
        _last = _next = Convert.ToInt64(last.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        using var bytes = Database.Command(reader, "select coalesce(sum(length(body)), 0) from journal");
        _bytes = (long)bytes.ExecuteScalar()!;
    }

    /// <summary>The newest durable position; 0 when there is none.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>How much of what is set aside is stored.</summary>
    public DeadLetterRoom Letters { get; init; } = new();

    /// <summary>What is kept in memory for those who read along, bytes.</summary>
    internal long RecentBytes
    {
        get
        {
            lock (_gate)
                return _recentBytes;
        }
    }

    /// <summary>What the journal holds until everybody has read it, bytes.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Entries on disk that are damaged and were passed over, each counted once however many read it.</summary>
    public int Damaged
    {
        get
        {
            lock (_gate)
                return _damaged.Count;
        }
    }

    /// <summary>Batches that the rules judged before the disk took them, and that they have not met in the journal yet. What comes of those must not be on disk before them.</summary>
    public int JudgedAhead
    {
        get
        {
            lock (_gate)
                return _unmet.Count;
        }
    }

    /// <summary>Number of the first of them; what came of those before it may be on disk. <see cref="long.MaxValue"/> when there is none.</summary>
    public long FirstJudgedAhead
    {
        get
        {
            lock (_gate)
                return _unmet.Count > 0 ? _unmet.Min : long.MaxValue;
        }
    }

    /// <summary>How long the oldest of what may be judged ahead waits for the disk.</summary>
    public TimeSpan StalledFor
    {
        get
        {
            lock (_gate)
                return _waiting.First is { Value.WaitingSince: { } since } ? _database.Clock.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }

    /// <summary>Whether the disk has refused something that it has not taken since.</summary>
    public bool IsRefused => Volatile.Read(ref _refused) > 0;

    /// <summary>
    /// Whether what was appended before this batch is on disk, and the batch itself was not refused in between. Only then may its commit hold what is known of
    /// everything before it: saved without the messages it speaks of, it would call them duplicates when they come again. For use inside a commit.
    /// </summary>
    public bool IsInOrder(JournalBatch batch) => _refused == 0 && !batch.WasRefused;

    /// <summary>Puts a batch on disk; completes when it is there. Batches are written in the order of the calls, together with those that wait.</summary>
    /// <param name="writer">The batch; it may be cleared as soon as the call returned.</param>
    /// <param name="also">What belongs into the same commit; told the position.</param>
    /// <returns>The position.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it. The same batch may be appended again.</exception>
    public Task<long> AppendAsync(JournalWriter writer, Action<SqliteConnection, long>? also = null) =>
        AppendAsync(new JournalBatch(writer), also);

    /// <inheritdoc cref="AppendAsync(JournalWriter, Action{SqliteConnection, long}?)"/>
    public async Task<long> AppendAsync(JournalBatch batch, Action<SqliteConnection, long>? also = null)
    {
        Task commit;
        long position;
        lock (_gate)
        {
            if (batch is { MayBeJudgedAhead: true, WaitingSince: null })
            {
                batch.WaitingSince = _database.Clock.GetTimestamp();
                var node = _waiting.AddLast(batch);
                _nextAhead ??= node;
            }

            // A number that records use must be on disk before them; until a commit has confirmed it, every commit carries it.
            _unconfirmed.AddRange(_devices.TakeNew());
            var devices = _unconfirmed.ToArray();
            // They stay with the batch that brought them: one that is never written costs a stranger nothing but room that it has again after a restart.
            batch.Channels ??= batch.MayBeGivenUp ? [] : _devices.TakeNewChannels();
            position = ++_next;
            var entry = new JournalEntry(position, batch.Body);
            commit = _database.CommitAsync(
                CommitPriority.Ingest, connection => Store(connection, entry, batch, devices, also), () => Confirm(entry, batch, devices), () => Refuse(batch));
        }

        await commit.ConfigureAwait(false);
        return position;
    }

    /// <summary>Fills a table with every device that ever spoke.</summary>
    public static void LoadDevices(SqliteConnection reader, DeviceTable devices)
    {
        using var command = Database.Command(reader, "select number, dialect, site, name from device");
        using var rows = command.ExecuteReader();
        while (rows.Read())
            devices.Load(new Device(rows.GetInt32(0), new DeviceId((Dialect)rows.GetInt32(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.GetString(3))));
    }

    private static void LoadChannels(SqliteConnection reader, DeviceTable devices)
    {
        using var command = Database.Command(reader, "select device, channel from stranger_channel");
        using var rows = command.ExecuteReader();
        while (rows.Read())
            devices.Load(new DeviceChannel(rows.GetInt32(0), ChannelId.FromCode((ushort)rows.GetInt32(1))));
    }

    /// <summary>Reads what comes after a position.</summary>
    public JournalReader OpenReader(long after)
    {
        var reader = new JournalReader(this, _database, after);
        lock (_gate)
            _readers.Add(reader);
        return reader;
    }

    /// <summary>Says that somebody reads under this name; the journal keeps what they have not read.</summary>
    /// <returns>Where they were; 0 for the beginning.</returns>
    public async Task<long> RegisterAsync(string name)
    {
        // Whoever is known has nothing to write: they must not end because the disk refuses what others would write in the same commit.
        long? position;
        using (var reader = _database.OpenReader())
            position = PositionOf(reader, name);
        if (position is null)
        {
            await _database.CommitAsync(CommitPriority.Alerts, connection =>
            {
                Database.Execute(connection, "insert or ignore into cursor (name, position) select $name, coalesce(min(position) - 1, $last) from journal", ("$name", name), ("$last", Last));
                position = PositionOf(connection, name);
            }).ConfigureAwait(false);
        }

        lock (_gate)
            _cursors[name] = position!.Value;
        return position.Value;
    }

    private static long? PositionOf(SqliteConnection connection, string name)
    {
        using var command = Database.Command(connection, "select position from cursor where name = $name", ("$name", name));
        return command.ExecuteScalar() as long?;
    }

    /// <summary>Says that nobody reads under this name any more; the journal keeps nothing for them.</summary>
    public async Task ForgetAsync(string name)
    {
        await _database.CommitAsync(CommitPriority.Alerts, connection => Database.Execute(connection, "delete from cursor where name = $name", ("$name", name))).ConfigureAwait(false);
        lock (_gate)
            _cursors.Remove(name);
    }

    /// <summary>Moves a reader's cursor, inside the commit that holds what it read.</summary>
    public void SetCursor(SqliteConnection connection, string name, long position)
    {
        Database.Execute(connection, "insert into cursor (name, position) values ($name, $position) on conflict (name) do update set position = excluded.position", ("$name", name), ("$position", position));
        lock (_gate)
            _cursors[name] = position;
    }

    /// <summary>Where everybody is.</summary>
    public IReadOnlyDictionary<string, long> Cursors()
    {
        lock (_gate)
            return new Dictionary<string, long>(_cursors, StringComparer.Ordinal);
    }

    /// <summary>Deletes the next part of what everybody has read.</summary>
    /// <param name="most">Most commits to delete, so that a step stays short.</param>
    /// <returns>Whether there is more.</returns>
    public async Task<bool> TrimAsync(int most)
    {
        var (deleted, bytes) = (0, 0L);
        await _database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            (deleted, bytes) = (0, 0);
            // By the cursors on disk, never those in memory: a cursor moves in memory before its commit, and a commit can fail.
            using var command = Database.Command(
                connection,
                "delete from journal where position in (select position from journal where position <= (select min(position) from cursor) order by position limit $most) returning length(body)",
                ("$most", most));
            using var rows = command.ExecuteReader();
            while (rows.Read())
                (deleted, bytes) = (deleted + 1, bytes + rows.GetInt64(0));
        }).ConfigureAwait(false);
        Interlocked.Add(ref _bytes, -bytes);
        return deleted == most;
    }

    /// <summary>Nothing is kept in memory for it any more.</summary>
    internal void Leave(JournalReader reader)
    {
        lock (_gate)
            _readers.Remove(reader);
    }

    internal void CountDamaged(long position)
    {
        lock (_gate)
            _damaged.Add(position);
    }

    internal bool TryRecent(long after, out JournalEntry? entry, out Task grown)
    {
        lock (_gate)
        {
            grown = _grown.Task;
            entry = null;
            // Positions have no holes unless a commit failed, so the first one above is the next one.
            if (_recent.TryPeek(out var oldest) && oldest.Position <= after + 1)
                _byPosition.TryGetValue(after + 1, out entry);
            // Behind a commit that failed.
            if (entry is null && after < _last && oldest?.Position <= after + 1)
                entry = _recent.FirstOrDefault(candidate => candidate.Position > after);
            return entry is not null || after >= _last;
        }
    }

    /// <summary>The next batch that waits for a disk that refuses or is slow; false while it is neither, and when the rules know all that waits.</summary>
    /// <remarks>For one reader, the rules: whoever else reads gets what is on disk and nothing else.</remarks>
    /// <param name="after">What the rules have read. What is on disk behind it comes first, or they would judge in another order than a replay.</param>
    /// <param name="entry">The batch.</param>
    internal bool TryAhead(long after, out JournalEntry? entry)
    {
        lock (_gate)
        {
            entry = null;
            if (_last > after || _nextAhead is not { Value: var batch } || !IsStalled(_waiting.First!.Value))
                return false;
            _nextAhead = _nextAhead.Next;
            batch.Judged = ++_aheadNumber;
            _unmet.Add(_aheadNumber);
            entry = JournalEntry.Ahead(batch.Body, _aheadNumber);
            return true;
        }
    }

    /// <summary>Whether the rules judged this entry before it was on disk. Asked when they meet it, in order; one before it that turned out damaged they will never meet.</summary>
    internal bool TakeJudged(long position)
    {
        lock (_gate)
        {
            var isJudged = false;
            while (_judged.Count > 0 && _judged.GetKeyAtIndex(0) <= position)
            {
                isJudged = _judged.GetKeyAtIndex(0) == position;
                _unmet.Remove(_judged.GetValueAtIndex(0));
                _judged.RemoveAt(0);
            }

            return isJudged;
        }
    }

    private bool IsStalled(JournalBatch oldest) => IsRefused || _database.Clock.GetElapsedTime(oldest.WaitingSince!.Value) >= JudgeAheadAfter;

    private void Store(SqliteConnection connection, JournalEntry entry, JournalBatch batch, Device[] devices, Action<SqliteConnection, long>? also)
    {
        foreach (var device in devices)
        {
            Database.Execute(
                connection, "insert or ignore into device (number, dialect, site, name) values ($number, $dialect, $site, $name)",
                ("$number", device.Number), ("$dialect", (int)device.Id.Dialect), ("$site", device.Id.Site), ("$name", device.Id.Name));
        }

        foreach (var channel in batch.Channels!)
        {
            Database.Execute(
                connection, "insert or ignore into stranger_channel (device, channel) values ($device, $channel)", ("$device", channel.Device), ("$channel", (int)channel.Channel.Code));
        }

        batch.LettersStored = Letters.RoomFor(batch.DeadLetters);
        foreach (var letter in batch.LettersStored)
            DeadLetters.Insert(connection, letter);
        Database.Execute(
            connection, "insert into journal (position, first_ms, last_ms, messages, body) values ($position, $first, $last, $messages, $body)",
            ("$position", entry.Position), ("$first", batch.FirstMs), ("$last", batch.LastMs), ("$messages", batch.Messages), ("$body", batch.Body));
        also?.Invoke(connection, entry.Position);
    }

    private void Refuse(JournalBatch batch)
    {
        if (batch.WasRefused || batch.MayBeGivenUp)
            return;
        batch.WasRefused = true;
        _refused++;
    }

    private void Confirm(JournalEntry entry, JournalBatch batch, Device[] devices)
    {
        TaskCompletionSource grown;
        if (batch.WasRefused)
            _refused--;
        Interlocked.Add(ref _bytes, entry.Body.Length);
        Letters.Stored(batch.LettersStored, notKept: batch.DeadLetters.Length - batch.LettersStored.Count);
        lock (_gate)
        {
            if (batch.WaitingSince is not null && _waiting.Find(batch) is { } node)
            {
                if (ReferenceEquals(node, _nextAhead))
                    _nextAhead = node.Next;
                _waiting.Remove(node);
                if (batch.Judged is { } number)
                    _judged.Add(entry.Position, number);
            }

            if (devices.Length > 0)
                _unconfirmed.RemoveAll(devices.ToHashSet().Contains);
            _recent.Enqueue(entry);
            _byPosition[entry.Position] = entry;
            _recentBytes += entry.Body.Length + EntryBytes;
            var read = long.MaxValue;
            foreach (var reader in _readers)
                read = Math.Min(read, reader.Position);
            while (_recent.TryPeek(out var oldest) && (_recentBytes > RecentBytesMax || oldest.Position <= read) && oldest.Position < entry.Position)
            {
                _recent.Dequeue();
                _recentBytes -= oldest.Body.Length + EntryBytes;
                _byPosition.Remove(oldest.Position);
            }

            Volatile.Write(ref _last, entry.Position);
            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.SetResult();
    }
}

/// <summary>What a writer gathered, taken out of it so that it can be appended again if the disk refuses.</summary>
internal sealed class JournalBatch(JournalWriter writer)
{
    public byte[] Body { get; } = writer.ToBody();

    public int Messages { get; } = writer.Messages;

    public long FirstMs { get; } = writer.FirstMs;

    public long LastMs { get; } = writer.LastMs;

    public DeadLetter[] DeadLetters { get; } = [.. writer.DeadLetters];

    /// <summary>What it holds in memory until it is on disk, bytes: the body, and what was set aside as it came.</summary>
    public long Bytes => Body.Length + DeadLetters.Sum(letter => (long)letter.Topic.Length + letter.Payload.Length);

    /// <summary>Channels that took room since the batch before; null: not appended yet. Guarded by the journal.</summary>
    internal IReadOnlyList<DeviceChannel>? Channels { get; set; }

    /// <summary>The dead letters that there was room for; known to the database's writer only.</summary>
    internal IReadOnlyList<DeadLetter> LettersStored { get; set; } = [];

    /// <summary>Whether the rules may judge it while the disk refuses or is slow. Only what is appended again until the disk takes it: else they would know what never was.</summary>
    public bool MayBeJudgedAhead { get; init; }

    /// <summary>Whether whoever appends it may give it up when the disk refuses it. It holds no message of a device, so nothing that is kept speaks of it, and nobody waits for it to come.</summary>
    public bool MayBeGivenUp { get; init; }

    /// <summary>Since when it waits, a time stamp; null: it may not be judged ahead, or was not appended yet. Guarded by the journal.</summary>
    internal long? WaitingSince { get; set; }

    /// <summary>Its number when the rules judged it ahead of the disk. Guarded by the journal.</summary>
    internal long? Judged { get; set; }

    /// <summary>Whether the disk refused it once; known to the database's writer only.</summary>
    internal bool WasRefused { get; set; }
}
