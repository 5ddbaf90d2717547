using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Journal;

/// <summary>What is written first when several wait.</summary>
internal enum CommitPriority
{
    /// <summary>Readings that a device waits to be acknowledged.</summary>
    Ingest = 0,

    /// <summary>Alerts and their outbox.</summary>
    Alerts = 1,

    /// <summary>Everything that can wait a little: blocks, roll-ups, trimming.</summary>
    Housekeeping = 2,
}

/// <summary>The database could not take a commit: the disk is full or broken. Nothing of the commit is stored; it may be tried again.</summary>
internal sealed class DatabaseUnavailableException(string message, Exception inner) : Exception(message, inner);

/// <summary>How the database is.</summary>
/// <param name="Error">Why the last commit failed; null when it did not.</param>
/// <param name="Refusal">Why readings are not taken; null when they are. Alerts and housekeeping may be taken all the same.</param>
/// <param name="Commits">Commits so far.</param>
/// <param name="LastCommitMs">When the last one was, ms since 1970-01-01 UTC; null: none yet.</param>
/// <param name="SlowestMs">Slowest of the last 100 commits, ms.</param>
/// <param name="Waiting">Jobs that wait.</param>
internal sealed record DatabaseState(string? Error, string? Refusal, long Commits, long? LastCommitMs, double SlowestMs, int Waiting);

/// <summary>The one file of the embedded store. One connection on one thread does every write and every checkpoint; readers get their own, read-only.</summary>
/// <remarks>
/// What waits is written together: a commit begins as soon as the one before has ended, with every job of the two upper priorities and one
/// step of housekeeping. Two writing connections would meet the WAL-reset defect of SQLite before 3.51.3.
/// </remarks>
internal sealed partial class Database : IAsyncDisposable
{
    /// <summary>File name inside the data directory.</summary>
    public const string FileName = "facility-monitor.db";

    /// <summary>A whole copy that waits to take the place of a file that somebody deleted.</summary>
    private const string RescueSuffix = ".rescue";

    private const int DiskFullCode = 13;
    private const int CannotOpenCode = 14;

    /// <summary>Statements of each connection by their text. All texts are our own constants, so there are few; a connection is used by one thread.</summary>
    private static readonly ConditionalWeakTable<SqliteConnection, Dictionary<string, SqlStatement>> Compiled = [];

    private static readonly TimeSpan DiskProbeEvery = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private readonly ILogger _logger;
    private readonly DiskReserve _reserve;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly Queue<Job>[] _waiting = [new(), new(), new()];
    private readonly ManualResetEventSlim _some = new();
    private readonly double[] _latencies = new double[100];
    private volatile DatabaseState _state = new(null, null, 0, null, 0, 0);
    private SqliteConnection _connection;
    private bool _stopping;
    private bool _diskFull;
    private bool _roomForReadings;
    private volatile int _rescues;
    private long _diskProbedAt;

