using System.Threading.Channels;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Contract;
using FacilityMonitor.Control;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;

namespace FacilityMonitor.Monitoring;

/// <summary>What is open now and what the circuits carry, for the page. A picture: it never changes.</summary>
/// <param name="Number">Rises with every picture.</param>
/// <param name="Alerts">Open alerts, the most urgent first; beyond pending.</param>
/// <param name="Circuits">What every circuit carries.</param>
/// <param name="NotDurable">Steps that could not be written yet because the disk refuses.</param>
internal sealed record MonitoringState(long Number, IReadOnlyList<AlertTransition> Alerts, IReadOnlyList<CircuitState> Circuits, int NotDurable)
{
    /// <summary>Devices that carry people: whether somebody is on them.</summary>
    public IReadOnlyDictionary<DeviceId, SeatState> Seats { get; init; } = new Dictionary<DeviceId, SeatState>();

    /// <summary>What the rules left out because a limit was reached.</summary>
    public RuleLosses Losses { get; init; }

    /// <summary>Alerts for which nobody is waited for: enough people take care of them, or another one explains them.</summary>
    public IReadOnlySet<string> Settled { get; init; } = new HashSet<string>();

    /// <summary>Who has taken an alert, by the names of people.yaml; of what nobody has, nothing.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Takers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>What is tested, maintained or out of service, or will be.</summary>
    public IReadOnlyList<Permit> Permits { get; init; } = [];

    /// <summary>Whether an alert needs somebody who has not come yet. Information needs nobody.</summary>
    public bool NeedsSomebody(AlertTransition alert) => alert.Priority <= Priority.P2 && !Settled.Contains(alert.AlertId);
}

