using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FacilityMonitor.Tests.Journal;

/// <summary>A reader that counts what it is asked: how much work something is, on any machine.</summary>
internal sealed class CountedReader : IDisposable
{
    public CountedReader(string directory)
    {
        Connection = Database.OpenReader(directory);
        raw.sqlite3_trace(Connection.Handle, (strdelegate_trace)((_, _) => Statements++), null);
    }

    public SqliteConnection Connection { get; }

    /// <summary>Statements that were begun.</summary>
    public int Statements { get; private set; }

    public void Dispose() => Connection.Dispose();
}
