using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Answers;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Tries every channel that nothing went through for six hours, and raises an alert about ourselves when one is dead: by the others people hear of it.</summary>
internal sealed partial class ChannelWatch(
    NoticeWorker worker, Func<IReadOnlyList<DingTalkStream>> streams, Database database, Action<AlertTransition> tell, TimeProvider time, ILogger<ChannelWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "channel-dead";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "channels";

    /// <summary>A channel that carried nothing for so long is tried.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromHours(6);

    /// <summary>A failed probe is made again after so long, so that one lost packet kills no channel and a mended one comes back.</summary>
    public static readonly TimeSpan ProbeAgain = TimeSpan.FromMinutes(1);

    /// <summary>The same address is tested no sooner again.</summary>
    private static readonly TimeSpan TestEvery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<ChannelWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private readonly Dictionary<string, long> _probedMs = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Channel, string Address), long> _testedMs = [];
    private string _told = "";

    /// <summary>How every configured channel does; those that were never tried are not in it.</summary>
    public IReadOnlyList<ChannelCondition> Read()
    {
        using var connection = database.OpenReader();
        var ids = worker.Channels.Select(channel => channel.Id).ToHashSet(StringComparer.Ordinal);
        return [.. ChannelBook.Read(connection).Where(condition => ids.Contains(condition.Name))];
    }

    /// <summary>Sends one message, marked as a test, because somebody wants to see whether it arrives. Any thread; the same address no more than once a minute: who presses twice gets one.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="address">To whom, in its own terms.</param>
    /// <param name="note">Writes down who wanted it, before it is sent.</param>
    /// <returns>What the provider said; null: nothing was sent, it was tested just now or is there no more.</returns>
    /// <exception cref="DatabaseUnavailableException">It could not be written down: nothing was sent.</exception>
    public async Task<Outcome?> TestAsync(ChannelDefinition channel, string address, Func<Task> note)
    {
        var now = NowMs();
        lock (_testedMs)
        {
            foreach (var old in _testedMs.Where(test => now - test.Value >= (long)TestEvery.TotalMilliseconds).Select(test => test.Key).ToList())
                _testedMs.Remove(old);
            if (!_testedMs.TryAdd((channel.Id, address), now))
                return null;
        }

        if (worker.NotifierOf(channel.Id) is not { } notifier)
            return null;
        try
        {
            await note();
        }
        catch (DatabaseUnavailableException)
        {
            lock (_testedMs)
                _testedMs.Remove((channel.Id, address));
            throw;
        }

        // A browser that goes away takes back nothing: the provider has its own time.
        var outcome = await notifier.SendAsync(TestMessage(channel, now), address, CancellationToken.None);
        // One lost packet says nothing of the channel: no probe is due after it where a provider has none, and it would stand accused until the next message goes through.
        if (outcome is Outcome.Failed { Fault: Fault.Passing })
            return outcome;
        try
        {
            await NoteAsync(channel.Id, outcome, now);
        }
        catch (DatabaseUnavailableException)
        {
            // What the provider said is said to whoever asked; only the book misses it.
        }

        return outcome;
    }

    /// <summary>Probes what is due, and raises, says anew or clears the alert.</summary>
    internal async Task CheckAsync(CancellationToken stoppingToken)
    {
        var conditions = Read().ToDictionary(condition => condition.Name, StringComparer.Ordinal);
        foreach (var channel in worker.Channels)
        {
            if (IsDue(conditions.GetValueOrDefault(channel.Id), channel.Id))
                await ProbeAsync(channel, stoppingToken);
        }

        var now = NowMs();
        var dead = Read().Where(condition => condition.IsDead(now)).OrderBy(condition => condition.Name, StringComparer.Ordinal).ToList();
        using (var connection = database.OpenReader())
            _alert.Restore(connection);
        var deaf = Deaf(now);
        var names = string.Join(", ", dead.Concat(deaf).Select(condition => $"{condition.Name} ({condition.Fault})"));
        if (names.Length > 0 && (!_alert.IsOpen || names != _told))
            _alert.Raise(Priority.P1, dead.Concat(deaf).Min(condition => condition.FailingMs ?? now), now, Text(dead, deaf, now), Evidence([.. dead, .. deaf]));
        else if (names.Length == 0)
            _alert.Clear(now, new LocalText("已恢复：所有通知通道都能用。", "Cleared: every channel to people works."));
        _told = names;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CheckAsync(stoppingToken);
            }
            catch (SqliteException error)
            {
                LogNotRead(error.Message);
            }
        }
    }

    /// <summary>Channels by which people can be told, but cannot answer.</summary>
    private List<ChannelCondition> Deaf(long nowMs) =>
    [
        .. streams().Where(stream => nowMs - (stream.DownSinceMs ?? nowMs) >= (long)ChannelCondition.Patience.TotalMilliseconds)
            .Select(stream => new ChannelCondition(stream.Channel, 0, null, stream.DownSinceMs, stream.Fault, false)),
    ];

    private bool IsDue(ChannelCondition? condition, string channel)
    {
        var now = NowMs();
        var last = Math.Max(condition?.AcceptedMs ?? 0, _probedMs.GetValueOrDefault(channel));
        var every = condition is { Fault: not null } ? ProbeAgain : ProbeEvery;
        return now - last >= (long)every.TotalMilliseconds && now >= (condition?.PausedMs ?? 0);
    }

    private async Task ProbeAsync(ChannelDefinition channel, CancellationToken stoppingToken)
    {
        var now = NowMs();
        _probedMs[channel.Id] = now;
        // An edit may have taken the channel away meanwhile.
        if (worker.NotifierOf(channel.Id) is not { } notifier)
            return;
        var outcome = await notifier.ProbeAsync(stoppingToken);
        if (channel.ProbeTo is { } address && outcome is not Outcome.Failed)
            outcome = await notifier.SendAsync(TestMessage(channel, now), address, stoppingToken);
        if (outcome is null)
            return;
        try
        {
            await NoteAsync(channel.Id, outcome, now);
        }
        catch (DatabaseUnavailableException)
        {
            _probedMs.Remove(channel.Id);
        }
    }

    private Task NoteAsync(string channel, Outcome outcome, long now) => database.CommitAsync(CommitPriority.Alerts, connection =>
    {
        if (outcome is Outcome.Failed failed)
            ChannelBook.Fails(connection, channel, failed, failed.Fault == Fault.Limited ? now + (long)(failed.Wait ?? ProbeAgain).TotalMilliseconds : 0, now);
        else
            ChannelBook.Works(connection, channel, now);
    });

    /// <summary>A message that says of itself that it is a test.</summary>
    internal static ChannelMessage TestMessage(ChannelDefinition channel, long nowMs) => new()
    {
        Key = string.Create(CultureInfo.InvariantCulture, $"test-{channel.Id}-{nowMs}"),
        Reference = string.Create(CultureInfo.InvariantCulture, $"test-{nowMs / 1000 % 1_000_000:000000}"),
        Priority = Priority.P3,
        Mark = Mark.Test,
        Brief = new LocalText("通道测试，请忽略", "Channel test, please ignore"),
        Text = new LocalText(
            $"通道测试，{channel.Id}：自 {AlertText.Clock(nowMs)} 起。不会再有后续通知。请做：不用处理。",
            $"Channel test, {channel.Id}: since {AlertText.EnglishClock(nowMs)}. Nothing follows. Do: nothing."),
        Language = channel.Language,
    };

    private static SortedDictionary<string, object> Evidence(List<ChannelCondition> dead)
    {
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["channels"] = (long)dead.Count };
        foreach (var condition in dead)
            evidence[condition.Name] = condition.Fault ?? "";
        return evidence;
    }

    private static LocalText Text(List<ChannelCondition> dead, List<ChannelCondition> deaf, long nowMs)
    {
        if (deaf.Count == 0)
            return DeadText(dead, nowMs);
        var (names, since) = (string.Join(", ", deaf.Select(condition => $"{condition.Name} ({condition.Fault})")), AlertText.Clocks(deaf.Min(condition => condition.FailingMs ?? nowMs)));
        var text = new LocalText(
            $"收不到大家的回复：{names}。自 {since.Zh} 起连不上。消息照样发出，回复“确认”却到不了；请大家用链接或电话按键确认，我们会一直重连。请做：1. 看服务器能否上网；2. 核对 channels.yaml 里的 client-id 和密钥，应用要在钉钉后台选 Stream 模式并发布。",
            $"People's answers do not come: {names}. No connection since {since.En}. Messages still go out, but an answer does not arrive; acknowledge by link or telephone key meanwhile, the connection is tried again and again. Do: 1. See whether the server reaches the internet; 2. Check client-id and secret in channels.yaml; the app must use Stream mode and be published.");
        if (dead.Count == 0)
            return text;
        var lost = DeadText(dead, nowMs);
        return new LocalText(lost.Zh + text.Zh, lost.En + " " + text.En);
    }

    private static LocalText DeadText(List<ChannelCondition> dead, long nowMs)
    {
        var (names, since) = (string.Join(", ", dead.Select(condition => $"{condition.Name}（{condition.Fault}）")), AlertText.Clocks(dead.Min(condition => condition.FailingMs ?? nowMs)));
        var namesEn = string.Join(", ", dead.Select(condition => $"{condition.Name} ({condition.Fault})"));
        return new LocalText(
            $"通知通道不通：{names}。自 {since.Zh} 起没有一条送出。其他通道继续使用，每人自动换到下一种联系方式。请做：1. 看服务器能否上网；2. 核对 channels.yaml 里的密钥、签名和模板，服务器时间要准；3. 在「值班」页的「通道」里（或用 facility-monitor channel test）再试。",
            $"A channel to people is dead: {namesEn}. Nothing went through since {since.En}. The others are used; everybody is reached by the next of their ways. Do: 1. See whether the server reaches the internet; 2. Check key, signature and template in channels.yaml, and the server's clock; 3. Try again on the page On call, Channels (or with facility-monitor channel test).");
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(Level = LogLevel.Warning, Message = "How the channels do could not be read: {Reason}")]
    private partial void LogNotRead(string reason);
}