    private Database(string directory, TimeProvider time, FileStream @lock, SqliteConnection connection, DiskReserve reserve, ILogger logger)
    {
        Directory = directory;
        _path = Path.Combine(directory, FileName);
        _time = time;
        _lock = @lock;
        _connection = connection;
        _reserve = reserve;
        _logger = logger;
        // Started on a full disk: what is left is for alerts as it was before the restart.
        _diskFull = !reserve.TryTake();
        _roomForReadings = HasRoomForReadings;
        _thread = new Thread(Write) { Name = "database writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>The data directory.</summary>
    public string Directory { get; }

    /// <summary>The clock it runs on.</summary>
    public TimeProvider Clock => _time;

    /// <summary>How it is.</summary>
    public DatabaseState State => _state;

    /// <summary>Whether the reserve stands: false when the disk has no room for it, or it was given up.</summary>
    public bool ReserveHeld => _reserve.Held;

    private bool HasRoomForReadings => _reserve.FreeDiskBytes >= _reserve.Bytes / 2;

    /// <summary>Free bytes on its disk; 0 when that does not answer.</summary>
    public long FreeDiskBytes => _reserve.FreeDiskBytes;

    /// <summary>How often the file was put back since the start because somebody deleted it. Who keeps a connection opens it anew when this changes.</summary>
    public int Rescues => _rescues;

    /// <summary>How often the reserve was given up since the start.</summary>
    public long ReserveFreed => _reserve.Freed;

    /// <summary>Opens the database of a data directory, and makes it if there is none.</summary>
    /// <exception cref="IOException">Another process holds it, or the directory cannot be used.</exception>
    /// <param name="directory">The data directory.</param>
    /// <param name="time">The clock.</param>
    /// <param name="reserveBytes">What is held back of the disk for alerts; 0: nothing.</param>
    /// <param name="logger">The log; null: none.</param>
    public static Database Open(string directory, TimeProvider time, long reserveBytes = 0, ILogger<Database>? logger = null)
    {
        SqliteLibrary.Use();
        System.IO.Directory.CreateDirectory(directory);
        FileStream @lock;
        try
        {
            @lock = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException($"The data directory {directory} is in use by another facility-monitor. Stop it first, or give this one a directory of its own.", error);
        }

        try
        {
            var path = Path.Combine(directory, FileName);
            if (!File.Exists(path) && File.Exists(path + RescueSuffix))
                File.Move(path + RescueSuffix, path);
            var connection = ConnectWriter(path);
            Migrate(connection);
            return new Database(directory, time, @lock, connection, new DiskReserve(directory, reserveBytes), logger ?? NullLogger<Database>.Instance);
        }
        catch (SqliteException error)
        {
            @lock.Dispose();
            throw new IOException($"The database {Path.Combine(directory, FileName)} cannot be opened: {error.Message}. If it is damaged, move it away and put a backup in its place.", error);
        }
    }

    /// <summary>Opens a database for reading beside whoever writes it.</summary>
    /// <exception cref="FileNotFoundException">There is none in this directory.</exception>
    public static SqliteConnection OpenReader(string directory)
    {
        SqliteLibrary.Use();
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no database in {directory}.", path);
        return ConnectReader(path, isKept: false);
    }

    /// <summary>Runs one statement. It is compiled once for each connection: under load the same few run a hundred thousand times a second.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="sql">One of our own constants.</param>
    /// <param name="parameters">Its values, always in the same order for the same text.</param>
    /// <returns>Rows it inserted, changed or deleted.</returns>
    public static int Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var compiled = Compiled.GetOrCreateValue(connection);
        if (!compiled.TryGetValue(sql, out var statement))
            compiled[sql] = statement = new SqlStatement(connection, sql, parameters);
        return statement.Run(parameters);
    }

    /// <summary>A statement with its parameters.</summary>
    public static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        // The text is always one of our own constants; values travel as parameters.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    /// <summary>Opens the database for reading. What is closed is kept open for the next one for some minutes: pages and workers read many times a second, and each connection
    /// must read the whole schema before it can answer anything.</summary>
    public SqliteConnection OpenReader()
    {
        // Somebody deleted it a moment ago: the next commit puts it back.
        if (!File.Exists(_path))
            CommitAsync(CommitPriority.Alerts, _ => { }).GetAwaiter().GetResult();
        return ConnectReader(_path, isKept: true);
    }

    /// <summary>Writes; completes when it is on disk. Jobs of one priority are written in the order of the calls.</summary>
    /// <param name="priority">What it yields to.</param>
    /// <param name="write">Runs on the writer's thread inside the transaction. An exception of it undoes and fails this job alone.</param>
    /// <param name="committed">Runs on the writer's thread once it is on disk, in the order of the jobs.</param>
    /// <param name="refused">Runs on the writer's thread when the disk did not take it, before any later job is tried.</param>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it.</exception>
    public Task CommitAsync(CommitPriority priority, Action<SqliteConnection> write, Action? committed = null, Action? refused = null)
    {
        var job = new Job(priority, write, committed, refused);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _waiting[(int)priority].Enqueue(job);
        }

        _some.Set();
        return job.Done.Task;
    }

