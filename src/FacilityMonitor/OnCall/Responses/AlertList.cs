using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Which alerts somebody wants to see.</summary>
internal enum AlertTab
{
    /// <summary>Those that too few people have taken.</summary>
    Open,

    /// <summary>Those that the person took or was given.</summary>
    Mine,

    /// <summary>All that nobody closed.</summary>
    All,

    /// <summary>Those that were over lately.</summary>
    Recovered,
}

/// <summary>What somebody looks for among alerts. Everything is left out before anything is cut off.</summary>
/// <param name="Tab">Which.</param>
/// <param name="Sites">Of these sites.</param>
/// <param name="Person">Whose they are, for <see cref="AlertTab.Mine"/>.</param>
/// <param name="Priority">Of this priority; null: of any.</param>
internal sealed record AlertFilter(AlertTab Tab, SiteScope Sites, string Person, Priority? Priority = null);

/// <summary>Alerts of one cause.</summary>
/// <param name="Cause">Id of the alert that explains the others; it may itself be left out. Of a single alert its own.</param>
/// <param name="Priority">The most urgent.</param>
/// <param name="SinceMs">When the oldest was raised, or the latest was over, ms.</param>
/// <param name="IsAnswered">Whether enough people take care of every one.</param>
/// <param name="Alerts">The alerts, the cause in front, then the most urgent and oldest.</param>
/// <param name="Waiting">Those of them that no other explains and that too few people have taken, in the same order.</param>
internal sealed record AlertGroup(string Cause, Priority Priority, long SinceMs, bool IsAnswered, IReadOnlyList<string> Alerts, IReadOnlyList<string> Waiting)
{
    /// <summary>Each with how urgent it is: the first, then those that too few people have taken before the others.</summary>
    public required IReadOnlyList<(string Alert, Priority Priority)> Seen { get; init; }
}

/// <summary>One alert of a list.</summary>
/// <param name="State">What it is for the people.</param>
/// <param name="Text">What it says.</param>
internal sealed record AlertRow(AlertResponse State, LocalText Text);

/// <summary>Lists alerts by their cause: those that another explains, and those of one rule and site that were told in one message, are one group.</summary>
internal static class AlertList
{
    /// <summary>Alerts that are looked at; of more the most urgent and oldest, and the page says that there are more.</summary>
    public const int Max = 20_000;

    /// <summary>Days that <see cref="AlertTab.Recovered"/> goes back; reports go further.</summary>
    public const int RecoveredDays = 7;

    /// <summary>How long a chain of causes is followed: socket, pile, circuit, feeder and gateway are five.</summary>
    private const int CausesMax = 8;

    private const string Columns = "alert, rule, site, priority, raised_ms, changed_ms, suppressed_by, grouped_into, answered";

    /// <summary>Everything that is looked for, in the order in which it should be seen to; what is over, the latest first.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="filter">What is looked for.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static IReadOnlyList<AlertGroup> Find(SqliteConnection connection, AlertFilter filter, long nowMs)
    {
        var rows = filter.Tab switch
        {
            // What another alert explains is there as long as that one is.
            AlertTab.Open => Explained(Unclosed(connection, filter, "answered = 0 and shelved_ms is null and service_ms is null and (calling = 1 or condition <> $cleared)")),
            AlertTab.Mine => [.. Unclosed(connection, filter, Touched).Where(row => IsOf(ResponseTable.Load(connection, row.Alert)!, filter.Person))],
            AlertTab.All => Unclosed(connection, filter, "true"),
            AlertTab.Recovered => Read(
                connection, $"select {Columns} from response where changed_ms >= $since and (stage = 4 or condition = $cleared) and {SiteScope.Sql} and ($priority is null or priority = $priority) order by changed_ms desc limit $most",
                filter, nowMs - (RecoveredDays * 86_400_000L)),
        };
        return Group(filter.Priority is { } priority ? [.. rows.Where(row => row.Priority == priority)] : rows, filter.Tab == AlertTab.Recovered);
    }

    /// <summary>What rang since a time, what is no more than information left out: raised, or called for anew. Tests of a sensor are nobody's news.</summary>
    public static IReadOnlyList<AlertGroup> Rang(SqliteConnection connection, SiteScope sites, long sinceMs) => Group(
        Read(
            connection, $"select {Columns} from response where (raised_ms >= $since or called_ms >= $since) and priority <= $least and exercise <> $test and {SiteScope.Sql} order by priority, raised_ms, alert limit $most",
            new AlertFilter(AlertTab.All, sites, ""), sinceMs),
        isLatestFirst: false);

