using System.Threading.Channels;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Channels;

namespace FacilityMonitor.OnCall.Answers;

/// <summary>Keeps a connection to every provider that brings answers of people; an edit of <c>channels.yaml</c> opens and closes those that it concerns, and no other.</summary>
internal sealed class AnswerWorker(IReadOnlyList<ChannelDefinition> channels, HttpMessageInvoker client, AnswerDesk desk, OnCallSettings settings, TimeProvider time, ILogger<AnswerWorker> log)
    : BackgroundService
{
    private readonly Channel<IReadOnlyList<ChannelDefinition>> _edits =
        Channel.CreateBounded<IReadOnlyList<ChannelDefinition>>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly List<Line> _lines = [];
    private volatile IReadOnlyList<DingTalkStream> _streams = [];

    /// <summary>The connections.</summary>
    public IReadOnlyList<DingTalkStream> Streams => _streams;

    /// <summary>From now on these are the channels.</summary>
    public void Use(IReadOnlyList<ChannelDefinition> edited) => _edits.Writer.TryWrite(edited);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await ApplyAsync(channels, stoppingToken);
            while (!stoppingToken.IsCancellationRequested)
            {
                var edit = _edits.Reader.ReadAsync(stoppingToken).AsTask();
                // A connection ends only by a fault of ours, and that ends the service: answers that go nowhere would only look like quiet.
                await await Task.WhenAny([edit, .. _lines.Select(line => line.Running)]);
                if (edit.IsCompletedSuccessfully)
                    await ApplyAsync(await edit, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // We are stopping.
        }
        finally
        {
            foreach (var line in _lines)
                await line.EndAsync();
        }
    }

    private async Task ApplyAsync(IReadOnlyList<ChannelDefinition> wanted, CancellationToken stoppingToken)
    {
        var answered = wanted.Where(channel => channel.Form.IsAnswered).ToList();
        foreach (var line in _lines.FindAll(line => !answered.Exists(line.IsOf)))
        {
            _lines.Remove(line);
            await line.EndAsync();
        }

        foreach (var channel in answered.Where(channel => !_lines.Exists(line => line.IsOf(channel))))
        {
            var stream = new DingTalkStream(channel, client, settings.WebhookTimeout, desk.AnswerAsync, time, log);
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            _lines.Add(new Line(channel, stream, ending, stream.RunAsync(ending.Token)));
        }

        _streams = [.. _lines.Select(line => line.Stream)];
    }

    private sealed record Line(ChannelDefinition Of, DingTalkStream Stream, CancellationTokenSource Ending, Task Running)
    {
        public bool IsOf(ChannelDefinition channel) => Of.Id == channel.Id && Of.Url == channel.Url && Of.Language == channel.Language
            && Of["client-id"] == channel["client-id"] && Of["client-secret"] == channel["client-secret"];

        public async Task EndAsync()
        {
            await Ending.CancelAsync();
            await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ending.Dispose();
        }
    }
}
