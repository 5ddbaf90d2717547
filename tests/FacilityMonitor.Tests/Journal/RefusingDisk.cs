using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Tests.Journal;

/// <summary>A disk that takes nothing, as long as this lives; everything can be read.</summary>
internal sealed class RefusingDisk : IDisposable
{
    private readonly SqliteConnection _writer;

    private RefusingDisk(SqliteConnection writer)
    {
        _writer = writer;
        Database.Execute(_writer, "pragma query_only = 1");
    }

    /// <summary>From here on it refuses.</summary>
    public static async Task<RefusingDisk> BeginAsync(Database database)
    {
        SqliteConnection? writer = null;
        await database.CommitAsync(CommitPriority.Alerts, connection => writer = connection);
        return new RefusingDisk(writer!);
    }

    public void Dispose() => Database.Execute(_writer, "pragma query_only = 0");
}
