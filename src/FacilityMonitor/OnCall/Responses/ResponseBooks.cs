using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>What became of every alert that is open or changed within two days; each is in one place, and the places sum up (promise 2).</summary>
/// <param name="Raised">Alerts that became active, exercises included, those of devices that nobody registered left out.</param>
/// <param name="Notified">A provider took a page of its own.</param>
/// <param name="Grouped">A page of another alert told of it.</param>
/// <param name="Suppressed">Another alert explains it.</param>
/// <param name="Shelved">Somebody holds it back until a time, or its asset is worked on with a permit.</param>
/// <param name="Expired">Its pages came to nothing, and a later one follows.</param>
/// <param name="InFlight">A page is on its way, or the next step has a time.</param>
/// <param name="HandledUntold">Somebody answered or closed it before any page was taken, or it ended while it was held back.</param>
/// <param name="Holes">Of no place, or of one that it has no proof for: a fault of ours.</param>
internal sealed record ResponseBooks(long Raised, long Notified, long Grouped, long Suppressed, long Shelved, long Expired, long InFlight, long HandledUntold, IReadOnlyList<string> Holes)
{
    /// <summary>Holes that are named.</summary>
    public const int HolesMax = 20;

    /// <summary>A step may be so late before somebody is told, ms.</summary>
    public const long LateMs = 5_000;

    /// <summary>How far back closed alerts are added up, ms; open ones always are.</summary>
    public const long LookBackMs = 48 * 3_600_000;

    /// <summary>Whether the equation of DESIGN §1.2 holds.</summary>
    public bool Balance => Holes.Count == 0 && Raised == Notified + Grouped + Suppressed + Shelved + Expired + InFlight + HandledUntold;

    /// <summary>Adds up. What was raised is counted from the log of the rules, what became of it from notices and facts: two books that know nothing of each other.</summary>
    public static ResponseBooks Count(SqliteConnection connection, long nowMs)
    {
        var counts = new long[8];
        var holes = new List<string>();
        using var command = Database.Command(
            connection, """
            with raised as (select id as alert from alert where (changed_ms >= $since or id in (select alert from response where stage < 4)) and id not in (select alert from response_exempt)
              and exists (select 1 from alert_transition as step where step.alert = alert.id and json_extract(step.body, '$.state') = 'active'))
            select raised.alert, response.alert is not null, response.stage, response.priority, response.condition, response.told, response.answered, response.suppressed_by, response.shelved_ms,
              response.service_ms, response.due_ms, response.recovered_ms, response.grouped_into,
              exists (select 1 from notice where notice.alert = raised.alert and notice.state in (1, 2)),
              exists (select 1 from notice where notice.alert = raised.alert and notice.state = 0),
              exists (select 1 from notice where notice.alert = raised.alert and notice.state in (3, 4)),
              exists (select 1 from notice join page_member on page_member.lead = notice.alert and page_member.page = notice.step and page_member.person = notice.person where page_member.alert = raised.alert and notice.state in (0, 1, 2)),
              exists (select 1 from response as source where source.alert = response.suppressed_by), response.calling
            from raised left join response on response.alert = raised.alert
            """,
            ("$since", nowMs - LookBackMs));
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            counts[0]++;
            var place = PlaceOf(rows, nowMs);
            if (place > 0)
                counts[place]++;
            else if (holes.Count < HolesMax)
                holes.Add(rows.GetString(0));
        }

