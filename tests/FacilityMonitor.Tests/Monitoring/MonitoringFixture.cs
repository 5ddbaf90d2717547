using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Tests.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Monitoring;

/// <summary>What a journal entry is made of, told in seconds since <see cref="MonitoringFixture.Start"/>: messages, then the seconds that went by.</summary>
internal sealed record Entry(double AtS, (string Topic, string Payload)[] Messages, int[] Ticks);

/// <summary>The demo's registry, a real journal, and the worker that makes alerts of it. It can be stopped, or killed at any moment: then only what was committed remains.</summary>
internal sealed class MonitoringFixture : IAsyncDisposable, ILogger<MonitoringWorker>
{
    public static readonly DateTimeOffset Start = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly JournalWriter _writer = new();
    private readonly string _configuration;
    private FacilitySource _registry = null!;
    private MessageDecoder _decoder = null!;
    private Facility? _facility;
    private string _openedWith = "";
    private int _lives;

    public MonitoringFixture(TimeSpan snapshotInterval)
    {
        _configuration = Path.Combine(_folder.Path, "config");
        Directory.CreateDirectory(_configuration);
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "demo"), "*.yaml"))
            File.Copy(file, Path.Combine(_configuration, Path.GetFileName(file)));
        // The demo calls its people by rosters; what goes straight to a contact is told here, too.
        File.AppendAllText(Path.Combine(_configuration, "people.yaml"), "\ncontacts:\n  - {id: committee, name: {zh: 居委会值班, en: Committee on duty}, sites: [huaihai, panyu-road]}\n");
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable());
        Assert.Empty(errors);
        Settings = settings! with { Monitoring = settings.Monitoring with { SnapshotInterval = snapshotInterval } };
    }

    /// <summary>On a copy of what another one has on disk, with the registry that it read.</summary>
    public MonitoringFixture(MonitoringFixture template)
    {
        (_configuration, _facility, Settings) = (template._configuration, template._facility, template.Settings);
        FaultyDisk.CopyFiles(template.Data, Data);
    }

    public ManualTime Time { get; } = new(Start);

    /// <summary>What is held back of the disk.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>1: each step of the snapshot writes a single site.</summary>
    public int SnapshotStepBytes { get; init; } = RuleSnapshot.StepBytesMax;

    public ServiceSettings Settings { get; }

    public Database Database { get; private set; } = null!;

    public MessageJournal Journal { get; private set; } = null!;

    public MonitoringWorker Worker { get; private set; } = null!;

    public ResponseLog Responses { get; private set; } = null!;

    public ChannelSounds Sounds { get; init; } = new(new Dictionary<string, Loudness>(), siren: null);

    public string Log => string.Join('\n', _log);

    /// <summary>Everything that it writes is below it.</summary>
    public string Folder => _folder.Path;

    /// <summary>Its data folder; another one after a kill.</summary>
    public string Data => Path.Combine(_folder.Path, string.Create(CultureInfo.InvariantCulture, $"data-{_lives}"));

    /// <summary>The body of a message of readings.</summary>
    public static string Readings(int seq, double atS, string readings) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"v":1,"boot":"b-1","seq":{{seq}},"ts":{{Ms(atS)}},"up":{{(long)(atS * 1000) + 1_000_000}},"clk":"ntp","r":[{{readings}}]}""");

    /// <summary>Opens what is on disk; the worker does not run yet.</summary>
    public void Open()
    {
        Database = Database.Open(Data, Time, ReserveBytes);
        var devices = new DeviceTable();
        Journal = new MessageJournal(Database, devices);
        _decoder = new MessageDecoder(devices);
        _facility ??= FacilityLoader.Load(_configuration, RunCommand.Rules).Facility!;
        _registry = new FacilitySource(_configuration, _facility, Time, NullLogger<FacilitySource>.Instance, RunCommand.Rules);
        _openedWith = _registry.Current.Facility.Version;
        Responses = new ResponseLog(_registry, Sounds, new ActLinks(null, new byte[32]), Time);
        Worker = new MonitoringWorker(Database, Journal, devices, _registry, new Outbox(Time), Responses, Settings, Time, this) { SnapshotStepBytes = SnapshotStepBytes };
    }

    public async Task OpenAndRunAsync()
    {
        Open();
        await Worker.StartAsync(CancellationToken.None);
    }

    /// <summary>Edits the registry's file.</summary>
    public void Edit(Func<string, string> edit)
    {
        var file = Path.Combine(_configuration, "facility.yaml");
        var before = File.ReadAllText(file);
        var after = edit(before);
        Assert.NotEqual(before, after);
        File.WriteAllText(file, after);
        _facility = null;
    }

    /// <summary>Lets the registry look at its files, on the spot; the clock of the rules is the journal's and stands.</summary>
    /// <returns>Whether an edit came into force since the worker was opened.</returns>
    public bool LookAtFiles()
    {
        Time.Advance(FacilitySource.LookEvery);
        return _registry.Current.Facility.Version != _openedWith;
    }

    /// <summary>The clock comes to the time of an entry, and the entry into the journal.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="isLive">Whether the rules may judge it before the disk has taken it, as what ingest appends.</param>
    public async Task AppendAsync(Entry entry, bool isLive = false)
    {
        var wait = Start.AddSeconds(entry.AtS) - Time.GetUtcNow();
        if (wait > TimeSpan.Zero)
            Time.Advance(wait);
        _writer.Clear();
        if (entry.AtS == 0)
            _writer.Started(Ms(0));
        var message = new DeviceMessage();
        foreach (var (topic, payload) in entry.Messages)
        {
            var outcome = _decoder.Decode(Encoding.UTF8.GetBytes(topic), Encoding.UTF8.GetBytes(payload), retained: false, Ms(entry.AtS), message);
            Assert.Equal((DecodeResult.Decoded, null), (outcome.Result, outcome.Detail));
            _writer.Message(message);
        }

        foreach (var tick in entry.Ticks)
            _writer.Tick(Ms(tick));
        await AppendAsync(new JournalBatch(_writer) { MayBeJudgedAhead = isLive });
    }

    /// <summary>As ingest does: while the disk refuses, again.</summary>
    public async Task AppendAsync(JournalBatch batch)
    {
        while (true)
        {
            try
            {
                await Journal.AppendAsync(batch);
                return;
            }
            catch (DatabaseUnavailableException)
            {
                // It shared a commit with somebody whom the disk refused.
                await Task.Delay(1);
            }
        }
    }

    /// <summary>Waits until the rules have judged everything in the journal.</summary>
    public Task CaughtUpAsync() => Mqtt.Until.TrueAsync(() => Worker.Position >= Journal.Last || Worker.ExecuteTask is { IsCompleted: true }, "the rules have caught up");

    /// <summary>From now on the disk takes no alerts, as long as it is told so; everything else it takes.</summary>
    public Task RefuseAlertsAsync(Func<bool> whether) => Database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        connection.CreateFunction("disk", () => whether() ? throw new SqliteException("disk I/O error", 10) : 0);
        Database.Execute(connection, "create temp trigger refuse before insert on alert_transition begin select disk(); end");
    });

    /// <summary>What a kill leaves: every commit so far, and nothing that was in memory.</summary>
    public async Task KillAsync()
    {
        var from = Data;
        _lives++;
        Directory.CreateDirectory(Data);
        using (var connection = Database.OpenReader(from))
        using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(Data, Database.FileName), Pooling = false }.ToString()))
        {
            copy.Open();
            connection.BackupDatabase(copy);
        }

        await CloseAsync();
        Directory.Delete(from, recursive: true);
    }

    /// <summary>It was killed while it wrote: what its files hold is all that remains, a torn page too.</summary>
    /// <param name="disk">Where nothing was written any more.</param>
    /// <param name="writing">Who still tries to.</param>
    /// <returns>How many entries of the journal remain.</returns>
    public async Task<int> CrashAsync(FaultyDisk disk, Task writing)
    {
        var from = Data;
        _lives++;
        disk.CopyRemains(from, Data);
        // Whoever still writes comes to an end; what they write is nobody's any more.
        disk.Heal();
        await writing;
        await CloseAsync();
        Directory.Delete(from, recursive: true);
        await OpenAndRunAsync();
        return Rows("select cast(position as text) from journal").Length;
    }

    /// <summary>Ends it as a stop of the service does.</summary>
    public async Task CloseAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
        _registry.Dispose();
        await Database.DisposeAsync();
    }

    /// <summary>Every step, every alert as it is, and everybody who is to be told, as text.</summary>
    public string[] Told() => Rows(
        """
        select line from (
          select 0 as part, alert, number, alert || ' ' || number || ' ' || at_ms || ' ' || body as line from alert_transition
          union all select 1, id, 0, id || ' ' || condition || ' ' || priority || ' ' || onset_ms || ' ' || changed_ms from alert
          union all select 2, '', 0, alert || '-' || transition || '-' || recipient from outbox)
        order by part, alert, number, line
        """);

    public string[] Rows(string sql)
    {
        using var connection = Database.OpenReader();
        using var command = Database.Command(connection, sql);
        using var rows = command.ExecuteReader();
        var lines = new List<string>();
        while (rows.Read())
            lines.Add(rows.GetString(0));
        return [.. lines];
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Enqueue($"{logLevel} {formatter(state, exception)}");

    private static long Ms(double seconds) => Start.ToUnixTimeMilliseconds() + (long)(seconds * 1000);
}
