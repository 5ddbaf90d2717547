namespace FacilityMonitor.Ingest;

/// <summary>How many messages came a second, over the last minute: a page that is looked at once a day has no two counts of its own to compare.</summary>
internal sealed class MessageRate(IngestBooks books, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Over = TimeSpan.FromMinutes(1);

    private readonly Queue<(long At, long Received)> _counts = new();
    private readonly Lock _gate = new();
    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>Since when the service runs.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);

    /// <summary>Messages a second; null: nothing was counted yet.</summary>
    public double? PerSecond
    {
        get
        {
            lock (_gate)
            {
                if (!_counts.TryPeek(out var oldest))
                    return null;
                var seconds = time.GetElapsedTime(oldest.At).TotalSeconds;
                return seconds > 0 ? (books.Received - oldest.Received) / seconds : null;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Count();
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Count();
    }

    private void Count()
    {
        lock (_gate)
        {
            _counts.Enqueue((time.GetTimestamp(), books.Received));
            while (time.GetElapsedTime(_counts.Peek().At) > Over)
                _counts.Dequeue();
        }
    }
}
