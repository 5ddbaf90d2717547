using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>One line of a timeline.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Fact">What happened.</param>
/// <param name="Hash">Of it and of everything before it.</param>
/// <param name="Body">The fact as it was written.</param>
internal sealed record TimelineEntry(int Number, ResponseEvent Fact, string Hash, string Body);

/// <summary>The facts on disk, and beside them one row an alert to find it by. Everything here runs inside somebody's commit, or only reads.</summary>
/// <remarks>The facts are the truth and are only ever added; each carries the hash of all before it, so that a timeline that was tampered with shows it. The row is what they add up to.</remarks>
internal static class ResponseTable
{
    /// <summary>What an alert is; null: it was never active.</summary>
    public static AlertResponse? Load(SqliteConnection connection, string alert)
    {
        using var command = Database.Command(connection, "select body from response_event where alert = $alert order by number", ("$alert", alert));
        using var rows = command.ExecuteReader();
        AlertResponse? state = null;
        while (rows.Read())
            state = AlertResponse.Apply(alert, state, ResponseJson.Read(rows.GetString(0)));
        return state;
    }

    /// <summary>Who has taken each of some alerts, by the names of people.yaml: one question however many they are and however much happened to them. Nobody: not in it.</summary>
    public static Dictionary<string, IReadOnlyList<string>> Takers(SqliteConnection connection, IEnumerable<string> alerts)
    {
        using var command = Database.Command(
            connection, "select alert, takers from response where alert in (select value from json_each($alerts)) and (takers is null or takers <> '[]')", ("$alerts", JsonSerializer.Serialize(alerts)));
        using var rows = command.ExecuteReader();
        var takers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        while (rows.Read())
        {
            var alert = rows.GetString(0);
            takers[alert] = rows.IsDBNull(1) ? TakersOf(Load(connection, alert)!) : JsonSerializer.Deserialize<List<string>>(rows.GetString(1))!;
        }

        return takers;
    }

    /// <summary>What an alert says now.</summary>
    public static LocalText TextOf(SqliteConnection connection, string alert)
    {
        using var command = Database.Command(connection, "select body, onset_ms from alert where id = $alert", ("$alert", alert));
        using var row = command.ExecuteReader();
        return row.Read() ? StoredAlert.Read(row.GetString(0), row.GetInt64(1), 0).Text : new LocalText(alert, alert);
    }

    /// <summary>Adds facts, and brings the row up to date.</summary>
    /// <returns>What the alert is now.</returns>
    public static AlertResponse Append(SqliteConnection connection, string alert, AlertResponse? state, IReadOnlyList<ResponseEvent> facts)
    {
        var hash = LastHash(connection, alert);
        foreach (var fact in facts)
        {
            var body = ResponseJson.Write(fact);
            hash = Chain(hash, body);
            Database.Execute(
                connection, "insert into response_event (alert, number, at_ms, body, hash) values ($alert, $number, $at, $body, $hash)",
                ("$alert", alert), ("$number", state?.Events ?? 0), ("$at", fact.AtMs), ("$body", body), ("$hash", hash));
            state = AlertResponse.Apply(alert, state, fact);
        }

        Save(connection, state!, facts[^1].AtMs, facts.Any(fact => fact is ResponseEvent.StepFired { Step: 0 }) ? facts[^1].AtMs : null);
        if (facts.Any(fact => fact is ResponseEvent.CaseOpened or ResponseEvent.CaseSeen or ResponseEvent.CaseMeasured or ResponseEvent.CaseMoved))
            FlyWireCaseTable.Save(connection, state!);
        return state!;
    }

    /// <summary>Everything that happened to an alert, the oldest first.</summary>
    public static List<TimelineEntry> Timeline(SqliteConnection connection, string alert)
    {
        using var command = Database.Command(connection, "select number, body, hash from response_event where alert = $alert order by number", ("$alert", alert));
        using var rows = command.ExecuteReader();
        var entries = new List<TimelineEntry>();
        while (rows.Read())
            entries.Add(new TimelineEntry(rows.GetInt32(0), ResponseJson.Read(rows.GetString(1)), rows.GetString(2), rows.GetString(1)));
        return entries;
    }

    /// <summary>Whether a timeline is whole and as it was written.</summary>
    public static bool IsIntact(IReadOnlyList<TimelineEntry> timeline)
    {
        var hash = "";
        for (var number = 0; number < timeline.Count; number++)
        {
            // As it stands there: what a newer version wrote and this one does not know is no tampering.
            hash = Chain(hash, timeline[number].Body);
            if (timeline[number].Number != number || timeline[number].Hash != hash)
                return false;
        }

        return true;
    }

