namespace FacilityMonitor.OnCall.Channels;

/// <summary>Writes what would be said into the service's log: for the demo, and to watch an escalation without waking anybody.</summary>
internal sealed partial class ConsoleNotifier(ILogger log) : INotifier
{
    private const int TextBytesMax = 4_096;

    private readonly ILogger _log = log;

    public Task<Outcome> SendAsync(ChannelMessage message, string address, CancellationToken cancellationToken)
    {
        LogMessage(address.Length == 0 ? "everybody" : address, message.Body(TextBytesMax));
        return Task.FromResult<Outcome>(new Outcome.Accepted());
    }

    public Task<Outcome?> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult<Outcome?>(new Outcome.Accepted());

    [LoggerMessage(Level = LogLevel.Warning, Message = "To {Address}: {Text}")]
    private partial void LogMessage(string address, string text);
}
