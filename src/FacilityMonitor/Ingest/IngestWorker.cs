using System.Collections.Concurrent;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Ingest;

/// <summary>
/// From the broker to the journal: two sessions, live and history, each batch one commit, acknowledged when it is on disk and not before. Once a second it
/// writes the tick that is the rules' only clock, saves the sequence books, and sends receipts and requests.
/// </summary>
internal sealed partial class IngestWorker : BackgroundService
{
    /// <summary>Name of the cursor up to which the sequence books are complete.</summary>
    public const string Cursor = "ingest";

    /// <summary>Books saved with one tick: 20,000 busy devices take 20 s, and a restart reads that much journal again.</summary>
    private const int BooksATick = 1_000;

    /// <summary>How long an acknowledgement may be on its way to the broker, ms; a restart reads at least so much journal again.</summary>
    private const long RedeliveryMs = 10_000;

    /// <summary>History waits while a live batch took longer than this to reach the disk, ms.</summary>
    private const long LiveLagMaxMs = 1_000;

    /// <summary>
    /// Live batches that may wait for a disk that refuses or takes seconds. In the ordinary case a handful is enough, and more would only make the commits small; but the
    /// rules go on with what waits, and a fire must not stand behind a few small batches at the broker.
    /// </summary>
    private const int WaitingBatchesMax = 1_024;

    /// <summary>Bytes that may wait for the disk: the messages as they came, what was made of them, and what was set aside. What is sent without acknowledgement (QoS 0) no
    /// receive window holds back: beyond this nothing is taken until some is on disk. 10,000 short messages a second fill it in about 40 s.</summary>
    internal const long WaitingBytesMax = 128L << 20;

    /// <summary>What each batch that waits adds to the pause before the next is taken, ms: the more wait, the more messages are gathered in one. The last of
    /// <see cref="WaitingBatchesMax"/> comes a quarter of an hour after the first, and no message has waited longer than 1.6 s for its turn.</summary>
    private const double GatherMs = 1.6;

    private readonly IngestOptions _options;
    private readonly MessageJournal _journal;
    private readonly Database _database;
    private readonly DeviceTable _devices;
    private readonly DeviceWords _words;
    private readonly TimeProvider _time;
    private readonly ILogger<IngestWorker> _log;
    private readonly DeviceLedger _ledger = new();
    private readonly IngestPipeline _pipeline;
    private readonly FacilitySource _registry;
    private readonly IMqttSession _live;
    private readonly IMqttSession _hist;
    private readonly Receipts _receipts;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly JournalWriter _writer = new();
    private readonly Queue<(long AtMs, long Position)> _ticked = new();
    private readonly SubscriptionBook _subscriptions;
    private JsonMappings _mappings;
    private IReadOnlyList<string> _topics;
    private FacilityIndex? _inForce;
    private Task _completed = Task.CompletedTask;
    private long _settled;
    private long _lastMs;
    private readonly ConcurrentQueue<long> _liveInFlight = new();
    private long _waitingBytes;
    private long _lastLiveMs;
    private long _heardOn;
    private long _ticksWaiting;
    private volatile bool _isStalled;

    public IngestWorker(
        IngestOptions options, MessageJournal journal, Database database, DeviceTable devices, IngestBooks books, DeviceWords words, FacilitySource registry, LastMessages last, TimeProvider time,
        ILogger<IngestWorker> log)
    {
        _options = options;
        _journal = journal;
        _database = database;
        _devices = devices;
        _words = words;
        _time = time;
        _log = log;
        Books = books;
        _pipeline = new IngestPipeline(devices, books, _ledger) { Last = last };
        _pipeline.OutOfRange += (device, told) => LogOutOfRange(device.Id, told.Path!, told.Value);
        _registry = registry;
        _mappings = new JsonMappings(registry.Current.Facility.Mappings);
        _subscriptions = new SubscriptionBook(database, SessionName("live"));
        _topics = LiveTopics(_mappings);
        _live = Session("live", _topics, HostWill(), [.. _subscriptions.Read().Except(_topics, StringComparer.Ordinal)]);
        _hist = Session("hist", ["fm/1/+/+/hist"], will: null, retired: []);
        _receipts = new Receipts(_live, devices, time);
    }

