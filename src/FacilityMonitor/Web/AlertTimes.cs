using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>When there were alerts on a thing.</summary>
internal static class AlertTimes
{
    /// <summary>Alerts of one thing that are shown, the latest first.</summary>
    public const int Max = 200;

    /// <summary>Alerts of a thing that were on since a time; those that never came to be one are left out.</summary>
    /// <param name="connection">Where from.</param>
    /// <param name="asset">Its path; what hangs below it counts as well.</param>
    /// <param name="sinceMs">From when, ms since 1970-01-01 UTC.</param>
    public static List<ChartAlert> Of(SqliteConnection connection, string asset, long sinceMs)
    {
        using var command = Database.Command(
            connection, """
            select id, priority, condition, onset_ms, changed_ms, body from alert
            where (asset = $asset or asset glob $below) and condition not in ($normal, $pending) and (condition <> $cleared or changed_ms >= $since)
              and exists (select 1 from alert_transition step where step.alert = alert.id and step.body like '%"state":"active"%')
            order by onset_ms desc limit $most
            """,
            ("$asset", asset), ("$below", asset + "/*"), ("$normal", (int)Condition.Normal), ("$pending", (int)Condition.Pending), ("$cleared", (int)Condition.Cleared), ("$since", sinceMs), ("$most", Max));
        using var rows = command.ExecuteReader();
        var found = new List<ChartAlert>();
        while (rows.Read())
        {
            var text = StoredAlert.Read(rows.GetString(5), rows.GetInt64(3), 0).Text;
            found.Add(new ChartAlert(
                rows.GetString(0), rows.GetInt64(3), (Condition)rows.GetInt32(2) == Condition.Cleared ? rows.GetInt64(4) : null, ((Priority)rows.GetInt32(1)).ToString(), PageText.Brief(text)));
        }

        return found;
    }
}
