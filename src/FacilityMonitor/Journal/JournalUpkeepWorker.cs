namespace FacilityMonitor.Journal;

/// <summary>Trims the journal behind its slowest reader and the dead letters to their limit, in steps that yield to everything else.</summary>
internal sealed partial class JournalUpkeepWorker(Database database, MessageJournal journal, TimeProvider time, ILogger<JournalUpkeepWorker> log) : BackgroundService
{
    /// <summary>Commits deleted in one step: about 2 ms of the writer's time.</summary>
    private const int TrimStep = 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<JournalUpkeepWorker> _log = log;

    /// <summary>Dead letters deleted because there were too many.</summary>
    public long Pruned { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await journal.TrimAsync(TrimStep) && !stoppingToken.IsCancellationRequested)
                {
                }

                var pruned = 0;
                await database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = DeadLetters.Prune(connection));
                Pruned += pruned;
                if (pruned > 0)
                    LogPruned(pruned, DeadLetters.LettersMax);
            }
            catch (DatabaseUnavailableException)
            {
                // Ingest tells of it once and loudly; upkeep comes again in five seconds.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} of the oldest dead letters were deleted; {Max} are kept. Export them with: facility-monitor dead-letter export")]
    private partial void LogPruned(int count, int max);
}
