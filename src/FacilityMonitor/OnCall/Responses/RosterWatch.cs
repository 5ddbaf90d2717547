using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Looks two weeks ahead, at every edit and each hour, for times in which nobody would come.</summary>
internal sealed partial class RosterWatch(Database database, FacilitySource registry, ContactDesk contacts, ChannelSounds sounds, TimeProvider time, Action<AlertTransition> tell, ILogger<RosterWatch> log)
    : BackgroundService
{
    /// <summary>Rule of the alert.</summary>
    public const string Rule = "roster-gap";

    /// <summary>Rule of the alert about contacts that nobody confirmed.</summary>
    public const string ContactRule = "contact-unverified";

    /// <summary>Asset of both alerts.</summary>
    public const string Asset = OwnAlert.AssetPrefix + "roster";

    /// <summary>Contacts that are named.</summary>
    private const int NamedMax = 5;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly ILogger<RosterWatch> _log = log;
    private readonly OwnAlert _alert = new(Rule, Asset, tell);
    private readonly OwnAlert _contacts = new(ContactRule, Asset, tell);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        var (looked, version) = (time.GetTimestamp(), default((string, long)?));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var current = (registry.Current.Facility.Version, sounds.Version);
            if (version == current && time.GetElapsedTime(looked) < Every)
                continue;
            try
            {
                Check();
                (looked, version) = (time.GetTimestamp(), current);
            }
            catch (SqliteException error)
            {
                // The disk refuses; that is told elsewhere, and it is looked at again in a minute.
                LogNotChecked(error.Message);
            }
        }
    }

    /// <summary>Looks, and raises or clears the alerts. Contacts that were not confirmed for long wake nobody: they are told with the morning's information.</summary>
    internal void Check()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var from = DutyRoster.Wall(now);
        var facility = registry.Current.Facility;
        var known = contacts.Known();
        var gaps = DutyGaps.Find(facility, known, sounds, from, DutyGaps.DaysAhead).Where(gap => gap.WakesUp).OrderBy(gap => gap.From).ToList();
        using var reader = database.OpenReader();
        _alert.Restore(reader);
        if (gaps.Count > 0 && !_alert.IsOpen)
            _alert.Raise(Priority.P2, now, now, Text(gaps), new SortedDictionary<string, object>(StringComparer.Ordinal) { ["gaps"] = (long)gaps.Count, ["where"] = gaps[0].Team ?? gaps[0].Site! });
        else if (gaps.Count == 0)
            _alert.Clear(now, new LocalText("已恢复：今后十四天每个班组都有人值班、可以联系。", "Cleared: for the next fourteen days every team has somebody on duty who can be reached."));
        Contacts([.. ContactDesk.States(known, DateOnly.FromDateTime(from)).Where(state => !state.IsVerified)], now, reader);
    }

    private void Contacts(List<ContactState> unverified, long now, SqliteConnection reader)
    {
        _contacts.Restore(reader);
        if (unverified.Count == 0)
        {
            _contacts.Clear(now, new LocalText("已恢复：每个联系方式都由本人确认过。", "Cleared: every contact was confirmed by the person."));
        }
        else if (!_contacts.IsOpen)
        {
            var (zh, en) = (string.Join("、", Named(person => person.Name.Zh)), string.Join(", ", Named(person => person.Name.En)));
            _contacts.Raise(
                Priority.P3, now, now,
                new LocalText(
                    string.Create(CultureInfo.InvariantCulture, $"有 {unverified.Count} 个联系方式 {contacts.VerifiedForDays} 天内没有由本人确认过（{zh}）：夜里可能叫不到人。请做：1. 在「值班」页按「发一条确认」（或运行 facility-monitor contact verify --due）；2. 请本人按链接，或报出确认码，填在那里。"),
                    string.Create(CultureInfo.InvariantCulture, $"{unverified.Count} contacts were not confirmed by the person within {contacts.VerifiedForDays} days ({en}): at night perhaps nobody is reached. Do: 1. On the page On call press \"Send a check\" (or run facility-monitor contact verify --due); 2. Have them press the link, or tell the code, which is entered there.")),
                new SortedDictionary<string, object>(StringComparer.Ordinal) { ["contacts"] = (long)unverified.Count });
        }

        IEnumerable<string> Named(Func<Person, string> name) =>
            unverified.Take(NamedMax).Select(state => $"{name(state.Person)} {state.Contact.Channel}").Concat(unverified.Count > NamedMax ? ["…"] : []);
    }

    private static LocalText Text(List<DutyGap> gaps)
    {
        var first = gaps[0].Text;
        return new LocalText(
            string.Create(CultureInfo.InvariantCulture, $"值班表有 {gaps.Count} 处缺口。最近一处：{first.Zh}。那时的告警会直接通知下一级。请做：1. 在 people.yaml 里安排人或写后备；2. 用 facility-monitor check 核对。"),
            string.Create(CultureInfo.InvariantCulture, $"The rosters have {gaps.Count} gaps. The first: {first.En}. Alerts of that time go straight to the next tier. Do: 1. Put somebody or a fallback into people.yaml; 2. Run facility-monitor check."));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The rosters could not be looked at: {Reason}")]
    private partial void LogNotChecked(string reason);
}
