using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>A fly-wire case as a list shows it.</summary>
/// <param name="Alert">The alert that began it; its timeline holds every step.</param>
/// <param name="Site">Site id.</param>
/// <param name="Asset">Path of the circuit, or of the eyes that reported it.</param>
/// <param name="Rule">The rule that suspected it.</param>
/// <param name="Case">How far it is, and the numbers behind it.</param>
internal sealed record FlyWireCaseEntry(string Alert, string? Site, string Asset, string Rule, FlyWireCase Case)
{
    /// <summary>What people call the place.</summary>
    public LocalText Where(FacilityIndex index)
    {
        if (Site is not { } id || index.FindSite(id) is not { } site)
            return new LocalText(Asset, Asset);
        var last = Asset[(Asset.LastIndexOf('/') + 1)..];
        var name = site.Circuits.FirstOrDefault(circuit => circuit.Id == last)?.Name ?? site.Devices.FirstOrDefault(device => device.Id == last)?.Name ?? new LocalText(last, last);
        return AlertText.Join(site.Name, name);
    }
}

/// <summary>One row a fly-wire case, to find it by; the facts in <see cref="ResponseTable"/> are the truth. Rows stay when their alert is deleted for its age: they hold the evidence,
/// and are what a circuit has learned.</summary>
internal static class FlyWireCaseTable
{
    /// <summary>Brings the row of an alert's case up to date.</summary>
    public static void Save(SqliteConnection connection, AlertResponse state)
    {
        var at = state.Case!;
        Database.Execute(
            connection, """
            insert into fly_wire_case (alert, opened_ms, site, asset, rule, stage, since_ms, due_ms, sights, seen_ms, text, evidence)
              values ($alert, $opened, $site, $asset, $rule, $stage, $since, $due, $sights, $seen, $text, $evidence)
              on conflict (alert, opened_ms) do update set stage = excluded.stage, since_ms = excluded.since_ms, due_ms = excluded.due_ms, sights = excluded.sights, seen_ms = excluded.seen_ms,
                text = excluded.text, evidence = excluded.evidence
            """,
            ("$alert", state.Alert), ("$opened", at.OpenedMs), ("$site", state.Site), ("$asset", state.Asset), ("$rule", state.Rule), ("$stage", (int)at.Stage), ("$since", at.SinceMs),
            ("$due", at.DueMs), ("$sights", at.Sights), ("$seen", at.SeenMs), ("$text", at.Text), ("$evidence", ResponseJson.WriteEvidence(at.Evidence)));
    }

    /// <summary>The alert whose case is open on an asset; null: none is.</summary>
    public static string? OpenOn(SqliteConnection connection, string asset)
    {
        using var command = Database.Command(connection, "select alert from fly_wire_case where asset = $asset and due_ms is not null order by opened_ms limit 1", ("$asset", asset));
        return command.ExecuteScalar() as string;
    }

    /// <summary>Notes that a later alert belongs to a case.</summary>
    public static void Join(SqliteConnection connection, string begunBy, string alert) =>
        Database.Execute(connection, "insert or ignore into fly_wire_sight (begun_by, alert) values ($case, $alert)", ("$case", begunBy), ("$alert", alert));

    /// <summary>The later alerts of a case.</summary>
    public static List<string> Joined(SqliteConnection connection, string begunBy)
    {
        using var command = Database.Command(connection, "select alert from fly_wire_sight where begun_by = $case order by alert", ("$case", begunBy));
        using var rows = command.ExecuteReader();
        var alerts = new List<string>();
        while (rows.Read())
            alerts.Add(rows.GetString(0));
        return alerts;
    }

    /// <summary>What staff found, by the path of the circuit.</summary>
    public static Dictionary<string, FlyWireLesson> Lessons(SqliteConnection connection)
    {
        using var command = Database.Command(
            connection, "select asset, sum(stage not in ($suspected, $dismissed)), sum(stage = $dismissed) from fly_wire_case where stage <> $suspected group by asset",
            ("$suspected", (int)FlyWireStage.Suspected), ("$dismissed", (int)FlyWireStage.Dismissed));
        using var rows = command.ExecuteReader();
        var lessons = new Dictionary<string, FlyWireLesson>(StringComparer.Ordinal);
        while (rows.Read())
            lessons[rows.GetString(0)] = new FlyWireLesson(rows.GetInt32(1), rows.GetInt32(2));
        return lessons;
    }

    /// <summary>Cases, those that are due first, then those that have ended, the latest first.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="sites">Of these sites.</param>
    /// <param name="most">Most of them.</param>
    /// <param name="asset">On this circuit alone; null: on any.</param>
    public static List<FlyWireCaseEntry> List(SqliteConnection connection, SiteScope sites, int most, string? asset = null)
    {
        using var command = Database.Command(
            connection, $"""
            select alert, site, asset, rule, stage, since_ms, due_ms, opened_ms, sights, seen_ms, text, evidence from fly_wire_case
            where {SiteScope.Sql} and ($asset is null or asset = $asset) order by due_ms is null, due_ms, since_ms desc, alert limit $most
            """,
            ("$sites", sites.Json), ("$asset", asset), ("$most", most));
        return Read(command);
    }

    /// <summary>Cases whose next step is due before a moment, the latest ones last.</summary>
    public static List<FlyWireCaseEntry> DueBefore(SqliteConnection connection, SiteScope sites, long ms)
    {
        using var command = Database.Command(
            connection, $"""
            select alert, site, asset, rule, stage, since_ms, due_ms, opened_ms, sights, seen_ms, text, evidence from fly_wire_case
            where due_ms < $before and {SiteScope.Sql} order by due_ms, alert
            """,
            ("$before", ms), ("$sites", sites.Json));
        return Read(command);
    }

    private static List<FlyWireCaseEntry> Read(SqliteCommand command)
    {
        using var rows = command.ExecuteReader();
        var cases = new List<FlyWireCaseEntry>();
        while (rows.Read())
        {
            var at = new FlyWireCase((FlyWireStage)rows.GetInt32(4), rows.GetInt64(5), rows.IsDBNull(6) ? null : rows.GetInt64(6))
            {
                OpenedMs = rows.GetInt64(7),
                Sights = rows.GetInt32(8),
                SeenMs = rows.GetInt64(9),
                Text = rows.GetString(10),
                Evidence = ResponseJson.ReadEvidence(rows.GetString(11)),
            };
            cases.Add(new FlyWireCaseEntry(rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1), rows.GetString(2), rows.GetString(3), at));
        }

        return cases;
    }
}
