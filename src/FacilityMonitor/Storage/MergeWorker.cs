using FacilityMonitor.Journal;

namespace FacilityMonitor.Storage;

/// <summary>Joins blocks and drops old ones once a minute.</summary>
internal sealed partial class MergeWorker(BlockMerger merger, TimeProvider time, ILogger<MergeWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await merger.MergeAsync(everything: false, stoppingToken);
                await merger.FillAsync(stoppingToken);
                var shared = merger.Shared;
                if (await merger.DropAsync(stoppingToken) is > 0 and var blocks)
                    LogDropped(blocks);
                if (merger.Shared > shared)
                    LogShared(merger.Shared - shared);
            }
            catch (DatabaseUnavailableException error)
            {
                // What is due stays due; the next minute tries again.
                LogNotMerged(error.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Blocks} of the oldest blocks of readings were dropped before their time: readings take more than data.retention-mib")]
    private partial void LogDropped(int blocks);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Blocks} blocks of readings that InfluxDB has were dropped from the embedded store")]
    private partial void LogShared(long blocks);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Blocks are joined later: {Reason}")]
    private partial void LogNotMerged(string reason);
}
