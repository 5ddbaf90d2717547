using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>
/// Raises an alert about ourselves when readings do not reach InfluxDB, while there is time to mend it: because it takes none, or because the oldest that waits is too old,
/// whatever the cause. It stays until what waited is written.
/// </summary>
/// <param name="state">How the shipping stands.</param>
/// <param name="horizon">How far back readings are sent again after a restart of the database: what is sent again may be as old.</param>
/// <param name="data">How much may wait.</param>
/// <param name="tell">Takes the alert's steps.</param>
/// <param name="database">Where alerts of before a restart are found.</param>
/// <param name="journal">What waits.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed partial class ShipWatch(
    Func<ShipState> state, TimeSpan horizon, DataSettings data, Action<AlertTransition> tell, Database database, MessageJournal journal, TimeProvider time, ILogger<ShipWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "influx-behind";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "influx";

    /// <summary>A restart or an update of the database takes less; a refusal that needs somebody is told at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>A reading that waits longer is late: a batch takes a second, and the slowest answer that is waited for a few.</summary>
    public static readonly TimeSpan BehindMax = TimeSpan.FromMinutes(2);

    /// <summary>With less time to a full journal than this the alert says so anew.</summary>
    public static readonly TimeSpan Urgent = TimeSpan.FromHours(1);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>The growth of the journal is measured over the last 5 to 10 minutes: what it was an hour ago says nothing of the next.</summary>
    private static readonly TimeSpan GrowthOver = TimeSpan.FromMinutes(5);

    private readonly ILogger<ShipWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private string? _told;
    private long _skipsTold;
    private (long AtMs, long Bytes)? _began;
    private (long AtMs, long Bytes) _next;

    /// <summary>How long the journal has room at the rate of the last minutes; null: nothing waits, not known yet, or nothing grows.</summary>
    public TimeSpan? TimeToFull { get; private set; }

    /// <summary>Whether readings are late though it takes them.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>How the shipping stands.</summary>
    public ShipState State => state();

    /// <summary>Looks, and raises, says anew or clears the alert.</summary>
    internal void Check()
    {
        using (var connection = database.OpenReader())
            _alert.Restore(connection);
        var (now, ship) = (time.GetUtcNow().ToUnixTimeMilliseconds(), state());
        var allowed = BehindMax + (ship.IsRepeating ? horizon : TimeSpan.Zero);
        // Once told it stays until it is well within the bound again.
        IsBehind = ship.OldestMs is { } oldest && now - oldest >= (allowed / (IsBehind ? 2 : 1)).TotalMilliseconds;
        Estimate(now, ship.Trouble is not null || IsBehind);
        if (ship.Trouble is { } trouble && (trouble.NeedsSomebody || now - trouble.SinceMs >= Patience.TotalMilliseconds))
        {
            Tell(now, ship, trouble.SinceMs, Reason(trouble), Text(ship, trouble), trouble.Words);
        }
        else if (IsBehind)
        {
            Tell(now, ship, ship.OldestMs!.Value, "behind", Text(ship, now), words: null);
        }
        // After our own start nothing is known of it before it has taken something.
        else if (ship.Trouble is null && ship.Shipped > 0)
        {
            _told = null;
            _alert.Clear(now, new LocalText($"已恢复：{ship.Target} 又在接收读数，欠下的已补上。", $"Cleared: {ship.Target} takes readings again; what it missed has been sent."));
        }
    }

    private void Tell(long nowMs, ShipState ship, long sinceMs, string reason, LocalText text, string? words)
    {
        var what = TimeToFull < Urgent ? reason + " urgent" : reason;
        if (_alert.IsOpen && _told == what && _skipsTold == ship.Skipped)
            return;
        _alert.Raise(Priority.P2, sinceMs, nowMs, text, Evidence(ship, nowMs, words));
        (_told, _skipsTold) = (what, ship.Skipped);
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
            catch (Exception error) when (error is SqliteException or DatabaseUnavailableException or IOException)
            {
                LogNotRead(error.Message);
            }
        }
    }

    private void Estimate(long nowMs, bool waits)
    {
        if (!waits)
        {
            (_began, TimeToFull) = (null, null);
            return;
        }

        var bytes = journal.Bytes;
        if (_began is null)
            (_began, _next) = ((nowMs, bytes), (nowMs, bytes));
        else if (nowMs - _next.AtMs >= GrowthOver.TotalMilliseconds)
            (_began, _next) = (_next, (nowMs, bytes));
        var (grown, took) = (bytes - _began.Value.Bytes, nowMs - _began.Value.AtMs);
        var left = (data.JournalBytes * ShipWorker.JournalShare) - bytes;
        TimeToFull = grown > 0 && took > 0 ? TimeSpan.FromMilliseconds(Math.Min(Math.Max(0, left) / grown * took, TimeSpan.FromDays(999).TotalMilliseconds)) : null;
    }

    private SortedDictionary<string, object> Evidence(ShipState ship, long nowMs, string? words)
    {
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["database"] = ship.Target,
            ["journal_mib"] = journal.Bytes >> 20,
            ["skipped"] = ship.Skipped,
        };
        if (words is not null)
            evidence["said"] = words;
        if (ship.OldestMs is { } oldest)
            evidence["oldest_min"] = (nowMs - oldest) / 60_000;
        return evidence;
    }

    /// <summary>A time as a person says it: nobody plans by the hour for next month.</summary>
    internal static LocalText About(TimeSpan time) => time switch
    {
        { TotalDays: > 99 } => new LocalText("99 天以上", "more than 99 days"),
        { TotalDays: >= 3 } => Round(time.TotalDays, "F0", "天", "days"),
        { TotalHours: >= 10 } => Round(time.TotalHours, "F0", "小时", "hours"),
        { TotalHours: >= 1 } => Round(time.TotalHours, "F1", "小时", "hours"),
        _ => Round(time.TotalMinutes, "F0", "分钟", "minutes"),
    };

    private static LocalText Round(double number, string format, string zh, string en)
    {
        var text = number.ToString(format, CultureInfo.InvariantCulture);
        return new LocalText($"约 {text} {zh}", $"about {text} {en}");
    }

    private (string Zh, string En) Room(ShipState ship) => ship.Skipped > 0
        ? ("日志空间已用完，一部分读数没有发给它，自带的存储里有。", "The journal had no room left: part of the readings was not sent to it; our own store has them.")
        : TimeToFull is { } time && About(time) is var left
            ? ($"照现在的速度，日志还能暂存{left.Zh}。", $"At this rate the journal has room for {left.En}.")
            : ("读数暂存在日志里。", "They wait in the journal.");

    /// <summary>It takes readings, but late.</summary>
    private LocalText Text(ShipState ship, long nowMs)
    {
        var (roomZh, roomEn) = Room(ship);
        var (since, minutes) = (AlertText.Clocks(ship.OldestMs!.Value), (nowMs - ship.OldestMs.Value) / 60_000);
        return new LocalText(
            $"InfluxDB 跟不上：{ship.Target} 还在接收，但最早一条没写入的读数是 {since.Zh} 收到的，已晚 {minutes} 分钟。接收、告警和页面都正常。{roomZh}跟上后自动解除。请做：1. 刚恢复的话，等它补完；2. 看 InfluxDB 主机的磁盘、处理器和网络是否太慢或太忙；3. 联系系统维护人员。",
            $"InfluxDB is behind: {ship.Target} takes readings, but the oldest that is not written was received at {since.En}, {minutes} minutes ago. Receiving, alerts and page go on. {roomEn} It clears by itself once it has caught up. Do: 1. If it has just come back, wait until it has caught up; 2. See whether disk, processor or network of the InfluxDB machine are too slow or too busy; 3. Call whoever maintains the system.");
    }

    /// <summary>It takes none.</summary>
    private LocalText Text(ShipState ship, ShipTrouble trouble)
    {
        var since = AlertText.Clocks(trouble.SinceMs);
        var (roomZh, roomEn) = Room(ship);
        var (doZh, doEn) = trouble.NeedsSomebody
            ? ("1. 按它的答复核对 settings.yaml 里的 influx.database、influx.token-file 或用户名口令；2. 在 InfluxDB 里建好数据库并给写权限；3. 联系系统维护人员。",
                "1. By what it says check influx.database, influx.token-file or user name and password in settings.yaml; 2. Create the database there and grant the right to write; 3. Call whoever maintains the system.")
            : ("1. 看 InfluxDB 是否在运行、磁盘是否已满（腾出空间后要重启它）；2. 核对 influx.url 和网络；3. 联系系统维护人员。",
                "1. See whether InfluxDB runs and has disk left (once there is room again, restart it); 2. Check influx.url and the network; 3. Call whoever maintains the system.");
        return new LocalText(
            $"InfluxDB 收不进读数：自 {since.Zh} 起 {ship.Target}（{trouble.Words}）。接收、告警和页面都正常。{roomZh}恢复后自动补上。请做：{doZh}",
            $"InfluxDB takes no readings since {since.En}: {ship.Target} ({trouble.Words}). Receiving, alerts and page go on. {roomEn} It catches up by itself afterwards. Do: {doEn}");
    }

    /// <summary>What makes it another trouble to a person: the status. Words may hold the time or a number of the request.</summary>
    private static string Reason(ShipTrouble trouble) =>
        trouble.Words.StartsWith("HTTP ", StringComparison.Ordinal) && trouble.Words.Length >= "HTTP 400".Length ? trouble.Words[.."HTTP 400".Length] : "";


    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether an alert about InfluxDB was open before the restart could not be read: {Reason}")]
    private partial void LogNotRead(string reason);
}
