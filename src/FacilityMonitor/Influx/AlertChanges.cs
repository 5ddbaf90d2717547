using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>Alerts as points of the measurement <c>alert</c>, for annotations on a dashboard. Every change of an alert overwrites its one point, at its onset.</summary>
internal static class AlertChanges
{
    /// <summary>The measurement.</summary>
    public const string Measurement = "alert";

    /// <summary>Most changes read at once.</summary>
    private const int ChangesMax = 100;

    /// <summary>The alerts that changed after a change, as they are now. What is only suspected so far, and may never be told to anybody, is left out.</summary>
    /// <returns>The alerts, and the number of the last change that was looked at.</returns>
    public static (List<(long Change, AlertTransition Alert)> Alerts, long Read) After(SqliteConnection connection, long number)
    {
        using var command = Database.Command(
            connection, """
            select change.number, alert.body, alert.onset_ms, (select max(number) from alert_transition where alert_transition.alert = alert.id)
            from alert_change as change join alert on alert.id = change.alert where change.number > $number order by change.number limit $most
            """,
            ("$number", number), ("$most", ChangesMax));
        using var rows = command.ExecuteReader();
        var alerts = new List<(long, AlertTransition)>();
        while (rows.Read())
        {
            number = rows.GetInt64(0);
            var alert = StoredAlert.Read(rows.GetString(1), rows.GetInt64(2), rows.GetInt32(3));
            if (alert.Condition is Condition.Active or Condition.Recovering or Condition.Cleared or Condition.NoData)
                alerts.Add((number, alert));
        }

        return (alerts, number);
    }

    /// <summary>The number before the first change since a time; at most <paramref name="newest"/>.</summary>
    public static long Before(SqliteConnection connection, long sinceMs, long newest)
    {
        using var command = Database.Command(
            connection, "select min(change.number) - 1 from alert_change as change join alert on alert.id = change.alert where alert.changed_ms >= $since", ("$since", sinceMs));
        return command.ExecuteScalar() is long number ? Math.Min(number, newest) : newest;
    }

    /// <summary>Writes an alert as a line.</summary>
    /// <remarks>
    /// A point keeps every field it was ever given. So each step writes all of them, <c>end</c> too: while it is open it equals <c>start</c>, which takes the end of before
    /// away from an alert that opened again, and which an annotation draws as a line and not as a stretch.
    /// </remarks>
    public static void Write(LineBatch lines, AlertTransition step, long change)
    {
        var bytes = lines.Bytes;
        // A tag may not be empty: alerts about ourselves have no site.
        LineProtocol.Text(bytes, $"{Measurement},asset={LineProtocol.Tag(step.Asset)},rule={LineProtocol.Tag(step.Rule)}{(step.Site is { } site ? ",site=" + LineProtocol.Tag(site) : "")}");
        LineProtocol.Text(bytes, $" id=\"{step.AlertId}\",state=\"{TransitionJson.State(step.Condition)}\",priority={(int)step.Priority}i,start={step.OnsetMs}i");
        LineProtocol.Text(bytes, $",end={(step.Condition == Condition.Cleared ? step.AtMs : step.OnsetMs)}i");
        bytes.Bytes(",text_zh=\""u8);
        LineProtocol.Quoted(bytes, step.Text.Zh);
        bytes.Bytes("\",text_en=\""u8);
        LineProtocol.Quoted(bytes, step.Text.En);
        var atNs = step.OnsetMs * 1_000_000;
        LineProtocol.Text(bytes, $"\" {atNs}\n");
        lines.Added(device: null, change, step.AtMs, atNs);
    }
}
