using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Notices;

/// <summary>Whether somebody outside hears that we are alive.</summary>
/// <param name="HeardMs">When a beat was heard last, ms since 1970-01-01 UTC; null: none since the start.</param>
/// <param name="Refusal">Why the last was not heard; null: it was, or none was sent yet.</param>
/// <param name="IsHeldBack">Whether none is sent because notices are not worked on.</param>
internal sealed record HeartbeatState(long? HeardMs, string? Refusal, bool IsHeldBack);

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
    private volatile HeartbeatState _state = new(null, null, false);

    /// <summary>Beats that were heard since the start.</summary>
    public long Beats => Interlocked.Read(ref _beats);

    /// <summary>How it was with the last beat.</summary>
    public HeartbeatState State => _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            if (!isWorking())
            {
                _state = _state with { IsHeldBack = true };
                LogHeldBack();
                continue;
            }

            var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, address), stoppingToken);
            var isHeard = answer is { Lost: null, Status: >= 200 and < 300 };
            var reason = answer.Lost ?? $"HTTP {answer.Status}";
            if (isHeard)
                Interlocked.Increment(ref _beats);
            _state = isHeard ? new HeartbeatState(time.GetUtcNow().ToUnixTimeMilliseconds(), null, false) : _state with { Refusal = reason, IsHeldBack = false };
            if (isHeard == _isHeard)
                continue;
            _isHeard = isHeard;
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
