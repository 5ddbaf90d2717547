using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using Microsoft.Extensions.Logging.Abstractions;

namespace FacilityMonitor.Tests.OnCall;

public sealed class RosterWatchTests : IAsyncDisposable
{
    private readonly ResponseFixture _fixture = new();
    private readonly List<AlertTransition> _told = [];

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Contacts_that_nobody_confirmed_are_information_once_and_over_when_all_are_confirmed()
    {
        var (desk, watch) = Watch();
        watch.Check();
        watch.Check();
        var told = Assert.Single(_told);
        Assert.Equal((RosterWatch.ContactRule, Priority.P3), (told.Rule, told.Priority));
        Assert.Contains("18 contacts were not confirmed", told.Text.En, StringComparison.Ordinal);
        // The page first: who reads it has no terminal.
        Assert.Matches("「值班」页按「发一条确认」.*contact verify --due", told.Text.Zh);
        Assert.Matches("page On call press \"Send a check\".*contact verify --due", told.Text.En);

        foreach (var person in _fixture.Facility.People.Persons)
            await desk.AskAsync(person.Id, null);
        foreach (var row in _fixture.Rows("select id || ' ' || person from contact_check"))
            await desk.ConfirmAsync(new ActPass(row.Split(' ')[0], row.Split(' ')[1]));
        watch.Check();
        Assert.Equal(Condition.Cleared, _told[^1].Condition);

        _fixture.Time.Sleep(TimeSpan.FromDays(Person.VerifiedForDays + 1));
        watch.Check();
        Assert.Equal((3, Condition.Active), (_told.Count, _told[^1].Condition));
    }

    [Fact]
    public void A_team_without_anybody_in_two_weeks_is_told_now_and_a_site_whose_chain_finds_nobody_too()
    {
        var people = _fixture.Facility.People;
        _fixture.Register(_fixture.Facility with { People = people with { Teams = [people.Teams[0] with { Shifts = [new Shift { From = new TimeOnly(8, 0), To = new TimeOnly(20, 0), Persons = ["guard"] }] }] } });
        var (_, watch) = Watch();
        watch.Check();
        var gap = Assert.Single(_told, told => told.Rule == RosterWatch.Rule);
        Assert.Equal(Priority.P2, gap.Priority);
        // The overlap of the hand-over still reaches the guard for a quarter of an hour; the team is empty from 20:00 on.
        Assert.Contains("guard, 21 Nov 20:00 – 22 Nov 08:00: nobody on duty", gap.Text.En, StringComparison.Ordinal);
        var found = DutyGaps.Find(_fixture.Facility, _fixture.Facility.People, _fixture.Sounds, new DateTime(2026, 11, 21, 12, 0, 0), 1);
        Assert.Contains(found, one => one is { Why: DutyGaps.NobodyAtAll, Site: "huaihai", WakesUp: true } && one.From == new DateTime(2026, 11, 21, 20, 15, 0) && one.To == new DateTime(2026, 11, 22, 8, 0, 0));
    }

    /// <summary>A gap that lies eleven days ahead is no line in a log: it is an alert, and somebody's telephone says so, with a link.</summary>
    [Fact]
    public async Task A_gap_within_fourteen_days_is_told_to_whoever_is_on_duty_and_one_behind_them_to_nobody_yet()
    {
        var people = _fixture.Facility.People;
        var away = people.Persons.Select(person => person.Id == "committee" ? person with { Away = [new Absence(new DateTime(2026, 12, 5, 12, 0, 1), new DateTime(2026, 12, 6, 12, 0, 0))] } : person).ToList();
        _fixture.Register(_fixture.Facility with { People = people with { Persons = away } });
        var (_, watch) = Watch();
        watch.Check();
        Assert.DoesNotContain(_told, told => told.Rule == RosterWatch.Rule);

        _fixture.Time.Advance(TimeSpan.FromSeconds(2));
        watch.Check();
        var gap = Assert.Single(_told, told => told.Rule == RosterWatch.Rule);
        await _fixture.RaiseAsync(gap);
        await _fixture.PassAsync(31);

        Assert.Equal([$"{gap.AlertId} 0 guard"], _fixture.Notices());
        Assert.Contains("committee, 5 Dec 12:00 – ", _fixture.Rows("select text_en from notice").Single(), StringComparison.Ordinal);
        Assert.StartsWith("https://monitor.example.org/a/", _fixture.Rows("select link from notice").Single(), StringComparison.Ordinal);
        // Half an hour without an answer, and the next above hears of it.
        await _fixture.PassAsync(1_801);
        Assert.Contains(_fixture.Notices(), notice => notice.EndsWith(" manager", StringComparison.Ordinal));
    }

    /// <summary>Who would be told is who is missing: the next one is told at once.</summary>
    [Fact]
    public async Task That_the_guard_cannot_be_reached_is_told_to_the_manager_at_once()
    {
        var people = _fixture.Facility.People;
        _fixture.Register(_fixture.Facility with { People = people with { Persons = [.. people.Persons.Select(person => person.Id == "guard" ? person with { Contacts = [new PersonContact("pigeon", "x", null)] } : person)] } });
        var (_, watch) = Watch();
        watch.Check();
        var gap = Assert.Single(_told, told => told.Rule == RosterWatch.Rule);
        Assert.Contains("nobody on duty can be reached", gap.Text.En, StringComparison.Ordinal);
        await _fixture.RaiseAsync(gap);
        await _fixture.PassAsync(31);
        Assert.Equal([$"{gap.AlertId} 0 manager"], _fixture.Notices());
    }

    private (ContactDesk Desk, RosterWatch Watch) Watch()
    {
        var desk = new ContactDesk(_fixture.Database, _fixture.Registry, _fixture.Log, _fixture.Sounds, _fixture.Time);
        return (desk, new RosterWatch(_fixture.Database, _fixture.Registry, desk, _fixture.Sounds, _fixture.Time, _told.Add, NullLogger<RosterWatch>.Instance));
    }
}