/// <summary>From the journal to alerts. Restores its memory from a snapshot, reads the journal from there, and comes to the same alerts as if nothing had happened.</summary>
internal sealed partial class MonitoringWorker(
    Database database, MessageJournal journal, DeviceTable devices, FacilitySource registry, Outbox outbox, ResponseLog responses, ServiceSettings settings, TimeProvider time,
    ILogger<MonitoringWorker> log)
    : BackgroundService
{
    /// <summary>Name of the cursor: the journal before it is in the snapshot.</summary>
    public const string Cursor = RuleSnapshot.Cursor;

    /// <summary>Steps that may wait while the disk refuses. Beyond it the rules wait too: the journal keeps what they have not read, so nothing is lost.</summary>
    public const int WaitingMax = 100_000;

    /// <summary>Alerts deleted in one step when they are older than what is kept: about 2 ms of the writer's time.</summary>
    private const int PruneStep = 20;

    /// <summary>The same of sessions, of which each is a single row.</summary>
    private const int PruneSessionsStep = 200;

    /// <summary>Steps in one commit. Ten thousand devices that fall silent at once take seconds to write; a fire among them comes first, and waits for one commit at most.</summary>
    private const int StepsAtOnceMax = 200;

    private const long TickMs = 1_000;

    /// <summary>How far the rules' clock goes beyond the newest message while the disk refuses, ms. The broker stops when too much is unacknowledged: whoever it holds up then must not seem silent.</summary>
    private const long TickAheadMaxMs = 5_000;

    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    /// <summary>How long the disk may take with a fire before it is told without it.</summary>
    private static readonly TimeSpan TellUnwrittenAfter = TimeSpan.FromSeconds(2);

    /// <summary>Who is told by the books is told within this time of the commit, if the disk goes on taking commits.</summary>
    private static readonly TimeSpan ToldByBooksWithin = TimeSpan.FromSeconds(30);

    /// <summary>A disk that takes nothing for so long hangs: the rules' clock then goes on without it.</summary>
    private static readonly TimeSpan TickAheadAfter = TimeSpan.FromSeconds(10);

    /// <summary>Without a snapshot for so long, nothing more is judged ahead of a slow disk for <see cref="SettleFor"/>: then it can be taken.</summary>
    private static readonly TimeSpan SettleAfter = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan SettleFor = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan SnapshotStepEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>A picture of all circuits costs as much as judging a hundred messages, and the page looks no oftener.</summary>
    private static readonly TimeSpan ShowEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly ILogger<MonitoringWorker> _log = log;
    private readonly RuleEngine _engine = new(registry.Current, devices) { GraceMs = (long)settings.Monitoring.StartupGrace.TotalMilliseconds };
    private readonly JournalRecords _records = new(devices);
    private readonly DeviceMessage _message = new();
    private readonly List<AlertTransition> _steps = [];
    private readonly Dictionary<string, AlertTransition> _open = new(StringComparer.Ordinal);
    private readonly List<AlertTransition> _waiting = [];
    private readonly Queue<CommandEffect> _effects = new();
    private readonly Queue<SessionFact> _sessions = new();
    private readonly Queue<(long WrittenAt, AlertTransition Step)> _writtenLately = new();

    // What came of readings that the disk has not taken yet. On disk before them it would be an alert without a cause, and a crash then would leave it so.
    // Each with the number of the newest readings that it may come of: with those met on disk, it may be written.
    private readonly Queue<(long Number, AlertTransition Step)> _heldSteps = new();
    private readonly Queue<(long Number, CommandEffect Effect)> _heldEffects = new();
    private readonly Queue<(long Number, SessionFact Session)> _heldSessions = new();
    private Writing? _writing;
    private long _aheadNumber;
    private bool _mustSave;
    private long _settledAt;
    private Task _look = Task.CompletedTask;
    private long _recordMs;
    private long _tickMs;
    private bool _isAhead;
    private long _seatChanges;
    private volatile MonitoringState _state = new(0, [], [], 0);
    /// <summary>Few and far between: a watch tells a change of its state, every five seconds at most.</summary>
    private readonly Channel<AlertTransition> _ofOurselves = Channel.CreateUnbounded<AlertTransition>();
    private Task _own = Task.CompletedTask;
    private RuleSnapshot? _snapshot;
    private FacilityIndex? _changed;
    private int _taught;
    private long _reconcileAt;
    private bool _isReconciled;
    private Task _pruning = Task.CompletedTask;
    private long _roundAt;
    private long _stepAt;
    private long _triedAt;
    private long _shownAt;
    private long _prunedAt;
    private bool _failing;
    private long _position;

    /// <summary>Journal position up to which the rules have judged.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>What is open now.</summary>
    public MonitoringState State => _state;

    /// <summary>Alerts that became active since the start; those that a replay comes to again are not counted again.</summary>
    public long Raised { get; private set; }

    /// <summary>Journal entries that could not be read to their end, and sites whose snapshot could not be read.</summary>
    public long Damaged { get; private set; }

    /// <summary>What one step of the snapshot writes.</summary>
    internal int SnapshotStepBytes { get; init; } = RuleSnapshot.StepBytesMax;

    /// <summary>Whether what was open at the start and is watched no more has been ended.</summary>
    internal bool IsReconciled => Volatile.Read(ref _isReconciled);

    /// <summary>Sites written to the snapshot since the start.</summary>
    internal long SitesSaved => _snapshot?.SitesWritten ?? 0;

    /// <summary>An alert of P0 or P1 has become active and the disk refuses it, is slow, or stopped right behind it. It may be said of one step more than once; on the worker's thread.</summary>
    public event Action<AlertTransition>? UrgentUnwritten;

    /// <summary>Takes in a step of an alert about ourselves; it is kept, shown and told at once like any other, also when the disk refuses the journal.</summary>
    public void Tell(AlertTransition step) => _ofOurselves.Writer.TryWrite(step);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before lessons are read: none may fall between.
        responses.Taught += RememberLesson;
        var position = await RestoreAsync();
        registry.Changed += Remember;
        using var reader = journal.OpenReader(position);
        _roundAt = _stepAt = _prunedAt = time.GetTimestamp();
        try
        {
            while (true)
            {
                await UpkeepAsync(reader.Position);
                Volatile.Write(ref _position, reader.Position);
                _steps.Clear();
                if (await NextAsync(reader, stoppingToken) is { } entry)
                    Take(entry);
                else if (journal.JudgedAhead > 0 && (journal.IsRefused || journal.StalledFor >= TickAheadAfter))
                    TickAhead();
                // Behind what is held everything is held: written before it, an alert would be over before it began.
                if (_isAhead || IsHolding || journal.JudgedAhead > 0)
                    Hold();
                while (_ofOurselves.Reader.TryRead(out var own))
                    _steps.Add(own);
                await KeepAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LeaveAsync(reader.Position);
        }
        finally
        {
            registry.Changed -= Remember;
            responses.Taught -= RememberLesson;
        }
    }

    private void Remember(FacilityIndex index) => Volatile.Write(ref _changed, index);

    private void RememberLesson() => Volatile.Write(ref _taught, 1);

    /// <summary>The next entry; null when there is something about ourselves to tell, more to write, or it is time to try again what the disk refused.</summary>
    private async ValueTask<JournalEntry?> NextAsync(JournalReader reader, CancellationToken stoppingToken)
    {
        while (true)
        {
            stoppingToken.ThrowIfCancellationRequested();
            var grown = Task.CompletedTask;
            var isFull = Unwritten + _heldSteps.Count >= WaitingMax;
            // What is held is released by meeting it in the journal, so that is read on however much is held.
            if ((!isFull || journal.JudgedAhead > 0) && reader.TryRead(out var entry, out grown))
                return journal.TakeJudged(entry!.Position) ? null : entry;
            if (!isFull && !IsSettling && journal.TryAhead(reader.Position, out entry))
            {
                _aheadNumber = entry!.Number;
                return entry;
            }

            if (_writing is { Commit.IsCompleted: true } || (Unwritten > 0 && !_failing && _writing is null))
                return null;
            if ((Unwritten == 0 || _writing is not null) && !isFull)
            {
                // One wait for all rounds: a new one each time would pile up in the channel.
                if (_own.IsCompleted)
                    _own = _ofOurselves.Reader.WaitToReadAsync(stoppingToken).AsTask();
                // Once a second it is seen whether the disk is slow; a new wait each time would pile up, too.
                if (_look.IsCompleted)
                    _look = Task.Delay(RetryEvery, time, stoppingToken);
                var written = _writing?.Commit ?? _look;
                var first = await Task.WhenAny(grown, _own, _look, written);
                if (first == _own || (first == written && _writing is not null) || (first == _look && journal.JudgedAhead > 0))
                    return null;
                continue;
            }

            var pause = Task.Delay(RetryEvery, time, stoppingToken);
            if (isFull || await Task.WhenAny(grown, pause) == pause)
            {
                await pause;
                return null;
            }
        }
    }

    private void Take(JournalEntry entry)
    {
        _isAhead = entry.IsAhead;
        if (_isAhead)
            _engine.BeginAhead();
        else
            _engine.Begin(entry.Position);
        try
        {
            _records.Open(entry);
            while (_records.TryRead(_message, out var kind, out var atMs, out _))
                Take(kind, _recordMs = atMs);
        }
        catch (InvalidDataException error)
        {
            // What stands before the damage counts; the same damage on a replay leads to the same alerts.
            Damaged++;
            LogDamagedEntry(entry.Position, error.Message);
        }
    }

    /// <summary>While the disk refuses or hangs, no tick is added to the one that waits for it: the rules' clock goes on by itself, as long as messages come.</summary>
    /// <remarks>A disk that is only slow takes the same records in the same order: what comes of them is the same to the letter, and is left so. Otherwise what the rules know is saved as
    /// soon as the disk has everything, or a replay could come to other alerts.</remarks>
    private void TickAhead()
    {
        var until = Math.Min(time.GetUtcNow().ToUnixTimeMilliseconds(), _recordMs + TickAheadMaxMs) / TickMs * TickMs;
        if (until <= _tickMs)
            return;
        _engine.BeginAhead();
        _isAhead = _mustSave = true;
        Take(JournalRecordKind.Tick, until);
    }

    private void Take(JournalRecordKind kind, long atMs)
    {
        switch (kind)
        {
            case JournalRecordKind.Message:
                _engine.Observe(_message, _steps);
                break;
            case JournalRecordKind.Tick:
                // One that waited for the disk may be behind what was judged meanwhile.
                if (atMs >= _tickMs)
                    _engine.Tick(_tickMs = atMs, _steps);
                break;
            case JournalRecordKind.Started:
                _engine.Started(atMs);
                break;
            case JournalRecordKind.Command:
                _engine.Command(_records.Command!, atMs);
                break;
            case JournalRecordKind.Duplicate:
            case JournalRecordKind.DeadLetter:
                break;
        }
    }

    private async Task<long> RestoreAsync()
    {
        var position = await journal.RegisterAsync(Cursor);
        _snapshot = new RuleSnapshot(database, journal, _engine, SnapshotStepBytes);
        using var connection = database.OpenReader();
        foreach (var (circuit, lesson) in FlyWireCaseTable.Lessons(connection))
            _engine.Teach(circuit, lesson);
        foreach (var (site, reason) in _snapshot.Restore(connection, position))
        {
            Damaged++;
            LogDamagedSite(site, reason);
        }

        foreach (var step in AlertLog.ReadOpen(connection).Where(step => step.Condition != Condition.Pending))
            _open[step.AlertId] = step;
        _reconcileAt = journal.Last;
        Show();
        LogRestored(position, journal.Last, _open.Count);
        return position;
    }

    /// <summary>Keeps what came of readings that are not on disk until they are, and tells what is urgent.</summary>
    private void Hold()
    {
        _isAhead = false;
        _mustSave |= journal.IsRefused;
        foreach (var step in _steps)
        {
            Note(step);
            _heldSteps.Enqueue((_aheadNumber, step));
        }

        foreach (var effect in _engine.Effects)
            _heldEffects.Enqueue((_aheadNumber, effect));
        _engine.Effects.Clear();
        foreach (var session in _engine.Sessions)
            _heldSessions.Enqueue((_aheadNumber, session));
        _engine.Sessions.Clear();
        if (_steps.Count == 0)
            return;
        TellUrgent(_steps);
        _steps.Clear();
        Show();
    }

    private bool IsHolding => _heldSteps.Count + _heldEffects.Count + _heldSessions.Count > 0;

    /// <summary>The readings behind it are on disk: so may be what came of them.</summary>
    private void Release()
    {
        var unmet = journal.FirstJudgedAhead;
        while (_heldSteps.TryPeek(out var held) && held.Number < unmet)
            _waiting.Add(_heldSteps.Dequeue().Step);
        while (_heldEffects.TryPeek(out var held) && held.Number < unmet)
            _effects.Enqueue(_heldEffects.Dequeue().Effect);
        while (_heldSessions.TryPeek(out var held) && held.Number < unmet)
            _sessions.Enqueue(_heldSessions.Dequeue().Session);
    }

    private void Note(AlertTransition step)
    {
        if (step.Condition is Condition.Active or Condition.Recovering or Condition.NoData)
            _open[step.AlertId] = step;
        else
            _open.Remove(step.AlertId);
    }

    private static bool IsUrgent(AlertTransition step) => step is { Condition: Condition.Active, Priority: <= Priority.P1, IsStranger: false };

    private void TellUrgent(IEnumerable<AlertTransition> steps)
    {
        foreach (var step in steps.Where(IsUrgent))
            UrgentUnwritten?.Invoke(step);
    }

    private async Task KeepAsync()
    {
        if (IsHolding)
            Release();
        foreach (var step in _steps)
        {
            _waiting.Add(step);
            Note(step);
        }

        foreach (var effect in _engine.Effects)
            _effects.Enqueue(effect);
        _engine.Effects.Clear();
        foreach (var session in _engine.Sessions)
            _sessions.Enqueue(session);
        _engine.Sessions.Clear();

        // While the disk refuses, once a second is often enough.
        if (_writing is not null)
            await EndWriteAsync(patience: TimeSpan.Zero);
        else if (Unwritten > 0 && (!_failing || time.GetElapsedTime(_triedAt) >= RetryEvery))
            await WriteAsync(TellUnwrittenAfter);
        TellWrittenLately();
        if (_steps.Count > 0 || _seatChanges != _engine.SeatChanges || time.GetElapsedTime(_shownAt) >= ShowEvery)
            Show();
    }

    /// <summary>Whoever is to be told of what was written a moment ago is claimed on disk first: where that hangs or refuses right behind the alert, it is told without it.</summary>
    private void TellWrittenLately()
    {
        while (_writtenLately.TryPeek(out var oldest) && time.GetElapsedTime(oldest.WrittenAt) > ToldByBooksWithin)
            _writtenLately.Dequeue();
        if (_writtenLately.Count == 0 || !(journal.IsRefused || journal.StalledFor >= MessageJournal.JudgeAheadAfter))
            return;
        TellUrgent(_writtenLately.Select(written => written.Step));
        _writtenLately.Clear();
    }

    private int Unwritten => _waiting.Count + _effects.Count + _sessions.Count;

    private void Show()
    {
        // Alerts are shown at once; what the circuits carry goes with them when it is old enough.
        var circuits = _state.Circuits;
        if (_state.Number == 0 || time.GetElapsedTime(_shownAt) >= ShowEvery)
            (circuits, _shownAt) = ([.. _engine.Circuits], time.GetTimestamp());
        _seatChanges = _engine.SeatChanges;
        _state = new MonitoringState(_state.Number + 1, [.. _open.Values.OrderBy(step => step.Priority).ThenBy(step => step.OnsetMs)], circuits, _waiting.Count + _heldSteps.Count)
        {
            Seats = _engine.Seats.ToDictionary(),
            Losses = _engine.Losses,
        };
    }

    /// <summary>What is written next: everything, or of much a part, the steps of fires first. The steps of one alert keep their order.</summary>
    private AlertTransition[] NextToWrite()
    {
        if (_waiting.Count <= StepsAtOnceMax)
            return [.. _waiting];
        var urgent = _waiting.Where(step => step.Priority == Priority.P0).Select(step => step.AlertId).ToHashSet(StringComparer.Ordinal);
        return [.. _waiting.OrderBy(step => !urgent.Contains(step.AlertId)).Take(StepsAtOnceMax)];
    }

    private Task WriteAsync(TimeSpan patience)
    {
        var batch = NextToWrite();
        var effects = _effects.ToArray();
        var sessions = _sessions.ToArray();
        var contacts = registry.Current.Facility.Contacts;
        var written = new List<AlertTransition>();
        _triedAt = time.GetTimestamp();
        var commit = database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            // A full disk makes the database run it a second time.
            written.Clear();
            written.AddRange(batch.Where(step => AlertLog.Write(connection, step)));
            outbox.Enqueue(connection, written, contacts);
            responses.Observe(connection, written);
            foreach (var effect in effects)
            {
                CommandBook.Happened(
                    connection, effect.Id, device: null, effect.IsSeen ? CommandEvent.EffectSeen : CommandEvent.EffectMissing, effect.AtMs,
                    effect.IsSeen ? "measured" : "current still flows");
            }

            foreach (var session in sessions)
                SessionLog.Write(connection, session);
        });
        _writing = new Writing(commit, batch, effects.Length, sessions.Length, written);
        return EndWriteAsync(patience);
    }

    /// <summary>Waits for what is being written, but not for ever: while a disk hangs the rules go on. What is urgent of it is told then.</summary>
    private async Task EndWriteAsync(TimeSpan patience)
    {
        var (commit, batch, effects, sessions, written) = _writing!;
        if (!commit.IsCompleted)
        {
            if (patience == TimeSpan.Zero)
                return;
            using var done = new CancellationTokenSource();
            var isSlow = await Task.WhenAny(commit, Task.Delay(patience, time, done.Token)) != commit;
            await done.CancelAsync();
            if (isSlow)
            {
                TellUrgent(batch);
                return;
            }
        }

        _writing = null;
        try
        {
            await commit;
        }
        catch (DatabaseUnavailableException error)
        {
            TellUrgent(batch);
            // The rules go on; what could not be written is tried again each second, and the page says how much waits.
            if (!_failing)
                LogNotDurable(_waiting.Count, error.Message);
            _failing = true;
            return;
        }

        var inBatch = batch.ToHashSet<object>(ReferenceEqualityComparer.Instance);
        _waiting.RemoveAll(inBatch.Contains);
        for (var count = 0; count < effects; count++)
            _effects.Dequeue();
        for (var count = 0; count < sessions; count++)
            _sessions.Dequeue();
        if (_failing)
            LogDurableAgain(batch.Length);
        // Nothing else may come for a second, and the page would say that long that this is not on disk.
        if (_failing || _state.NotDurable > 0)
            Show();
        _failing = false;
        foreach (var step in written.Where(IsUrgent))
            _writtenLately.Enqueue((time.GetTimestamp(), step));
        outbox.Announce();
        responses.Announce();
        foreach (var step in written.Where(step => step.Condition == Condition.Active && step.Sequence <= 1))
        {
            Raised++;
            LogRaised(step.Rule, step.Asset, step.Priority, step.AlertId);
        }
    }

    private async Task UpkeepAsync(long position)
    {
        await IsSnapshotOverAsync(TimeSpan.Zero);
        if (Interlocked.Exchange(ref _changed, null) is { } index)
        {
            // First what was learned under the old one: a replay must never meet these records under the new one.
            await TrySaveAllAsync(position, TickAheadAfter);
            _engine.Reconfigure(index);
            _isReconciled = false;
            NoteBegunAnew();
        }

        if (Interlocked.Exchange(ref _taught, 0) == 1)
        {
            await TrySaveAllAsync(position, TickAheadAfter);
            using var connection = database.OpenReader();
            foreach (var (circuit, lesson) in FlyWireCaseTable.Lessons(connection))
                _engine.Teach(circuit, lesson);
            NoteBegunAnew();
        }

        // Files may have been edited while we were away, too. Until the replay has come to the end the engine knows less than the disk.
        if (!_isReconciled && position >= _reconcileAt && Unwritten == 0 && journal.JudgedAhead == 0)
            await ReconcileAsync();

        if (_mustSave && !IsHolding && Unwritten == 0 && journal.JudgedAhead == 0)
        {
            _mustSave = false;
            await TrySaveAllAsync(position, TellUnwrittenAfter);
        }

        // On a disk that is slow for long there is always something judged ahead, and no snapshot would ever be taken: the journal would grow until nothing is received.
        if (_snapshot!.Waiting > 0 && journal is { JudgedAhead: > 0, IsRefused: false } && time.GetElapsedTime(_stepAt) >= SettleAfter && (_settledAt == 0 || time.GetElapsedTime(_settledAt) >= SettleAfter))
            _settledAt = time.GetTimestamp();
        if (_snapshot.Waiting == 0 && time.GetElapsedTime(_roundAt) >= settings.Monitoring.SnapshotInterval)
        {
            _roundAt = time.GetTimestamp();
            _snapshot.BeginRound();
            await TrySaveStepAsync(position, TellUnwrittenAfter);
        }
        else if (_snapshot.Waiting > 0 && time.GetElapsedTime(_stepAt) >= SnapshotStepEvery)
        {
            await (IsSettling ? TrySaveAllAsync(position, TellUnwrittenAfter) : TrySaveStepAsync(position, TellUnwrittenAfter));
        }

        if (_pruning.IsCompleted && time.GetElapsedTime(_prunedAt) >= PruneEvery)
        {
            await _pruning;
            _pruning = PruneAsync();
        }
    }

    /// <summary>Counts and tells of sites whose rules had to begin anew. Their open alerts are known to nobody any more.</summary>
    private void NoteBegunAnew()
    {
        foreach (var (site, reason) in _engine.BegunAnew)
        {
            Damaged++;
            _isReconciled = false;
            LogDamagedSite(site, reason);
        }

        _engine.BegunAnew.Clear();
    }

    /// <summary>Whether nothing more is judged ahead for a while, so that a snapshot can be taken.</summary>
    private bool IsSettling => _settledAt != 0 && _snapshot!.Waiting > 0 && time.GetElapsedTime(_settledAt) < SettleFor;

    /// <summary>Writes everything that changed.</summary>
    /// <param name="position">Up to where the rules have judged.</param>
    /// <param name="patience">How long a step may take; then the rules go on, and what is left is written when it has ended.</param>
    private async Task TrySaveAllAsync(long position, TimeSpan patience)
    {
        if (!await IsSnapshotOverAsync(patience))
            return;
        _snapshot!.BeginRound();
        while (await TrySaveStepAsync(position, patience) && _snapshot.Waiting > 0)
        {
            // Until all is written, or the disk refuses or is slow.
        }
    }

    /// <inheritdoc cref="TrySaveAllAsync"/>
    /// <returns>Whether the disk took it.</returns>
    private async Task<bool> TrySaveStepAsync(long position, TimeSpan patience)
    {
        // Steps that are not on disk would be lost by a snapshot that is behind them; readings that are not, counted twice.
        if (_snapshot!.Underway is not null || Unwritten > 0 || IsHolding || journal.JudgedAhead > 0)
            return false;
        _stepAt = time.GetTimestamp();
        _snapshot.Begin(position);
        return await IsSnapshotOverAsync(patience) && _snapshot.IsTaken;
    }

    /// <summary>Waits for what is on its way to disk of the snapshot, but not for ever: a disk that hangs in it must not keep the rules waiting.</summary>
    private async Task<bool> IsSnapshotOverAsync(TimeSpan patience)
    {
        if (_snapshot!.Underway is not { } commit)
            return true;
        if (!commit.IsCompleted)
        {
            using var done = new CancellationTokenSource();
            var isSlow = patience == TimeSpan.Zero || await Task.WhenAny(commit, Task.Delay(patience, time, done.Token)) != commit;
            await done.CancelAsync();
            if (isSlow)
                return false;
        }

        await _snapshot.EndAsync();
        _stepAt = time.GetTimestamp();
        return true;
    }

    /// <summary>Ends alerts that the rules know nothing of any more: their device or circuit left the registry, or the memory of a site was damaged.
    /// Nobody would ever clear them.</summary>
    private async Task ReconcileAsync()
    {
        _isReconciled = true;
        var known = _engine.OpenAlerts.ToHashSet(StringComparer.Ordinal);
        // The engine knows nothing of alerts about ourselves; whoever raised them clears them.
        List<AlertTransition> orphans;
        using (var connection = database.OpenReader())
            orphans = AlertLog.ReadOpen(connection).FindAll(step => !step.Asset.StartsWith(OwnAlert.AssetPrefix, StringComparison.Ordinal) && step.Rule is not (Inhibition.LossRule or FlyWireCase.OverdueRule) && !known.Contains(step.AlertId));
        if (orphans.Count == 0)
            return;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var orphan in orphans)
        {
            LogOrphan(orphan.Rule, orphan.Asset, orphan.AlertId);
            _open.Remove(orphan.AlertId);
            _waiting.Add(orphan with
            {
                Condition = Condition.Cleared,
                AtMs = Math.Max(orphan.AtMs, now),
                Sequence = orphan.Sequence + 1,
                Text = new LocalText(
                    $"不再监测：{orphan.Asset}（{orphan.Rule}）。配置已更改，或本点位的规则状态已丢失；这不等于恢复正常，请到现场确认。若原因仍在，将重新告警。",
                    $"No longer watched: {orphan.Asset} ({orphan.Rule}). The registry was changed, or what the rules knew of this site was lost. This is not the same as over: go and look. If the cause lasts, it is raised again."),
            });
        }

        await WriteAsync(TellUnwrittenAfter);
        Show();
    }

    private async Task PruneAsync()
    {
        var before = (time.GetUtcNow() - TimeSpan.FromDays(settings.Data.RetentionDays)).ToUnixTimeMilliseconds();
        var (alerts, sessions) = (0, 0);
        try
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection => alerts = AlertLog.Prune(connection, before, PruneStep));
            await database.CommitAsync(CommitPriority.Housekeeping, connection => sessions = SessionLog.Prune(connection, before, PruneSessionsStep));
        }
        catch (DatabaseUnavailableException)
        {
            // It comes again in an hour.
        }

        if (alerts < PruneStep && sessions < PruneSessionsStep)
            _prunedAt = time.GetTimestamp();
    }

    private async Task LeaveAsync(long position)
    {
        do
        {
            if (_writing is not null)
                await EndWriteAsync(Timeout.InfiniteTimeSpan);
            else if (Unwritten > 0)
                await WriteAsync(Timeout.InfiniteTimeSpan);
        }
        while (Unwritten > 0 && !_failing);
        await TrySaveAllAsync(position, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What is on its way to disk.</summary>
    /// <param name="Commit">Completes when it is there.</param>
    /// <param name="Batch">Steps of alerts.</param>
    /// <param name="Effects">How many effects of commands, the oldest that wait.</param>
    /// <param name="Sessions">How many sessions, the oldest that wait.</param>
    /// <param name="Written">Steps that were new to the disk; filled by the commit.</param>
    private sealed record Writing(Task Commit, AlertTransition[] Batch, int Effects, int Sessions, List<AlertTransition> Written);

    [LoggerMessage(Level = LogLevel.Information, Message = "Rules restored at journal position {Position} of {Last}, {Open} alerts open")]
    private partial void LogRestored(long position, long last, int open);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert {Rule} on {Asset}, {Priority} ({Id})")]
    private partial void LogRaised(string rule, string asset, Priority priority, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Journal entry {Position} cannot be read to its end, the rules go on behind it: {Reason}")]
    private partial void LogDamagedEntry(long position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "What the rules knew of site {Site} cannot be read, they begin anew there: {Reason}")]
    private partial void LogDamagedSite(string site, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} steps of alerts are not on disk yet and wait in memory; the rules go on: {Reason}")]
    private partial void LogNotDurable(int count, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} steps of alerts that waited are on disk")]
    private partial void LogDurableAgain(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert {Rule} on {Asset} ({Id}) is ended: it is no longer watched")]
    private partial void LogOrphan(string rule, string asset, string id);
}
