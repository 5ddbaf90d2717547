using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Fly-wire cases whose next step is late: the property manager, or where there is none the neighbourhood committee's duty, hears of each once, with the morning's information.</summary>
/// <remarks>Nobody is woken: what has waited for a day can wait until eight. When the case goes on, the alert is over.</remarks>
internal sealed partial class OverdueWatch(Database database, FacilitySource registry, TimeProvider time, Action<AlertTransition> tell, ILogger<OverdueWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly ILogger<OverdueWatch> _log = log;

    /// <summary>What is open, by the path of the circuit: a circuit has one open case. Null: not read yet.</summary>
    private Dictionary<string, AlertTransition>? _open;

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
                // The disk refuses; that is told elsewhere, and it is looked at again in a minute.
                LogNotChecked(error.Message);
            }
        }
    }

    /// <summary>Looks, and raises or clears.</summary>
    internal void Check()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using var reader = database.OpenReader();
        var open = _open ??= AlertLog.ReadOpen(reader).Where(step => step.Rule == FlyWireCase.OverdueRule).ToDictionary(step => step.Asset, StringComparer.Ordinal);
        var late = FlyWireCaseTable.DueBefore(reader, SiteScope.All, now).DistinctBy(entry => entry.Asset).ToDictionary(entry => entry.Asset, StringComparer.Ordinal);
        foreach (var (asset, told) in open.Where(pair => !late.TryGetValue(pair.Key, out var entry) || entry.Case.DueMs != pair.Value.OnsetMs).ToList())
        {
            open.Remove(asset);
            tell(told with { Condition = Condition.Cleared, AtMs = now, Sequence = told.Sequence + 1, Text = Over(told.OnsetMs, now) });
        }

        foreach (var (asset, entry) in late.Where(pair => !open.ContainsKey(pair.Key)))
        {
            var due = entry.Case.DueMs!.Value;
            open[asset] = new AlertTransition
            {
                AlertId = AlertId.Of(entry.Site, FlyWireCase.OverdueRule, asset, due),
                Rule = FlyWireCase.OverdueRule,
                Priority = Priority.P3,
                Condition = Condition.Active,
                AtMs = now,
                OnsetMs = due,
                Site = entry.Site,
                Asset = asset,
                Text = On(entry, registry.Current),
                Evidence = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["begun_by"] = entry.Alert, ["sights"] = (long)entry.Case.Sights, ["stage"] = Words.Of(entry.Case.Stage) },
            };
            tell(open[asset]);
        }
    }

    private static LocalText On(FlyWireCaseEntry entry, FacilityIndex index)
    {
        var (where, stage, due, step) = (entry.Where(index), FlyWireWords.Of(entry.Case.Stage), AlertText.Clocks(entry.Case.DueMs!.Value), Step(entry.Case.Stage));
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"飞线案件逾期，{where.Zh}：案件停在“{stage.Zh}”，应在 {due.Zh} 前{step.Zh}。自 {due.Zh} 起。没有人处理，充电可能还在继续。请做：1. {step.Zh}；2. 在“飞线案件”页（/fly-wire）记下结果；3. 做不到的，写明原因、改派别人。"),
            string.Create(CultureInfo.InvariantCulture, $"Fly-wire case overdue, {where.En}: the case stands at \"{stage.En}\"; by {due.En} somebody was to {step.En}. Since {due.En}. While nobody does, charging may go on. Do: 1. Go and {step.En}; 2. Note the result on the page of fly-wire cases (/fly-wire); 3. If you cannot, write why and hand it on."));
    }

    private static LocalText Over(long onsetMs, long nowMs) => new(
        $"已恢复：飞线案件已有进展。自 {AlertText.Clock(onsetMs)} 起逾期，{AlertText.Clock(nowMs)} 不再逾期。请做：不用处理。",
        $"Cleared: the fly-wire case has gone on. Overdue since {AlertText.EnglishClock(onsetMs)}, no longer at {AlertText.EnglishClock(nowMs)}. Do: nothing.");

    /// <summary>What a case at this stage waits for.</summary>
    internal static LocalText Step(FlyWireStage stage) => stage switch
    {
        FlyWireStage.Suspected => new("到现场核实", "look on the spot"),
        FlyWireStage.Confirmed => new("劝导住户或发整改通知", "advise the resident or serve a notice"),
        FlyWireStage.Advised or FlyWireStage.Noticed or FlyWireStage.Recheck => new("复查", "look again"),
        // They have no due date.
        FlyWireStage.Dismissed or FlyWireStage.Closed => throw new System.Diagnostics.UnreachableException(),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Overdue fly-wire cases could not be looked for: {Reason}")]
    private partial void LogNotChecked(string reason);
}
