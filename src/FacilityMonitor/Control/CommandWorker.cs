using System.Collections.Concurrent;
using System.Text;
using FacilityMonitor.Contract;
using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using FacilityMonitor.Readings;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Control;

/// <summary>The way to the broker.</summary>
/// <param name="IsUp">Whether the broker is there now.</param>
/// <param name="PublishAsync">Publishes a command: topic, payload, properties. Never retained.</param>
/// <param name="RetainAsync">Publishes what the broker shall keep.</param>
internal sealed record CommandLink(
    Func<bool> IsUp, Func<string, byte[], MqttPublishProperties, ValueTask<MqttReasonCode>> PublishAsync, Func<string, byte[], MqttPublishProperties, ValueTask<MqttReasonCode>> RetainAsync)
{
    /// <summary>Sends a command; completes with what the broker said to it.</summary>
    /// <param name="command">The command, whose time is not over.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public Task<MqttReasonCode> SendAsync(StoredCommand command, long nowMs)
    {
        var order = command.Order;
        var left = TimeSpan.FromMilliseconds(command.ExpiresMs - nowMs);
        var properties = new MqttPublishProperties
        {
            MessageExpiry = left,
            PayloadIsText = true,
            ContentType = "application/json",
            ResponseTopic = Fm1Topic.Of(order.Device.Site!, order.Device.Name, Fm1Kind.Ack),
            CorrelationData = Encoding.UTF8.GetBytes(order.Id),
        };
        // Retained is never even an argument: a command that waits at the broker for the next subscriber is how relays switch by night.
        return PublishAsync(Fm1Topic.Of(order.Device.Site!, order.Device.Name, Fm1Kind.Cmd), Fm1Downlink.Command(order, command.ExpiresMs, Math.Max(1, (int)left.TotalSeconds)), properties).AsTask();
    }
}

/// <summary>How the worker paces itself.</summary>
internal sealed record CommandPace
{
    /// <summary>How long after a command its effect may be measured.</summary>
    public required TimeSpan Verify { get; init; }

    /// <summary>Days that commands are kept.</summary>
    public int RetentionDays { get; init; } = 400;
}

