using System.Threading.Channels;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Users;

namespace FacilityMonitor.Edits;

/// <summary>Writes down that files of the configuration were changed, by whoever can reach them: which, and whether they are in force. Who it was only the machine's own records know.</summary>
internal sealed partial class ConfigurationAudit(FacilitySource registry, SettingsWatch settings, ChannelSource channels, UserDesk desk, TimeProvider time, ILogger<ConfigurationAudit> log) : BackgroundService
{
    /// <summary>Edits that wait while the disk takes nothing; the next ones are only logged.</summary>
    private const int WaitingMax = 100;

    /// <summary>While the disk takes nothing it is tried again so often.</summary>
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);

    private readonly ILogger<ConfigurationAudit> _log = log;
    private readonly Channel<AuditEntry> _waiting = Channel.CreateBounded<AuditEntry>(WaitingMax);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        registry.Noticed += Take;
        settings.Noticed += Take;
        channels.Noticed += Take;
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        registry.Noticed -= Take;
        settings.Noticed -= Take;
        channels.Noticed -= Take;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var entry in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await TryNoteAsync(entry))
                await Task.Delay(RetryEvery, time, stoppingToken);
        }
    }

    private async Task<bool> TryNoteAsync(AuditEntry entry)
    {
        try
        {
            await desk.NoteAsync(entry);
            return true;
        }
        catch (DatabaseUnavailableException)
        {
            return false;
        }
    }

    private void Take(FilesNoticed noticed)
    {
        var entry = new AuditEntry(
            time.GetUtcNow().ToUnixTimeMilliseconds(), Visitor.Files, "", noticed.Errors == 0 ? "files-changed" : "files-refused", string.Join(", ", noticed.Names), null, noticed.Version);
        if (!_waiting.Writer.TryWrite(entry))
            LogNotNoted(entry.Subject);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit misses a line: {Files} were changed")]
    private partial void LogNotNoted(string files);
}
