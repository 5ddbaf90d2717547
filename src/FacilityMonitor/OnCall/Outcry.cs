using System.Threading.Channels;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;

namespace FacilityMonitor.OnCall;

/// <summary>Tells what is urgent and cannot be written: at once and from memory, to the contacts and to those whom the first step of the chain calls; and sounds its sirens.</summary>
/// <remarks>
/// A disk that refuses or hangs, also one that stops right behind the alert's own commit, keeps no fire from anybody. What follows (acknowledgements, the next steps of the chain, the end) needs the books and waits for
/// the disk. When it takes the alert, the contacts that heard of it are booked as told; people are paged once more under the same key; a siren that sounded is the same
/// command, and sounds once. Nothing here waits for the disk; only a siren's order asks it, for a second.
/// </remarks>
internal sealed partial class Outcry(
    FacilitySource registry, Outbox outbox, OutboxWorker contacts, ResponseLog responses, NoticeWorker people, RetryPlan plan, TimeProvider time, ILogger<Outcry> log) : BackgroundService
{
    /// <summary>Alerts of one priority that may wait to be told; beyond it they are counted, and told when it is said of them again or the disk takes them.</summary>
    public const int WaitingMax = 1_000;

    /// <summary>How often somebody is tried: half a minute. An alert that is still on is told by the books once there are any.</summary>
    private const int AttemptsMax = 6;

    /// <summary>Messages of one priority on their way at once.</summary>
    private const int AtOnceMax = 8;

    private readonly ILogger<Outcry> _log = log;
    // A fire does not stand behind a thousand overloads, nor behind their slow recipients.
    private readonly Lane _fires = new();
    private readonly Lane _others = new();
    private readonly Dictionary<string, Priority> _told = new(StringComparer.Ordinal);
    private long _taken;
    private long _dropped;

    /// <summary>Messages that somebody took, since the start.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Alerts for which there was no room, since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes in an alert that has become active. One that was taken in before is passed over, unless it is more urgent now.</summary>
    public void Tell(AlertTransition step)
    {
        lock (_told)
        {
            if (_told.TryGetValue(step.AlertId, out var before) && before <= step.Priority)
                return;
            if (!(step.Priority == Priority.P0 ? _fires : _others).Steps.Writer.TryWrite(step))
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            // What was told before the last thousand is over or on disk by now.
            if (_told.Count >= WaitingMax)
                _told.Clear();
            _told[step.AlertId] = step.Priority;
        }
    }

    public override void Dispose()
    {
        _fires.Dispose();
        _others.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task[] lanes = [RunAsync(_fires, end.Token), RunAsync(_others, end.Token)];
        // A fault of ours ends the service, as everywhere: people who are not told would only look like quiet.
        var first = await Task.WhenAny(lanes);
        await end.CancelAsync();
        await Task.WhenAll(lanes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task RunAsync(Lane lane, CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var step in lane.Steps.Reader.ReadAllAsync(stoppingToken))
            {
                LogUnwritten(step.Rule, step.Asset, step.Priority, step.AlertId);
                var body = TransitionJson.Write(step);
                // Sirens are the first of them: they are in the place itself.
                foreach (var notice in responses.FirstPages(step))
                    await lane.BeginAsync(() => TellPersonAsync(notice, stoppingToken), stoppingToken);
                foreach (var contact in registry.Current.Facility.Contacts.Where(contact => contact.Sites.Count == 0 || (step.Site is { } site && contact.Sites.Contains(site))))
                    await lane.BeginAsync(() => TellContactAsync(contact, step, body, stoppingToken), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Whoever was not told yet hears of it after the start, when the broker delivers the readings again.
        }
        finally
        {
            await lane.EndedAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellContactAsync(Contact contact, AlertTransition step, string body, CancellationToken stoppingToken)
    {
        var key = NotificationJson.Key(step.AlertId, step.Sequence, contact.Id);
        if (outbox.WasTold(key))
            return;
        var letter = NotificationJson.Write(body, step.OnsetMs, step.Sequence, untold: 0, key);
        var isTaken = await InsistAsync(async () => await contacts.TellAsync(contact, key, letter, stoppingToken) is Delivery.Sent, stoppingToken);
        if (isTaken)
            outbox.Told(key);
        else
            LogNotTold(contact.Id, step.AlertId);
    }

    private async Task TellPersonAsync(Notice notice, CancellationToken stoppingToken)
    {
        if (!await InsistAsync(async () => await people.TellAsync(notice, stoppingToken) is not null, stoppingToken))
            LogNotTold(notice.Person, notice.Alert);
    }

    private async Task<bool> InsistAsync(Func<Task<bool>> tell, CancellationToken stoppingToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await tell())
            {
                Interlocked.Increment(ref _taken);
                return true;
            }

            if (attempt == AttemptsMax)
                return false;
            await Task.Delay(plan.Pause(attempt, askedFor: null), time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Alert {Rule} on {Asset}, {Priority} ({Id}) is told without the disk, which refuses it or is slow")]
    private partial void LogUnwritten(string rule, string asset, Priority priority, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Recipient} was not told of alert {Alert}, which is not on disk yet; once it is, the attempts begin anew")]
    private partial void LogNotTold(string recipient, string alert);

    /// <summary>What waits to be told and what is on its way, of one kind.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly SemaphoreSlim _places = new(AtOnceMax);
        private readonly List<Task> _sending = [];

        public Channel<AlertTransition> Steps { get; } = Channel.CreateBounded<AlertTransition>(new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.Wait });

        public async Task BeginAsync(Func<Task> tell, CancellationToken stoppingToken)
        {
            foreach (var ended in _sending.FindAll(sending => sending.IsCompleted))
            {
                _sending.Remove(ended);
                await ended;
            }

            await _places.WaitAsync(stoppingToken);
            _sending.Add(InPlaceAsync(tell));
        }

        public Task EndedAsync() => Task.WhenAll(_sending);

        public void Dispose() => _places.Dispose();

        private async Task InPlaceAsync(Func<Task> tell)
        {
            try
            {
                await tell();
            }
            finally
            {
                _places.Release();
            }
        }
    }
}