    /// <summary>What became of the messages.</summary>
    public IngestBooks Books { get; }

    /// <summary>Foreign messages that were forgotten too early, see <see cref="IngestPipeline.Forgotten"/>.</summary>
    public long ForeignForgotten => _pipeline.Forgotten;

    /// <summary>The link to the broker.</summary>
    public MqttConnectionChange Broker => _live.LastChange;

    /// <summary>Whether messages come: the broker has answered our subscriptions, or it kept our session and delivers on. Its answer stands behind everything it kept for us, and after a
    /// stop at full load that takes seconds in which we are not deaf.</summary>
    public bool IsHearing => Broker is var link && (link.State == MqttConnectionState.Subscribed
        || (link is { State: MqttConnectionState.Connected, SessionPresent: true } && Volatile.Read(ref _heardOn) == link.Number));

    /// <summary>For how long the oldest live batch waits for the disk, ms; 0 when none does.</summary>
    public long LiveLagMs => _liveInFlight.TryPeek(out var receivedMs) ? Math.Max(0, _time.GetUtcNow().ToUnixTimeMilliseconds() - receivedMs) : 0;

    /// <summary>What waits in memory for the disk, bytes; one batch above <see cref="WaitingBytesMax"/> at most.</summary>
    public long WaitingBytes => Interlocked.Read(ref _waitingBytes);

    /// <summary>How long the last live batch took from receipt to acknowledgement, ms.</summary>
    public long LastLiveMs => Volatile.Read(ref _lastLiveMs);

    /// <summary>Publishes on the live session; what has an expiry is never sent after it.</summary>
    public ValueTask<MqttReasonCode> PublishAsync(string topic, byte[] payload, bool retain, MqttPublishProperties properties, CancellationToken cancellationToken) =>
        _live.PublishAsync(topic, payload, MqttQos.AtLeastOnce, retain, properties, cancellationToken);