    /// <summary>The next alerts that something is due for: urgent ones alone, a few at a time; the others when none is, many at once, because one commit is one message.</summary>
    public static List<string> Due(SqliteConnection connection, long nowMs, int urgent, int others)
    {
        var found = Texts(connection, "select alert from response where due_ms <= $now and priority <= 1 order by priority, due_ms limit $most", ("$now", nowMs), ("$most", urgent));
        return found.Count > 0 ? found : Texts(connection, "select alert from response where due_ms <= $now order by priority, due_ms limit $most", ("$now", nowMs), ("$most", others));
    }

    /// <summary>Open alerts whose last fact stands in the future, and by how much, ms: the clock was set back.</summary>
    public static List<(string Alert, long ByMs)> Ahead(SqliteConnection connection, long nowMs, int most)
    {
        using var command = Database.Command(
            connection, "select alert, changed_ms - $now from response where stage < 4 and changed_ms > $now + $slack order by priority limit $most",
            ("$now", nowMs), ("$slack", ResponseTiming.ClockSlackMs), ("$most", most));
        using var rows = command.ExecuteReader();
        var ahead = new List<(string, long)>();
        while (rows.Read())
            ahead.Add((rows.GetString(0), rows.GetInt64(1)));
        return ahead;
    }

    /// <summary>Notes that nobody is called for an alert by the response: it is about a device that nobody registered.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="detectedMs">When it became active, ms since 1970-01-01 UTC, the first time it is told; null: it is not yet.</param>
    public static void Exempt(SqliteConnection connection, string alert, long? detectedMs) => Database.Execute(
        connection, """
        insert into response_exempt (alert, detected_ms) values ($alert, $detected)
          on conflict (alert) do update set detected_ms = excluded.detected_ms where detected_ms is null and excluded.detected_ms is not null
        """,
        ("$alert", alert), ("$detected", detectedMs));

    /// <summary>When people were last called for the first time for an alert of a site and priority, ms; null: never.</summary>
    public static long? LastOfGroupMs(SqliteConnection connection, string? site, Priority priority)
    {
        using var command = Database.Command(connection, "select max(called_ms) from response where site is $site and priority = $priority", ("$site", site), ("$priority", (int)priority));
        return command.ExecuteScalar() as long?;
    }

    /// <summary>Open alerts on one of some assets that are on and not themselves hidden.</summary>
    public static List<(string Alert, InhibitionFact Fact)> OnAssets(SqliteConnection connection, IReadOnlyList<string> assets)
    {
        var found = new List<(string, InhibitionFact)>();
        foreach (var asset in assets)
        {
            using var command = Database.Command(
                connection, "select alert, rule, priority, asset from response where asset = $asset and stage < 4 and condition <> $cleared and suppressed_by is null and exercise <> $test order by priority, raised_ms, alert",
                ("$asset", asset), ("$cleared", (int)Condition.Cleared), ("$test", (int)Exercise.Test));
            Read(command, found);
        }

        return found;
    }

    /// <summary>Open alerts of a site that could be hidden.</summary>
    public static List<(string Alert, InhibitionFact Fact)> OfSite(SqliteConnection connection, string site)
    {
        var found = new List<(string, InhibitionFact)>();
        using var command = Database.Command(
            connection, "select alert, rule, priority, asset from response where site = $site and stage < 4 and suppressed_by is null and priority > 0 and exercise <> $test",
            ("$site", site), ("$test", (int)Exercise.Test));
        Read(command, found);
        return found;
    }

    /// <summary>Hidden alerts that are still on though their source is over for long enough, or no longer there.</summary>
    public static List<string> Releasable(SqliteConnection connection, long nowMs, int most) => Texts(
        connection, """
        select hidden.alert from response as hidden left join response as source on source.alert = hidden.suppressed_by
        where hidden.suppressed_by is not null and hidden.stage < 4 and hidden.condition <> $cleared and (source.alert is null or source.stage = 4 or source.recovered_ms <= $before) order by hidden.priority limit $most
        """,
        ("$cleared", (int)Condition.Cleared), ("$before", nowMs - ResponseTiming.ReleaseAfterMs), ("$most", most));

    /// <summary>Open alerts of a site that are not meant: of an exercise, or of a sensor that somebody tests.</summary>
    public static HashSet<string> Exercises(SqliteConnection connection, string site) =>
        [.. Texts(connection, "select alert from response where site = $site and exercise <> $none and stage < 4", ("$site", site), ("$none", (int)Exercise.None))];

    /// <summary>Open alerts that a permit explains.</summary>
    public static List<string> OutOfService(SqliteConnection connection) => Texts(connection, "select alert from response where service_ms is not null and stage < 4 order by priority");

