using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Where we may be killed. A test that throws at one of them is a crash there.</summary>
/// <remarks>Everything that this worker ever writes goes through one method with a moment before its end and one behind it: no step can be added that has none.</remarks>
internal enum NoticeMoment
{
    /// <summary>Something was written, and is about to be committed.</summary>
    Committing,

    /// <summary>It is on disk.</summary>
    Committed,

    /// <summary>The provider has answered, or not; nothing is written of it.</summary>
    Answered,
}

/// <summary>Brings notices to people: each channel within its limits, life safety first, and the next way in time.</summary>
/// <remarks>
/// An attempt is claimed on disk, made, and booked. After a crash between claim and booking nobody knows what became of it: it is made again under the same key.
/// So nothing is lost, and at most one message appears twice for each that was on its way. What a provider will not take soon does not wait for it: the next way
/// of the person is due at once. Life safety has places of its own on every channel, and ignores an open breaker: asking once too often costs less.
/// </remarks>
internal sealed partial class NoticeWorker(
    Database database, IReadOnlyList<ChannelDefinition> channels, Func<ChannelDefinition, INotifier> make, IEnumerable<IDeliveryLog> logs, OnCallSettings settings,
    TimeProvider time, ILogger<NoticeWorker> log, Action<NoticeMoment>? reached = null) : BackgroundService
{
    /// <summary>Messages of a channel on their way at once; those of life safety have places of their own.</summary>
    public const int AtOnceMax = 4;

    /// <inheritdoc cref="AtOnceMax"/>
    public const int LifeSafetyAtOnceMax = 16;

    /// <summary>Looked at for one channel in one round.</summary>
    private const int LookedAtMax = 64;

    /// <summary>Notices deleted in one step: about 2 ms of the writer's time.</summary>
    private const int PruneStep = 200;

    /// <summary>What is remembered of what was taken lately.</summary>
    private const int TakenLatelyMax = 1_000;

    /// <summary>How long an attempt may take. Every channel gives up sooner by itself.</summary>
    public static readonly TimeSpan LeaseFor = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause between two attempts for life safety.</summary>
    public static readonly TimeSpan LifeSafetyRetryMax = TimeSpan.FromSeconds(5);

    /// <summary>What rests for a provider that asks for a pause without saying how long.</summary>
    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(60);

    /// <summary>Longest rest that is kept: a day's quota is asked for again each hour.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromHours(1);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountEvery = TimeSpan.FromSeconds(10);

    private readonly ILogger<NoticeWorker> _log = log;
    private readonly IReadOnlyCollection<IDeliveryLog> _logs = [.. logs];
    private readonly string _lease = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly OrderedDictionary<string, string> _takenLately = new(StringComparer.Ordinal);
    /// <summary>Notices that a provider took and the disk knows nothing of yet: by the books they are still to go out, and must not.</summary>
    private readonly ConcurrentDictionary<long, bool> _takenUnbooked = new();
    private readonly List<Lane> _retired = [];
    private readonly List<Task> _sending = [];
    private volatile IReadOnlyList<ChannelDefinition> _channels = channels;
    private volatile IReadOnlyList<ChannelDefinition>? _wanted;
    private volatile Dictionary<string, Lane> _lanes = channels.ToDictionary(channel => channel.Id, channel => new Lane(channel, make(channel)), StringComparer.Ordinal);
    private volatile NoticeBooks _books = new(0, null, 0, 0, 0, 0, 0);
    private long _attempts;
    private long _accepted;
    private long _failedOver;
    private long _lastRoundMs;
    private long? _sweptAt;
    private long? _countedAt;
    private (long WallMs, long Stamp)? _seen;
    private bool _isSetBack = true;
    private bool _isRestored;
    private bool _isUnreadable;

    /// <summary>Where notices stood when they were last counted, at most some seconds ago.</summary>
    public NoticeBooks Books => _books;

    /// <summary>Attempts since the start.</summary>
    public long Attempts => Interlocked.Read(ref _attempts);

    /// <summary>Attempts that a provider took, since the start.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Ways that were begun because the one before did not succeed, since the start.</summary>
    public long FailedOver => Interlocked.Read(ref _failedOver);

    /// <summary>When it last looked for what is due, ms since 1970-01-01 UTC: a heartbeat that goes on without this would lie.</summary>
    public long LastRoundMs => Interlocked.Read(ref _lastRoundMs);

    /// <summary>The channels.</summary>
    public IReadOnlyList<ChannelDefinition> Channels => _channels;

    /// <summary>Says that something was put in, so that it need not wait for the next second.</summary>
    public void Announce() => _bell.Writer.TryWrite(true);

    /// <summary>From the next round on these are the channels. What is on its way ends as it began; a channel that did not change keeps its limits and its breaker.</summary>
    public void Use(IReadOnlyList<ChannelDefinition> edited)
    {
        _wanted = edited;
        Announce();
    }

    /// <summary>How a channel is spoken to; null: there is none of this name any more.</summary>
    internal INotifier? NotifierOf(string channel) => _lanes.GetValueOrDefault(channel)?.Notifier;

    public override void Dispose()
    {
        foreach (var lane in _lanes.Values.Concat(_retired))
            (lane.Notifier as IDisposable)?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not the caller's thread: the first round reads a day of attempts.
        await Task.Yield();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    await TurnAsync(stoppingToken, ending.Token);
                    _isUnreadable = false;
                }
                catch (SqliteException error)
                {
                    // A disk that cannot be read for a moment ends nothing: what is due stays due.
                    if (!_isUnreadable)
                        LogNotRead(error.Message);
                    _isUnreadable = true;
                }

                await EndedAsync();
                await WaitAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is on its way stays claimed, and the next start makes it again.
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(_sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TurnAsync(CancellationToken stoppingToken, CancellationToken endingToken)
    {
        if (!_isRestored)
            await RestoreAsync([.. _lanes.Values], stoppingToken);
        _isRestored = true;
        if (_wanted is { } wanted)
        {
            _wanted = null;
            await ApplyAsync(wanted, stoppingToken);
        }

        if (_sweptAt is not { } swept || time.GetElapsedTime(swept) >= LookEvery)
        {
            await SweepAsync();
            _sweptAt = time.GetTimestamp();
        }

        if (_countedAt is not { } counted || time.GetElapsedTime(counted) >= CountEvery)
        {
            await KeepAsync();
            _countedAt = time.GetTimestamp();
        }

        await RoundAsync(endingToken);
        Interlocked.Exchange(ref _lastRoundMs, NowMs());
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var second = new CancellationTokenSource(LookEvery, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(second.Token, stoppingToken);
        await ((Task)_bell.Reader.ReadAsync(either.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>An attempt that ended by a fault of ours ends the service: people who are not told would only look like quiet.</summary>
    private async Task EndedAsync()
    {
        foreach (var ended in _sending.FindAll(sending => sending.IsCompleted))
        {
            _sending.Remove(ended);
            await ended;
        }
    }

    /// <summary>Knows again what went out and who locked us, and takes up what was on its way when we ended.</summary>
    private async Task RestoreAsync(IReadOnlyList<Lane> fresh, CancellationToken stoppingToken)
    {
        var lanes = fresh.ToDictionary(lane => lane.Channel.Id, StringComparer.Ordinal);
        var longest = fresh.SelectMany(lane => lane.Channel.Limits).Select(limit => limit.Window).DefaultIfEmpty().Max();
        using (var connection = database.OpenReader())
        {
            foreach (var (channel, address, atMs) in NoticeWays.AttemptsSince(connection, NowMs() - (long)longest.TotalMilliseconds))
            {
                if (lanes.TryGetValue(channel, out var lane))
                    lane.Budget.Take(address, atMs);
            }

            foreach (var condition in ChannelBook.Read(connection))
            {
                if (lanes.TryGetValue(condition.Name, out var lane))
                    lane.PausedUntilMs = condition.PausedMs;
            }
        }

        // Whoever mended a key has edited the channels or restarted us; whether it is right shows at the next attempt.
        await CommitAsync(ChannelBook.Absolve, stoppingToken);
    }

    private async Task ApplyAsync(IReadOnlyList<ChannelDefinition> wanted, CancellationToken stoppingToken)
    {
        var kept = _lanes.Values.ToDictionary(lane => lane.Channel.Fingerprint, StringComparer.Ordinal);
        var lanes = wanted.ToDictionary(channel => channel.Id, channel => kept.GetValueOrDefault(channel.Fingerprint) ?? new Lane(channel, make(channel)), StringComparer.Ordinal);
        var before = _lanes;
        // What was sent counts against the provider's limits, whatever was edited.
        await RestoreAsync([.. lanes.Values.Except(before.Values)], stoppingToken);
        _retired.AddRange(before.Values.Except(lanes.Values));
        _lanes = lanes;
        _channels = wanted;
    }

    /// <summary>What no event brings about: ends, leases, channels that are gone, and the ways behind those that are stuck.</summary>
    private async Task SweepAsync()
    {
        var now = NowMs();
        var work = new List<Action<SqliteConnection>>();
        using (var connection = database.OpenReader())
        {
            // Twenty thousand that wait are not looked through each second: only when the clock ran back, and at the start, when nobody knows what it did meanwhile.
            // Asked every time: what it does not see in the first second it would never see.
            var ranBack = IsClockSetBack(now);
            _isSetBack = (_isSetBack || ranBack) && NoticeWays.IsAnyAhead(connection, now);
            if (_isSetBack)
                work.Add(commit => NoticeWays.SetBack(commit, now));
            if (NoticeWays.IsAnyOverdue(connection, _lease, now))
            {
                work.Add(commit => NoticeWays.Recover(commit, _lease, now));
                work.Add(commit => NoticeWays.Expire(commit, now, _logs));
            }

            foreach (var channel in NoticeWays.DueChannels(connection, now))
            {
                if (!_lanes.TryGetValue(channel, out var lane))
                {
                    var gone = NoticeWays.Due(connection, channel, onlyLifeSafety: false, now, NoticeBook.QueuedMax);
                    work.Add(commit => gone.ForEach(way => NoticeWays.Failed(commit, way, null, NoticeWays.NoChannel, now, _logs)));
                }
                else if (StuckFor(lane, now) is { Ticks: > 0 } stuck && NoticeWays.IsAnyBehind(connection, channel, stuck, now))
                {
                    work.Add(commit => NoticeWays.HurryBehind(commit, channel, null, stuck, now));
                }
            }
        }

        if (work.Count > 0)
            await TryCommitAsync(commit => work.ForEach(step => step(commit)));
    }

    /// <summary>Whether the clock on the wall went back against the one that only counts.</summary>
    private bool IsClockSetBack(long nowMs)
    {
        var stamp = time.GetTimestamp();
        var isSetBack = _seen is var (wallMs, at) && nowMs + ResponseTiming.ClockSlackMs < wallMs + (long)time.GetElapsedTime(at, stamp).TotalMilliseconds;
        _seen = (nowMs, stamp);
        return isSetBack;
    }

    private static TimeSpan StuckFor(Lane lane, long nowMs)
    {
        lock (lane)
        {
            // No provider asks for longer; a clock that was set back does not make it so.
            lane.PausedUntilMs = Math.Min(lane.PausedUntilMs, nowMs + (long)PauseMax.TotalMilliseconds);
            var paused = TimeSpan.FromMilliseconds(Math.Max(0, lane.PausedUntilMs - nowMs));
            var open = lane.Breaker.Wait(nowMs);
            return paused > open ? paused : open;
        }
    }

    /// <summary>Claims what may go out now, and sends it.</summary>
    private async Task RoundAsync(CancellationToken endingToken)
    {
        var now = NowMs();
        var round = new Round(now);
        try
        {
            using var connection = database.OpenReader();
            foreach (var lane in _lanes.Values)
                Choose(connection, lane, round);
        }
        catch (SqliteException)
        {
            // What was chosen before the disk refused has not gone out.
            foreach (var (lane, way) in round.Claims)
                lane.Leave(way);
            throw;
        }

        if (round.Claims.Count == 0 && round.Postponed.Count == 0)
            return;
        var claimed = new List<(Lane Lane, DueWay Way, long Attempt)>();
        var isWritten = await TryCommitAsync(commit =>
        {
            // A full disk makes the database run it a second time.
            claimed.Clear();
            foreach (var (lane, way) in round.Claims)
            {
                if (NoticeWays.Claim(commit, way, _lease, now + (long)LeaseFor.TotalMilliseconds, now, _logs) is { } attempt)
                    claimed.Add((lane, way, attempt));
            }

            foreach (var (channel, address, isLifeSafety, wait) in round.Postponed)
            {
                NoticeWays.HurryBehind(commit, channel, address, wait, now);
                NoticeWays.Postpone(commit, channel, address, isLifeSafety, now + (long)wait.TotalMilliseconds);
            }
        });
        foreach (var (lane, way) in round.Claims.Where(claim => !isWritten || !claimed.Exists(done => done.Way == claim.Way)))
            lane.Leave(way);
        if (!isWritten)
            return;
        foreach (var (lane, way, attempt) in claimed)
            _sending.Add(SendAsync(lane, way, attempt, endingToken));
        // There may be more than one round looks at.
        if (claimed.Count + round.Postponed.Count > 0)
            Announce();
    }

    /// <summary>Chooses what of a channel goes out now.</summary>
    private void Choose(SqliteConnection connection, Lane lane, Round round)
    {
        var now = round.NowMs;
        lock (lane)
        {
            if (lane.PausedUntilMs > now || lane.IsFull)
                return;
            var others = lane.Breaker.Wait(now) > TimeSpan.Zero || (lane.Breaker.IsProbing(now) && lane.OnTheirWay > 0) || lane.OnTheirWay >= AtOnceMax
                || lane.Budget.Wait("", isLifeSafety: false, now, LimitScope.Channel) > TimeSpan.Zero;
            var postponed = new HashSet<(string, bool)>();
            foreach (var way in NoticeWays.Due(connection, lane.Channel.Id, onlyLifeSafety: others, now, LookedAtMax))
            {
                if (_takenUnbooked.ContainsKey(way.Id) || postponed.Contains((way.Address, way.IsLifeSafety)) || !lane.HasRoom(way.IsLifeSafety, now))
                    continue;
                if (lane.Budget.Wait("", way.IsLifeSafety, now, LimitScope.Channel) > TimeSpan.Zero)
                    continue;
                if (lane.Budget.Wait(way.Address, way.IsLifeSafety, now) is { Ticks: > 0 } wait)
                {
                    postponed.Add((way.Address, way.IsLifeSafety));
                    round.Postponed.Add((lane.Channel.Id, way.Address, way.IsLifeSafety, wait));
                    continue;
                }

                lane.Enter(way, now);
                round.Claims.Add((lane, way));
            }
        }
    }

    private async Task SendAsync(Lane lane, DueWay way, long attempt, CancellationToken endingToken)
    {
        await Task.Yield();
        Interlocked.Increment(ref _attempts);
        if (way is { Ordinal: > 0, Attempts: 0 })
            Interlocked.Increment(ref _failedOver);
        try
        {
            var outcome = await TryAsync(lane, way.Notice, way.Address, way.Replaces, endingToken);
            reached?.Invoke(NoticeMoment.Answered);
            await BookAsync(lane, way, attempt, outcome, endingToken);
        }
        catch (OperationCanceledException) when (endingToken.IsCancellationRequested)
        {
            // It stays claimed; the next start makes it again under the same key.
        }
        finally
        {
            lane.Leave(way);
            Announce();
        }
    }

    /// <summary>Tries the ways of a notice one after the other until one takes it. For what is urgent and cannot be written: nothing is booked of it.</summary>
    /// <returns>The channel that took it, now or a moment ago; null: none did.</returns>
    public async Task<string?> TellAsync(Notice notice, CancellationToken endingToken)
    {
        lock (_takenLately)
        {
            if (_takenLately.TryGetValue(notice.Key, out var taker))
                return taker;
        }

        foreach (var reach in notice.Reaches)
        {
            if (!_lanes.TryGetValue(reach.Channel, out var lane))
                continue;
            lock (lane)
                lane.Budget.Take(reach.Address, NowMs());
            Interlocked.Increment(ref _attempts);
            if (await TryAsync(lane, notice, reach.Address, replaces: null, endingToken) is not Outcome.Accepted)
                continue;
            Taken(notice.Key, reach.Channel);
            lane.Heard();
            Interlocked.Increment(ref _accepted);
            return reach.Channel;
        }

        return null;
    }

    private void Taken(string key, string channel)
    {
        lock (_takenLately)
        {
            _takenLately[key] = channel;
            if (_takenLately.Count > TakenLatelyMax)
                _takenLately.RemoveAt(0);
        }
    }

    private async Task<Outcome> TryAsync(Lane lane, Notice notice, string address, string? replaces, CancellationToken endingToken)
    {
        using var late = new CancellationTokenSource(LeaseFor - TimeSpan.FromSeconds(5), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, endingToken);
        try
        {
            return await lane.Notifier.SendAsync(ChannelMessage.Of(notice, lane.Channel.Language) with { Replaces = replaces }, address, either.Token);
        }
        catch (OperationCanceledException) when (!endingToken.IsCancellationRequested)
        {
            return new Outcome.Failed(Fault.Passing, "timeout");
        }
    }

    private async Task BookAsync(Lane lane, DueWay way, long attempt, Outcome outcome, CancellationToken endingToken)
    {
        var now = NowMs();
        var channel = lane.Channel.Id;
        switch (outcome)
        {
            case Outcome.Accepted accepted:
                Taken(way.Notice.Key, channel);
                lane.Heard();
                Interlocked.Increment(ref _accepted);
                _takenUnbooked[way.Id] = true;
                await CommitAsync(
                    commit =>
                    {
                        NoticeWays.Accepted(commit, way, attempt, accepted.Receipt, now, _logs);
                        ChannelBook.Works(commit, channel, now);
                    },
                    endingToken);
                _takenUnbooked.TryRemove(way.Id, out _);
                break;
            case Outcome.Failed { Fault: Fault.Misconfigured or Fault.WrongAddress or Fault.Unfit } failed:
                lane.Heard();
                LogRefused(channel, way.Notice.Person, way.Notice.Alert, failed.Code, failed.Fault);
                await CommitAsync(
                    commit =>
                    {
                        NoticeWays.Failed(commit, way, attempt, failed.Code, now, _logs);
                        ChannelBook.Fails(commit, channel, failed, 0, now);
                    },
                    endingToken);
                break;
            case Outcome.Failed failed:
                await RetryAsync(lane, way, attempt, failed, now, endingToken);
                break;
        }
    }

    private async Task RetryAsync(Lane lane, DueWay way, long attempt, Outcome.Failed failed, long now, CancellationToken endingToken)
    {
        var channel = lane.Channel.Id;
        var retryMax = way.IsLifeSafety && settings.RetryMax > LifeSafetyRetryMax ? LifeSafetyRetryMax : settings.RetryMax;
        var wait = failed.Fault == Fault.Passing
            ? RetryPlan.Pause(retryMax, way.Attempts + 1, failed.Wait, Random.Shared.NextDouble())
            : failed.Wait ?? DefaultPause;
        var pausedMs = 0L;
        lock (lane)
        {
            if (failed.Fault == Fault.Passing)
                lane.Breaker.Failed(now);
            else
                lane.Breaker.Answered();
            if (failed.Fault == Fault.Limited)
                lane.PausedUntilMs = pausedMs = Math.Max(lane.PausedUntilMs, now + (long)Math.Min(wait.TotalMilliseconds, PauseMax.TotalMilliseconds));
        }

        if (way.Attempts == 0)
            LogRetry(channel, way.Notice.Person, way.Notice.Alert, failed.Code);
        var due = now + (long)wait.TotalMilliseconds;
        await CommitAsync(
            commit =>
            {
                NoticeWays.Retry(commit, way, attempt, failed.Code, due, wait > NoticeBook.FailOverAfter(way.Notice.Priority), now, _logs);
                ChannelBook.Fails(commit, channel, failed, pausedMs, now);
                if (failed.Fault == Fault.AddressLimited)
                {
                    NoticeWays.HurryBehind(commit, channel, way.Address, wait, now);
                    NoticeWays.Postpone(commit, channel, way.Address, way.IsLifeSafety, due);
                }
            },
            endingToken);
    }

    /// <summary>Books until the disk takes it: what a provider took must not be sent again each second because our disk is full.</summary>
    private async Task CommitAsync(Action<SqliteConnection> write, CancellationToken cancellationToken)
    {
        while (!await TryCommitAsync(write))
            await Task.Delay(LookEvery, time, cancellationToken);
    }

    /// <summary>The one place where this worker writes.</summary>
    private async Task<bool> TryCommitAsync(Action<SqliteConnection> write, CommitPriority priority = CommitPriority.Alerts)
    {
        try
        {
            await database.CommitAsync(priority, connection =>
            {
                write(connection);
                reached?.Invoke(NoticeMoment.Committing);
            });
        }
        catch (DatabaseUnavailableException)
        {
            return false;
        }

        reached?.Invoke(NoticeMoment.Committed);
        return true;
    }

    private async Task KeepAsync()
    {
        using (var connection = database.OpenReader())
            _books = NoticeWays.Count(connection);
        var done = _books.Accepted + _books.Delivered + _books.Unreached + _books.Expired + _books.Withdrawn;
        // Where the disk refuses it comes again in ten seconds.
        if (done > NoticeWays.DoneMax)
            await TryCommitAsync(commit => NoticeWays.Prune(commit, NoticeWays.DoneMax, PruneStep), CommitPriority.Housekeeping);
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(Level = LogLevel.Error, Message = "What people are to be told cannot be read from the disk: {Reason}")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Channel} did not take what {Person} should hear of alert {Alert} ({Code}); trying again")]
    private partial void LogRetry(string channel, string person, string alert, string code);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Channel} refused what {Person} should hear of alert {Alert}: {Code} ({Fault})")]
    private partial void LogRefused(string channel, string person, string alert, string code, Fault fault);

    /// <summary>What one round decided.</summary>
    private sealed class Round(long nowMs)
    {
        public long NowMs { get; } = nowMs;

        public List<(Lane Lane, DueWay Way)> Claims { get; } = [];

        public List<(string Channel, string Address, bool IsLifeSafety, TimeSpan Wait)> Postponed { get; } = [];
    }

    /// <summary>One channel. Its lock guards everything that changes.</summary>
    private sealed class Lane(ChannelDefinition channel, INotifier notifier)
    {
        private int _lifeSafetyOnTheirWay;

        public ChannelDefinition Channel { get; } = channel;

        public INotifier Notifier { get; } = notifier;

        public SendBudget Budget { get; } = new(channel.Limits);

        public CircuitBreaker Breaker { get; } = new();

        public long PausedUntilMs { get; set; }

        public int OnTheirWay { get; private set; }

        public bool IsFull => OnTheirWay >= AtOnceMax && _lifeSafetyOnTheirWay >= LifeSafetyAtOnceMax;

        public bool HasRoom(bool isLifeSafety, long nowMs) => isLifeSafety ? _lifeSafetyOnTheirWay < LifeSafetyAtOnceMax : OnTheirWay < (Breaker.IsProbing(nowMs) ? 1 : AtOnceMax);

        public void Enter(DueWay way, long nowMs)
        {
            Budget.Take(way.Address, nowMs);
            if (way.IsLifeSafety)
                _lifeSafetyOnTheirWay++;
            else
                OnTheirWay++;
        }

        public void Leave(DueWay way)
        {
            lock (this)
            {
                if (way.IsLifeSafety)
                    _lifeSafetyOnTheirWay--;
                else
                    OnTheirWay--;
            }
        }

        public void Heard()
        {
            lock (this)
                Breaker.Answered();
        }
    }
}
