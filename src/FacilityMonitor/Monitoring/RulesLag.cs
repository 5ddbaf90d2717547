using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>How long the oldest message waits that the rules have not judged: while they are behind, what burns is not told, and everything else looks well.</summary>
internal sealed class RulesLag(MessageJournal journal, MonitoringWorker monitoring, Database database, TimeProvider time)
{
    /// <summary>What waits for so long is late; less is the rhythm of commits, ms.</summary>
    public const long LateMs = 10_000;

    /// <summary>Every page asks: one answer does for all within a second.</summary>
    private const long KeptMs = 1_000;

    private readonly long _startMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private Known? _known;

    /// <summary>How long the oldest waits, ms; of what was there before the start, since the start. 0 while the disk cannot be read, which is said elsewhere. Any thread.</summary>
    public long WaitsMs
    {
        get
        {
            var (now, known) = (time.GetUtcNow().ToUnixTimeMilliseconds(), Volatile.Read(ref _known));
            if (known is null || now - known.AtMs is < 0 or >= KeptMs)
                Volatile.Write(ref _known, known = new Known(now, Oldest() is { } oldest ? Math.Clamp(now - Math.Max(oldest, _startMs), 0, long.MaxValue) : 0));
            return known.WaitsMs;
        }
    }

    private long? Oldest()
    {
        var position = monitoring.Position;
        if (journal.Last <= position)
            return null;
        try
        {
            using var reader = database.OpenReader();
            return FirstMs(reader, position);
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            return null;
        }
    }

    /// <summary>When the first message behind a place of the journal was received; null: nothing is behind it.</summary>
    public static long? FirstMs(SqliteConnection reader, long position)
    {
        using var command = Database.Command(reader, "select first_ms from journal where position > $position order by position limit 1", ("$position", position));
        return command.ExecuteScalar() as long?;
    }

    private sealed record Known(long AtMs, long WaitsMs);
}
