using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Tells somebody outside every minute that we are alive, and only while notices really are worked on: when it stays away, that somebody rings.</summary>
/// <param name="address">Where; it holds a secret and is never shown.</param>
/// <param name="http">The way out.</param>
/// <param name="isWorking">Whether alerts and notices are worked on.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed partial class HeartbeatWorker(Uri address, ProviderHttp http, Func<bool> isWorking, TimeProvider time, ILogger<HeartbeatWorker> log) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(60);

    private readonly ILogger<HeartbeatWorker> _log = log;
    private bool _isHeard = true;
    private long _beats;

    /// <summary>Beats that were heard since the start.</summary>
    public long Beats => Interlocked.Read(ref _beats);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            if (!isWorking())
            {
                LogHeldBack();
                continue;
            }

            var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), stoppingToken);
            var isHeard = answer is { Lost: null, Status: >= 200 and < 300 };
            if (isHeard)
                Interlocked.Increment(ref _beats);
            if (isHeard == _isHeard)
                continue;
            _isHeard = isHeard;
            var reason = answer.Lost ?? $"HTTP {answer.Status}";
            if (isHeard)
                LogHeardAgain();
            else
                LogNotHeard(reason);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outside monitor does not hear our heartbeat ({Reason}): it may ring, though we work")]
    private partial void LogNotHeard(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The outside monitor hears our heartbeat again")]
    private partial void LogHeardAgain();

    [LoggerMessage(Level = LogLevel.Error, Message = "No heartbeat is sent, because notices are not worked on: the outside monitor will ring")]
    private partial void LogHeldBack();
}
