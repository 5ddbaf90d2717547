using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>The alerts on disk: each as it is now, and every step it took. Written twice, nothing changes: id and sequence name a step for ever.</summary>
internal static class AlertLog
{
    /// <summary>Writes a step.</summary>
    /// <returns>Whether it is new; a replay after a crash comes to steps that are known. One that comes behind a later one of its alert is kept among the steps, and is no news any more.</returns>
    public static bool Write(SqliteConnection connection, AlertTransition step)
    {
        var body = TransitionJson.Write(step);
        if (Database.Execute(
            connection, "insert or ignore into alert_transition (alert, number, at_ms, body) values ($alert, $number, $at, $body)",
            ("$alert", step.AlertId), ("$number", step.Sequence), ("$at", step.AtMs), ("$body", body)) == 0)
        {
            return false;
        }

        return Database.Execute(
            connection, """
            insert into alert (id, rule, asset, site, priority, condition, onset_ms, changed_ms, body)
              values ($id, $rule, $asset, $site, $priority, $condition, $onset, $changed, $body)
              on conflict (id) do update set priority = excluded.priority, condition = excluded.condition, changed_ms = excluded.changed_ms, body = excluded.body
                where not exists (select 1 from alert_transition where alert_transition.alert = $id and number > $number)
            """,
            ("$id", step.AlertId), ("$rule", step.Rule), ("$asset", step.Asset), ("$site", step.Site), ("$priority", (int)step.Priority),
            ("$condition", (int)step.Condition), ("$onset", step.OnsetMs), ("$changed", step.AtMs), ("$body", body), ("$number", step.Sequence)) > 0;
    }

    /// <summary>The last step of every alert that is not over, as the last service left them; pending ones among them.</summary>
    public static List<AlertTransition> ReadOpen(SqliteConnection connection)
    {
        using var command = Database.Command(
            connection, """
            select body, onset_ms, (select max(number) from alert_transition where alert_transition.alert = alert.id)
            from alert where condition not in ($normal, $cleared) order by priority, onset_ms
            """,
            ("$normal", (int)Condition.Normal), ("$cleared", (int)Condition.Cleared));
        using var rows = command.ExecuteReader();
        var open = new List<AlertTransition>();
        while (rows.Read())
            open.Add(StoredAlert.Read(rows.GetString(0), rows.GetInt64(1), rows.GetInt32(2)));
        return open;
    }

    /// <summary>Deletes the next alerts that have been over since before a time, with their steps and what people did; what nobody closed stays.</summary>
    /// <returns>How many.</returns>
    public static int Prune(SqliteConnection connection, long beforeMs, int most)
    {
        // Their letters too: a letter without its alert could never be ranked and would wait for ever.
        const string Old = """
            (select id from alert where condition = $cleared and changed_ms < $before and not exists (select 1 from response where response.alert = alert.id and stage < 4)
              and not exists (select 1 from fly_wire_case where fly_wire_case.alert = alert.id and due_ms is not null) order by changed_ms limit $most)
            """;
        ReadOnlySpan<(string, SqlValue)> parameters = [("$cleared", (int)Condition.Cleared), ("$before", beforeMs), ("$most", most)];
        Database.Execute(connection, "delete from outbox where alert in " + Old, parameters);
        Database.Execute(connection, "delete from response_exempt where alert in " + Old, parameters);
        Database.Execute(connection, "delete from page_member where lead in " + Old, parameters);
        Database.Execute(connection, "delete from fly_wire_sight where alert in " + Old, parameters);
        Database.Execute(connection, "delete from response_event where alert in " + Old, parameters);
        Database.Execute(connection, "delete from response where alert in " + Old, parameters);
        Database.Execute(connection, "delete from alert_transition where alert in " + Old, parameters);
        return Database.Execute(connection, "delete from alert where id in " + Old, parameters);
    }
}
