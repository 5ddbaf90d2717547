using System.Runtime.InteropServices;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;

namespace FacilityMonitor.Storage;

/// <summary>Takes readings from the journal into blocks. Blocks and cursor move in one commit, so that each reading is stored exactly once whatever is killed.</summary>
internal sealed partial class StoreWorker : BackgroundService
{
    /// <summary>Name of its cursor.</summary>
    public const string Cursor = "store";

    /// <summary>Readings at which a block closes.</summary>
    public const int ReadingsMax = 2048;

    /// <summary>Blocks from which a commit is full: bounds how long the writer is busy with one step, about 2 ms.</summary>
    public const int StepBlocks = 128;

    /// <summary>Memory of all open blocks at which they close: about half a million readings. What a busy minute has grown to is kept for the next.</summary>
    public const long BytesMax = 64L << 20;

    /// <summary>Longest that a reading is in memory only: half of what the cursor may be behind.</summary>
    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly MessageJournal _journal;
    private readonly EmbeddedStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger<StoreWorker> _logger;
    private readonly bool _keepsReadings;
    private readonly BlockCodec _codec = new();
    private readonly JournalRecords _records;
    private readonly DeviceMessage _message = new();
    private readonly Dictionary<(long Hour, int Device), long>[] _taken = [.. Enumerable.Range(0, OpenBlocks.Parts).Select(_ => new Dictionary<(long, int), long>())];
    private readonly long[] _parts = new long[OpenBlocks.Parts];
    private readonly Step _step = new();
    private long _position;
    private long _flushedPosition;
    private long _flushedAt;
    private bool _failing;

    public StoreWorker(
        Database database, MessageJournal journal, EmbeddedStore store, DeviceTable devices, TimeProvider time, ILogger<StoreWorker> logger, StorageOptions? options = null)
    {
        (_database, _journal, _store, _time, _logger) = (database, journal, store, time, logger);
        _records = new JournalRecords(devices);
        _flushedAt = time.GetTimestamp();
        _keepsReadings = options?.KeepsReadings ?? true;
    }

    /// <summary>Readings stored since the start.</summary>
    public long Stored { get; private set; }

    /// <summary>Journal entries that could not be read and were passed over.</summary>
    public long DamagedEntries { get; private set; }

    /// <summary>Journal position up to which everything is in blocks.</summary>
    public long Position => Volatile.Read(ref _flushedPosition);

    private bool IsFull => _store.Open.Fullest >= ReadingsMax || _store.Open.Bytes >= BytesMax;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var reader = await OpenAsync();
        try
        {
            while (true)
            {
                await ReadOnAsync(reader, stoppingToken);
                // A block is not wanted by anybody sooner than this, and entries that arrive together are cheaper together.
                await Task.Delay(ReadEvery, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await FlushBeforeStopAsync(reader);
        }
    }

    /// <summary>Registers the cursor and opens a reader at it.</summary>
    internal async Task<JournalReader> OpenAsync()
    {
        _position = _flushedPosition = await _journal.RegisterAsync(Cursor);
        using (var connection = _database.OpenReader())
        using (var command = Database.Command(connection, "select part, position from store_part"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                _parts[rows.GetInt32(0)] = rows.GetInt64(1);
        }

        return _journal.OpenReader(_position);
    }

    /// <summary>Takes in whatever the journal has now, and writes what is due.</summary>
    internal async Task ReadOnAsync(JournalReader reader, CancellationToken cancellation)
    {
        while (reader.TryRead(out var entry, out _))
        {
            Take(entry!);
            if (IsFull)
                await FlushUntilDoneAsync(cancellation);
        }

        if (_position > _flushedPosition && _time.GetElapsedTime(_flushedAt) >= FlushEvery)
            await FlushUntilDoneAsync(cancellation);
    }

    /// <summary>Writes every open block, in steps that let others write between them.</summary>
    /// <remarks>
    /// The devices fall into parts, and the blocks of a part and the position up to which it is written are one commit. The cursor moves with the last step;
    /// after a crash the journal is read from there, and a part leaves out what it has.
    /// </remarks>
    internal async Task FlushAsync()
    {
        if (_position == _flushedPosition)
            return;
        var position = _position;
        var work = 0;
        _step.Clear();
        for (var part = 0; part < OpenBlocks.Parts; part++)
        {
            var isLast = part == OpenBlocks.Parts - 1;
            if (_store.Open.CountOf(part) + _taken[part].Count > 0)
                _step.Parts.Add(part);
            work += Math.Max(_store.Open.CountOf(part), _taken[part].Count);
            if (work < StepBlocks && !isLast)
                continue;
            await WriteAsync(position, isLast);
            _step.Clear();
            work = 0;
        }

        Volatile.Write(ref _flushedPosition, position);
        _flushedAt = _time.GetTimestamp();
    }

    private async Task WriteAsync(long position, bool isLast)
    {
        foreach (var part in _step.Parts)
            _step.Arrived += _store.Open.Encode(part, _codec, _step.Bytes, _step.Blocks);
        foreach (var block in _step.Blocks)
        {
            if (_step.Devices.Add(block.Device))
                _step.Latest.Add((block.Device, _store.Latest.Write(block.Device, _step.Bytes)));
        }

        await _database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            // Where InfluxDB alone has the readings, the journal keeps them until it does.
            foreach (var block in _keepsReadings ? _step.Blocks : [])
                BlockTable.Insert(connection, block, generation: 0);
            foreach (var (device, body) in _step.Latest)
                BlockTable.SaveLatest(connection, device, body);
            foreach (var part in _step.Parts)
            {
                foreach (var ((hour, device), messages) in _taken[part])
                    HourBook.AddStored(connection, hour, device, messages);
                // With the cursor in the same commit a position of its own would say the same.
                if (!isLast)
                    Database.Execute(connection, "insert or replace into store_part (part, position) values ($part, $position)", ("$part", part), ("$position", position));
            }

            if (isLast)
                _journal.SetCursor(connection, Cursor, position);
        });
        Stored += _step.Arrived;
        foreach (var part in _step.Parts)
        {
            _parts[part] = position;
            _taken[part].Clear();
            _store.Open.Clear(part);
        }
    }

