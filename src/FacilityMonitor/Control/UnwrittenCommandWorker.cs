using System.Threading.Channels;
using FacilityMonitor.Mqtt;

namespace FacilityMonitor.Control;

/// <summary>Sends from memory what the disk did not take, again and again under the same id until its time is over, and ends its sirens. Nothing here touches the disk.</summary>
internal sealed partial class UnwrittenCommandWorker(UnwrittenCommands unwritten, CommandLink link, ControlCounts counts, TimeProvider time, ILogger<UnwrittenCommandWorker> log) : BackgroundService
{
    /// <summary>How long the end of a siren is sent from here, ms. The siren ends by itself, too; what is left is the book's.</summary>
    private const long EndForMs = 20_000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly ILogger<UnwrittenCommandWorker> _log = log;
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, (long AtMs, Task<MqttReasonCode> Answer)> _published = new(StringComparer.Ordinal);

    /// <summary>Sends a command now, and keeps it until the book has it.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TrySend(StoredCommand command)
    {
        if (!unwritten.TryAdd(command))
            return false;
        _news.Writer.TryWrite(true);
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var news = _news.Reader.ReadAsync(stoppingToken).AsTask();
        while (true)
        {
            await Task.WhenAny(tick, news);
            stoppingToken.ThrowIfCancellationRequested();
            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            if (news.IsCompleted)
                news = _news.Reader.ReadAsync(stoppingToken).AsTask();
            await StepAsync();
        }
    }

    private async Task StepAsync()
    {
        await HearBrokerAsync();
        var (now, waiting) = (time.GetUtcNow().ToUnixTimeMilliseconds(), unwritten.Waiting);
        for (var index = 0; index < waiting.Count; index++)
        {
            var command = waiting[index];
            if (now < command.ExpiresMs && !waiting.Skip(index + 1).Any(later => later.Replaces(command)))
                Publish(command, now);
            // Of the sirens of a device only the last has an end.
            if (command.Order.Operation != Operation.Siren || command.EndsItself || waiting.Skip(index + 1).Any(later => later.Device == command.Device && later.Order.Operation == Operation.Siren))
                continue;
            var end = CommandBook.EndOf(command, command.SentMs!.Value);
            if (now >= end.DueMs && now < end.DueMs + EndForMs)
                Publish(end, now);
        }
    }

    private void Publish(StoredCommand command, long now)
    {
        var id = command.Order.Id;
        if (!link.IsUp() || (_published.TryGetValue(id, out var last) && now - last.AtMs < CommandWorker.AgainEveryMs))
            return;
        _published[id] = (now, link.SendAsync(command, now));
        counts.AddPublished();
    }

    private async Task HearBrokerAsync()
    {
        foreach (var (id, published) in _published.ToList())
        {
            if (!published.Answer.IsCompleted)
                continue;
            // Cancelled: the client was stopped, or its time was over before the broker was back.
            if (published.Answer.IsCompletedSuccessfully && await published.Answer is >= MqttReasonCode.UnspecifiedError and not MqttReasonCode.ServerUnavailable and var reason)
                LogBrokerRefused(id, reason);
            if (unwritten.Find(id) is null && !(id.EndsWith(CommandBook.EndSuffix, StringComparison.Ordinal) && unwritten.Find(id[..^CommandBook.EndSuffix.Length]) is not null))
                _published.Remove(id);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker refused command {Id}: {Reason}. Allow the topic in its access list")]
    private partial void LogBrokerRefused(string id, MqttReasonCode reason);
}
