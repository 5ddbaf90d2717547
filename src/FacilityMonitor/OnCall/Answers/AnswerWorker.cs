using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>Keeps a connection to every provider that brings answers of people.</summary>
internal sealed class AnswerWorker(IReadOnlyList<ChannelDefinition> channels, HttpMessageInvoker client, AnswerDesk desk, OnCallSettings settings, TimeProvider time, ILogger<AnswerWorker> log)
    : BackgroundService
{
    /// <summary>The connections.</summary>
    public IReadOnlyList<DingTalkStream> Streams { get; } =
        [.. channels.Where(channel => channel.Form.IsAnswered).Select(channel => new DingTalkStream(channel, client, settings.WebhookTimeout, desk.AnswerAsync, time, log))];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Streams.Select(stream => stream.RunAsync(stoppingToken)));
}
