using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Tells whoever comes on duty what is open and who has it, in one message; and takes back what somebody holds who went off duty when nobody took it over.</summary>
/// <remarks>Who was on duty stands on disk, and is changed in the commit that holds the messages: whenever the service is killed, each is told once.</remarks>
internal sealed partial class HandOverWorker(Database database, ResponseLog log, TimeProvider time, ILogger<HandOverWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly ILogger<HandOverWorker> _logger = logger;
    private People? _people;
    private long _lookedMinute;
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            await TurnAsync();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One turn. Shifts change on the minute, and rosters when they are edited.</summary>
    internal async Task TurnAsync()
    {
        var (now, roster) = (time.GetUtcNow().ToUnixTimeMilliseconds(), log.Board.Roster);
        if (now / 60_000 == _lookedMinute && ReferenceEquals(roster.People, _people))
            return;
        try
        {
            await LookAsync(roster, now);
            (_lookedMinute, _people, _failing) = (now / 60_000, roster.People, false);
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            // Nothing was noted, so it is found again in the next turn; the disk is told of elsewhere.
            if (!_failing)
                LogFailing(error.Message);
            _failing = true;
        }
    }

    private async Task LookAsync(DutyRoster roster, long now)
    {
        HandOver change;
        List<Notice> notices;
        List<(string Alert, Duty Duty)> left;
        using (var reader = database.OpenReader())
        {
            var noted = DutyTable.Read(reader);
            change = HandOver.Between(noted, roster, now);
            if (!change.IsNews(noted))
                return;
            notices = [.. change.Came.Select(one => Message(reader, roster, one.Person, one.Teams, now)).OfType<Notice>()];
            left = [.. change.Went.SelectMany(duty => Held(reader, duty.Person).Select(alert => (alert, duty)))];
        }

        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            DutyTable.Write(connection, change.Noted);
            foreach (var notice in notices)
                NoticeBook.Enqueue(connection, notice, now, [log]);
            foreach (var (alert, duty) in left)
                log.WentOffDuty(connection, alert, duty);
        });
        log.Announce();
        foreach (var notice in notices)
            LogHandOver(notice.Person, notice.Brief.Zh);
    }

    private Notice? Message(SqliteConnection reader, DutyRoster roster, string person, IReadOnlyList<Team> teams, long now)
    {
        var open = OpenAlerts.Of(reader, roster, teams, SiteScope.All, now);
        if (open.Count == 0)
            return null;
        var contacts = log.Board.Find(person, Priority.P2, now)?.Contacts ?? [];
        var (brief, text) = OpenAlerts.HandOverText(open, teams, roster.People, now);
        return new Notice
        {
            Alert = string.Create(CultureInfo.InvariantCulture, $"{ActLinks.HandOver}-{DutyRoster.Wall(now):yyyyMMddHHmmss}"),
            Step = 0,
            Person = person,
            // Somebody who comes on duty is awake: a message is enough, and what burns rings by its own chain.
            Priority = open[0].State.Priority <= Priority.P1 ? Priority.P1 : Priority.P2,
            Reaches = [.. contacts.Select(contact => new Reach(contact.Channel, contact.Address))],
            Brief = brief,
            Text = text,
            Link = log.LinkOf(ActLinks.HandOver, person, contacts),
        };
    }

    /// <summary>Open alerts that a person once acknowledged; whether that is still in force is judged in the commit.</summary>
    private static List<string> Held(SqliteConnection reader, string person)
    {
        using var command = Database.Command(
            reader, """
            select distinct fact.alert from response join response_event as fact on fact.alert = response.alert
            where response.stage < 3 and fact.body like '{"what":"acknowledged"%' and json_extract(fact.body, '$.by.person') = $person
            """,
            ("$person", person));
        using var rows = command.ExecuteReader();
        var alerts = new List<string>();
        while (rows.Read())
            alerts.Add(rows.GetString(0));
        return alerts;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Hand-over to {Person}: {Brief}")]
    private partial void LogHandOver(string person, string brief);

    [LoggerMessage(Level = LogLevel.Error, Message = "Who is on duty cannot be noted; it is tried again each second: {Reason}")]
    private partial void LogFailing(string reason);
}
