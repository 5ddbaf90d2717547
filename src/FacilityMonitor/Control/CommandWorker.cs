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
/// What may energise, or goes to something that carries people, is judged again each time before it goes out. What could not be sent in time is never sent; what was sent is never forgotten. What a danger needs while the disk refuses goes out without it, by <see cref="UnwrittenCommandWorker"/>.
/// </remarks>
internal sealed partial class CommandWorker(
    Database database, MessageJournal journal, DeviceTable devices, CommandLink link, CommandScenes scenes, DeviceWords words, UnwrittenCommands unwritten, ControlCounts counts, CommandPace pace, TimeProvider time,
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

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly ILogger<CommandWorker> _log = log;
    private readonly JournalWriter _writer = new();
    private readonly Dictionary<string, long> _publishedMs = new(StringComparer.Ordinal);
    private readonly List<(StoredCommand Command, Task<MqttReasonCode> Answer)> _underWay = [];
    private long _prunedAt;

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var reader = database.OpenReader();
        using var timer = new PeriodicTimer(LookEvery, time);
        _prunedAt = time.GetTimestamp();
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var news = words.News.ReadAsync(stoppingToken).AsTask();
        while (!stoppingToken.IsCancellationRequested)
        {
            await StepAsync(reader, stoppingToken);
            await Task.WhenAny(tick, news);
            stoppingToken.ThrowIfCancellationRequested();
            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            if (news.IsCompleted)
                news = words.News.ReadAsync(stoppingToken).AsTask();
        }
    }

    private async Task StepAsync(SqliteConnection reader, CancellationToken stoppingToken)
    {
        await HearBrokerAsync(stoppingToken);
        await BookUnwrittenAsync(stoppingToken);
        var open = CommandBook.Open(reader);
        foreach (var command in open)
        {
            stoppingToken.ThrowIfCancellationRequested();
            if (command.State == CommandState.Queued)
                await BeginAsync(reader, command, stoppingToken);
            else
                await GoOnAsync(reader, command);
        }

        if (_publishedMs.Count > open.Count)
        {
            foreach (var id in _publishedMs.Keys.Except(open.Select(command => command.Order.Id)).ToList())
                _publishedMs.Remove(id);
        }

        if (time.GetElapsedTime(_prunedAt) >= PruneEvery)
            await PruneAsync();
    }

    private async Task BeginAsync(SqliteConnection reader, StoredCommand command, CancellationToken stoppingToken)
    {
        if (NowMs >= command.ExpiresMs)
        {
            if (await TryBookAsync(command, CommandEvent.NotSent, "not sent in time"))
                CountExpired(command);
            return;
        }

        if (NowMs < command.DueMs || !link.IsUp() || await IsHeldBackAsync(reader, command))
            return;
        if (!await RecordAsync(command, null, stoppingToken))
            return;
        // The disk may have taken long. Late is never.
        if (NowMs >= command.ExpiresMs)
        {
            await RecordAsync(command, "not sent in time", stoppingToken);
            CountExpired(command);
        }
        else if (Refusal(reader, command) is { } refusal)
            await RecordAsync(command, refusal, stoppingToken);
        else
        {
            await EndReplacedAsync(command);
            Publish(command);
        }
    }

    /// <summary>What may energise ends what it replaces just before it goes out. Where the disk refuses, an older <c>off</c> goes on being sent: that is the safe side.</summary>
    private async Task EndReplacedAsync(StoredCommand command)
    {
        if (!command.Order.Operation.MayEnergise())
            return;
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection => CommandBook.EndReplaced(connection, command, NowMs));
        }
        catch (DatabaseUnavailableException)
        {
            // It is sent all the same: it is in the book as sent.
        }
    }

    /// <summary>Whether something has come between since it was ordered. It is ended then; one that went out may have been done.</summary>
    private async Task<bool> IsHeldBackAsync(SqliteConnection reader, StoredCommand command)
    {
        if (Refusal(reader, command) is not { } refusal)
            return false;
        // Right after a start nobody has read yet what is open: it waits.
        if (scenes.AreKnown)
            await TryBookAsync(command, command.State == CommandState.Queued ? CommandEvent.NotSent : CommandEvent.NothingHeard, refusal);
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
            await TryBookAsync(command, CommandEvent.NothingHeard, command.State == CommandState.Done ? "done, and no measurement came" : "no answer");
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
                await RecordAsync(command, isVoid: false, NowMs, connection => CommandBook.InsertSent(connection, command), stoppingToken);
                // The disk may have taken an hour: its answer has its time from here on.
                _publishedMs[id] = NowMs;
                LogBooked(id);
            }

            unwritten.Booked(id);
        }
    }

    /// <summary>Puts on disk that it goes out, or did not, and tells the rules in the same commit. While the disk refuses, nothing goes out from here.</summary>
    /// <param name="command">The command.</param>
    /// <param name="whyNot">Why it did not go out after all; null: it goes out.</param>
    /// <param name="stoppingToken">A stop.</param>
    /// <returns>Whether it was still to be sent.</returns>
    private Task<bool> RecordAsync(StoredCommand command, string? whyNot, CancellationToken stoppingToken)
    {
        var now = NowMs;
        return RecordAsync(
            command, whyNot is not null, now,
            connection => whyNot is not null
                ? CommandBook.Happened(connection, command.Order.Id, command.Device, CommandEvent.NotSent, now, whyNot) == true
                : CommandBook.Sent(connection, command, now),
            stoppingToken);
    }

    private async Task<bool> RecordAsync(StoredCommand command, bool isVoid, long now, Func<SqliteConnection, bool> write, CancellationToken stoppingToken)
    {
        var order = command.Order;
        var device = devices.Find(command.Device)!;
        _writer.Clear();
        _writer.Command(new CommandNotice(device, order.Id, order.Operation, order.Channel ?? ChannelId.Main, command.ExpiresMs, isVoid), now);
        var batch = new JournalBatch(_writer);
        var isNews = false;
        while (true)
        {
            try
            {
                await journal.AppendAsync(batch, (connection, _) => isNews = write(connection));
                return isNews;
            }
            catch (DatabaseUnavailableException error)
            {
                // The same batch again: the journal keeps count of what it was refused. A stop meanwhile leaves it queued, and it expires.
                LogDisk(order.Id, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
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
    private async Task HearBrokerAsync(CancellationToken stoppingToken)
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
            if (await TryBookAsync(command, CommandEvent.BrokerRefused, $"broker: {reason}"))
                await RecordAsync(command, "not sent in time", stoppingToken);
        }
    }

    private async Task<bool> TryBookAsync(StoredCommand command, CommandEvent happened, string result)
    {
        var isNews = false;
        var now = NowMs;
        try
        {
            await database.CommitAsync(CommitPriority.Alerts, connection => isNews = CommandBook.Happened(connection, command.Order.Id, command.Device, happened, now, result) == true);
        }
        catch (DatabaseUnavailableException)
        {
            // The next look finds it as it was.
            return false;
        }

        if (isNews)
            LogEnded(command.Order.Id, result);
        return isNews;
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
        try
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = CommandBook.Prune(connection, before, PruneStep));
        }
        catch (DatabaseUnavailableException)
        {
            // It comes again in an hour.
        }

        if (pruned < PruneStep)
            _prunedAt = time.GetTimestamp();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Command {Id} waits: the disk refuses ({Reason})")]
    private partial void LogDisk(string id, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Command {Id}, which went out without the disk, is in the book")]
    private partial void LogBooked(string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker refused command {Id}: {Reason}. Allow the topic in its access list")]
    private partial void LogBrokerRefused(string id, MqttReasonCode reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Command {Id}: {Result}")]
    private partial void LogEnded(string id, string result);
}
