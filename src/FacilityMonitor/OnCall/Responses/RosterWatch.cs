using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Looks two weeks ahead, at every edit and each hour, for times in which nobody would come.</summary>
internal sealed partial class RosterWatch(Database database, FacilitySource registry, ResponseLog responses, ChannelSounds sounds, TimeProvider time, Action<AlertTransition> tell, ILogger<RosterWatch> log)
    : BackgroundService
{
    /// <summary>How far it looks.</summary>
    public const int DaysAhead = 14;

    /// <summary>Rule of the alert.</summary>
    public const string Rule = "roster-gap";

    /// <summary>Asset of the alert.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "roster";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly ILogger<RosterWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        var (looked, version) = (time.GetTimestamp(), "");
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (version == registry.Current.Facility.Version && time.GetElapsedTime(looked) < Every)
                continue;
            try
            {
                Check();
                (looked, version) = (time.GetTimestamp(), registry.Current.Facility.Version);
            }
            catch (SqliteException error)
            {
                // The disk refuses; that is told elsewhere, and it is looked at again in a minute.
                LogNotChecked(error.Message);
            }
        }
    }

    /// <summary>Looks, and raises or clears the alert. Contacts that were not confirmed for long are named by <c>check</c>, and wake nobody.</summary>
    internal void Check()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var from = DutyRoster.Wall(now);
        var roster = responses.Board.Roster;
        var gaps = roster.People.Teams.SelectMany(team => roster.Gaps(team, from, from.AddDays(DaysAhead), contact => sounds.Of(contact.Channel) is not null))
            .Where(gap => gap.Kind != RosterGapKind.Unverified).OrderBy(gap => gap.From).ToList();
        using var reader = database.OpenReader();
        _alert.Restore(reader);
        if (gaps.Count > 0 && !_alert.IsOpen)
            _alert.Raise(Priority.P2, now, now, Text(gaps), new SortedDictionary<string, object>(StringComparer.Ordinal) { ["gaps"] = (long)gaps.Count, ["team"] = gaps[0].Team.Id });
        else if (gaps.Count == 0)
            _alert.Clear(now, new LocalText("已恢复：今后十四天每个班组都有人值班、可以联系。", "Cleared: for the next fourteen days every team has somebody on duty who can be reached."));
    }

    /// <summary>A gap in words.</summary>
    public static LocalText Describe(RosterGap gap)
    {
        var (zh, en) = gap.Kind switch
        {
            RosterGapKind.Nobody => ("无人值班", "nobody on duty"),
            RosterGapKind.Unreachable => ("值班的人没有可用的联系方式", "nobody on duty can be reached"),
            RosterGapKind.Unverified => ("值班的人 30 天内没有确认过联系方式", "no contact was verified within 30 days"),
            RosterGapKind.UnknownYear => ($"缺少 {gap.From.Year} 年的节假日和调休，请在 people.yaml 的 holidays 里补上", $"the holidays of {gap.From.Year} are missing, add them under holidays in people.yaml"),
        };
        var times = string.Create(CultureInfo.InvariantCulture, $"{gap.From:MM-dd HH:mm} – {gap.To:MM-dd HH:mm}");
        return new LocalText($"{gap.Team.Name.Zh}，{times}：{zh}", $"{gap.Team.Name.En}, {times}: {en}");
    }

    private static LocalText Text(List<RosterGap> gaps)
    {
        var first = Describe(gaps[0]);
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"值班表有 {gaps.Count} 处缺口。最近一处：{first.Zh}。那时的告警会直接通知下一级。请做：1. 在 people.yaml 里安排人或写后备；2. 用 facility-monitor check 核对。"),
            string.Create(CultureInfo.InvariantCulture, $"The rosters have {gaps.Count} gaps. The first: {first.En}. Alerts of that time go straight to the next tier. Do: 1. Put somebody or a fallback into people.yaml; 2. Run facility-monitor check."));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The rosters could not be looked at: {Reason}")]
    private partial void LogNotChecked(string reason);
}
