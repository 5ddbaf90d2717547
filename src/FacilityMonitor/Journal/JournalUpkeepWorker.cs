namespace FacilityMonitor.Journal;

/// <summary>Trims the journal behind its slowest reader and the dead letters to their limit, in steps that yield to everything else.</summary>
internal sealed partial class JournalUpkeepWorker(Database database, MessageJournal journal, TimeProvider time, ILogger<JournalUpkeepWorker> log) : BackgroundService
{
    /// <summary>Commits deleted in one step: about 2 ms of the writer's time.</summary>
    private const int TrimStep = 20;

    /// <summary>Dead letters deleted in one step, and their bytes: faster than anybody can send them, as every batch that brings some lets a step go by.</summary>
    private const int PruneStep = 2_000;

    private const long PruneBytesStep = 1 << 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<JournalUpkeepWorker> _log = log;
    private (long Newest, long NotKept)? _seen;

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
        using (var reader = database.OpenReader())
        {
            using var command = Database.Command(reader, "select max(id) from dead_letter");
            var seen = (command.ExecuteScalar() is long newest ? newest : 0L, journal.Letters.NotKept);
            if (seen == _seen)
                return;
            _seen = seen;
            journal.Letters.Measured(DeadLetters.Measure(reader));
        }

        // Strangers' first: with what they have beyond their share gone, less or nothing of the others is too much.
        var all = await PruneAsync(ofStrangers: true, stoppingToken) + await PruneAsync(ofStrangers: false, stoppingToken);
        if (all > 0)
            LogPruned(all, DeadLetters.LettersMax, DeadLetters.BytesMax >> 20);
    }

    private async Task<long> PruneAsync(bool ofStrangers, CancellationToken stoppingToken)
    {
        long excess;
        using (var reader = database.OpenReader())
        {
            excess = ofStrangers
                ? DeadLetters.Excess(reader, DeadLetters.StrangersShare(DeadLetters.BytesMax), DeadLetters.StrangersShare(DeadLetters.LettersMax), ofStrangers: true)
                : DeadLetters.Excess(reader);
        }

        var all = 0L;
        for (var isMore = excess > 0; isMore && !stoppingToken.IsCancellationRequested;)
        {
            var gone = default(LetterSums);
            await database.CommitAsync(CommitPriority.Housekeeping, connection => gone = DeadLetters.Prune(connection, excess, PruneStep, PruneBytesStep, ofStrangers));
            journal.Letters.Gone(gone);
            (all, isMore) = (all + gone.Letters, gone.Letters > 0);
        }

        return all;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} of the oldest dead letters were deleted; {Max} of them and {Mebibytes} MiB are kept. Export them with: facility-monitor dead-letter export")]
    private partial void LogPruned(long count, int max, long mebibytes);
}
