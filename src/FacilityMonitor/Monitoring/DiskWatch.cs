using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Monitoring;

/// <summary>Looks at the disk that holds everything, and raises an alert about ourselves while there is time, and again when the disk refuses.</summary>
/// <param name="database">The database on that disk.</param>
/// <param name="freeMin">Free bytes below which somebody has to act.</param>
/// <param name="freeBytes">Free bytes now.</param>
/// <param name="time">The clock.</param>
/// <param name="tell">Takes the alert's steps.</param>
/// <param name="log">The log.</param>
internal sealed partial class DiskWatch(Database database, long freeMin, Func<long> freeBytes, TimeProvider time, Action<AlertTransition> tell, ILogger<DiskWatch> log) : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "disk-low";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "disk";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly ILogger<DiskWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private bool _isRestored;
    private string? _refusal;

    /// <summary>Looks, and raises, worsens or clears the alert.</summary>
    internal void Check()
    {
        if (!_isRestored)
        {
            using var connection = database.OpenReader();
            _alert.Restore(connection);
            _isRestored = true;
        }

        var (now, free, error) = (time.GetUtcNow().ToUnixTimeMilliseconds(), freeBytes(), database.State.Refusal);
        if (error is not null && _refusal is null)
            _alert.Raise(Priority.P1, now, now, RefusesText(now, error), Evidence(free, error));
        else if (error is null && free < freeMin && (!_alert.IsOpen || _refusal is not null))
            _alert.Raise(Priority.P1, now, now, LowText(now, free), Evidence(free, null));
        // Somewhat more than the limit, or it would come and go with every temporary file.
        else if (error is null && free >= freeMin + (freeMin / 4))
            _alert.Clear(now, new LocalText("已恢复：数据盘空间足够，读数照常入库。", "Cleared: the data disk has room, readings are stored as usual."));
        _refusal = error;
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
                // Only what was open before the restart is read from the disk; that is tried again.
                LogNotRead(error.Message);
            }
        }
    }

    private SortedDictionary<string, object> Evidence(long free, string? error)
    {
        var evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["free_mib"] = free >> 20, ["wanted_mib"] = freeMin >> 20 };
        if (error is not null)
            evidence["error"] = error;
        return evidence;
    }

    private LocalText LowText(long nowMs, long free)
    {
        var since = AlertText.Clocks(nowMs);
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"数据盘快满了：{database.Directory} 所在的磁盘自 {since.Zh} 只剩 {free >> 20} MiB，应不少于 {freeMin >> 20} MiB。监测、告警和入库都在继续；写满后读数会先用备用空间，再之后由消息代理和设备暂存。请做：1. 删除或移走这块磁盘上的其他文件；2. 调低 data.retention-mib 或 data.retention-days；3. 联系系统维护人员扩容。"),
            string.Create(CultureInfo.InvariantCulture, $"The data disk is nearly full: the disk of {database.Directory} has {free >> 20} MiB left since {since.En}, {freeMin >> 20} MiB are wanted. Monitoring, alerts and storing go on; when it is full, readings first take the reserve, then the broker and the devices keep them. Do: 1. Delete or move other files of this disk; 2. Lower data.retention-mib or data.retention-days; 3. Ask whoever maintains the system for a larger disk."));
    }

    private LocalText RefusesText(long nowMs, string error)
    {
        var since = AlertText.Clocks(nowMs);
        return new LocalText(
            $"数据盘写不进去：自 {since.Zh} 起 {database.Directory}（{error}）。新读数没有确认收到，由消息代理和设备暂存，恢复后补上；收到的照常判断，P0、P1 不等写盘直接通知，警报器照响，但确认和升级要等磁盘恢复。请做：1. 看磁盘是否已满或变成只读；2. 腾出空间或修复磁盘；3. 同时派人到现场巡查。",
            $"The data disk refuses to be written since {since.En}: {database.Directory} ({error}). New readings are not acknowledged; the broker and the devices keep them until it is back. What is received is judged all the same, and P0 and P1 are told and sirens sound without the disk; acknowledgements and further calls wait for it. Do: 1. See whether the disk is full or has become read-only; 2. Make room or repair it; 3. Meanwhile send somebody round the site.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether a disk alert was open before the restart could not be read: {Reason}")]
    private partial void LogNotRead(string reason);
}