    /// <summary>How many alerts hide behind one.</summary>
    public static long HiddenBehind(SqliteConnection connection, string source)
    {
        using var command = Database.Command(connection, "select count(*) from response where suppressed_by = $source", ("$source", source));
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Devices that are silent now, and since when.</summary>
    public static Dictionary<string, long> Silent(SqliteConnection connection)
    {
        using var command = Database.Command(
            connection, "select asset, max(raised_ms) from response where rule in ('offline', 'silent') and stage < 4 and condition <> $cleared group by asset", ("$cleared", (int)Condition.Cleared));
        using var rows = command.ExecuteReader();
        var silent = new Dictionary<string, long>(StringComparer.Ordinal);
        while (rows.Read())
            silent[rows.GetString(0)] = rows.GetInt64(1);
        return silent;
    }

    /// <summary>Notes that a page of one alert tells a person of another.</summary>
    public static void AddMember(SqliteConnection connection, string lead, int page, string person, string alert) => Database.Execute(
        connection, "insert or ignore into page_member (lead, page, person, alert) values ($lead, $page, $person, $alert)", ("$lead", lead), ("$page", page), ("$person", person), ("$alert", alert));

    /// <summary>The other alerts of which a page tells.</summary>
    public static List<string> Members(SqliteConnection connection, string lead, int? page, string? person) => Texts(
        connection, "select distinct alert from page_member where lead = $lead and ($page is null or page = $page) and ($person is null or person = $person)",
        ("$lead", lead), ("$page", page), ("$person", person));

    private static void Save(SqliteConnection connection, AlertResponse state, long atMs, long? calledMs) => Database.Execute(
        connection, """
        insert into response (alert, site, rule, asset, priority, stage, condition, exercise, raised_ms, changed_ms, due_ms, called_ms, told, answered, grouped_into, suppressed_by, shelved_ms, service_ms, recovered_ms, calling, events, takers, highest)
          values ($alert, $site, $rule, $asset, $priority, $stage, $condition, $exercise, $raised, $at, $due, $called, $told, $answered, $grouped, $suppressed, $shelved, $service, $recovered, $calling, $events, $takers, $highest)
          on conflict (alert) do update set priority = excluded.priority, stage = excluded.stage, condition = excluded.condition, exercise = excluded.exercise, changed_ms = excluded.changed_ms,
            due_ms = excluded.due_ms, called_ms = coalesce(excluded.called_ms, called_ms), told = excluded.told, answered = excluded.answered, grouped_into = excluded.grouped_into,
            suppressed_by = excluded.suppressed_by, shelved_ms = excluded.shelved_ms, service_ms = excluded.service_ms, recovered_ms = excluded.recovered_ms, calling = excluded.calling, events = excluded.events,
            takers = excluded.takers, highest = excluded.highest
        """,
        ("$alert", state.Alert), ("$site", state.Site), ("$rule", state.Rule), ("$asset", state.Asset), ("$priority", (int)state.Priority), ("$stage", (int)state.Stage),
        ("$condition", (int)state.Condition), ("$exercise", (int)state.Exercise), ("$raised", state.RaisedMs), ("$at", atMs), ("$due", ResponseLife.NextDueMs(state)), ("$called", calledMs),
        ("$told", state.IsToldToAnybody ? 1 : 0), ("$answered", state.IsAnswered ? 1 : 0), ("$grouped", state.GroupedInto), ("$suppressed", state.SuppressedBy), ("$shelved", state.ShelvedUntilMs),
        ("$service", state.OutOfServiceUntilMs), ("$recovered", state.RecoveredMs), ("$calling", state.IsCalling ? 1 : 0), ("$events", state.Events),
        ("$takers", JsonSerializer.Serialize(TakersOf(state))), ("$highest", (int)state.HighestPriority));

    private static IReadOnlyList<string> TakersOf(AlertResponse state) => [.. state.Acknowledgements.Select(one => one.Person)];

    private static string LastHash(SqliteConnection connection, string alert)
    {
        using var command = Database.Command(connection, "select hash from response_event where alert = $alert order by number desc limit 1", ("$alert", alert));
        return command.ExecuteScalar() as string ?? "";
    }

    private static string Chain(string before, string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(before + body)))[..32];

    private static void Read(SqliteCommand command, List<(string, InhibitionFact)> found)
    {
        using var rows = command.ExecuteReader();
        while (rows.Read())
            found.Add((rows.GetString(0), new InhibitionFact(rows.GetString(1), (Priority)rows.GetInt32(2), rows.GetString(3))));
    }

    private static List<string> Texts(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Database.Command(connection, sql, parameters);
        using var rows = command.ExecuteReader();
        var texts = new List<string>();
        while (rows.Read())
            texts.Add(rows.GetString(0));
        return texts;
    }
}
