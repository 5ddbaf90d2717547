using System.Collections;
using System.Globalization;
using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Hostile;

/// <summary>
/// The demo's neighbourhood from the bytes of its messages to alerts and stored readings, as the service has it: ingest's pipeline and books, a real journal,
/// the rules, the store. Seconds go by when a test says so. What is left out is the broker.
/// </summary>
internal sealed class Street : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly JournalWriter _writer = new();
    private readonly DeviceLedger _ledger = new();
    private readonly FacilitySource _registry;
    private readonly IngestPipeline _pipeline;
    private readonly MonitoringWorker _rules;
    private readonly StoreWorker _storing;
    private readonly EmbeddedStore _store;
    private readonly BlockMerger _merger;
    private readonly JournalUpkeepWorker _upkeep;
    private readonly MessageJournal _journal;
    private readonly Database _database;
    private JournalReader _reader = null!;

    private Street()
    {
        var demo = Path.Combine(AppContext.BaseDirectory, "demo");
        Facility = FacilityLoader.Load(demo, RunCommand.Rules).Facility!;
        var (settings, errors) = SettingsLoader.Load(_folder.Path, new Hashtable());
        Assert.Empty(errors);
        _database = Database.Open(Path.Combine(_folder.Path, "data"), Time);
        _journal = new MessageJournal(_database, Devices);
        _registry = new FacilitySource(demo, Facility, Time, NullLogger<FacilitySource>.Instance, RunCommand.Rules);
        _pipeline = new IngestPipeline(Devices, Books, _ledger);
        _pipeline.Use(_registry.Current);
        var responses = new ResponseLog(_registry, new ChannelSounds(new Dictionary<string, Loudness>(), siren: null), new ActLinks(null, new byte[32]), Time);
        _rules = new MonitoringWorker(_database, _journal, Devices, _registry, new FacilityMonitor.OnCall.Outbox(Time), responses, settings!, Time, NullLogger<MonitoringWorker>.Instance);
        _store = new EmbeddedStore(_database, Devices, NullLogger<EmbeddedStore>.Instance);
        _storing = new StoreWorker(_database, _journal, _store, Devices, Time, NullLogger<StoreWorker>.Instance);
        _merger = new BlockMerger(_database, _store, new StorageOptions(), Time);
        _upkeep = new JournalUpkeepWorker(_database, _journal, Time, NullLogger<JournalUpkeepWorker>.Instance);
    }

    public ManualTime Time { get; } = new(Start);

    public DeviceTable Devices { get; } = new();

    public IngestBooks Books { get; } = new();

    public Facility Facility { get; }

    /// <summary>Requests to resend and receipts that would have been sent.</summary>
    public long Asked { get; private set; }

    /// <summary>The largest sequence book of a device as it was saved, bytes.</summary>
    public int LargestBook { get; private set; }

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<Street> OpenAsync()
    {
        var street = new Street();
        street._reader = await street._storing.OpenAsync();
        await street._rules.StartAsync(CancellationToken.None);
        street._writer.Started(street.NowMs);
        await street.SecondAsync();
        return street;
    }

    /// <summary>From now on the registry names one more.</summary>
    public void Register(DeviceId device) => Devices.Use(one => one == device || _registry.Current.Find(one) is not null);

    public MqttReasonCode Take(string topic, string payload, bool retained = false) => Take(topic, Encoding.UTF8.GetBytes(payload), retained);

    public MqttReasonCode Take(string topic, ReadOnlySpan<byte> payload, bool retained = false) =>
        _pipeline.Take(Encoding.UTF8.GetBytes(topic), payload, retained, dup: false, NowMs, _journal.Last, _writer);

    /// <summary>What was taken in goes to the disk, and a second goes by, as ingest does it.</summary>
    public async Task SecondAsync()
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        _writer.Tick(NowMs);
        var requests = new List<(int, ResendRequest)>();
        var receipts = new List<(int, Watermark)>();
        Books.AddLost(_ledger.CollectResends(NowMs, _journal.Last, requests));
        _ledger.CollectReceipts(NowMs, receipts);
        Asked += requests.Count + receipts.Count;
        var books = _ledger.TakeUnsaved(1_000);
        LargestBook = Math.Max(LargestBook, books.Select(book => book.Sequence.Length).DefaultIfEmpty().Max());
        _pipeline.TakeWords();
        await _journal.AppendAsync(new JournalBatch(_writer), (connection, position) =>
        {
            foreach (var book in books)
                book.Save(connection, position);
        });
        _writer.Clear();
        if (NowMs / 1000 % 5 == 0)
            await UpkeepAsync();
    }

    /// <summary>Everything that was taken in is judged and stored, and the hours are joined.</summary>
    public async Task SettleAsync()
    {
        await Mqtt.Until.TrueAsync(() => _rules.Position >= _journal.Last || _rules.ExecuteTask is { IsCompleted: true }, "the rules have caught up");
        Assert.True(_rules.ExecuteTask is { IsCompleted: false }, _rules.ExecuteTask?.Exception?.ToString() ?? "The rules ended.");
        await _storing.ReadOnAsync(_reader, CancellationToken.None);
        await _storing.FlushAsync();
        await _merger.MergeAsync(everything: true, CancellationToken.None);
        await _merger.DropAsync(CancellationToken.None);
        await UpkeepAsync();
    }

    /// <summary>Every step of the alerts of one part of the street, as told.</summary>
    public string[] Told(Func<string, bool> asset) => [.. Rows("select json_extract(body, '$.asset'), alert || ' ' || number || ' ' || at_ms || ' ' || body from alert_transition order by alert, number").Where(row => asset(row[0])).Select(row => row[1])];

    /// <summary>The readings of a device as stored, and its hourly figures.</summary>
    public async Task<List<string>> StoredAsync(string site, string name)
    {
        var device = Devices.All.Single(device => device.Id == new DeviceId(Dialect.Fm1, site, name));
        var lines = new List<string>();
        await foreach (var reading in _store.ReadingsAsync(device, long.MinValue / 2, long.MaxValue / 2, CancellationToken.None))
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{reading.Channel} {reading.AtMs} {reading.Quality} {reading.Seq} {string.Join(',', reading.Values.Select(value => $"{value.Metric}={value.Value}"))}"));
        foreach (var hour in await _store.HourlyAsync([device], NowMs - (2 * 3_600_000), NowMs, CancellationToken.None))
            lines.Add((hour with { Device = 0 }).ToString());
        return lines;
    }

    public long Number(string sql) => long.Parse(Rows(sql)[0][0], CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await _rules.StopAsync(CancellationToken.None);
        _rules.Dispose();
        _storing.Dispose();
        _upkeep.Dispose();
        _reader.Dispose();
        _registry.Dispose();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private async Task UpkeepAsync()
    {
        await _storing.ReadOnAsync(_reader, CancellationToken.None);
        await _upkeep.PruneAsync(CancellationToken.None);
    }

    private List<string[]> Rows(string sql)
    {
        using var connection = _database.OpenReader();
        using var command = Database.Command(connection, sql);
        using var rows = command.ExecuteReader();
        var lines = new List<string[]>();
        while (rows.Read())
            lines.Add([.. Enumerable.Range(0, rows.FieldCount).Select(column => Convert.ToString(rows.GetValue(column), CultureInfo.InvariantCulture)!)]);
        return lines;
    }
}
