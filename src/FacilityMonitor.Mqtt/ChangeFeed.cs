using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FacilityMonitor.Mqtt;

/// <summary>The present state and a bounded feed of changes for each watcher.</summary>
internal sealed class ChangeFeed(TimeProvider time)
{
    /// <summary>Changes a watcher may be behind; then it misses the oldest and sees a gap in the numbers.</summary>
    public const int WatcherCapacity = 64;

    private readonly Lock _gate = new();
    private readonly List<Channel<MqttConnectionChange>> _watchers = [];

    public MqttConnectionChange Latest { get; private set; } = new(0, MqttConnectionState.Idle, time.GetUtcNow());

    public void Report(MqttConnectionState state, Func<MqttConnectionChange, MqttConnectionChange> describe)
    {
        lock (_gate)
        {
            Latest = describe(new MqttConnectionChange(Latest.Number + 1, state, time.GetUtcNow()));
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(Latest);
                if (state == MqttConnectionState.Stopped)
                    watcher.Writer.TryComplete();
            }
        }
    }

    public async IAsyncEnumerable<MqttConnectionChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = Join();
        try
        {
            await foreach (var change in watcher.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return change;
        }
        finally
        {
            lock (_gate)
                _watchers.Remove(watcher);
        }
    }

    private Channel<MqttConnectionChange> Join()
    {
        var watcher = Channel.CreateBounded<MqttConnectionChange>(
            new BoundedChannelOptions(WatcherCapacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_gate)
        {
            watcher.Writer.TryWrite(Latest);
            if (Latest.State == MqttConnectionState.Stopped)
                watcher.Writer.TryComplete();
            else
                _watchers.Add(watcher);
        }

        return watcher;
    }
}
