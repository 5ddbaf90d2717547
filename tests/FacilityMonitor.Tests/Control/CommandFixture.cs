using System.Collections.Concurrent;
using System.Text.Json;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Tests.Mqtt;
using FacilityMonitor.Tests.Rules;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.Control;

/// <summary>A command as it was given to the broker.</summary>
internal sealed record PublishedCommand(string Topic, JsonElement Body, MqttPublishProperties Properties);

/// <summary>The book on a real disk, the worker that sends from it, and a broker that a test holds in its hands.</summary>
internal sealed class CommandFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<PublishedCommand> _published = new();
    private CommandWorker? _worker;
    private int _asked;

    public ManualTime Time { get; } = new();

    /// <summary>What orders are judged by.</summary>
    public CommandScenes Scenes => new(() => Registry, () =>
    {
        Interlocked.Increment(ref _asked);
        return Monitoring;
    });

    /// <summary>How often it was asked what is open.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>What stands in the lane.</summary>
    public FacilityIndex Registry { get; set; } = new(Scene.Lane());

    /// <summary>What is open.</summary>
    public MonitoringState Monitoring { get; set; } = new(1, [], [], 0);

    public bool IsUp { get; set; } = true;

    /// <summary>What is held back of the disk from the next start on; more than the disk has: what is left is for alerts alone.</summary>
    public long ReserveBytes { get; set; }

    public MqttReasonCode Answer { get; set; } = MqttReasonCode.Success;

    public Database Database { get; private set; } = null!;

    public MessageJournal Journal { get; private set; } = null!;

    public DeviceTable Devices { get; private set; } = null!;

    public ControlCounts Counts { get; } = new();

    public DeviceWords Words { get; private set; } = null!;

    public UnwrittenCommands Unwritten { get; private set; } = null!;

    /// <summary>Sends what the disk does not take.</summary>
    public UnwrittenCommandWorker Sender { get; private set; } = null!;

    public IReadOnlyList<PublishedCommand> Published => [.. _published];

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public Device Pile => Devices.Resolve(Dialect.Fm1, "lane"u8, "pile-01"u8)!;

    /// <param name="prepare">Told the folder before the first file in it is opened.</param>
    /// <param name="hasSockets">False: what stands there is a siren, whose end is sent.</param>
    public static async Task<CommandFixture> StartAsync(Action<string>? prepare = null, bool hasSockets = true)
    {
        var fixture = new CommandFixture();
        prepare?.Invoke(fixture._folder.Path);
        fixture.Open();
        await fixture.SayAsync(new DeviceWord(
            fixture.Pile.Number, fixture.NowMs, null, new DeviceAbilities([.. Fm1Words.Operations], hasSockets ? [ChannelId.Main, ChannelId.Socket(1), ChannelId.Socket(2)] : [ChannelId.Main], CarriesPeople: false), "boot-0", null));
        var writer = new JournalWriter();
        writer.Tick(fixture.NowMs);
        await fixture.Journal.AppendAsync(writer);
        await fixture.RunAsync();
        return fixture;
    }

    /// <summary>The service ends and begins anew on the same disk.</summary>
    public async Task RestartAsync(TimeSpan away)
    {
        await StopAsync();
        Time.Advance(away);
        IsUp = true;
        Open();
        await RunAsync();
    }

    public async Task StopAsync()
    {
        await Sender.StopAsync(CancellationToken.None);
        Sender.Dispose();
        await _worker!.StopAsync(CancellationToken.None);
        _worker.Dispose();
        await Database.DisposeAsync();
    }

    public StoredCommand Order(string id = "c-1", Operation operation = Operation.Off, int ttlS = 20, int? seconds = null, string? channel = "s1") => new()
    {
        Order = new CommandOrder
        {
            Id = id,
            Device = Pile.Id,
            Channel = channel is not null && ChannelId.TryParse(channel, out var parsed) ? parsed : null,
            Operation = operation,
            Seconds = seconds,
            By = "manager",
            Why = "test",
            TtlS = ttlS,
        },
        Device = Pile.Number,
        State = CommandState.Queued,
        CreatedMs = NowMs,
        DueMs = NowMs,
        ExpiresMs = NowMs + (ttlS * 1000L),
        ChangedMs = NowMs,
    };

    public async Task<bool> InsertAsync(StoredCommand command)
    {
        var isNew = false;
        await Database.CommitAsync(CommitPriority.Alerts, connection => isNew = CommandBook.Insert(connection, command));
        Words.Announce();
        return isNew;
    }

    /// <summary>The device answers.</summary>
    public Task AckAsync(string id, CommandResult result, int? device = null, string? reason = null) =>
        SayAsync(new DeviceWord(device ?? Pile.Number, NowMs, new CommandAck(id, result, reason), null, null, null));

    /// <summary>The device says something.</summary>
    public async Task SayAsync(DeviceWord word)
    {
        List<bool?> found = [];
        var keep = Words.Keep([word], found);
        await Database.CommitAsync(CommitPriority.Ingest, connection => keep(connection, 0));
        Words.Kept(found);
    }

    public StoredCommand Find(string id = "c-1")
    {
        using var reader = Database.OpenReader();
        return CommandBook.Find(reader, id)!;
    }

    public Task UntilAsync(CommandState state, string id = "c-1") => Until.TrueAsync(() => Find(id)?.State == state, $"{id} is {state}");

    public Task UntilPublishedAsync(int count) => Until.TrueAsync(() => Published.Count >= count, $"{count} publishes");

    /// <summary>The worker looks every second, but a test's clock stands: one whose commit took longer than the step of the clock has what is left to do at its next look.</summary>
    public Task UntilToldAsync(int notices) => Until.TrueAsync(
        () =>
        {
            Words.Announce();
            return Notices().Count == notices;
        },
        $"the rules are told {notices} times");

    /// <summary>What the journal tells the rules of commands.</summary>
    public List<CommandNotice> Notices()
    {
        var records = new JournalRecords(Devices);
        var message = new DeviceMessage();
        var notices = new List<CommandNotice>();
        using var reader = Journal.OpenReader(0);
        while (reader.TryRead(out var entry, out _))
        {
            records.Open(entry!);
            while (records.TryRead(message, out var kind, out _, out _))
            {
                if (kind == JournalRecordKind.Command)
                    notices.Add(records.Command!);
            }
        }

        return notices;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    private void Open()
    {
        Database = Database.Open(_folder.Path, Time, ReserveBytes);
        Devices = new DeviceTable();
        Journal = new MessageJournal(Database, Devices);
        Unwritten = new UnwrittenCommands();
        Words = new DeviceWords(Counts, Unwritten);
    }

    private async Task RunAsync()
    {
        var link = new CommandLink(() => IsUp, (topic, payload, properties) =>
        {
            _published.Enqueue(new PublishedCommand(topic, JsonDocument.Parse(payload).RootElement, properties));
            return ValueTask.FromResult(Answer);
        },
        (_, _, _) => throw new InvalidOperationException("A command is never retained."));
        Sender = new UnwrittenCommandWorker(Unwritten, link, Counts, Time, NullLogger<UnwrittenCommandWorker>.Instance);
        _worker = new CommandWorker(
            Database, Journal, Devices, link, Scenes, Words, Unwritten, Sender, Counts, new CommandPace { Verify = TimeSpan.FromSeconds(60) }, Time, NullLogger<CommandWorker>.Instance);
        await Sender.StartAsync(CancellationToken.None);
        await _worker.StartAsync(CancellationToken.None);
    }
}