/// <summary>Sends what is in the book, again and again under the same id until it is answered or its time is over, and closes what nobody answers.</summary>
/// <remarks>
/// First on disk as sent, with a record in the journal for the rules, then to the broker: killed in between, the next start sends it again, and the device knows the id.
/// What may energise, or goes to something that carries people, is judged again each time before it goes out. What could not be sent in time is never sent; what was sent is never forgotten. What a danger needs while the disk refuses or hangs goes out without it, by <see cref="UnwrittenCommandWorker"/>; everything else stays queued meanwhile and holds nothing up.
/// </remarks>
internal sealed partial class CommandWorker(
    Database database, MessageJournal journal, DeviceTable devices, CommandLink link, CommandScenes scenes, DeviceWords words, UnwrittenCommands unwritten, UnwrittenCommandWorker sender, ControlCounts counts, CommandPace pace, TimeProvider time,
    ILogger<CommandWorker> log)
    : BackgroundService
{
    /// <summary>Between two publishes of a command that is not answered, ms: a modem that was just away is back by then.</summary>
    public const long AgainEveryMs = 5_000;

    /// <summary>How long after its expiry an answer may still come, ms.</summary>
    public const long AnswerLateMs = 10_000;

    /// <summary>A siren is ended by command so long after it should have ended by itself, ms.</summary>
    public const long SirenEndAfterMs = 2_000;

    private const int PruneStep = 100;

    /// <summary>How long the disk may take with that a command goes out.</summary>
    private static readonly TimeSpan RecordWithin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly ILogger<CommandWorker> _log = log;
    private readonly JournalWriter _writer = new();
    private readonly Dictionary<string, long> _publishedMs = new(StringComparer.Ordinal);
    private readonly List<(StoredCommand Command, Task<MqttReasonCode> Answer)> _underWay = [];

    /// <summary>What the disk was given of a command and has not answered yet. It may take it after all.</summary>
    private readonly Dictionary<string, Task<bool>> _recording = new(StringComparer.Ordinal);

    /// <summary>What the rules take for sent and did not go out after all, until they are told.</summary>
    private readonly Dictionary<string, (StoredCommand Command, string WhyNot)> _voids = new(StringComparer.Ordinal);

    /// <summary>What the broker refused, and the book knows it.</summary>
    private readonly ConcurrentQueue<StoredCommand> _refused = new();

    /// <summary>The last commit that was not waited for to its end.</summary>
    private Task _booking = Task.CompletedTask;

    private bool _diskWaits;
    private long _prunedAt;

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        _prunedAt = time.GetTimestamp();
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var news = words.News.ReadAsync(stoppingToken).AsTask();
        while (!stoppingToken.IsCancellationRequested)
        {
            await StepAsync(stoppingToken);
            await Task.WhenAny(tick, news);
            stoppingToken.ThrowIfCancellationRequested();
            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            if (news.IsCompleted)
                news = words.News.ReadAsync(stoppingToken).AsTask();
        }
    }

    private async Task StepAsync(CancellationToken stoppingToken)
    {
        await HearBrokerAsync();
        await BookUnwrittenAsync(stoppingToken);
        await BookVoidsAsync(stoppingToken);
        try
        {
            // Anew at each look: one that is kept stays with a file that somebody deleted, and never sees what came since.
            using var reader = database.OpenReader();
            await LookAsync(reader, stoppingToken);
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            LogDiskOnce("the book", error.Message);
            return;
        }

        if (time.GetElapsedTime(_prunedAt) >= PruneEvery)
            await PruneAsync();
    }

    private async Task LookAsync(SqliteConnection reader, CancellationToken stoppingToken)
    {
        var open = CommandBook.Open(reader);
        foreach (var command in open)
        {
            stoppingToken.ThrowIfCancellationRequested();
            var id = command.Order.Id;
            // What went out from memory is sent from there until the book has it.
            if (_voids.ContainsKey(id) || unwritten.Find(id) is not null || (command.Ends is { } siren && unwritten.Find(siren) is not null))
                continue;
            if (command.State == CommandState.Queued || _recording.ContainsKey(id))
                await BeginAsync(reader, command, stoppingToken);
            else
                await GoOnAsync(reader, command);
        }

        if (_publishedMs.Count + _recording.Count > open.Count)
        {
            var known = open.Select(command => command.Order.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var id in _publishedMs.Keys.Except(known).ToList())
                _publishedMs.Remove(id);
            // It was ended while the disk was at it.
            foreach (var id in _recording.Keys.Where(id => !known.Contains(id) && _recording[id].IsCompleted && !_voids.ContainsKey(id) && unwritten.Find(id) is null).ToList())
                _recording.Remove(id);
        }
    }

    private async Task BeginAsync(SqliteConnection reader, StoredCommand command, CancellationToken stoppingToken)
    {
        if (!_recording.ContainsKey(command.Order.Id))
        {
            if (NowMs >= command.ExpiresMs)
            {
                await BookAsync(command, CommandEvent.NotSent, "not sent in time", isExpired: true);
                return;
            }

            if (NowMs < command.DueMs || !link.IsUp() || await IsHeldBackAsync(reader, command))
                return;
        }

        if (await RecordAsync(command, null, stoppingToken) is not { } isNews)
        {
            SendUnwritten(reader, command);
            return;
        }

        if (!isNews)
            return;
        // The disk may have taken long. Late is never.
        if (NowMs >= command.ExpiresMs)
        {
            await VoidAsync(command, "not sent in time", stoppingToken);
            CountExpired(command);
        }
        else if (Refusal(reader, command) is { } refusal)
            await VoidAsync(command, refusal, stoppingToken);
        else
        {
            await EndReplacedAsync(command);
            // Here too the disk may have taken long. What is not published now is judged at the next look.
            if (NowMs < command.ExpiresMs && Refusal(reader, command) is null)
                Publish(command);
        }
    }

    /// <summary>What a danger needs does not wait for a disk that took the order, but not that it goes out: the disk is full but for alerts, or has begun to refuse or to hang since.</summary>
    private void SendUnwritten(SqliteConnection reader, StoredCommand command)
    {
        var now = NowMs;
        if (!command.Order.Operation.IsProtective() || now >= command.ExpiresMs || unwritten.Replaces(command) || Refusal(reader, command) is not null)
            return;
        if (sender.TrySend(command with { SentMs = now, EndsItself = CommandBook.Abilities(reader, command.Device) is { HasSockets: true } }))
            LogUnwritten(command.Order.Id);
        else if (!_diskWaits)
            LogNoRoom(command.Order.Id, UnwrittenCommands.WaitingMax);
    }

    /// <summary>What may energise ends what it replaces just before it goes out. Where the disk refuses or hangs, an older <c>off</c> goes on being sent: that is the safe side.</summary>
    private Task EndReplacedAsync(StoredCommand command) => command.Order.Operation.MayEnergise()
        ? TryCommitAsync(() => database.CommitAsync(CommitPriority.Alerts, connection => CommandBook.EndReplaced(connection, command, NowMs)))
        : Task.CompletedTask;

    /// <summary>Whether something has come between since it was ordered. It is ended then; one that went out may have been done.</summary>
    private async Task<bool> IsHeldBackAsync(SqliteConnection reader, StoredCommand command)
    {
        if (Refusal(reader, command) is not { } refusal)
            return false;
        // Right after a start nobody has read yet what is open: it waits.
        if (scenes.AreKnown)
            await BookAsync(command, command.State == CommandState.Queued ? CommandEvent.NotSent : CommandEvent.NothingHeard, refusal);
        return true;
    }

    /// <summary>Why a command may not go out now, though it could when it was ordered; null: it may. The end of a siren always may.</summary>
    private string? Refusal(SqliteConnection reader, StoredCommand command)
    {
        if (command.Ends is not null)
            return null;
        var scene = scenes.Of(command.Order.Device, CommandBook.Abilities(reader, command.Device), NowMs);
        if (!Interlocks.IsJudgedAgain(command.Order, scene))
            return null;
        if (!scenes.AreKnown)
            return "open alerts not read yet";
        return Interlocks.Judge(command.Order, scene) is { } refusal ? $"{refusal.Reason}: {refusal.Text.En} · {refusal.Text.Zh}" : null;
    }

    private async Task GoOnAsync(SqliteConnection reader, StoredCommand command)
    {
        var now = NowMs;
        if (command.State == CommandState.Sent && now < command.ExpiresMs)
        {
            if (link.IsUp() && now - _publishedMs.GetValueOrDefault(command.Order.Id) >= AgainEveryMs && !await IsHeldBackAsync(reader, command))
                Publish(command);
            return;
        }

        var verifyMs = (long)pace.Verify.TotalMilliseconds;
        var deadline = command switch
        {
            { State: CommandState.Done } => (command.DoneMs ?? command.ChangedMs) + verifyMs,
            _ when command.Order.Operation.HasEffect() => command.ExpiresMs + verifyMs,
            _ => command.ExpiresMs + AnswerLateMs,
        };
        // What went out before the disk took it may be in the book before the answer that waited for the disk with it.
        if (now >= Math.Max(deadline, _publishedMs.GetValueOrDefault(command.Order.Id) + AnswerLateMs))
            await BookAsync(command, CommandEvent.NothingHeard, command.State == CommandState.Done ? "done, and no measurement came" : "no answer");
    }

    /// <summary>Puts into the book what went out before the disk took it, before anything else is done: what follows rests on it.</summary>
    private async Task BookUnwrittenAsync(CancellationToken stoppingToken)
    {
        foreach (var command in unwritten.Waiting)
        {
            var id = command.Order.Id;
            // A commit that took too long may have succeeded after all; then it is ours, and the rules know of it.
            if (!_publishedMs.ContainsKey(id))
            {
                // In the order in which they went out: what the disk does not take now is tried again at the next look.
                if (await RecordAsync(command, isVoid: false, NowMs, connection => CommandBook.InsertSent(connection, command), stoppingToken) is null)
                    return;
                // The disk may have taken an hour: its answer has its time from here on.
                _publishedMs[id] = NowMs;
                LogBooked(id);
            }

            unwritten.Booked(id);
        }
    }

    /// <summary>It did not go out after all, though the rules were told that it does.</summary>
    private Task VoidAsync(StoredCommand command, string whyNot, CancellationToken stoppingToken)
    {
        _voids[command.Order.Id] = (command, whyNot);
        return BookVoidsAsync(stoppingToken);
    }

    private async Task BookVoidsAsync(CancellationToken stoppingToken)
    {
        while (_refused.TryDequeue(out var refused))
            _voids[refused.Order.Id] = (refused, "not sent in time");
        foreach (var (command, whyNot) in _voids.Values.ToList())
        {
            if (await RecordAsync(command, whyNot, stoppingToken) is not null)
                _voids.Remove(command.Order.Id);
        }
    }

    /// <summary>Puts on disk that it goes out, or did not, and tells the rules in the same commit.</summary>
    /// <param name="command">The command.</param>
    /// <param name="whyNot">Why it did not go out after all; null: it goes out.</param>
    /// <param name="stoppingToken">A stop.</param>
    /// <returns>Whether it was still to be sent; null: the disk has not taken it yet.</returns>
    private Task<bool?> RecordAsync(StoredCommand command, string? whyNot, CancellationToken stoppingToken)
    {
        var now = NowMs;
        return RecordAsync(
            command, whyNot is not null, now,
            connection => whyNot is not null
                ? CommandBook.Happened(connection, command.Order.Id, command.Device, CommandEvent.NotSent, now, whyNot) == true
                : CommandBook.Sent(connection, command, now),
            stoppingToken);
    }

    private async Task<bool?> RecordAsync(StoredCommand command, bool isVoid, long now, Func<SqliteConnection, bool> write, CancellationToken stoppingToken)
    {
        var id = command.Order.Id;
        // One command waits for a disk that hangs; those behind it do not wait each for themselves.
        var within = _recording.Values.Any(running => !running.IsCompleted) ? TimeSpan.Zero : RecordWithin;
        if (!_recording.TryGetValue(id, out var recording))
            _recording[id] = recording = AppendAsync(command, isVoid, now, write);
        try
        {
            var isNews = await recording.WaitAsync(within, time, stoppingToken);
            _recording.Remove(id);
            _diskWaits = false;
            return isNews;
        }
        catch (TimeoutException error)
        {
            LogDiskOnce(id, error.Message);
            return null;
        }
        catch (DatabaseUnavailableException error)
        {
            _recording.Remove(id);
            LogDiskOnce(id, error.Message);
            return null;
        }
    }

    private async Task<bool> AppendAsync(StoredCommand command, bool isVoid, long now, Func<SqliteConnection, bool> write)
    {
        var order = command.Order;
        _writer.Clear();
        _writer.Command(new CommandNotice(devices.Find(command.Device)!, order.Id, order.Operation, order.Channel ?? ChannelId.Main, command.ExpiresMs, isVoid, command.Ends is not null), now);
        var isNews = false;
        await journal.AppendAsync(new JournalBatch(_writer) { MayBeGivenUp = true }, (connection, _) => isNews = write(connection));
        return isNews;
    }

    private void LogDiskOnce(string id, string reason)
    {
        if (!_diskWaits)
            LogDisk(id, reason);
        _diskWaits = true;
    }

    private void Publish(StoredCommand command)
    {
        // What replaces it went out already, from memory: the end of one siren must not silence the next, nor an older "on" undo an "off".
        if (unwritten.Replaces(command))
            return;
        var now = NowMs;
        _publishedMs[command.Order.Id] = now;
        _underWay.Add((command, link.SendAsync(command, now)));
        counts.AddPublished();
    }

    /// <summary>What the broker said to what was published. A refusal will not change by asking again.</summary>
    private async Task HearBrokerAsync()
    {
        for (var index = _underWay.Count - 1; index >= 0; index--)
        {
            var (command, answer) = _underWay[index];
            if (!answer.IsCompleted)
                continue;
            _underWay.RemoveAt(index);
            // Cancelled: the client was stopped. Unavailable: its time was over before the broker was back; whether it had it before, nobody knows.
            var reason = answer.IsCompletedSuccessfully ? await answer : MqttReasonCode.ServerUnavailable;
            if (reason < MqttReasonCode.UnspecifiedError || reason == MqttReasonCode.ServerUnavailable)
                continue;
            LogBrokerRefused(command.Order.Id, reason);
            await BookAsync(command, CommandEvent.BrokerRefused, $"broker: {reason}");
        }
    }

    /// <summary>Books how a command ended, as soon as the disk takes it; what it does not take now the next look finds as it was.</summary>
    private Task BookAsync(StoredCommand command, CommandEvent happened, string result, bool isExpired = false)
    {
        var now = NowMs;
        return TryCommitAsync(async () =>
        {
            var isNews = false;
            await database.CommitAsync(CommitPriority.Alerts, connection => isNews = CommandBook.Happened(connection, command.Order.Id, command.Device, happened, now, result) == true);
            if (!isNews)
                return;
            LogEnded(command.Order.Id, result);
            if (isExpired)
                CountExpired(command);
            if (happened == CommandEvent.BrokerRefused)
                _refused.Enqueue(command);
        });
    }

    /// <summary>Waits for the disk no longer than for what goes out: the next repeat of an <c>off</c> does not wait for the end of another command. While one commit hangs none is begun behind it.</summary>
    private async Task TryCommitAsync(Func<Task> commit)
    {
        if (!_booking.IsCompleted)
            return;
        try
        {
            _booking = commit();
            await _booking.WaitAsync(RecordWithin, time);
        }
        catch (DatabaseUnavailableException)
        {
            // The next look finds it as it was.
        }
        catch (TimeoutException)
        {
            _ = _booking.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private void CountExpired(StoredCommand command)
    {
        // An end of a siren that was replaced is no command of anybody's.
        if (command.Ends is null)
            counts.AddExpired();
    }

    private async Task PruneAsync()
    {
        var before = (time.GetUtcNow() - TimeSpan.FromDays(pace.RetentionDays)).ToUnixTimeMilliseconds();
        var pruned = 0;
        // What the disk does not take now comes again in an hour.
        await TryCommitAsync(() => database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = CommandBook.Prune(connection, before, PruneStep)));
        if (pruned < PruneStep)
            _prunedAt = time.GetTimestamp();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Command {Id} and those after it wait for the disk ({Reason}); sirens and off go out without it")]
    private partial void LogDisk(string id, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Command {Id} goes out without the disk, which took the order and does not take that it goes out")]
    private partial void LogUnwritten(string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Command {Id} does not go out without the disk: {Most} that went out are not written yet")]
    private partial void LogNoRoom(string id, int most);

    [LoggerMessage(Level = LogLevel.Information, Message = "Command {Id}, which went out without the disk, is in the book")]
    private partial void LogBooked(string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker refused command {Id}: {Reason}. Allow the topic in its access list")]
    private partial void LogBrokerRefused(string id, MqttReasonCode reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Command {Id}: {Result}")]
    private partial void LogEnded(string id, string result);
}
