using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;

namespace FacilityMonitor.Ingest;

/// <summary>Whether readings are taken in now: broker, disk, lag.</summary>
internal sealed class Readiness(ServiceSettings settings, IngestWorker ingest, MessageJournal journal, Database database)
{
    /// <summary>What stands in the way; empty when nothing does.</summary>
    public IReadOnlyList<string> Obstacles()
    {
        var obstacles = new List<string>();
        if (!ingest.IsHearing)
            obstacles.Add($"broker {settings.Broker}: {ingest.Broker.State} {ingest.Broker.Loss} {ingest.Broker.Detail}".TrimEnd());
        var disk = database.State;
        if ((disk.Refusal ?? disk.Error) is { } error)
            obstacles.Add($"disk: {error}");
        var free = database.FreeDiskBytes;
        if (free < settings.Ingest.DiskFreeMin)
            obstacles.Add($"disk: {free >> 20} MiB free, {settings.Ingest.DiskFreeMin >> 20} MiB are wanted");
        if (journal.Bytes >= settings.Data.JournalBytes)
            obstacles.Add($"journal: {journal.Bytes >> 20} MiB wait to be read by {journal.Cursors().MinBy(cursor => cursor.Value).Key}");
        if (ingest.LiveLagMs is var lag && lag > settings.Ingest.LagMax.TotalMilliseconds)
            obstacles.Add($"lag: messages wait for the disk since {lag} ms");
        return obstacles;
    }
}

/// <summary><c>/healthz</c> and <c>/readyz</c>, for supervisors; they tell nothing about people or places.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).AllowAnonymous();
        app.MapGet("/readyz", (Readiness readiness) => readiness.Obstacles() is { Count: > 0 } obstacles
            ? Results.Text(string.Join('\n', obstacles) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text("ready\n")).AllowAnonymous();
    }
}
