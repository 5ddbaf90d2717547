namespace FacilityMonitor.Journal;

/// <summary>Trims the journal behind its slowest reader and the dead letters to their limit, in steps that yield to everything else.</summary>
internal sealed partial class JournalUpkeepWorker(Database database, MessageJournal journal, TimeProvider time, ILogger<JournalUpkeepWorker> log) : BackgroundService
{
    /// <summary>Commits deleted in one step: about 2 ms of the writer's time.</summary>
    private const int TrimStep = 20;

    /// <summary>Dead letters deleted in one step.</summary>
    private const int PruneStep = 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<JournalUpkeepWorker> _log = log;
    private long _newestLetter;

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

                await PruneAsync(stoppingToken);
            }
            catch (DatabaseUnavailableException)
            {
                // Ingest tells of it once and loudly; upkeep comes again in five seconds.
            }
        }
    }

    /// <summary>Adding them up is for a reader, and only when there are new ones; the writer deletes by number, a few at a time.</summary>
    internal async Task PruneAsync(CancellationToken stoppingToken)
    {
        long excess;
        using (var reader = database.OpenReader())
        {
            using var command = Database.Command(reader, "select max(id) from dead_letter");
            if (command.ExecuteScalar() is not long newest || newest == _newestLetter)
                return;
            _newestLetter = newest;
            excess = DeadLetters.Excess(reader);
        }

        var (all, pruned) = (0, excess > 0 ? PruneStep : 0);
        while (pruned == PruneStep && !stoppingToken.IsCancellationRequested)
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection => pruned = DeadLetters.Prune(connection, excess, PruneStep));
            all += pruned;
        }

        Pruned += all;
        if (all > 0)
            LogPruned(all, DeadLetters.LettersMax, DeadLetters.BytesMax >> 20);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} of the oldest dead letters were deleted; {Max} of them and {Mebibytes} MiB are kept. Export them with: facility-monitor dead-letter export")]
    private partial void LogPruned(int count, int max, long mebibytes);
}