        return new ResponseBooks(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7], holes);
    }

    /// <summary>Open alerts for which nothing comes next: nobody would ever hear of them again.</summary>
    public static List<string> WithoutNextStep(SqliteConnection connection, long nowMs)
    {
        using var command = Database.Command(
            connection, """
            select alert from response where stage < 4 and ((due_ms is null and suppressed_by is null) or due_ms < $late
              or (suppressed_by is not null and condition <> $cleared and not exists (select 1 from response as source
                where source.alert = response.suppressed_by and source.stage < 4 and (source.recovered_ms is null or source.recovered_ms > $released)))) limit $most
            """,
            ("$late", nowMs - LateMs), ("$cleared", (int)Condition.Cleared), ("$released", nowMs - ResponseTiming.ReleaseAfterMs - LateMs), ("$most", HolesMax));
        using var rows = command.ExecuteReader();
        var alerts = new List<string>();
        while (rows.Read())
            alerts.Add(rows.GetString(0));
        return alerts;
    }

    /// <summary>The place of an alert by its proofs; 0: none.</summary>
    private static int PlaceOf(SqliteDataReader row, long nowMs)
    {
        if (!row.GetBoolean(1))
            return 0;
        var stage = (ResponseStage)row.GetInt32(2);
        if (row.GetBoolean(13))
            return 1;
        if (!row.IsDBNull(12) && row.GetBoolean(16))
            return 2;
        if (!row.IsDBNull(7))
            return row.GetBoolean(17) || stage == ResponseStage.Closed ? 3 : 0;
        if (!row.IsDBNull(8) || !row.IsDBNull(9))
            return 4;
        if (stage == ResponseStage.Closed || row.GetBoolean(6))
            return 7;
        var hasNext = !row.IsDBNull(10) && row.GetInt64(10) >= nowMs - LateMs;
        if (row.GetBoolean(14))
            return 6;
        if (row.GetBoolean(15))
            return hasNext ? 5 : 0;
        if (hasNext)
            return row.GetBoolean(18) ? 6 : 7;
        return 0;
    }
}

/// <summary>Adds up the books of the response each minute, and sees to it that every open alert has a next step. What is not so is a fault of ours, and is told like any other.</summary>
internal sealed partial class ResponseWatch(Database database, TimeProvider time, Action<AlertTransition> tell, ILogger<ResponseWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "response-open";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "response";

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly ILogger<ResponseWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private volatile ResponseBooks _books = new(0, 0, 0, 0, 0, 0, 0, 0, []);

    /// <summary>The books as they were added up last.</summary>
    public ResponseBooks Books => _books;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Check();
            }
            catch (SqliteException error)
            {
                // The disk refuses; that is told elsewhere, and it is added up when it is back.
                LogNotAdded(error.Message);
            }
        }
    }

    /// <summary>Adds up, and raises or clears the alert.</summary>
    internal void Check()
    {
        using var reader = database.OpenReader();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        _books = ResponseBooks.Count(reader, now);
        var stuck = ResponseBooks.WithoutNextStep(reader, now);
        _alert.Restore(reader);
        var faults = _books.Holes.Union(stuck).Union(NoticeBook.Stranded(reader, ResponseBooks.HolesMax)).Order(StringComparer.Ordinal).ToList();
        if (faults.Count > 0 && !_alert.IsOpen)
            _alert.Raise(Priority.P1, now, now, Text(faults), Evidence(faults));
        else if (faults.Count == 0)
            _alert.Clear(now, new LocalText("已恢复：每条告警都有下一步，通知账目已平。", "Cleared: every alert has a next step, and the books of notices balance."));
    }

    private static LocalText Text(List<string> faults)
    {
        var some = string.Join(", ", faults.Take(3));
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"有 {faults.Count} 条告警没有下一步，或通知去向不明（如 {some}）：可能没有人会再被通知。请做：1. 打开页面，逐条处理这些告警；2. 重启服务；3. 联系系统维护人员。"),
            string.Create(CultureInfo.InvariantCulture, $"{faults.Count} alerts have no next step, or nobody knows who was told (such as {some}): perhaps nobody will be told any more. Do: 1. Open the page and see to these alerts; 2. Restart the service; 3. Call whoever maintains the system."));
    }

    private static SortedDictionary<string, object> Evidence(List<string> faults) => new(StringComparer.Ordinal) { ["alerts"] = string.Join(' ', faults), ["count"] = (long)faults.Count };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The books of the response could not be added up: {Reason}")]
    private partial void LogNotAdded(string reason);
}