    /// <summary>Brings the books of the time before the restart up to date, then begins. Those who start after us read the journal too: first the devices get
    /// somebody who answers them.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RecoverAsync(cancellationToken);
        _registry.Changed += Reconfigured;
        Reconfigured(_registry.Current);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _registry.Changed -= Reconfigured;
        await base.StopAsync(cancellationToken);
        // What was taken is put on disk and acknowledged; then the devices hear, by our will, that nobody listens any more.
        await Volatile.Read(ref _completed).WaitAsync(cancellationToken);
        await _hist.StopAsync(cancellationToken);
        await _live.StopAsync(publishWill: true, cancellationToken);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // In the journal before the first message; but a disk that refuses it must not keep us from the broker, which tells the devices that somebody is there.
        var started = TickAsync(started: true);
        await _live.StartAsync(stoppingToken);
        await _hist.StartAsync(stoppingToken);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task[] loops =
        [
            ReceiveAsync(_live, isLive: true, end.Token), ReceiveAsync(_hist, isLive: false, end.Token),
            TicksAsync(started, end.Token), _receipts.RunAsync(end.Token), WatchAsync(end.Token), WatchDiskAsync(end.Token),
        ];
        // One loop that ends by a fault ends them all: a half-dead ingest would only look alive.
        var first = await Task.WhenAny(loops);
        await end.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stoppingToken.IsCancellationRequested)
            await first;
    }

    private string StateTopic => $"fm/1/state/{_options.ClientId}";

    private MqttWill HostWill() => new(StateTopic, Fm1Downlink.HostState(online: false, 0));

    private string SessionName(string session) => $"{_options.ClientId}-{session}";

    private IMqttSession Session(string session, IReadOnlyList<string> topics, MqttWill? will, IReadOnlyList<string> retired) => BrokerSession.Open(
        _options.Broker with
        {
            ClientId = SessionName(session),
            Retired = retired,
            CleanStart = false,
            InboundBatchMessages = _options.BatchMessages,
            Subscriptions = Subscriptions(topics),
            Will = will,
        },
        _time);

    private IReadOnlyList<string> LiveTopics(JsonMappings mappings)
    {
        string[] kinds = ["birth", "status", "data", "event", "ack"];
        return [.. kinds.Select(kind => $"fm/1/+/+/{kind}"), .. TopicFilters.WithoutCovered([.. _options.ForeignTopics, .. mappings.Topics])];
    }

    private static MqttSubscription[] Subscriptions(IReadOnlyList<string> topics) => [.. topics.Select(topic => new MqttSubscription(topic) { RetainAsPublished = false })];

    /// <summary>An edited registry may bring other mappings: they hold from the next batch on, and their topics are asked for.</summary>
    private void Reconfigured(FacilityIndex index)
    {
        var mappings = new JsonMappings(index.Facility.Mappings);
        Volatile.Write(ref _mappings, mappings);
        var topics = LiveTopics(mappings);
        if (topics.SequenceEqual(_topics))
            return;
        _live.Resubscribe(Subscriptions(topics));
        Volatile.Write(ref _topics, topics);
    }

    private long NowMs()
    {
        // The journal's order is its time: a clock that was set back stands still until it has caught up.
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return _lastMs = Math.Max(_lastMs, now);
    }

    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var cursor = _settled = await _journal.RegisterAsync(Cursor);
        using (var connection = _database.OpenReader())
            _ledger.Load(connection, LogDamagedBook);

        using var reader = _journal.OpenReader(cursor);
        var records = new JournalRecords(_devices) { WithoutReadings = true };
        var message = new DeviceMessage();
        while (reader.TryRead(out var entry, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                records.Open(entry!);
                while (records.TryRead(message, out var kind, out var atMs, out var device))
                    Recover(kind, message, device, atMs, reader.Position);
            }
            catch (InvalidDataException error)
            {
                LogDamaged(reader.Position, error.Message);
            }
        }

        // Counted by the process that received it; the counts begin with this one.
        _ledger.TakeLost();
        LogRecovered(_ledger.Count, cursor, _journal.Last);
    }

    private void Recover(JournalRecordKind kind, DeviceMessage message, int? device, long atMs, long position)
    {
        _lastMs = Math.Max(_lastMs, atMs);
        if (kind == JournalRecordKind.Message && message.ForeignHash is { } hash)
            _pipeline.Remember(hash, atMs);
        if (device is not { } number || _ledger.IsSaved(number, position))
            return;
        if (kind == JournalRecordKind.Message && message.HasEnvelope)
            _ledger.Observe(number, message.Envelope, atMs, position - 1, message.Kind != MessageKind.Hist);
        _ledger.Book(number, FateOf(kind), atMs, position - 1);
    }

    private static MessageFate FateOf(JournalRecordKind kind) => kind switch
    {
        JournalRecordKind.Duplicate => MessageFate.Duplicate,
        JournalRecordKind.DeadLetter => MessageFate.DeadLetter,
        _ => MessageFate.Journaled,
    };

    private async Task ReceiveAsync(IMqttSession session, bool isLive, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // History is no hurry of anybody's; live readings are.
            while (!isLive && LiveLagMs > LiveLagMaxMs)
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken);
            if (isLive && _isStalled)
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(_liveInFlight.Count * GatherMs)), _time, cancellationToken);
            await RoomAsync(cancellationToken);
            while (WaitingBytes >= WaitingBytesMax)
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken);
            if (await session.ReceiveAsync(cancellationToken) is not { } batch)
                return;
            await _turn.WaitAsync(CancellationToken.None);
            try
            {
                var receivedMs = NowMs();
                if (isLive)
                    Volatile.Write(ref _heardOn, Broker.Number);
                var before = Books.Received;
                Take(batch, receivedMs);
                var taken = Books.Received - before;
                var journaled = _writer.IsEmpty ? null : new JournalBatch(_writer) { MayBeJudgedAhead = true };
                _writer.Clear();
                var words = _pipeline.TakeWords();
                List<bool?> found = [];
                var also = words is null ? null : _words.Keep(words, found);
                var append = journaled is null ? Task.FromResult(_journal.Last) : _journal.AppendAsync(journaled, also);
                if (isLive)
                    _liveInFlight.Enqueue(receivedMs);
                var waiting = batch.Bytes + (journaled?.Bytes ?? 0);
                Interlocked.Add(ref _waitingBytes, waiting);
                _completed = CompleteAsync(_completed, append, journaled, also, batch, taken, waiting, isLive ? receivedMs : null);
                if (words is not null)
                    _completed = ToldAsync(_completed, found);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>A reader of the journal that stands still must not fill the disk: the broker keeps what we do not take.</summary>
    private async Task RoomAsync(CancellationToken cancellationToken)
    {
        if (_journal.Bytes < _options.JournalBytesMax)
            return;
        LogJournalFull(_options.JournalBytesMax >> 20);
        while (_journal.Bytes >= _options.JournalBytesMax)
            await Task.Delay(TimeSpan.FromSeconds(1), _time, cancellationToken);
        LogJournalHasRoom();
    }

    private void Take(IMqttBatch batch, long receivedMs)
    {
        var position = _journal.Last;
        _pipeline.Use(Volatile.Read(ref _mappings));
        if (_registry.Current is var registry && !ReferenceEquals(registry, _inForce))
            _pipeline.Use(_inForce = registry);
        for (var index = 0; index < batch.Count; index++)
        {
            ref readonly var message = ref batch[index];
            var answer = message.Missing > 0
                ? _pipeline.TakeBegin(message.Topic, message.Payload, message.Missing, receivedMs, position, _writer)
                : _pipeline.Take(message.Topic, message.Payload, message.Retain, message.Dup, receivedMs, position, _writer);
            if (answer != MqttReasonCode.Success)
                batch.Reject(index, answer);
        }
    }

    private async Task ToldAsync(Task completed, List<bool?> found)
    {
        await completed;
        _words.Kept(found);
    }

    private async Task CompleteAsync(
        Task before, Task<long> append, JournalBatch? journaled, Action<Microsoft.Data.Sqlite.SqliteConnection, long>? also, IMqttBatch batch, long messages, long waiting, long? liveReceivedMs)
    {
        using (batch)
        {
            await DurableAsync(append, journaled, also);
            // In the order of arrival, whatever was retried in between: a receipt speaks of everything below it.
            await before;
            Books.AddDurable(messages);
            await batch.AcknowledgeAsync();
        }

        Interlocked.Add(ref _waitingBytes, -waiting);
        // They complete in order, so it is the first.
        if (liveReceivedMs is { } received && _liveInFlight.TryDequeue(out _))
            Volatile.Write(ref _lastLiveMs, _time.GetUtcNow().ToUnixTimeMilliseconds() - received);
    }

    /// <summary>Waits until a batch is on disk; while the disk refuses, tries again and acknowledges nothing.</summary>
    private async Task DurableAsync(Task<long> append, JournalBatch? journaled, Action<Microsoft.Data.Sqlite.SqliteConnection, long>? also)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await append;
                if (failures > 0)
                    LogDiskBack(failures);
                return;
            }
            catch (DatabaseUnavailableException error)
            {
                if (failures == 0)
                    LogDiskRefuses(error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None);
                append = _journal.AppendAsync(journaled!, also);
            }
        }
    }

    private async Task TicksAsync(Task started, CancellationToken cancellationToken)
    {
        await started.WaitAsync(cancellationToken);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            // While the disk refuses, ticks wait with the readings; there is no use in queueing more of them.
            if (Interlocked.Read(ref _ticksWaiting) == 0)
                await TickAsync(started: false);
            await _subscriptions.KeepAsync(Volatile.Read(ref _topics), _live.Retired);
        }
    }

    private async Task WatchDiskAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var isStalled = LiveLagMs > LiveLagMaxMs;
            if (isStalled == _isStalled)
                continue;
            _isStalled = isStalled;
            _live.MayHold(isStalled ? WaitingBatchesMax : _options.Broker.InboundBatchesInFlight);
        }
    }

    private async Task TickAsync(bool started)
    {
        await _turn.WaitAsync(CancellationToken.None);
        Task before;
        Task<long> append;
        JournalBatch batch;
        Action<Microsoft.Data.Sqlite.SqliteConnection, long> also;
        IReadOnlyList<DeviceLedger.SavedBook> books;
        var saved = false;
        var receipts = new List<(int, Watermark)>();
        var requests = new List<(int, ResendRequest)>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var now = NowMs();
            if (started)
                _writer.Started(now);
            _writer.Tick(now);
            Books.AddLost(_ledger.CollectResends(now, _journal.Last, requests));
            _ledger.CollectReceipts(now, receipts);
            books = _ledger.TakeUnsaved(BooksATick);
            var cursor = SafeCursor(now);
            batch = new JournalBatch(_writer) { MayBeJudgedAhead = true };
            also = (connection, position) =>
            {
                saved = _journal.IsInOrder(batch);
                if (!saved)
                    return;
                foreach (var book in books)
                    book.Save(connection, position);
                _journal.SetCursor(connection, Cursor, cursor);
            };
            _writer.Clear();
            append = _journal.AppendAsync(batch, also);
            before = _completed;
            _completed = done.Task;
            Interlocked.Increment(ref _ticksWaiting);
        }
        finally
        {
            _turn.Release();
        }

        try
        {
            await DurableAsync(append, batch, also);
            if (!saved)
                await PutBackAsync(books);
            await before;
            // Only now is everything that the receipts speak of on disk.
            _receipts.Add(receipts, requests);
        }
        finally
        {
            Interlocked.Decrement(ref _ticksWaiting);
            done.SetResult();
        }
    }

    private async Task PutBackAsync(IReadOnlyList<DeviceLedger.SavedBook> books)
    {
        await _turn.WaitAsync(CancellationToken.None);
        _ledger.PutBack(books);
        _turn.Release();
    }

    /// <summary>
    /// From where the journal has to be read after a crash: what is not saved, and what the broker may deliver once more because our acknowledgement was still
    /// on its way.
    /// </summary>
    private long SafeCursor(long nowMs)
    {
        _ticked.Enqueue((nowMs, _journal.Last));
        while (_ticked.TryPeek(out var oldest) && oldest.AtMs <= nowMs - RedeliveryMs)
            _settled = _ticked.Dequeue().Position;
        return _ledger.SafeCursor(_settled);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in _live.WatchAsync(cancellationToken))
        {
            if (change.State == MqttConnectionState.Subscribed)
            {
                LogConnected(_options.Broker.Host, _options.Broker.Port);
                foreach (var refused in change.Subscriptions.Where(result => result.Refused))
                    LogSubscriptionRefused(refused.Subscription.Filter, refused.ReasonCode);
                await _live.PublishAsync(StateTopic, Fm1Downlink.HostState(online: true, _time.GetUtcNow().ToUnixTimeMilliseconds()), MqttQos.AtLeastOnce, retain: true, cancellationToken: cancellationToken);
            }
            // We ended that one ourselves, to ask for other topics.
            else if (change.State == MqttConnectionState.Waiting && change.Loss != MqttLossReason.Requested)
            {
                LogDisconnected(_options.Broker.Host, _options.Broker.Port, LossText.Of(change));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sequence books of {Devices} devices recovered from journal position {From} to {To}")]
    private partial void LogRecovered(int devices, long from, long to);

    [LoggerMessage(Level = LogLevel.Error, Message = "Journal entry {Position} is passed over while the sequence books are recovered: {Reason}")]
    private partial void LogDamaged(long position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The sequence book of device {Device} cannot be read and begins anew; what the device sends again counts again: {Reason}")]
    private partial void LogDamagedBook(int device, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Device} wrote {Value} at {Path}, outside the range it can have; it is set aside, and so is what follows, which the page counts")]
    private partial void LogOutOfRange(DeviceId device, string path, double value);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal holds {Limit} MiB that somebody has not read; nothing more is taken from the broker until they have")]
    private partial void LogJournalFull(long limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "The journal has room again")]
    private partial void LogJournalHasRoom();

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the broker at {Host}:{Port}")]
    private partial void LogConnected(string host, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No connection to the broker at {Host}:{Port}: {Why}")]
    private partial void LogDisconnected(string host, int port, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker refused the subscription {Filter}: {Reason}. Nothing will arrive for it; allow it in the broker's access list")]
    private partial void LogSubscriptionRefused(string filter, MqttReasonCode reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The journal cannot be written, nothing is acknowledged: {Error}")]
    private partial void LogDiskRefuses(string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "The journal is written again after {Failures} attempts")]
    private partial void LogDiskBack(int failures);
}
