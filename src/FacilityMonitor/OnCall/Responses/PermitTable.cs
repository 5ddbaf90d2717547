using System.Text.Json;
using FacilityMonitor.Journal;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Permits on disk: what was asked for, agreed to and ended, each as a row that is never changed.</summary>
internal static class PermitTable
{
    /// <summary>Those that are in force at a time, or may come to be.</summary>
    public static List<Permit> Standing(SqliteConnection connection, long nowMs) => Read(connection, nowMs);

    /// <summary>Tests of an asset that end after a time.</summary>
    public static IEnumerable<Permit> Tests(SqliteConnection connection, string asset, long sinceMs) => Read(connection, sinceMs).Where(permit => permit.Kind == PermitKind.Test && permit.Asset == asset);

    private static List<Permit> Read(SqliteConnection connection, long untilMs)
    {
        using var command = Database.Command(
            connection, """
            select body, (select person from permit_event as second where second.permit = asked.permit and what = 'confirmed' limit 1),
              (select at_ms from permit_event as third where third.permit = asked.permit and what = 'ended' limit 1)
            from permit_event as asked where what = 'asked' and until_ms > $until order by at_ms
            """,
            ("$until", untilMs));
        using var rows = command.ExecuteReader();
        var permits = new List<Permit>();
        while (rows.Read())
        {
            var permit = JsonSerializer.Deserialize<Permit>(rows.GetString(0))!;
            permits.Add(permit with { Confirmed = rows.IsDBNull(1) ? null : rows.GetString(1), EndedMs = rows.IsDBNull(2) ? null : rows.GetInt64(2) });
        }

        return permits;
    }

    /// <summary>The permit that covers an asset now; a test comes before the others.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="asset">The asset.</param>
    /// <param name="rule">What an alert on it says; the site's tree says what a circuit explains that is switched off.</param>
    /// <param name="tree">What hangs on what.</param>
    /// <param name="nowMs">Now.</param>
    public static Permit? Covering(SqliteConnection connection, string asset, string rule, Inhibition tree, long nowMs)
    {
        var feeding = tree.Feeding(asset);
        // Who works on a circuit expects silence below it. That current leaks or a socket is overloaded while he does concerns him most.
        return Standing(connection, nowMs)
            .Where(permit => permit.Kind == PermitKind.Maintenance && feeding.Contains(permit.Asset)
                ? Inhibition.IsOfDeadCircuit(rule) && permit.Covers(permit.Asset, nowMs)
                : permit.Covers(asset, nowMs))
            .OrderBy(permit => permit.Kind).FirstOrDefault();
    }

    public static void Ask(SqliteConnection connection, Permit permit, long nowMs) => Add(connection, permit.Id, "asked", permit.By, nowMs, permit.UntilMs, JsonSerializer.Serialize(permit));

    public static void Confirm(SqliteConnection connection, string permit, string person, long nowMs) => Add(connection, permit, "confirmed", person, nowMs, 0, null);

    public static void End(SqliteConnection connection, string permit, string person, long nowMs) => Add(connection, permit, "ended", person, nowMs, 0, null);

    private static void Add(SqliteConnection connection, string permit, string what, string person, long nowMs, long untilMs, string? body) => Database.Execute(
        connection, "insert or ignore into permit_event (permit, what, person, at_ms, until_ms, body) values ($permit, $what, $person, $at, $until, $body)",
        ("$permit", permit), ("$what", what), ("$person", person), ("$at", nowMs), ("$until", untilMs), ("$body", body));
}
