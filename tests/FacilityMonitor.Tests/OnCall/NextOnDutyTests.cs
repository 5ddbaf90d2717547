using FacilityMonitor.Alerts;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.OnCall;

/// <summary>Who gets what somebody leaves behind, on 21 November at noon.</summary>
public sealed class NextOnDutyTests
{
    private static readonly long Noon = ResponseFixture.Noon.ToUnixTimeMilliseconds();

    [Fact]
    public void Whoever_comes_next_in_ones_own_team_comes_first_with_the_time_of_it()
    {
        var next = Find([Team("gate", Tier.Guard, ("08:00", "20:00", "wang"), ("20:00", "08:00", "li")), Team("house", Tier.PropertyManager, ("00:00", "00:00", "chen"))], "wang");

        Assert.Equal(("li", DutyRoster.Instant(new DateTime(2026, 11, 21, 20, 0, 0))), (next!.Person.Id, next.FromMs!.Value));
    }

    [Fact]
    public void Of_two_teams_it_is_who_comes_sooner()
    {
        var next = Find([Team("house", Tier.PropertyManager, ("08:00", "22:00", "wang"), ("22:00", "08:00", "chen")), Team("gate", Tier.Guard, ("08:00", "20:00", "wang"), ("20:00", "08:00", "li"))], "wang");

        Assert.Equal("li", next!.Person.Id);
    }

    [Fact]
    public void Whoever_cannot_be_reached_is_passed_over()
    {
        Assert.Equal("chen", Find([Team("gate", Tier.Guard, ("08:00", "20:00", "wang"), ("20:00", "08:00", "mute")), Team("house", Tier.PropertyManager, ("00:00", "00:00", "chen"))], "wang")!.Person.Id);
    }

    [Fact]
    public void Where_nobody_follows_it_is_who_is_on_duty_now_in_the_order_in_which_they_are_called()
    {
        var next = Find([Team("house", Tier.PropertyManager, ("00:00", "00:00", "chen")), Team("gate", Tier.Guard, ("08:00", "20:00", "wang"))], "chen");

        // A hazard calls the guard first.
        Assert.Equal(("wang", null), (next!.Person.Id, next.FromMs));
        // So does who is in no team at all.
        Assert.Equal("wang", Find([Team("gate", Tier.Guard, ("08:00", "20:00", "wang"))], "manager")!.Person.Id);
    }

    [Fact]
    public void Alone_or_without_anything_to_hand_over_there_is_nobody()
    {
        Assert.Null(Find([Team("gate", Tier.Guard, ("08:00", "20:00", "wang"))], "wang"));
        Assert.Null(Find([], "wang"));
        Assert.Null(NextOnDuty.Find(Board([Team("gate", Tier.Guard, ("08:00", "20:00", "wang"))]), "manager", [], Noon));
    }

    [Fact]
    public void Nobody_gets_what_stands_on_a_site_that_he_does_not_look_after()
    {
        var (here, there, everywhere) = (Team("here", Tier.Guard, ("08:00", "20:00", "wang"), ("20:00", "08:00", "li")), Team("there", Tier.Guard, ("08:00", "14:00", "wang"), ("14:00", "08:00", "chen")), Team("house", Tier.PropertyManager, ("00:00", "00:00", "zhao")));
        (here, there) = (here with { Sites = ["huaihai"] }, there with { Sites = ["jiugeng"] });

        // The other site's guard comes sooner, and has nothing to do with it.
        Assert.Equal("li", Find([here, there], "wang")!.Person.Id);
        Assert.Equal("chen", Find([here, there], "wang", "jiugeng")!.Person.Id);
        // What is of both goes to who looks after both; where there is nobody, a person chooses.
        Assert.Null(Find([here, there], "wang", "huaihai", "jiugeng"));
        Assert.Equal(("zhao", null), (Find([here, there, everywhere], "wang", "huaihai", "jiugeng")!.Person.Id, Find([here, there, everywhere], "wang", "huaihai", "jiugeng")!.FromMs));
        // Whoever follows and is in the other team as well at that hour looks after both.
        Assert.Equal("li", Find([here, there with { Shifts = [.. there.Shifts, .. here.Shifts.Skip(1)] }], "wang", "huaihai", "jiugeng")!.Person.Id);
    }

    private static NextOnDuty? Find(IReadOnlyList<Team> teams, string person, params string[] sites)
    {
        var alerts = (sites is [] ? ["huaihai"] : sites).Select(site =>
            AlertResponse.Apply("a1", null, new ResponseEvent.Raised(Priority.P1, Noon, "r", $"{site}/x", site, EscalationChain.Of(Priority.P1), Noon) { AtMs = Noon }));
        return NextOnDuty.Find(Board(teams), person, [.. alerts], Noon);
    }

    private static DutyBoard Board(IReadOnlyList<Team> teams) => new(
        new DutyRoster(new People { Persons = [Person("wang"), Person("li"), Person("chen"), Person("zhao"), Person("mute") with { Contacts = [] }], Teams = teams, Holidays = HolidayCalendar.BuiltIn }), _ => Loudness.Message, _ => []);

    private static Person Person(string id) => new() { Id = id, Name = new LocalText(id, id), Contacts = [new PersonContact("sms", id, null)] };

    private static Team Team(string id, Tier tier, params (string From, string To, string Person)[] shifts) => new()
    {
        Id = id,
        Name = new LocalText(id, id),
        Tier = tier,
        Shifts = [.. shifts.Select(shift => new Shift { From = TimeOnly.Parse(shift.From, System.Globalization.CultureInfo.InvariantCulture), To = TimeOnly.Parse(shift.To, System.Globalization.CultureInfo.InvariantCulture), Persons = [shift.Person] })],
    };
}
