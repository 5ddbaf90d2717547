using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>The alerts on disk: each as it is now, and every step it took. Written twice, nothing changes: id and sequence name a step for ever.</summary>
internal static class AlertLog
{
    /// <summary>Writes a step.</summary>
    /// <returns>Whether it is new; a replay after a crash comes to steps that are known.</returns>
    public static bool Write(SqliteConnection connection, AlertTransition step)
    {
        var body = TransitionJson.Write(step);
        if (Database.Execute(
            connection, "insert or ignore into alert_transition (alert, number, at_ms, body) values ($alert, $number, $at, $body)",
            ("$alert", step.AlertId), ("$number", step.Sequence), ("$at", step.AtMs), ("$body", body)) == 0)
        {
            return false;
        }

        Database.Execute(
            connection, """
            insert into alert (id, rule, asset, site, priority, condition, onset_ms, changed_ms, body)
              values ($id, $rule, $asset, $site, $priority, $condition, $onset, $changed, $body)
              on conflict (id) do update set priority = excluded.priority, condition = excluded.condition, changed_ms = excluded.changed_ms, body = excluded.body
            """,
            ("$id", step.AlertId), ("$rule", step.Rule), ("$asset", step.Asset), ("$site", step.Site), ("$priority", (int)step.Priority),
            ("$condition", (int)step.Condition), ("$onset", step.OnsetMs), ("$changed", step.AtMs), ("$body", body));
        return true;
    }

    /// <summary>The alerts that were not cleared, as the last service left them.</summary>
    public static IEnumerable<string> ReadOpen(SqliteConnection connection)
    {
        using var command = Database.Command(
            connection, "select body from alert where condition not in ($normal, $cleared, $pending) order by priority, onset_ms",
            ("$normal", (int)Condition.Normal), ("$cleared", (int)Condition.Cleared), ("$pending", (int)Condition.Pending));
        using var rows = command.ExecuteReader();
        while (rows.Read())
            yield return rows.GetString(0);
    }
}
