using System.Text.Json;
using FacilityMonitor.Journal;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Which open alerts enough people take care of and who has them, and what is tested, maintained or out of service, as the disk has it.</summary>
/// <remarks>Read again when somebody said that something was committed, else each second: an answer by a telephone's key is booked with its message, and said nowhere else.</remarks>
internal sealed class AnsweredAlerts(Func<SqliteConnection> connect, ResponseLog log, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private volatile HashSet<string> _known = new(StringComparer.Ordinal);
    private volatile HashSet<string> _settled = new(StringComparer.Ordinal);
    private volatile Dictionary<string, IReadOnlyList<string>> _takers = new(StringComparer.Ordinal);
    private volatile List<Permit> _permits = [];
    private long? _readAt;
    private long _version;

    public AnsweredAlerts(Database database, ResponseLog log, TimeProvider time)
        : this(database.OpenReader, log, time)
    {
    }

    /// <summary>The alerts as they were read last. Any thread, at once; the set never changes.</summary>
    public IReadOnlySet<string> Known => _known;

    /// <summary>The same, and those that another alert explains: for none of them somebody is waited for.</summary>
    public IReadOnlySet<string> Settled => _settled;

    /// <summary>Who has taken each open alert that somebody has. Any thread, at once; it never changes.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Takers => _takers;

    /// <summary>Permits that stand. Any thread, at once; the list never changes.</summary>
    public IReadOnlyList<Permit> Permits => _permits;

    /// <summary>Reads them again if something may have changed. It may wait for the disk: never ask while holding what others wait for. While one reads, the others go on with what is known.</summary>
    public void LookAgain()
    {
        if (!_gate.TryEnter())
            return;
        try
        {
            var version = log.Version;
            if (_readAt is { } at && version == _version && time.GetElapsedTime(at) < Every)
                return;
            (_readAt, _version) = (time.GetTimestamp(), version);
            (_known, _settled, _takers, _permits) = Read();
        }
        catch (SqliteException)
        {
            // Told of elsewhere, loudly; it is read again in a second. A page must not stand still for its order.
        }
        finally
        {
            _gate.Exit();
        }
    }

    private (HashSet<string> Answered, HashSet<string> Settled, Dictionary<string, IReadOnlyList<string>> Takers, List<Permit> Permits) Read()
    {
        using var reader = connect();
        using var command = Database.Command(reader, "select alert, answered, suppressed_by is not null, takers from response indexed by response_changed where stage < 4 and changed_ms >= 0 and (answered = 1 or suppressed_by is not null or takers <> '[]')");
        using var rows = command.ExecuteReader();
        var (answered, settled, takers, unread) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal), new List<string>());
        while (rows.Read())
        {
            var alert = rows.GetString(0);
            if (rows.GetBoolean(1))
                answered.Add(alert);
            if (rows.GetBoolean(1) || rows.GetBoolean(2))
                settled.Add(alert);
            if (rows.IsDBNull(3))
                unread.Add(alert);
            else if (rows.GetString(3) is { Length: > 2 } json)
                takers[alert] = JsonSerializer.Deserialize<List<string>>(json)!;
        }

        // An earlier version did not write them beside the rest.
        if (unread.Count > 0)
        {
            foreach (var (alert, persons) in ResponseTable.Takers(reader, unread))
                takers[alert] = persons;
        }

        return (answered, settled, takers, PermitTable.Standing(reader, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }
}
