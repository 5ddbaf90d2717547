using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Has people asked again, before it is needed, whether what we send still reaches them. Who was asked stands on disk: a restart asks nobody twice.</summary>
internal sealed partial class ContactReminder(ContactDesk desk, TimeProvider time, ILogger<ContactReminder> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    private readonly ILogger<ContactReminder> _log = log;
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await desk.AskEndingAsync() is > 0 and var asked)
                    LogAsked(asked);
                _failing = false;
            }
            catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
            {
                // The disk is told of elsewhere; in ten minutes they are asked.
                if (!_failing)
                    LogFailing(error.Message);
                _failing = true;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Contacts} contacts were asked whether they still work")]
    private partial void LogAsked(int contacts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Contacts could not be asked whether they still work: {Reason}")]
    private partial void LogFailing(string reason);
}
