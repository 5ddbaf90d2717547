using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Which open alerts enough people take care of, as the disk has it.</summary>
/// <remarks>Read again when somebody said that something was committed, else each second: an answer by a telephone's key is booked with its message, and said nowhere else.</remarks>
internal sealed class AnsweredAlerts(Database database, ResponseLog log, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private HashSet<string> _answered = new(StringComparer.Ordinal);
    private long? _readAt;
    private long _version;

    /// <summary>The alerts now; while the disk does not answer those that were read last, because a page must not stand still for its order. Any thread; the set that is given back never changes.</summary>
    public IReadOnlySet<string> Now()
    {
        lock (_gate)
        {
            var version = log.Version;
            if (_readAt is { } at && version == _version && time.GetElapsedTime(at) < Every)
                return _answered;
            (_readAt, _version) = (time.GetTimestamp(), version);
            try
            {
                _answered = Read();
            }
            catch (SqliteException)
            {
                // Told of elsewhere, loudly; it is read again in a second.
            }

            return _answered;
        }
    }

    private HashSet<string> Read()
    {
        using var reader = database.OpenReader();
        using var command = Database.Command(reader, "select alert from response indexed by response_changed where stage < 4 and changed_ms >= 0 and answered = 1");
        using var rows = command.ExecuteReader();
        var answered = new HashSet<string>(StringComparer.Ordinal);
        while (rows.Read())
            answered.Add(rows.GetString(0));
        return answered;
    }
}
