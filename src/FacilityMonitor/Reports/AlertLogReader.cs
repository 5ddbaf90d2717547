using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Reports;

/// <summary>Reads the alert log for reports, an alert at a time: a month of a district fits into no memory it has to.</summary>
internal static class AlertLogReader
{
    /// <summary>Facts that a report asks for. Each begins with its word; the others are not even parsed.</summary>
    private const string Facts = """
        select body from response_event where alert = $alert and (body like '{"what":"acknowledged"%' or body like '{"what":"page-reported"%' or body like '{"what":"suppressed"%'
          or body like '{"what":"released"%') order by number
        """;

    /// <summary>Detected in the period, by the indexes of that; and before it, where that is asked for.</summary>
    internal const string Detected = $"""
        select * from (
          select alert.id, alert.rule, alert.site, alert.asset, alert.onset_ms, response.raised_ms as detected_ms, response.recovered_ms, response.stage, response.exercise, response.highest as priority
            from response join alert on alert.id = response.alert where response.raised_ms >= $from and response.raised_ms < $to
          union all
          select alert.id, alert.rule, alert.site, alert.asset, alert.onset_ms, response_exempt.detected_ms, case when alert.condition = $cleared then alert.changed_ms end, null, 0, alert.priority
            from response_exempt join alert on alert.id = response_exempt.alert where response_exempt.detected_ms >= $from and response_exempt.detected_ms < $to
          union all
          select alert.id, alert.rule, alert.site, alert.asset, alert.onset_ms, response.raised_ms, response.recovered_ms, response.stage, response.exercise, response.highest
            from response join alert on alert.id = response.alert
            where $before and response.raised_ms < $from and alert.rule in ('offline', 'silent') and (response.recovered_ms is null or response.recovered_ms > $from)
        ) where {SiteScope.Sql} and ($priority is null or priority = $priority)
        """;

    /// <summary>The alerts that were detected in a period, the latest first.</summary>
    /// <param name="connection">A reader of its own; it stays busy until the last alert was taken.</param>
    /// <param name="further">A second reader, for what is asked of each alert.</param>
    /// <param name="period">The period.</param>
    /// <param name="sites">Which sites.</param>
    /// <param name="priority">The most urgent that they were; null: any.</param>
    /// <param name="most">Most that are wanted; of the others nothing further is asked.</param>
    /// <param name="withText">Whether what they said is wanted.</param>
    /// <param name="withAwayBefore">Whether absences are wanted too that were detected before the period and reach into it.</param>
    public static IEnumerable<LoggedAlert> Read(
        SqliteConnection connection, SqliteConnection further, ReportPeriod period, SiteScope sites, Priority? priority = null, int most = int.MaxValue, bool withText = false, bool withAwayBefore = false)
    {
        using var command = Command(connection, Detected + " order by detected_ms desc, id limit $most", period, sites, priority, withAwayBefore);
        command.Parameters.AddWithValue("$most", most);
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            var alert = new LoggedAlert(
                rows.GetString(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.GetString(3), (Priority)rows.GetInt32(9), new LocalText("", ""), rows.GetInt64(4), rows.GetInt64(5), null,
                null, null, rows.IsDBNull(6) ? null : rows.GetInt64(6), rows.IsDBNull(7) ? null : (ResponseStage)rows.GetInt32(7), (Exercise)rows.GetInt32(8));
            yield return WithFacts(further, withText ? alert with { Text = TextOf(further, alert) } : alert);
        }
    }

    /// <summary>How many <see cref="Read"/> would give back of those detected in the period; none of them is looked into.</summary>
    public static int Count(SqliteConnection connection, ReportPeriod period, SiteScope sites, Priority? priority)
    {
        using var command = Command(connection, $"select count(*) from ({Detected})", period, sites, priority, withAwayBefore: false);
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, ReportPeriod period, SiteScope sites, Priority? priority, bool withAwayBefore) => Database.Command(
        connection, sql, ("$from", period.FromMs), ("$to", period.ToMs), ("$cleared", (int)Condition.Cleared), ("$before", withAwayBefore ? 1 : 0), ("$sites", sites.Json),
        ("$priority", priority is { } one ? (int)one : null));

    private static LoggedAlert WithFacts(SqliteConnection connection, LoggedAlert alert)
    {
        using (var command = Database.Command(connection, Facts, ("$alert", alert.Id)))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                alert = With(alert, ResponseJson.Read(rows.GetString(0)));
        }

        // Receivers with a webhook of their own are told beside the chain.
        using var letters = Database.Command(connection, "select min(done_ms) from outbox where alert = $alert and state = $sent and channel = 'webhook'", ("$alert", alert.Id), ("$sent", (int)OutboxState.Sent));
        return letters.ExecuteScalar() is long sentMs ? alert with { ToldMs = Earlier(alert.ToldMs, sentMs) } : alert;
    }

    private static LoggedAlert With(LoggedAlert alert, ResponseEvent fact) => fact switch
    {
        ResponseEvent.Acknowledged when alert.AcknowledgedMs is null => alert with { AcknowledgedMs = fact.AtMs, AcknowledgedBy = fact.By?.Person },
        ResponseEvent.PageReported { Outcome: DeliveryOutcome.Accepted or DeliveryOutcome.Delivered } => alert with { ToldMs = Earlier(alert.ToldMs, fact.AtMs) },
        ResponseEvent.Suppressed => alert with { IsSuppressed = true },
        ResponseEvent.Released => alert with { IsSuppressed = false },
        _ => alert,
    };

    private static long Earlier(long? one, long other) => one is { } known && known < other ? known : other;

    /// <summary>What it said when it became an alert: that it is over by now says less.</summary>
    private static LocalText TextOf(SqliteConnection connection, LoggedAlert alert)
    {
        using var command = Database.Command(
            connection, """select body from alert_transition where alert = $alert and body like '%"state":"active"%' order by number limit 1""", ("$alert", alert.Id));
        return command.ExecuteScalar() is string body ? StoredAlert.Read(body, alert.OnsetMs, 0).Text : new LocalText(alert.Rule, alert.Rule);
    }
}
