using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.EndToEnd;

/// <summary>A message by its device and number. The simulated devices keep one boot, so the number names the message.</summary>
internal sealed record MessageName(string Device, long Seq)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device}#{Seq}");
}

/// <summary>Everything that a run received, because a cursor of its own kept the journal from being trimmed; read when the service has ended, and judged again in one go.</summary>
internal sealed class JournalWitness : IAsyncDisposable
{
    private const string Cursor = "witness";

    private readonly Database _database;
    private readonly DeviceTable _devices = new();
    private readonly MessageJournal _journal;

    private JournalWitness(string data)
    {
        _database = Database.Open(data, TimeProvider.System);
        _journal = new MessageJournal(_database, _devices);
    }

    /// <summary>How often each numbered message is in the journal.</summary>
    public Dictionary<MessageName, int> Messages { get; } = [];

    /// <summary>Every reading in the journal, as text, in order.</summary>
    public List<string> Journaled { get; } = [];

    /// <summary>Every reading in the store, as text, in order.</summary>
    public List<string> Stored { get; } = [];

    /// <summary>Readings that the store's blocks count, each block for itself.</summary>
    public long ReadingsInBlocks { get; private set; }

    /// <summary>Every step that an engine takes which reads the journal in one go.</summary>
    public List<string> ExpectedSteps { get; } = [];

    /// <summary>Every step that the service wrote.</summary>
    public List<string> Steps { get; } = [];

    /// <summary>The alerts as the service wrote them that were ever on: a late reading may move the onset of a pending one, which then ends untold under its first name.</summary>
    public List<AlertTransition> Alerts { get; } = [];

    /// <summary>Letters by their idempotency key, with the state they are in.</summary>
    public Dictionary<string, int> Letters { get; } = [];

    /// <summary>Makes the database and says that somebody still wants to read all of the journal. Before the first start of the service.</summary>
    public static async Task SwearInAsync(string data)
    {
        await using var witness = new JournalWitness(data);
        await witness._journal.RegisterAsync(Cursor);
    }

    public static async Task<JournalWitness> HearAsync(string data, Facility facility, TimeSpan grace)
    {
        var witness = new JournalWitness(data);
        witness.ReadJournal(facility, grace);
        witness.ReadAlerts();
        await witness.ReadStoreAsync();
        return witness;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private void ReadJournal(Facility facility, TimeSpan grace)
    {
        var engine = new RuleEngine(new FacilityIndex(facility), _devices) { GraceMs = (long)grace.TotalMilliseconds };
        var records = new JournalRecords(_devices);
        var message = new DeviceMessage();
        var steps = new List<AlertTransition>();
        using var reader = _journal.OpenReader(0);
        while (reader.TryRead(out var entry, out _))
        {
            records.Open(entry!);
            while (records.TryRead(message, out var kind, out var atMs, out _))
            {
                if (kind == JournalRecordKind.Started)
                    engine.Started(atMs);
                else if (kind == JournalRecordKind.Tick)
                    engine.Tick(atMs, steps);
                else if (kind == JournalRecordKind.Command)
                    engine.Command(records.Command!, atMs);
                else if (kind == JournalRecordKind.Message)
                    Take(engine, message, steps);
            }
        }

        ExpectedSteps.AddRange(steps.Select(step => Text(step.AlertId, step.Sequence, TransitionJson.Write(step))).Order(StringComparer.Ordinal));
        Journaled.Sort(StringComparer.Ordinal);
    }

    private void Take(RuleEngine engine, DeviceMessage message, List<AlertTransition> steps)
    {
        engine.Observe(message, steps);
        var device = message.Device!.Id;
        if (message.HasEnvelope)
        {
            var name = new MessageName($"{device.Site}/{device.Name}", message.Envelope.Seq);
            Messages[name] = Messages.GetValueOrDefault(name) + 1;
        }

        for (var index = 0; index < message.Readings.Count; index++)
        {
            ref var reading = ref message.Readings.Readings[index];
            Journaled.Add(Text(device, message.Envelope.Seq, index, reading.Channel, reading.AtMs));
        }
    }

    private void ReadAlerts()
    {
        using var connection = _database.OpenReader();
        using (var command = Database.Command(connection, "select alert, number, body from alert_transition"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                Steps.Add(Text(rows.GetString(0), rows.GetInt32(1), rows.GetString(2)));
        }

        Steps.Sort(StringComparer.Ordinal);
        using (var command = Database.Command(connection, "select body, onset_ms from alert where exists (select 1 from alert_transition where alert = alert.id and json_extract(alert_transition.body, '$.state') = 'active')"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                Alerts.Add(StoredAlert.Read(rows.GetString(0), rows.GetInt64(1), 0));
        }

        using (var command = Database.Command(connection, "select alert || '-' || transition || '-' || recipient, state from outbox"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                Letters.Add(rows.GetString(0), rows.GetInt32(1));
        }
    }

    private async Task ReadStoreAsync()
    {
        var store = new EmbeddedStore(_database, _devices, NullLogger<EmbeddedStore>.Instance);
        foreach (var device in _devices.All)
        {
            await foreach (var reading in store.ReadingsAsync(device, 0, long.MaxValue / 2, CancellationToken.None))
                Stored.Add(Text(device.Id, reading.Seq, reading.Index, reading.Channel, reading.AtMs));
        }

        Stored.Sort(StringComparer.Ordinal);
        using var connection = _database.OpenReader();
        using var command = Database.Command(connection, "select coalesce(sum(readings), 0) from block");
        ReadingsInBlocks = (long)command.ExecuteScalar()!;
    }

    private static string Text(DeviceId device, long seq, int index, ChannelId channel, long atMs) =>
        string.Create(CultureInfo.InvariantCulture, $"{device.Site}/{device.Name}#{seq}[{index}] {channel} {atMs}");

    private static string Text(string alert, int number, string body) => string.Create(CultureInfo.InvariantCulture, $"{alert} {number:00} {body}");
}
