using System.Buffers;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Monitoring;

/// <summary>What is open now and what the circuits carry, for the page. A picture: it never changes.</summary>
/// <param name="Number">Rises with every picture.</param>
/// <param name="Alerts">Open alerts, the most urgent first; beyond pending.</param>
/// <param name="Circuits">What every circuit carries.</param>
/// <param name="NotDurable">Steps that could not be written yet because the disk refuses.</param>
internal sealed record MonitoringState(long Number, IReadOnlyList<AlertTransition> Alerts, IReadOnlyList<CircuitState> Circuits, int NotDurable);

/// <summary>From the journal to alerts. Restores its memory from a snapshot, reads the journal from there, and comes to the same alerts as if nothing had happened.</summary>
internal sealed partial class MonitoringWorker(
    Database database, MessageJournal journal, DeviceTable devices, FacilitySource registry, Outbox outbox, TimeProvider time, ILogger<MonitoringWorker> log) : BackgroundService
{
    /// <summary>Name of the cursor: the journal before it is in the snapshot.</summary>
    public const string Cursor = "monitoring";

    /// <summary>Steps that may wait while the disk refuses; the rules go on, and the oldest are given up last of all.</summary>
    public const int WaitingMax = 100_000;

    private static readonly TimeSpan SnapshotEvery = TimeSpan.FromSeconds(30);

    private readonly ILogger<MonitoringWorker> _log = log;
    private readonly RuleEngine _engine = new(registry.Current, devices);
    private readonly Dictionary<string, AlertTransition> _open = new(StringComparer.Ordinal);
    private readonly Queue<AlertTransition> _waiting = new();
    private volatile MonitoringState _state = new(0, [], [], 0);
    private FacilityIndex? _changed;

    /// <summary>What is open now.</summary>
    public MonitoringState State => _state;

    /// <summary>Alerts that became active since the start.</summary>
    public long Raised { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var position = await RestoreAsync();
        registry.Changed += index => Volatile.Write(ref _changed, index);
        using var reader = journal.OpenReader(position);
        var records = new JournalRecords(devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        var savedAt = time.GetTimestamp();
        try
        {
            while (true)
            {
                var entry = await reader.ReadAsync(stoppingToken);
                records.Open(entry);
                steps.Clear();
                while (records.TryRead(message, out var kind, out var atMs, out _))
                    Take(kind, message, atMs, steps);
                await KeepAsync(steps, reader.Position);
                // A registry that comes into force is in the snapshot, so that a replay never meets records under another one.
                var changed = Interlocked.Exchange(ref _changed, null);
                if (changed is not null)
                    _engine.Reconfigure(changed);
                if (changed is not null || time.GetElapsedTime(savedAt) >= SnapshotEvery)
                {
                    savedAt = time.GetTimestamp();
                    await SaveAsync(reader.Position);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await SaveAsync(reader.Position);
        }
    }

    private void Take(JournalRecordKind kind, DeviceMessage message, long atMs, List<AlertTransition> steps)
    {
        switch (kind)
        {
            case JournalRecordKind.Message:
                _engine.Observe(message, steps);
                break;
            case JournalRecordKind.Tick:
                _engine.Tick(atMs, steps);
                break;
            case JournalRecordKind.Started:
                _engine.Started(atMs);
                break;
            case JournalRecordKind.Duplicate:
            case JournalRecordKind.DeadLetter:
                break;
        }
    }

    private async Task<long> RestoreAsync()
    {
        var position = await journal.RegisterAsync(Cursor);
        using var connection = database.OpenReader();
        using (var command = Database.Command(connection, "select body from snapshot where name = 'rules'"))
        {
            if (command.ExecuteScalar() is byte[] body)
                _engine.Load(body);
        }

        // The snapshot was taken under the registry of its time; files may have changed while we were away.
        _engine.Reconfigure(registry.Current);
        foreach (var step in AlertLog.ReadOpen(connection).Select(StoredAlert.Read))
            _open[step.AlertId] = step;
        LogRestored(position, journal.Last, _open.Count);
        return position;
    }

    private async Task KeepAsync(List<AlertTransition> steps, long position)
    {
        foreach (var step in steps)
        {
            _waiting.Enqueue(step);
            if (step.Condition is Condition.Active or Condition.Recovering or Condition.NoData)
                _open[step.AlertId] = step;
            else
                _open.Remove(step.AlertId);
            if (step.Condition == Condition.Active && step.Sequence <= 1)
            {
                Raised++;
                LogRaised(step.Rule, step.Asset, step.Priority, step.AlertId);
            }
        }

        while (_waiting.Count > WaitingMax)
            _waiting.Dequeue();
        if (_waiting.Count > 0)
            await WriteAsync();
        if (steps.Count > 0 || position % 4 == 0)
        {
            _state = new MonitoringState(
                _state.Number + 1, [.. _open.Values.OrderBy(step => step.Priority).ThenBy(step => step.OnsetMs)], [.. _engine.Circuits], _waiting.Count);
        }
    }

    private async Task WriteAsync()
    {
        var batch = _waiting.ToArray();
        var contacts = registry.Current.Facility.Contacts;
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection =>
            {
                var written = batch.Where(step => AlertLog.Write(connection, step)).ToList();
                outbox.Enqueue(connection, written, contacts);
            });
            for (var written = 0; written < batch.Length; written++)
                _waiting.Dequeue();
            outbox.Announce();
        }
        catch (DatabaseUnavailableException)
        {
            // The rules go on; what could not be written is tried again with the next second, and the page says how much waits.
        }
    }

    private async Task SaveAsync(long position)
    {
        // Steps that are not on disk would be lost by a snapshot that is behind them.
        if (_waiting.Count > 0)
            return;
        var body = new ArrayBufferWriter<byte>();
        _engine.Save(body);
        var bytes = body.WrittenSpan.ToArray();
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection =>
            {
                Database.Execute(
                    connection, "insert into snapshot (name, position, body) values ('rules', $position, $body) on conflict (name) do update set position = excluded.position, body = excluded.body",
                    ("$position", position), ("$body", bytes));
                journal.SetCursor(connection, Cursor, position);
            });
        }
        catch (DatabaseUnavailableException)
        {
            // The last snapshot still stands, and the journal behind it too.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Rules restored at journal position {Position} of {Last}, {Open} alerts open")]
    private partial void LogRestored(long position, long last, int open);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert {Rule} on {Asset}, {Priority} ({Id})")]
    private partial void LogRaised(string rule, string asset, Priority priority, string id);
}
