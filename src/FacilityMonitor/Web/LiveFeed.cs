using System.Threading.Channels;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;

namespace FacilityMonitor.Web;

/// <summary>One event of the stream to the pages.</summary>
internal readonly record struct LiveEvent(string Name, string Json);

/// <summary>Reads the journal along, keeps the live view, and tells every open page what changed: written once, shared by all.</summary>
internal sealed class LiveFeed(
    MessageJournal journal, DeviceTable devices, FacilitySource registry, IngestWorker ingest, MonitoringWorker monitoring, Database database, BooksWatch books, IReadingStore store, TimeProvider time) : BackgroundService
{
    /// <summary>Open pages; one more is refused and counted.</summary>
    public const int ViewersMax = 1_000;

    /// <summary>Events that may wait for a slow page; beyond it the page is sent away to begin anew.</summary>
    private const int WaitingMax = 64;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(2);

    private readonly LiveView _view = new(registry);
    private readonly Lock _gate = new();
    private readonly List<Channel<LiveEvent>> _viewers = [];
    private string _health = "{}";

    /// <summary>Pages refused because there were too many.</summary>
    public long Refused { get; private set; }

    /// <summary>Pages sent away because they were too slow.</summary>
    public long SentAway { get; private set; }

    /// <summary>What a page that opens is given, in order, followed by every change; null when there are too many pages.</summary>
    public (IReadOnlyList<LiveEvent> First, ChannelReader<LiveEvent> Changes)? Open()
    {
        lock (_gate)
        {
            if (_viewers.Count >= ViewersMax)
            {
                Refused++;
                return null;
            }

            var viewer = Channel.CreateBounded<LiveEvent>(WaitingMax);
            _viewers.Add(viewer);
            return ([RegistryEvent(), new LiveEvent("devices", LiveJson.Devices(_view, _view.All, NowMs())), new LiveEvent("alerts", LiveJson.Alerts(monitoring.State)), new LiveEvent("health", _health)], viewer.Reader);
        }
    }

    /// <summary>The state as it is now for a page without scripts.</summary>
    public string Draw(Func<LiveView, MonitoringState, long, string> draw)
    {
        lock (_gate)
            return draw(_view, monitoring.State, NowMs());
    }

    /// <summary>A page went.</summary>
    public void Close(ChannelReader<LiveEvent> changes)
    {
        lock (_gate)
            _viewers.RemoveAll(viewer => viewer.Reader == changes);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        registry.Changed += Reconfigured;
        try
        {
            using var reader = journal.OpenReader(await LoadAsync(stoppingToken));
            var records = new JournalRecords(devices);
            var message = new DeviceMessage();
            var toldAt = time.GetTimestamp();
            long toldAlerts = 0;
            using var timer = new PeriodicTimer(Every, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                lock (_gate)
                {
                    while (reader.TryRead(out var entry, out _))
                    {
                        records.Open(entry!);
                        while (records.TryRead(message, out var kind, out _, out _))
                        {
                            if (kind == JournalRecordKind.Message)
                                _view.Apply(message);
                        }
                    }

                    // Written for nobody, the picture of a district would cost more than all the rest.
                    if (_view.TakeChanged() is { Count: > 0 } changed && _viewers.Count > 0)
                        Tell(new LiveEvent("devices", LiveJson.Devices(_view, changed, NowMs())));
                    if (_viewers.Count > 0 && monitoring.State is var state && state.Number != toldAlerts)
                    {
                        toldAlerts = state.Number;
                        Tell(new LiveEvent("alerts", LiveJson.Alerts(state)));
                    }

                    if (time.GetElapsedTime(toldAt) >= HealthEvery)
                    {
                        toldAt = time.GetTimestamp();
                        _health = LiveJson.Health(ingest, monitoring, books.State, database, journal, registry, _view, _viewers.Count, NowMs());
                        Tell(new LiveEvent("health", _health));
                    }
                }
            }
        }
        finally
        {
            registry.Changed -= Reconfigured;
        }
    }

    /// <summary>Begins with what the store holds of every channel, so that a restart does not empty the page.</summary>
    /// <returns>From where the journal goes on: everything before is in the store, and what is met twice changes nothing.</returns>
    private async Task<long> LoadAsync(CancellationToken cancellationToken)
    {
        long position;
        using (var connection = database.OpenReader())
        using (var command = Database.Command(connection, "select coalesce((select position from cursor where name = $name), (select min(position) - 1 from journal), $last)", ("$name", StoreWorker.Cursor), ("$last", journal.Last)))
            position = (long)command.ExecuteScalar()!;
        var latest = await store.LatestAsync([.. devices.All], cancellationToken);
        lock (_gate)
        {
            foreach (var reading in latest)
                _view.Load(reading);
        }

        return position;
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private LiveEvent RegistryEvent() => new("registry", LiveJson.Registry(registry.Current.Facility));

    private void Reconfigured(Registry.FacilityIndex index)
    {
        lock (_gate)
        {
            Tell(RegistryEvent());
            Tell(new LiveEvent("devices", LiveJson.Devices(_view, _view.All, NowMs())));
        }
    }

    private void Tell(LiveEvent news)
    {
        for (var index = _viewers.Count - 1; index >= 0; index--)
        {
            if (_viewers[index].Writer.TryWrite(news))
                continue;
            // A page that cannot follow begins anew with a fresh picture: it reconnects by itself.
            _viewers[index].Writer.TryComplete();
            _viewers.RemoveAt(index);
            SentAway++;
        }
    }
}
