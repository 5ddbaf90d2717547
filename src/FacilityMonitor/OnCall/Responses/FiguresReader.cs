using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Reads what the figures are made of.</summary>
internal static class FiguresReader
{
    /// <summary>How often a rule has rung at a site since a moment, without exercises, and how many of these somebody marked as false alarms.</summary>
    public static (long Rang, long False) Of(SqliteConnection connection, string site, string rule, long fromMs)
    {
        using var command = Database.Command(
            connection, """
            select count(*), count(*) filter (where exists (select 1 from response_event as fact where fact.alert = response.alert and fact.body like '{"what":"marked-false"%'))
            from response where exercise = 0 and site = $site and rule = $rule and raised_ms >= $from
            """,
            ("$site", site), ("$rule", rule), ("$from", fromMs));
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1)) : default;
    }

    /// <summary>The figures of a period. Exercises are left out: they are meant to load people.</summary>
    public static AlarmFigures Read(SqliteConnection connection, long fromMs, long toMs)
    {
        var pages = new List<PageFact>();
        using (var command = Database.Command(
            connection, "select person, created_ms from notice where drill = 0 and alert not like $mark and created_ms >= $from and created_ms < $to and exists (select 1 from notice_way where notice_way.notice = notice.id and channel <> $siren)",
            ("$from", fromMs), ("$to", toMs), ("$siren", "siren"), ("$mark", ResponseLog.MarkPrefix + "%")))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                pages.Add(new PageFact(rows.GetString(0), rows.GetInt64(1)));
        }

        var alerts = new List<AlertFact>();
        using (var command = Database.Command(
            connection, """
            select rule || ' ' || asset, priority, raised_ms, recovered_ms, exists (select 1 from response_event as fact where fact.alert = response.alert and fact.body like '{"what":"chatter-began"%')
            from response where exercise = 0 and raised_ms >= $from and raised_ms < $to
            """,
            ("$from", fromMs), ("$to", toMs)))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                alerts.Add(new AlertFact(rows.GetString(0), (Priority)rows.GetInt32(1), rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetInt64(3), rows.GetBoolean(4)));
        }

        return AlarmFigures.Of(pages, alerts, fromMs, toMs);
    }
}