    private void Take(JournalEntry entry)
    {
        try
        {
            _records.Open(entry);
            while (_records.TryRead(_message, out var kind, out var atMs, out var device))
            {
                if (kind != JournalRecordKind.Message)
                    continue;
                var part = OpenBlocks.PartOf(device!.Value);
                if (entry.Position <= _parts[part])
                    continue;
                if (_message.Readings.Count > 0)
                    _store.Open.Add(_message, _store.Latest);
                CollectionsMarshal.GetValueRefOrAddDefault(_taken[part], (atMs / HourBook.HourMs, device.Value), out _)++;
            }
        }
        catch (InvalidDataException error)
        {
            DamagedEntries++;
            LogDamagedEntry(entry.Position, error.Message);
        }

        _position = entry.Position;
    }

    /// <summary>A disk that does not take it is tried again until it does: the readings wait in the journal, so nothing is lost, and memory stays bounded.</summary>
    private async Task FlushUntilDoneAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await FlushAsync();
                if (_failing)
                    LogStoringAgain();
                _failing = false;
                return;
            }
            catch (DatabaseUnavailableException error)
            {
                if (!_failing)
                    LogNotStored(error.Message);
                _failing = true;
                await Task.Delay(RetryAfter, _time, cancellation);
            }
        }
    }

    private async Task FlushBeforeStopAsync(JournalReader reader)
    {
        try
        {
            // What was received in the last tenth of a second too; a backlog of hours is left to the next start.
            while (!IsFull && reader.TryRead(out var entry, out _))
                Take(entry!);
            await FlushAsync();
        }
        catch (DatabaseUnavailableException error)
        {
            // The readings wait in the journal for the next start.
            LogNotStored(error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Journal entry {Position} is not stored: {Reason}")]
    private partial void LogDamagedEntry(long position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Readings wait in the journal, the disk does not take them: {Reason}")]
    private partial void LogNotStored(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Readings are stored again")]
    private partial void LogStoringAgain();

    /// <summary>What one commit writes. Used again: a step allocates nothing once it has grown.</summary>
    private sealed class Step
    {
        public List<int> Parts { get; } = [];

        public List<EncodedBlock> Blocks { get; } = [];

        public HashSet<int> Devices { get; } = [];

        public List<(int Device, ReadOnlyMemory<byte> Body)> Latest { get; } = [];

        public ByteBuffer Bytes { get; } = new(64 << 10);

        public int Arrived { get; set; }

        public void Clear()
        {
            Parts.Clear();
            Blocks.Clear();
            Devices.Clear();
            Latest.Clear();
            Bytes.Clear();
            Arrived = 0;
        }
    }
}