    /// <summary>Writes what waits, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopping)
                return;
            _stopping = true;
        }

        _some.Set();
        await Task.Run(_thread.Join);
        // Who closes last puts the log into the file and removes it.
        CloseKeptReaders();
        Close(_connection);
        await _lock.DisposeAsync();
        _some.Dispose();
    }

    private static void Close(SqliteConnection connection)
    {
        if (Compiled.TryGetValue(connection, out var statements))
        {
            // While one is open, SQLite only seems to close: it would leave its log beside the file.
            foreach (var statement in statements.Values)
                statement.Dispose();
            Compiled.Remove(connection);
        }

        connection.Dispose();
    }

    private static SqliteConnection ConnectWriter(string path)
    {
        var connection = Connect(path, SqliteOpenMode.ReadWriteCreate, isKept: false);
        RunOnce(connection, "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma busy_timeout = 5000;");
        return connection;
    }

    private static SqliteConnection ConnectReader(string path, bool isKept)
    {
        var connection = Connect(path, SqliteOpenMode.ReadWrite, isKept);
        // A read-only connection could not take part in the WAL; this one may read only and never checkpoints.
        RunOnce(connection, "pragma query_only = 1; pragma wal_autocheckpoint = 0; pragma busy_timeout = 5000;");
        return connection;
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode, bool isKept)
    {
        var connection = new SqliteConnection(Named(path, mode, isKept));
        connection.Open();
        return connection;
    }

    private static string Named(string path, SqliteOpenMode mode, bool isKept) => new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = isKept }.ToString();

    private void CloseKeptReaders()
    {
        using var named = new SqliteConnection(Named(_path, SqliteOpenMode.ReadWrite, isKept: true));
        SqliteConnection.ClearPool(named);
    }

    private static void Migrate(SqliteConnection connection)
    {
        using var version = Command(connection, "pragma user_version");
        var found = Convert.ToInt32(version.ExecuteScalar(), CultureInfo.InvariantCulture);
        var known = Schema.Versions.Count;
        if (found > known)
            throw new IOException($"The database is of version {found}; this service knows up to {known}. Use the service that wrote it, or a newer one.");
        if (found == known)
            return;
        RunOnce(connection, "begin immediate");
        foreach (var statement in Schema.Versions.Skip(found).SelectMany(version => version))
            RunOnce(connection, statement);
        RunOnce(connection, string.Create(CultureInfo.InvariantCulture, $"pragma user_version = {known}"));
        RunOnce(connection, "commit");
    }

    /// <summary>Runs what is not worth keeping compiled.</summary>
    private static void RunOnce(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        command.ExecuteNonQuery();
    }

    private void Write()
    {
        var batch = new List<Job>();
        while (true)
        {
            _some.Wait();
            var stop = false;
            lock (_gate)
            {
                batch.Clear();
                while (_waiting[(int)CommitPriority.Ingest].TryDequeue(out var job))
                    batch.Add(job);
                while (_waiting[(int)CommitPriority.Alerts].TryDequeue(out var job))
                    batch.Add(job);
                // One step with every commit: it shares the fsync, and under steady load it would otherwise never have its turn.
                if (_waiting[(int)CommitPriority.Housekeeping].TryDequeue(out var step))
                    batch.Add(step);
                if (batch.Count == 0)
                {
                    stop = _stopping;
                    _some.Reset();
                }
            }

            if (_diskFull)
                RefuseWhileFull(batch);
            if (batch.Count > 0)
                Commit(batch);
            else if (stop)
                return;
        }
    }

    private void Commit(List<Job> batch)
    {
        var began = _time.GetTimestamp();
        try
        {
            if (!File.Exists(_path))
                Rescue();
            Execute(_connection, "begin immediate");
            foreach (var job in batch)
                Run(job);
            Execute(_connection, "commit");
        }
        catch (SqliteException error)
        {
            Abandon(batch, error);
            return;
        }

        var commits = _state.Commits + 1;
        _latencies[commits % _latencies.Length] = _time.GetElapsedTime(began).TotalMilliseconds;
        var refusal = batch.Exists(job => job.Priority == CommitPriority.Ingest) ? null : _state.Refusal;
        _state = new DatabaseState(null, refusal, commits, _time.GetUtcNow().ToUnixTimeMilliseconds(), _latencies.Max(), WaitingNow());
        foreach (var job in batch)
        {
            if (job.Fault is null)
                job.Committed?.Invoke();
        }

        foreach (var job in batch)
            job.Finish();
    }

    /// <summary>
    /// Somebody deleted the file. What we hold open is all of it still, but what is written there is gone with us: it is put back before anything more is acknowledged.
    /// </summary>
    private void Rescue()
    {
        LogDeleted(_path);
        var (part, copy) = (_path + RescueSuffix + ".part", _path + RescueSuffix);
        try
        {
            File.Delete(part);
            using (var command = Command(_connection, "vacuum into $part", ("$part", part)))
                command.ExecuteNonQuery();
            using (var file = new FileStream(part, FileMode.Open, FileAccess.ReadWrite))
                file.Flush(flushToDisk: true);
            File.Move(part, copy, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SqliteException($"{_path} was deleted and cannot be put back: {error.Message}", CannotOpenCode);
        }

        // It removes the log beside the file as it closes; so the old one goes before the new one comes. Readers of the old one are not handed out again.
        CloseKeptReaders();
        Close(_connection);
        File.Delete(_path + "-wal");
        File.Delete(_path + "-shm");
        File.Move(copy, _path);
        _connection = ConnectWriter(_path);
        _rescues++;
        LogPutBack(_path);
    }

    private void Run(Job job)
    {
        // It may be its second time: alone, after a commit that failed for others' sake.
        job.Fault = null;
        Execute(_connection, "savepoint job");
        try
        {
            job.Write(_connection);
        }
        catch (Exception error) when (error is not SqliteException { SqliteErrorCode: 10 or 11 or 13 or 14 or 8 })
        {
            // The job's own fault (a broken constraint, a bug): it alone is undone and told. A fault of the disk fails the whole commit.
            job.Fault = error;
            Execute(_connection, "rollback to job");
        }

        Execute(_connection, "release job");
    }

    private void Abandon(List<Job> batch, SqliteException error)
    {
        try
        {
            // SQLite has rolled back already after some of its errors; then there is nothing left to undo.
            Execute(_connection, "rollback");
        }
        catch (SqliteException)
        {
            // Nothing was open: exactly what is wanted.
        }

        var refusal = batch.Exists(job => job.Priority == CommitPriority.Ingest) ? error.Message : _state.Refusal;
        _state = _state with { Error = error.Message, Refusal = refusal, Waiting = WaitingNow() };
        var fault = new DatabaseUnavailableException($"{_path}: {error.Message}", error);
        // Alerts are small: beside many readings they must not fail with them.
        var alerts = error.SqliteErrorCode == DiskFullCode && (GiveReserve() || batch.Exists(job => job.Priority != CommitPriority.Alerts))
            ? batch.FindAll(job => job.Priority == CommitPriority.Alerts) : [];
        foreach (var job in batch.Except(alerts))
        {
            if (job.Fault is null)
                job.Refused?.Invoke();
            job.Fault ??= fault;
            job.Finish();
        }

        if (alerts.Count > 0)
            Commit(alerts);
    }

    private bool GiveReserve()
    {
        _diskFull = true;
        _diskProbedAt = _time.GetTimestamp();
        return _roomForReadings = _reserve.TryFree();
    }

    /// <summary>While the disk is full readings may have the first half of what the reserve gave, so that rules go on for hours; the other half is for alerts alone.
    /// Housekeeping goes on: it is what makes room.</summary>
    private void RefuseWhileFull(List<Job> batch)
    {
        if (_time.GetElapsedTime(_diskProbedAt) >= DiskProbeEvery)
        {
            _diskProbedAt = _time.GetTimestamp();
            _diskFull = !_reserve.TryTake();
            _roomForReadings = HasRoomForReadings;
        }

        if (!_diskFull || _roomForReadings || _reserve.Bytes == 0)
            return;
        var fault = new DatabaseUnavailableException($"{_path}: the disk is full, and what is left is for alerts", new IOException("disk full"));
        foreach (var job in batch.Where(job => job.Priority == CommitPriority.Ingest))
        {
            job.Refused?.Invoke();
            job.Fault = fault;
            job.Finish();
        }

        if (batch.RemoveAll(job => job.Priority == CommitPriority.Ingest) > 0)
            _state = _state with { Refusal = fault.Message };
    }

    private int WaitingNow()
    {
        lock (_gate)
            return _waiting.Sum(queue => queue.Count);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Somebody deleted {Path}; it is put back from what is still open. Nothing is acknowledged until that is done")]
    private partial void LogDeleted(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} is back. Find out who deletes files of the data folder")]
    private partial void LogPutBack(string path);

    private sealed class Job(CommitPriority priority, Action<SqliteConnection> write, Action? committed, Action? refused)
    {
        public CommitPriority Priority { get; } = priority;

        public Action<SqliteConnection> Write { get; } = write;

        public Action? Committed { get; } = committed;

        public Action? Refused { get; } = refused;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Fault { get; set; }

        public void Finish()
        {
            if (Fault is null)
                Done.SetResult();
            else
                Done.SetException(Fault);
        }
    }
}
