using FacilityMonitor.Journal;
using FacilityMonitor.Mqtt;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Ingest;

/// <summary>
/// The filters that a kept session may have at the broker, on disk: a mapping that is taken away while the service is down would otherwise be delivered for ever, as
/// the next process does not know of it.
/// </summary>
internal sealed class SubscriptionBook(Database database, string client)
{
    private (IReadOnlyList<string> Wanted, IReadOnlyList<string> Retired)? _kept;

    /// <summary>What an earlier process asked for.</summary>
    public IReadOnlyList<string> Read()
    {
        using var reader = database.OpenReader();
        using var command = Database.Command(reader, "select filter from subscription where client = $client order by filter", ("$client", client));
        using var rows = command.ExecuteReader();
        var filters = new List<string>();
        while (rows.Read())
            filters.Add(rows.GetString(0));
        return filters;
    }

    /// <summary>Keeps what the broker may have by now. Both lists are new ones when they change, so that looking costs nothing.</summary>
    /// <param name="wanted">What is asked for.</param>
    /// <param name="retired">What it has not been heard to give up, see <see cref="IMqttSession.Retired"/>.</param>
    public async Task KeepAsync(IReadOnlyList<string> wanted, IReadOnlyList<string> retired)
    {
        if (_kept is { } kept && ReferenceEquals(kept.Wanted, wanted) && ReferenceEquals(kept.Retired, retired))
            return;
        try
        {
            await database.CommitAsync(CommitPriority.Housekeeping, connection => Write(connection, wanted.Concat(retired)));
            _kept = (wanted, retired);
        }
        catch (DatabaseUnavailableException)
        {
            // It comes again in a second.
        }
    }

    private void Write(SqliteConnection connection, IEnumerable<string> filters)
    {
        Database.Execute(connection, "delete from subscription where client = $client", ("$client", client));
        foreach (var filter in filters)
            Database.Execute(connection, "insert or ignore into subscription (client, filter) values ($client, $filter)", ("$client", client), ("$filter", filter));
    }
}
