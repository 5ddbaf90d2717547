using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Influx;

/// <summary>Raises an alert about ourselves when InfluxDB takes no readings, while there is time to mend it.</summary>
/// <param name="state">How the shipping stands.</param>
/// <param name="data">How much may wait.</param>
/// <param name="tell">Takes the alert's steps.</param>
/// <param name="database">Where alerts of before a restart are found.</param>
/// <param name="journal">What waits.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed partial class ShipWatch(
    Func<ShipState> state, DataSettings data, Action<AlertTransition> tell, Database database, MessageJournal journal, TimeProvider time, ILogger<ShipWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "influx-behind";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "influx";

    /// <summary>A restart or an update of the database takes less; a refusal that needs somebody is told at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<ShipWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private ShipTrouble? _told;
    private long _skipsTold;
    private (long AtMs, long Bytes)? _began;

    /// <summary>How long the journal has room at the rate since the trouble began; null: not known yet, or nothing grows.</summary>
    public TimeSpan? TimeToFull { get; private set; }

    /// <summary>How the shipping stands.</summary>
    public ShipState State => state();

    /// <summary>Looks, and raises, says anew or clears the alert.</summary>
    internal void Check()
    {
        using (var connection = database.OpenReader())
            _alert.Restore(connection);
        var (now, ship) = (time.GetUtcNow().ToUnixTimeMilliseconds(), state());
        Estimate(now, ship.Trouble);
        if (ship.Trouble is { } trouble)
        {
            var isDue = trouble.NeedsSomebody || now - trouble.SinceMs >= Patience.TotalMilliseconds;
            if (isDue && (!_alert.IsOpen || Reason(_told) != Reason(trouble) || _skipsTold != ship.Skipped))
            {
                _alert.Raise(Priority.P2, trouble.SinceMs, now, Text(ship, trouble), Evidence(ship, trouble));
                (_told, _skipsTold) = (trouble, ship.Skipped);
            }
        }
        // After our own start nothing is known of it before it has taken something.
        else if (ship.Shipped > 0)
        {
            _told = null;
            _alert.Clear(now, new LocalText($"已恢复：{ship.Target} 又在接收读数，欠下的正在补上。", $"Cleared: {ship.Target} takes readings again; what it missed is being sent."));
        }
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

    private void Estimate(long nowMs, ShipTrouble? trouble)
    {
        if (trouble is null)
        {
            (_began, TimeToFull) = (null, null);
            return;
        }

        _began ??= (nowMs, journal.Bytes);
        var (grown, took) = (journal.Bytes - _began.Value.Bytes, nowMs - _began.Value.AtMs);
        var left = (data.JournalBytes * ShipWorker.JournalShare) - journal.Bytes;
        TimeToFull = grown > 0 && took > 0 ? TimeSpan.FromMilliseconds(Math.Min(Math.Max(0, left) / grown * took, TimeSpan.FromDays(999).TotalMilliseconds)) : null;
    }

    private SortedDictionary<string, object> Evidence(ShipState ship, ShipTrouble trouble) => new(StringComparer.Ordinal)
    {
        ["database"] = ship.Target,
        ["journal_mib"] = journal.Bytes >> 20,
        ["said"] = trouble.Words,
        ["skipped"] = ship.Skipped,
    };

    private LocalText Text(ShipState ship, ShipTrouble trouble)
    {
        var since = AlertText.Clock(trouble.SinceMs);
        var (roomZh, roomEn) = ship.Skipped > 0
            ? ("日志空间已用完，一部分读数没有发给它，自带的存储里有。", "The journal had no room left: part of the readings was not sent to it; our own store has them.")
            : TimeToFull is { } left
                ? (string.Create(CultureInfo.InvariantCulture, $"照现在的速度，日志还能暂存约 {Hours(left)} 小时。"), string.Create(CultureInfo.InvariantCulture, $"At this rate the journal has room for about {Hours(left)} hours."))
                : ("读数暂存在日志里。", "They wait in the journal.");
        var (doZh, doEn) = trouble.NeedsSomebody
            ? ("1. 按它的答复核对 settings.yaml 里的 influx.database、influx.token-file 或用户名口令；2. 在 InfluxDB 里建好数据库并给写权限；3. 联系系统维护人员。",
                "1. By what it says check influx.database, influx.token-file or user name and password in settings.yaml; 2. Create the database there and grant the right to write; 3. Call whoever maintains the system.")
            : ("1. 看 InfluxDB 是否在运行、磁盘是否已满；2. 核对 influx.url 和网络；3. 联系系统维护人员。",
                "1. See whether InfluxDB runs and has disk left; 2. Check influx.url and the network; 3. Call whoever maintains the system.");
        return new LocalText(
            $"InfluxDB 收不进读数：自 {since} 起 {ship.Target}（{trouble.Words}）。接收、告警和页面都正常。{roomZh}恢复后自动补上。请做：{doZh}",
            $"InfluxDB takes no readings since {since}: {ship.Target} ({trouble.Words}). Receiving, alerts and page go on. {roomEn} It catches up by itself afterwards. Do: {doEn}");
    }

    /// <summary>What makes it another trouble to a person: the status. Words may hold the time or a number of the request.</summary>
    private static string? Reason(ShipTrouble? trouble) =>
        trouble is null ? null : trouble.Words.StartsWith("HTTP ", StringComparison.Ordinal) && trouble.Words.Length >= "HTTP 400".Length ? trouble.Words[.."HTTP 400".Length] : "";

    private static double Hours(TimeSpan time) => time.TotalHours < 10 ? Math.Round(time.TotalHours, 1) : Math.Round(time.TotalHours);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether an alert about InfluxDB was open before the restart could not be read: {Reason}")]
    private partial void LogNotRead(string reason);
}
