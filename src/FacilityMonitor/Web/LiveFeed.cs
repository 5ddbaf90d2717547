using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Ingest;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Storage;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>Reads the journal along, keeps the live view, and tells every open page what changed: written once, the same bytes for all who see the same sites.</summary>
/// <remarks>A page that comes, or comes back, is given the whole state. Nothing is kept of what a page has missed: that would be a second journal for every browser.</remarks>
internal sealed partial class LiveFeed(
    MessageJournal journal, DeviceTable devices, FacilitySource registry, IngestWorker ingest, MonitoringWorker monitoring, Database database, BooksWatch books, IReadingStore store,
    SignInAttempts signIn, UserDirectory users, Control.ControlCounts control, SeriesDesk series, Reports.ReportDesk reports, AnsweredAlerts answered, DutyLine duty, RulesLag lag, TimeProvider time, ILogger<LiveFeed> log, Influx.ShipWatch? shipping = null,
    OnCall.Outcry? outcry = null) : BackgroundService
{
    /// <summary>Open pages; one more is refused and counted.</summary>
    public const int ViewersMax = 1_000;

    /// <summary>Open pages of one user, on whatever devices; one more is refused and counted. A shared account of a guard room has dozens of screens; nobody takes all the room there is.</summary>
    public const int ViewersOfOneMax = 100;

    /// <summary>Devices in one event; so many do not wait for <see cref="PaceOf"/>. With four events a second a page is never told more than 2,000 devices a second; what waits is merged.</summary>
    public const int DevicesPerEventMax = 500;

    /// <summary>Messages taken in before pages get their turn: a backlog holds up nobody who opens the page.</summary>
    private const int MessagesPerTurnMax = 5_000;

    /// <summary>Silence after which pages are told that the stream still stands; they take it for lost after three of these.</summary>
    public static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(10);

    /// <summary>Open pages up to which a change is on all of them within a second however busy the stream is.</summary>
    public const int FewViewers = 100;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ValuesEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ValuesToManyEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(2);

    /// <summary>How often values are told at most. After so long without a change the next one goes out at once, with the next look 250 ms later at most; a busy stream is held to it, for what a page costs is the times it is written to. Alerts wait for nothing and take along what is new.</summary>
    /// <param name="viewers">Open pages: a thousand are written to half as often as a guard room's.</param>
    public static TimeSpan PaceOf(int viewers) => viewers > FewViewers ? ValuesToManyEvery : ValuesEvery;

    private readonly ILogger<LiveFeed> _log = log;
    private readonly HealthSources _healthOf = new(ingest, monitoring, books, database, journal, registry, devices, signIn, control, series, reports, duty, lag, shipping, outcry);
    private readonly PersonNames _names = new(registry, users);
    private readonly JournalRecords _records = new(devices);
    private readonly DeviceMessage _message = new();
    private readonly LiveView _view = new(registry);
    private readonly Lock _gate = new();

    /// <summary>Those who see the same sites, and what they were told last. As many as there are different sights of open pages.</summary>
    private readonly Dictionary<SiteScope, Audience> _audiences = [];

    /// <summary>How many pages each user has open.</summary>
    private readonly Dictionary<string, int> _pagesOf = new(StringComparer.Ordinal);
    private int _watching;
    private BrokerLink _link = BrokerLink.Of(ingest);
    private int _areUsersChanged;
    private long _sessionsAt;
    private long _healthAt;
    private long _valuesAt;
    private long _seenAlerts;
    private bool _failing;

    /// <summary>Devices that were told of because they cannot be written; at most as many as are shown.</summary>
    private readonly HashSet<DeviceId> _unwritable = [];

    /// <summary>Open pages.</summary>
    public int Watching
    {
        get
        {
            lock (_gate)
                return _watching;
        }
    }

    /// <summary>The link to the broker as a person sees it.</summary>
    public BrokerLink Link
    {
        get
        {
            lock (_gate)
                return _link.Next(ingest);
        }
    }

    /// <summary>Pages refused because there were too many.</summary>
    public long Refused { get; private set; }

    /// <summary>Pages refused because their user had too many open.</summary>
    public long RefusedToOne { get; private set; }

    /// <summary>Pages sent away because they were too slow.</summary>
    public long SentAway { get; private set; }

    /// <summary>Journal entries that could not be read to their end, and devices that could not be written and are not shown.</summary>
    public long Damaged { get; private set; }

    /// <summary>Names what the service and its page were built from, so that a page older than the service fetches itself anew.</summary>
    public static string Build { get; } = typeof(LiveFeed).Module.ModuleVersionId.ToString("n")[..8];

    /// <summary>A page that opens is told the whole state, then every change; null when there are too many pages.</summary>
    /// <param name="sites">Of which sites.</param>
    /// <param name="isAdmitted">Whether its session goes on; asked when something about users changed, and every <see cref="HeartbeatEvery"/>.</param>
    /// <param name="user">Whose it is; null: the command line's, or a test's.</param>
    public LiveViewer? Open(SiteScope sites, Func<bool> isAdmitted, string? user = null)
    {
        answered.LookAgain();
        lock (_gate)
        {
            if (_watching >= ViewersMax)
            {
                Refused++;
                return null;
            }

            if (user is not null && !HasRoomFor(user))
            {
                RefusedToOne++;
                return null;
            }

            var viewer = new LiveViewer(sites, isAdmitted, user);
            if (!_audiences.TryGetValue(sites, out var audience))
                _audiences[sites] = audience = Meet(sites);
            viewer.TryTell(Hello(sites, audience));
            audience.Viewers.Add(viewer);
            _watching++;
            if (user is not null)
                _pagesOf[user] = _pagesOf.GetValueOrDefault(user) + 1;
            return viewer;
        }
    }

    /// <summary>Whether a user may open one more page.</summary>
    public bool HasRoomFor(string user)
    {
        lock (_gate)
            return _pagesOf.GetValueOrDefault(user) < ViewersOfOneMax;
    }

    /// <summary>Looks at the state as it is now, for a page that the server writes. Nothing changes while it is looked at: be quick.</summary>
    public T Look<T>(Func<LiveView, MonitoringState, long, T> look)
    {
        answered.LookAgain();
        lock (_gate)
            return look(_view, Seen(), NowMs());
    }

    /// <summary>A page went.</summary>
    public void Close(LiveViewer viewer)
    {
        lock (_gate)
        {
            if (_audiences.TryGetValue(viewer.Sites, out var audience) && audience.Viewers.Remove(viewer))
                Forget(viewer);
            if (audience?.Viewers.Count == 0)
                _audiences.Remove(viewer.Sites);
        }

        viewer.End();
    }

    /// <summary>Counts a page that is no longer among its audience.</summary>
    private void Forget(LiveViewer viewer)
    {
        _watching--;
        if (viewer.User is not { } user)
            return;
        if (--_pagesOf[user] == 0)
            _pagesOf.Remove(user);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        registry.Changed += Reconfigured;
        users.Changed += UsersChanged;
        try
        {
            using var reader = journal.OpenReader(await LoadAsync(stoppingToken));
            _sessionsAt = _healthAt = time.GetTimestamp();
            using var timer = new PeriodicTimer(Every, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (Interlocked.Exchange(ref _areUsersChanged, 0) == 1)
                    EndSessions();
                while (!Step(reader))
                    await Task.Yield();
            }
        }
        finally
        {
            registry.Changed -= Reconfigured;
            users.Changed -= UsersChanged;
        }
    }

    /// <summary>Whose session is over is told no more: his page asks again, and is sent to the door.</summary>
    private void EndSessions()
    {
        lock (_gate)
        {
            _sessionsAt = time.GetTimestamp();
            foreach (var viewer in _audiences.Values.SelectMany(audience => audience.Viewers).Where(viewer => !viewer.IsAdmitted()))
                viewer.End();
        }
    }

    /// <summary>Said by who writes the database, so nothing is done here.</summary>
    private void UsersChanged() => Interlocked.Exchange(ref _areUsersChanged, 1);

    /// <summary>Tells every page; the one that cannot follow is sent away and comes back by itself for the whole state.</summary>
    internal void Tell(LiveFrame frame)
    {
        lock (_gate)
        {
            foreach (var audience in _audiences.Values)
            {
                audience.Waiting.Add(frame);
                Deliver(audience);
            }
        }
    }

    /// <summary>Gives every page all that is new at once: a connection that is woken writes it in one go.</summary>
    private void Deliver(Audience audience)
    {
        if (audience.Waiting.Count == 0)
            return;
        audience.ToldAt = time.GetTimestamp();
        for (var index = audience.Viewers.Count - 1; index >= 0; index--)
        {
            var viewer = audience.Viewers[index];
            if (viewer.IsEnded || TryTell(viewer, audience.Waiting))
                continue;
            audience.Viewers.RemoveAt(index);
            Forget(viewer);
            SentAway++;
            viewer.SendAway();
        }

        audience.Waiting.Clear();
    }

    private static bool TryTell(LiveViewer viewer, List<LiveFrame> frames)
    {
        foreach (var frame in frames)
        {
            if (!viewer.TryTell(frame))
                return false;
        }

        return true;
    }

    /// <summary>Takes in what came and tells it; false when more is waiting.</summary>
    private bool Step(JournalReader reader)
    {
        // The disk is asked before the gate is closed: whoever holds it up holds up every page.
        if (Watching > 0)
            answered.LookAgain();
        lock (_gate)
        {
            try
            {
                var isLast = TakeIn(reader);
                if (isLast)
                    TellChanges();
                if (_failing)
                    LogReadingAgain();
                _failing = false;
                return isLast;
            }
            catch (Exception error) when (error is SqliteException or IOException)
            {
                // The disk refuses. Ingest says so loudly and alerts go on from memory; a page that stands still must not end them.
                if (!_failing)
                    LogStandsStill(error.Message);
                _failing = true;
                return true;
            }
        }
    }

    private bool TakeIn(JournalReader reader)
    {
        var messages = 0;
        while (messages < MessagesPerTurnMax)
        {
            if (!reader.TryRead(out var entry, out _))
                return true;
            messages += Take(entry!);
        }

        return false;
    }

    private int Take(JournalEntry entry)
    {
        var messages = 0;
        try
        {
            _records.Open(entry);
            while (_records.TryRead(_message, out var kind, out _, out _))
            {
                messages++;
                if (kind == JournalRecordKind.Message)
                    _view.Apply(_message);
            }
        }
        catch (InvalidDataException error)
        {
            Damaged++;
            LogDamagedEntry(entry.Position, error.Message);
        }

        return messages + 1;
    }

    private void TellChanges()
    {
        // Written for nobody, the picture of a district would cost more than all the rest.
        if (_watching == 0)
            _view.TakeChanged(int.MaxValue);

        var haveAlertsChanged = false;
        if (_watching > 0 && Seen() is var state && state.Number != _seenAlerts)
        {
            _seenAlerts = state.Number;
            foreach (var (sites, audience) in _audiences)
            {
                var alerts = AlertsOf(sites, state);
                if (!IsNew(audience.Alerts, alerts))
                    continue;
                TellNew(audience, LiveFrame.Of("alerts", audience.Alerts = alerts));
                haveAlertsChanged = true;
            }
        }

        var areValuesTold = haveAlertsChanged || _view.Changed >= DevicesPerEventMax || time.GetElapsedTime(_valuesAt) >= PaceOf(_watching);
        if (areValuesTold)
            TellValues();

        // To many pages it goes out with the values: what a page costs is the times it is written to.
        var sinceHealth = time.GetElapsedTime(_healthAt);
        if (sinceHealth >= HealthEvery && (areValuesTold || _watching <= FewViewers || sinceHealth >= HealthEvery + ValuesToManyEvery))
        {
            _healthAt = time.GetTimestamp();
            _link = _link.Next(ingest);
            foreach (var (sites, audience) in _audiences)
            {
                var health = Health(sites);
                if (IsNew(audience.Health, health))
                    TellNew(audience, LiveFrame.Of("health", audience.Health = health));
            }
        }

        // Of each by itself: one site can be silent while another is busy.
        foreach (var audience in _audiences.Values)
        {
            if (audience.Waiting.Count == 0 && time.GetElapsedTime(audience.ToldAt) >= HeartbeatEvery)
                audience.Waiting.Add(LiveFrame.Of("heartbeat", LiveJson.Heartbeat(NowMs())));
            Deliver(audience);
        }

        if (time.GetElapsedTime(_sessionsAt) >= HeartbeatEvery)
            EndSessions();
    }

    /// <summary>What devices say and circuits carry now.</summary>
    private void TellValues()
    {
        if (_watching == 0)
            return;
        var changed = _view.TakeChanged(DevicesPerEventMax);
        var state = monitoring.State;
        foreach (var (sites, audience) in _audiences)
        {
            IReadOnlyList<DeviceNow> theirs = sites.IsAll ? changed : [.. changed.Where(device => sites.Has(_view, device))];
            var circuits = LiveJson.Circuits(sites.Of(state));
            var areCircuitsNew = IsNew(audience.Circuits, circuits);
            if (theirs.Count == 0 && !areCircuitsNew)
                continue;
            TellNew(audience, LiveFrame.Of("devices", LiveJson.Devices(_view, theirs, NowMs(), areCircuitsNew ? audience.Circuits = circuits : null, LeaveOut)));
            _valuesAt = time.GetTimestamp();
        }
    }

    /// <summary>What was judged again and came out the same is not worth a phone's battery.</summary>
    private static bool IsNew(byte[] told, byte[] json) => !json.AsSpan().SequenceEqual(told);

    private static void TellNew(Audience audience, LiveFrame frame)
    {
        audience.Hello = null;
        audience.Waiting.Add(frame);
    }

    /// <summary>What the rules say now, in the order in which it needs somebody.</summary>
    private MonitoringState Seen()
    {
        var state = monitoring.State;
        return state with { Alerts = state.Alerts.Count == 0 ? state.Alerts : AttentionOrder.Of(state.Alerts, answered.Known), Settled = answered.Settled, Takers = answered.Takers, Permits = answered.Permits };
    }

    private Audience Meet(SiteScope sites)
    {
        var state = sites.Of(Seen());
        return new Audience { ToldAt = time.GetTimestamp(), Alerts = AlertsOf(sites, state), Circuits = LiveJson.Circuits(state), Health = Health(sites) };
    }

    private byte[] AlertsOf(SiteScope sites, MonitoringState state) =>
        LiveJson.Alerts(sites.Of(state), sites.Of(registry.Current.Facility), person => new(_names.Of(person, "zh"), _names.Of(person, "en")), NowMs());

    private byte[] Health(SiteScope sites) => LiveJson.Health(_healthOf, _link, new LiveFeedCounts(_watching, Refused + RefusedToOne, SentAway, _view.NotShown, Damaged), sites);

    /// <summary>The whole state, written once for all that come before the next change: after a restart they come together.</summary>
    private LiveFrame Hello(SiteScope sites, Audience audience)
    {
        if (audience.Hello is { } hello)
            return hello;
        // What was told last stays as it is: those who were there before this page have yet to hear what changed since.
        var state = sites.Of(Seen());
        return audience.Hello = LiveFrame.Of("hello", LiveJson.Hello(
            Build, NowMs(), LiveJson.Registry(sites.Of(registry.Current.Facility), sites.IsAll ? registry.File : ""),
            LiveJson.Devices(_view, sites.IsAll ? _view.All : [.. _view.All.Where(device => sites.Has(_view, device))], NowMs(), LiveJson.Circuits(state), LeaveOut),
            AlertsOf(sites, state), audience.Health));
    }

    private void LeaveOut(DeviceNow device, string why)
    {
        if (!_unwritable.Add(device.Id))
            return;
        Damaged++;
        LogLeftOut(device.Id, why);
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
            foreach (var audience in _audiences.Values)
                audience.Hello = null;
        }

        return position;
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Names, places and keys may all have changed: pages begin anew.</summary>
    private void Reconfigured(Registry.FacilityIndex index)
    {
        lock (_gate)
        {
            foreach (var (sites, audience) in _audiences)
            {
                audience.Hello = null;
                TellNew(audience, Hello(sites, audience));
                Deliver(audience);
            }
        }
    }

    /// <summary>Those who see the same sites, and what they were told last.</summary>
    private sealed class Audience
    {
        public List<LiveViewer> Viewers { get; } = [];

        /// <summary>What is new and not told yet.</summary>
        public List<LiveFrame> Waiting { get; } = [];

        public required byte[] Alerts { get; set; }

        public required byte[] Circuits { get; set; }

        public required byte[] Health { get; set; }

        public LiveFrame? Hello { get; set; }

        /// <summary>When they were told something last: after some silence they are told that the stream still stands.</summary>
        public long ToldAt { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Journal entry {Position} is not shown in full: {Reason}")]
    private partial void LogDamagedEntry(long position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Device} cannot be written and is not on the live page, the others are: {Reason}")]
    private partial void LogLeftOut(DeviceId device, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The live page stands still, the disk does not answer: {Reason}")]
    private partial void LogStandsStill(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The live page goes on")]
    private partial void LogReadingAgain();
}
