using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>What became of the alerts of a time; each is in one place, so they sum up.</summary>
/// <param name="Raised">Alerts that became active.</param>
/// <param name="Notified">Of them, at least one receiver took it.</param>
/// <param name="InFlight">None took it yet, and it is still tried.</param>
/// <param name="Undelivered">Refused by every receiver, or given up.</param>
/// <param name="Withheld">About a device that is not registered, beyond the quota of every receiver; it is on the page.</param>
/// <param name="Nobody">The registry names nobody for it; it is on the page only.</param>
internal sealed record AlertBooks(long Raised, long Notified, long InFlight, long Undelivered, long Withheld, long Nobody);

/// <summary>The books of promise 2.</summary>
/// <param name="Hours">Sums of the last day by hour of receipt, the oldest first.</param>
/// <param name="SettledHour">The last hour of which nothing is on its way any more.</param>
/// <param name="Holes">Hours of devices that are settled and do not balance; at most <see cref="BooksWatch.HolesMax"/>.</param>
/// <param name="Alerts">What became of the alerts of the last day.</param>
internal sealed record BooksState(IReadOnlyList<HourBook> Hours, long SettledHour, IReadOnlyList<HourBook> Holes, AlertBooks Alerts);

/// <summary>Adds up what came and what was kept, for every device and hour. What does not balance is a fault of ours, and we raise an alert about ourselves.</summary>
internal sealed partial class BooksWatch(Database database, DeviceTable devices, TimeProvider time, Action<AlertTransition> tell, ILogger<BooksWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "books-open";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "books";

    /// <summary>Holes that are named; the first is in the alert's text.</summary>
    public const int HolesMax = 20;

    /// <summary>Hours that are looked back: after two days a hole is history, and its alert clears.</summary>
    public const int HoursBack = 48;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly ILogger<BooksWatch> _log = log;
    private volatile BooksState _state = new([], 0, [], new AlertBooks(0, 0, 0, 0, 0, 0));
    private readonly OwnAlert _alert = new(Rule, Asset, tell);

    /// <summary>The books as they were added up last.</summary>
    public BooksState State => _state;

    /// <summary>Adds up, and raises or clears the alert.</summary>
    internal void Check()
    {
        using var connection = database.OpenReader();
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var hour = now / HourBook.HourMs;
        var settled = SettledHour(connection, hour);
        var holes = HourBook.Unbalanced(connection, hour - HoursBack, settled, HolesMax);
        _state = new BooksState(HourBook.Sums(connection, hour - 23), settled, holes, AlertsSince(connection, now - (24 * HourBook.HourMs)));
        _alert.Restore(connection);
        if (holes.Count > 0 && !_alert.IsOpen)
            _alert.Raise(Priority.P1, holes[0].Hour * HourBook.HourMs, now, ActiveText(holes[0], holes.Count), Evidence(holes[0], holes.Count));
        else if (holes.Count == 0)
            _alert.Clear(now, new LocalText("已恢复：系统账目已平。", "Cleared: the monitor's books balance."));
    }

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
                // The disk refuses; ingest says so loudly, and the books are added up when it is back.
                LogNotAdded(error.Message);
            }
        }
    }

    /// <summary>The last hour that both ingest and store have saved in full: what the journal holds beyond their cursors was received later.</summary>
    private static long SettledHour(SqliteConnection connection, long hour)
    {
        using var command = Database.Command(
            connection,
            "select first_ms from journal where position > (select min(position) from cursor where name in ('ingest', 'store')) order by position limit 1");
        var unsavedHour = command.ExecuteScalar() is long firstMs ? firstMs / HourBook.HourMs : hour;
        return Math.Min(unsavedHour, hour) - 1;
    }

    private static AlertBooks AlertsSince(SqliteConnection connection, long sinceMs)
    {
        using var command = Database.Command(
            connection, """
            with raised as (select id from alert where onset_ms >= $since and exists (select 1 from alert_transition as step where step.alert = alert.id and json_extract(step.body, '$.state') = 'active')),
              told as (select id, (select min(case state when $sent then 0 when $queued then 1 when $superseded then 3 when $withheld then 4 else 2 end) from outbox where outbox.alert = raised.id) as best from raised)
            select count(*), coalesce(sum(best = 0), 0), coalesce(sum(best = 1), 0), coalesce(sum(best in (2, 3)), 0), coalesce(sum(best = 4), 0), coalesce(sum(best is null), 0) from told
            """,
            ("$since", sinceMs), ("$sent", (int)OutboxState.Sent), ("$queued", (int)OutboxState.Queued), ("$superseded", (int)OutboxState.Superseded), ("$withheld", (int)OutboxState.Withheld));
        using var row = command.ExecuteReader();
        row.Read();
        return new AlertBooks(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
    }

    private SortedDictionary<string, object> Evidence(HourBook hole, int holes) => new(StringComparer.Ordinal)
    {
        ["dead_letters"] = hole.DeadLetters,
        ["device"] = NameOf(hole),
        ["duplicates"] = hole.Duplicates,
        ["holes"] = (long)holes,
        ["missing"] = hole.Open,
        ["received"] = hole.Received,
        ["stored"] = hole.Stored,
    };

    private string NameOf(HourBook hole) => devices.Find(hole.Device)?.Id.ToString() ?? "?";

    private LocalText ActiveText(HourBook hole, int holes)
    {
        var (name, since) = (NameOf(hole), AlertText.Clocks(hole.Hour * HourBook.HourMs));
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"系统账目不平，设备 {name}：自 {since.Zh} 起的一小时收到 {hole.Received} 条消息，入库 {hole.Stored} 条，重复 {hole.Duplicates} 条，死信 {hole.DeadLetters} 条，差 {hole.Open} 条（共 {holes} 处）。这些读数可能缺失，监测仍在继续。请做：1. 备份数据文件夹；2. 查看服务日志里这段时间的错误；3. 联系系统维护人员。"),
            string.Create(CultureInfo.InvariantCulture, $"The monitor's books do not balance, device {name}: in the hour from {since.En} {hole.Received} messages came, {hole.Stored} were stored, {hole.Duplicates} were duplicates, {hole.DeadLetters} dead letters, {hole.Open} differ ({holes} places in all). These readings may be missing; monitoring goes on. Do: 1. Back up the data folder; 2. Look for errors of that time in the service's log; 3. Call whoever maintains the system."));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The books could not be added up: {Reason}")]
    private partial void LogNotAdded(string reason);
}
