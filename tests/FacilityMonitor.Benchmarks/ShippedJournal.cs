using System.Text;
using FacilityMonitor.Commands;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Influx;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Benchmarks;

/// <summary>A journal full of 10-socket messages, and the writer that ships it.</summary>
internal sealed class ShippedJournal : IAsyncDisposable
{
    private const int Piles = 500;
    private const int MessagesACommit = 500;
    private const int PeriodMs = 1_000;

    private readonly DeviceTable _devices = new();
    private readonly Database _database;
    private readonly MessageJournal _journal;
    private readonly StoreWorker _store;
    private readonly FacilitySource _registry;
    private readonly MessageDecoder _decoder;
    private readonly DeviceMessage _message = new();
    private readonly JournalWriter _writer = new();
    private readonly Neighbourhood _place = new(Piles);
    private readonly DataSettings _data;
    private int _said;
    private long _atMs;

    public ShippedJournal(string folder)
    {
        _place.Write(folder);
        _data = new DataSettings { Directory = Path.Combine(folder, "data"), RetentionDays = 400, RetentionBytes = long.MaxValue, JournalBytes = 1L << 40, ReserveBytes = 0 };
        _database = Database.Open(_data.Directory, TimeProvider.System);
        _journal = new MessageJournal(_database, _devices);
        var store = new EmbeddedStore(_database, _devices, NullLogger<EmbeddedStore>.Instance);
        _store = new StoreWorker(_database, _journal, store, _devices, TimeProvider.System, NullLogger<StoreWorker>.Instance);
        _registry = new FacilitySource(folder, FacilityLoader.Load(folder, RunCommand.Rules).Facility!, TimeProvider.System, NullLogger<FacilitySource>.Instance);
        _decoder = new MessageDecoder(_devices);
        _atMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 7_200_000;
    }

    /// <summary>What the journal holds.</summary>
    public long Bytes => _journal.Bytes;

    public static InfluxSettings Settings(Uri url, string database) => new()
    {
        Url = url,
        Version = InfluxVersion.V1,
        Database = database,
        RetentionPolicy = null,
        Organization = null,
        Username = null,
        Password = null,
        Token = null,
        BatchReadings = 5_000,
        Interval = TimeSpan.FromSeconds(1),
        Timeout = TimeSpan.FromSeconds(30),
        Horizon = TimeSpan.FromMinutes(10),
    };

    /// <summary>So many messages come in, as fast as they go.</summary>
    public async Task FillAsync(int messages)
    {
        // Registered first, so that the journal keeps everything for it.
        await _journal.RegisterAsync(ShipWorker.Cursor);
        for (var first = 0; first < messages; first += MessagesACommit)
            await AppendAsync(Math.Min(MessagesACommit, messages - first));
    }

    /// <summary>So many messages a second come in until it is enough.</summary>
    /// <returns>How many readings came.</returns>
    public Task<long> LiveAsync(int messagesPerSecond, CancellationToken enough) => Task.Run(async () =>
    {
        const int TicksPerSecond = 20;
        var before = _said;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / TicksPerSecond));
        try
        {
            while (await timer.WaitForNextTickAsync(enough))
                await AppendAsync(messagesPerSecond / TicksPerSecond);
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        return (_said - before) * 10L;
    });

    /// <summary>Ships from the beginning of the journal until so many readings are taken.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="readings">How many.</param>
    /// <param name="warm">Told when the first tenth is taken and everything has grown to its size.</param>
    /// <returns>How long it took, s.</returns>
    public async Task<double> ShipAsync(IPointSink sink, int readings, Action? warm = null)
    {
        await _journal.ForgetAsync(ShipWorker.Cursor);
        await _database.CommitAsync(CommitPriority.Housekeeping, connection =>
        {
            Database.Execute(connection, "delete from shipping");
            Database.Execute(connection, "delete from shipping_head");
        });
        using var worker = new ShipWorker(
            Settings(new Uri("http://influx.example"), "benchmark"), _data, sink, _database, _journal, _store, _registry, _devices, TimeProvider.System, NullLogger<ShipWorker>.Instance);
        var began = TimeProvider.System.GetTimestamp();
        await worker.StartAsync(CancellationToken.None);
        if (warm is not null)
        {
            await Service.UntilAsync(() => worker.State.Shipped >= readings / 10, "the first readings shipped", everyMs: 1);
            warm();
        }

        await Service.UntilAsync(() => worker.ExecuteTask is { IsFaulted: true } || worker.State.Shipped >= readings, "every reading shipped", everyMs: 5);
        var took = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await worker.StopAsync(CancellationToken.None);
        return worker.State is { SetAside: 0, Repeats: 0, Trouble: null } ? took : throw new InvalidOperationException($"{worker.State}");
    }

    public async ValueTask DisposeAsync()
    {
        _registry.Dispose();
        await _database.DisposeAsync();
    }

    private async Task AppendAsync(int messages)
    {
        _writer.Clear();
        for (var message = 0; message < messages; message++, _said++)
        {
            var pile = _said % Piles;
            if (pile == 0)
                _atMs += PeriodMs;
            var payload = Neighbourhood.TenSockets(_said / Piles, _atMs, Random.Shared);
            _decoder.Decode(Encoding.ASCII.GetBytes(_place.Topic(pile, "data")), payload, false, _atMs, _message);
            _writer.Message(_message);
        }

        await _journal.AppendAsync(_writer);
    }
}