    /// <summary>How many alerts were raised since a time, information left out.</summary>
    public static int CountSince(SqliteConnection connection, SiteScope sites, long sinceMs)
    {
        using var command = Database.Command(
            connection, $"select count(*) from response indexed by response_changed where stage < 4 and changed_ms >= $since and raised_ms >= $since and priority <= $least and exercise = 0 and {SiteScope.Sql}",
            ("$since", sinceMs), ("$least", (int)Priority.P2), ("$sites", sites.Json));
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Open alerts that no response is kept of, because their devices are not registered: they stand on the overview alone.</summary>
    public static int CountOfStrangers(SqliteConnection connection, SiteScope sites)
    {
        using var command = Database.Command(
            connection, $"select count(*) from alert where condition in ($active, $recovering, $lost) and id in (select alert from response_exempt) and not exists (select 1 from response where response.alert = alert.id) and {SiteScope.Sql}",
            ("$active", (int)Condition.Active), ("$recovering", (int)Condition.Recovering), ("$lost", (int)Condition.NoData), ("$sites", sites.Json));
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Those of some alerts that are on some sites, the most urgent and oldest first.</summary>
    public static List<string> Within(SqliteConnection connection, SiteScope sites, IReadOnlyCollection<string> alerts)
    {
        using var command = Database.Command(
            connection, $"select alert from response where alert in (select value from json_each($alerts)) and {SiteScope.Sql} order by priority, raised_ms", ("$alerts", JsonSerializer.Serialize(alerts)), ("$sites", sites.Json));
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
            found.Add(rows.GetString(0));
        return found;
    }

    /// <summary>Those of some alerts that became more urgent than somebody saw them.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="seen">How urgent each was.</param>
    public static HashSet<string> Risen(SqliteConnection connection, IReadOnlyDictionary<string, Priority> seen)
    {
        using var command = Database.Command(
            connection, "select response.alert from json_each($seen) as was join response on response.alert = was.key and response.priority < was.value",
            ("$seen", JsonSerializer.Serialize(seen.ToDictionary(one => one.Key, one => (int)one.Value))));
        using var rows = command.ExecuteReader();
        var risen = new HashSet<string>(StringComparer.Ordinal);
        while (rows.Read())
            risen.Add(rows.GetString(0));
        return risen;
    }

    /// <summary>Other open alerts of the cause of one, that somebody has not taken, each with its priority: the most urgent and oldest first.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="state">The one.</param>
    /// <param name="person">Who.</param>
    /// <param name="onlyTold">Only those that the person was told of: whoever comes by a link sees no others.</param>
    public static List<(string Alert, Priority Priority)> SameCause(SqliteConnection connection, AlertResponse state, string person, bool onlyTold)
    {
        // A cause is a thing of one site, and whoever sees the alert sees its site.
        if (state.Site is not { } site || Find(connection, new AlertFilter(AlertTab.All, SiteScope.Of([site]), person), 0).FirstOrDefault(group => group.Alerts.Contains(state.Alert)) is not { Alerts: { Count: > 1 } together })
            return [];
        var others = together.Where(alert => alert != state.Alert).ToList();
        var takers = ResponseTable.Takers(connection, others);
        others.RemoveAll(alert => takers.TryGetValue(alert, out var persons) && persons.Contains(person));
        using var command = Database.Command(
            connection, $"select alert, priority from response where alert in (select value from json_each($alerts)) and ($all or {ToldSql}) order by priority, raised_ms",
            ("$alerts", JsonSerializer.Serialize(others)), ("$all", !onlyTold), ("$person", person));
        using var rows = command.ExecuteReader();
        var found = new List<(string, Priority)>();
        while (rows.Read())
            found.Add((rows.GetString(0), (Priority)rows.GetInt32(1)));
        return found;
    }

    /// <summary>Those of some alerts that are as somebody saw them, beside the one on whose page they stood: open, at its site, and as urgent as then.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="state">The one.</param>
    /// <param name="seen">How urgent each was.</param>
    /// <param name="person">Who saw them.</param>
    /// <param name="onlyTold">Only those that the person was told of: whoever comes by a link takes no others, whatever the form says.</param>
    public static List<string> Unchanged(SqliteConnection connection, AlertResponse state, IReadOnlyDictionary<string, Priority> seen, string person, bool onlyTold)
    {
        using var command = Database.Command(
            connection, $"""
            select response.alert from json_each($seen) as was join response on response.alert = was.key and response.priority = was.value
              where stage < 4 and site = $site and ($all or {ToldSql}) order by priority, raised_ms
            """,
            ("$seen", JsonSerializer.Serialize(seen.ToDictionary(one => one.Key, one => (int)one.Value))), ("$site", state.Site), ("$all", !onlyTold), ("$person", person));
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
            found.Add(rows.GetString(0));
        return found;
    }

    /// <summary>Whether a person was told of an alert.</summary>
    private const string ToldSql = """
        exists (select 1 from response_event as fact
          where fact.alert = response.alert and fact.body like '{"what":"step-fired"%' and exists (select 1 from json_each(fact.body, '$.people') where value = $person))
        """;

    /// <summary>An alert of a list.</summary>
    public static AlertRow Row(SqliteConnection connection, string alert) => new(ResponseTable.Load(connection, alert)!, ResponseTable.TextOf(connection, alert));

    /// <summary>Whether somebody has an alert: he took it, or it was given to him.</summary>
    public static bool IsOf(AlertResponse state, string person) => state.Assignee == person || state.Acknowledgements.Any(one => one.Person == person);

    /// <summary>Alerts that somebody once took, or that were once given to him; whether that still holds is in their facts alone.</summary>
    private const string Touched = """
        exists (select 1 from response_event as fact where fact.alert = response.alert
          and ((fact.body like '{"what":"acknowledged"%' and json_extract(fact.body, '$.by.person') = $person) or (fact.body like '{"what":"assigned"%' and json_extract(fact.body, '$.to') = $person)))
        """;

    /// <summary>By the index of what is not closed: years of closed ones are not read for it.</summary>
    private static List<Light> Unclosed(SqliteConnection connection, AlertFilter filter, string which) => Read(
        connection, $"select {Columns} from response indexed by response_changed where stage < 4 and changed_ms >= $since and {SiteScope.Sql} and {which} order by priority, raised_ms limit $most", filter, sinceMs: 0);

    private static List<Light> Read(SqliteConnection connection, string sql, AlertFilter filter, long sinceMs)
    {
        // What a query does not ask for is left aside.
        using var command = Database.Command(
            connection, sql, ("$since", sinceMs), ("$sites", filter.Sites.Json), ("$most", Max), ("$cleared", (int)Condition.Cleared), ("$person", filter.Person),
            ("$priority", filter.Priority is { } one ? (int)one : null), ("$least", (int)Priority.P2), ("$test", (int)Exercise.Test));
        using var rows = command.ExecuteReader();
        var found = new List<Light>();
        while (rows.Read())
        {
            found.Add(new Light(
                rows.GetString(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), (Priority)rows.GetInt32(3), rows.GetInt64(4), rows.GetInt64(5),
                rows.IsDBNull(6) ? null : rows.GetString(6), rows.IsDBNull(7) ? null : rows.GetString(7), rows.GetBoolean(8)));
        }

        return found;
    }

    /// <summary>Without what an alert explains that is not among them: somebody sees to that one.</summary>
    private static List<Light> Explained(List<Light> rows)
    {
        var known = rows.ToDictionary(row => row.Alert, StringComparer.Ordinal);
        return rows.FindAll(row => row.SuppressedBy is null || known.ContainsKey(CauseOf(row, known)));
    }

    private static List<AlertGroup> Group(List<Light> rows, bool isLatestFirst)
    {
        var known = rows.ToDictionary(row => row.Alert, StringComparer.Ordinal);
        var groups = rows.GroupBy(row => CauseOf(row, known), StringComparer.Ordinal).Select(group =>
        {
            var ordered = group.OrderBy(row => row.Alert != group.Key).ThenBy(row => row.Priority).ThenBy(row => row.RaisedMs).ToList();
            return new AlertGroup(
                group.Key, group.Min(row => row.Priority), isLatestFirst ? group.Max(row => row.ChangedMs) : group.Min(row => row.RaisedMs), group.All(row => row.IsAnswered),
                ordered.ConvertAll(row => row.Alert), [.. ordered.Where(row => row.SuppressedBy is null && !row.IsAnswered).Select(row => row.Alert)])
            {
                Seen = [.. ordered.OrderBy(row => row.Alert != group.Key).ThenBy(row => row.IsAnswered).Select(row => (row.Alert, row.Priority))],
            };
        });
        return isLatestFirst ? [.. groups.OrderByDescending(group => group.SinceMs)] : [.. groups.OrderBy(group => group.Priority).ThenBy(group => group.IsAnswered).ThenBy(group => group.SinceMs)];
    }

    /// <summary>Up from one explanation to the next. Two alerts can each have been told with the other: of such a circle one is the cause, always the same.</summary>
    private static string CauseOf(Light row, Dictionary<string, Light> known)
    {
        List<string> way = [row.Alert];
        while (way.Count <= CausesMax && Above(row, known) is { } above)
        {
            if (way.IndexOf(above) is >= 0 and var first)
                return way.Skip(first).Min(StringComparer.Ordinal)!;
            way.Add(above);
            if (!known.TryGetValue(above, out row!))
                break;
        }

        return way[^1];
    }

    /// <summary>A message also tells of what only happens to come together; of one cause is what is of one kind at one site.</summary>
    private static string? Above(Light row, Dictionary<string, Light> known) =>
        row.SuppressedBy ?? (row.GroupedInto is { } lead && known.TryGetValue(lead, out var told) && told.Rule == row.Rule && told.Site == row.Site ? lead : null);

    private sealed record Light(string Alert, string Rule, string? Site, Priority Priority, long RaisedMs, long ChangedMs, string? SuppressedBy, string? GroupedInto, bool IsAnswered);
}
