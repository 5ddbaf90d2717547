using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Storage;
using Microsoft.AspNetCore.WebUtilities;

namespace FacilityMonitor.Reports;

/// <summary>What came of asking for a report.</summary>
internal abstract record ReportOutcome<T>
{
    private ReportOutcome()
    {
    }

    /// <summary>Here it is.</summary>
    public sealed record Made(T Value) : ReportOutcome<T>;

    /// <summary>Another one is being made; wait a moment.</summary>
    public sealed record Busy : ReportOutcome<T>;

    /// <summary>The store of readings is away; its words.</summary>
    public sealed record Away(string Said) : ReportOutcome<T>;

    /// <summary>The disk does not take the file; its words.</summary>
    public sealed record NoRoom(string Said) : ReportOutcome<T>;
}

/// <summary>A part of the alert log that fits on a page.</summary>
/// <param name="Rows">The latest alerts.</param>
/// <param name="Total">How many there are.</param>
internal sealed record AlertLogPage(IReadOnlyList<LoggedAlert> Rows, int Total);

/// <summary>Makes reports, one at a time: what they read of the disk and the processor the rules and the pages of the night need more. A page of the alert log is short work and waits for no report.</summary>
internal sealed class ReportDesk(Database database, IReadingStore store, DeviceTable devices, FacilitySource registry, ServiceSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Alerts on a page.</summary>
    public const int PageMax = 200;

    /// <summary>Alerts in a file.</summary>
    public const int FileMax = 100_000;

    /// <summary>How long one waits for its turn.</summary>
    public static readonly TimeSpan TurnMax = TimeSpan.FromSeconds(15);

    private readonly ReadTurns _turns = new(1, TurnMax, time);
    private readonly ReadTurns _pages = new(1, TurnMax, time);
    private readonly ReportReader _reader = new(database.OpenReader, store, devices, settings.Data.RetentionDays);

    /// <summary>Reports that were refused because others were being made.</summary>
    public long Refused => _turns.Refused + _pages.Refused;

    /// <summary>The report of a site on a month.</summary>
    public Task<ReportOutcome<MonthReport>> MonthAsync(Site site, ReportPeriod period, CancellationToken cancellation) =>
        InTurnAsync(_turns, () => _reader.MonthAsync(registry.Current, site, period, NowMs(), cancellation), cancellation);

    /// <summary>A page of the alert log.</summary>
    public Task<ReportOutcome<AlertLogPage>> LogAsync(AlertLogQuery query, CancellationToken cancellation) => InTurnAsync(
        _pages,
        () =>
        {
            using var reader = database.OpenReader();
            using var further = database.OpenReader();
            return Task.FromResult(new AlertLogPage([.. Alerts(query, reader, further, PageMax, cancellation)], AlertLogReader.Count(reader, query.Period, query.Asked, query.Priority)));
        },
        cancellation);

    /// <summary>A part of the alert log as a file: alerts go from the disk into it one by one.</summary>
    /// <param name="query">Which part.</param>
    /// <param name="write">Writes the file from the alerts; at most <see cref="FileMax"/> of them, and how many more there are is known once they are read.</param>
    /// <param name="cancellation">Ends the work.</param>
    public Task<ReportOutcome<FileBufferingWriteStream>> LogFileAsync(AlertLogQuery query, Action<IEnumerable<LoggedAlert>, Stream> write, CancellationToken cancellation) => InTurnAsync(
        _turns,
        () =>
        {
            using var reader = database.OpenReader();
            using var further = database.OpenReader();
            return Task.FromResult(ReportFile.Keep(file => write(Alerts(query, reader, further, int.MaxValue, cancellation), file)));
        },
        cancellation);

    public void Dispose()
    {
        _turns.Dispose();
        _pages.Dispose();
    }

    private static IEnumerable<LoggedAlert> Alerts(AlertLogQuery query, Microsoft.Data.Sqlite.SqliteConnection reader, Microsoft.Data.Sqlite.SqliteConnection further, int most, CancellationToken cancellation)
    {
        foreach (var alert in AlertLogReader.Read(reader, further, query.Period, query.Asked, query.Priority, most, withText: true))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return alert;
        }
    }

    private static async Task<ReportOutcome<T>> InTurnAsync<T>(ReadTurns turns, Func<Task<T>> make, CancellationToken cancellation)
    {
        if (!await turns.TakeAsync(cancellation))
            return new ReportOutcome<T>.Busy();
        try
        {
            // The embedded store reads without ever waiting: on a thread of its own it holds up no other request.
            return new ReportOutcome<T>.Made(await Task.Run(make, cancellation));
        }
        catch (IOException error)
        {
            return new ReportOutcome<T>.Away(error.Message);
        }
        catch (ReportNotWrittenException error)
        {
            return new ReportOutcome<T>.NoRoom(error.Message);
        }
        finally
        {
            turns.End();
        }
    }

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
