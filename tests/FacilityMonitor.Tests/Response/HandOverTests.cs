using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Response;

public sealed class HandOverTests
{
    private static readonly string[] Everybody = ["an", "bo"];
    private static readonly DateTime Day = new(2026, 11, 21);

    [Fact]
    public void Whoever_comes_on_duty_is_found_once_and_whoever_went_when_the_overlap_is_over()
    {
        var roster = Roster(Shift("08:00", "20:00", "an"), Shift("20:00", "08:00", "bo"));
        var noted = HandOver.Between([], roster, At("19:59")).Noted;
        Assert.Equal([("an", default(long?))], noted.Select(duty => (duty.Person, duty.LeftMs)));

        var change = HandOver.Between(noted, roster, At("20:00"));

        Assert.Equal(["bo"], change.Came.Select(one => one.Person));
        Assert.Equal([("an", At("20:00")), ("bo", null)], change.Noted.Select(duty => (duty.Person, duty.LeftMs)));
        Assert.Empty(change.Went);
        Assert.False(HandOver.Between(change.Noted, roster, At("20:01")).IsNews(change.Noted));
        Assert.Empty(HandOver.Between(change.Noted, roster, At("20:14")).Went);
        var over = HandOver.Between(change.Noted, roster, At("20:15"));
        Assert.Equal(["an"], over.Went.Select(duty => duty.Person));
        Assert.Equal(["bo"], over.Noted.Select(duty => duty.Person));
        Assert.Empty(over.Came);
    }

    [Fact]
    public void A_hand_over_that_fell_into_a_restart_is_made_up_for_with_a_whole_overlap()
    {
        var roster = Roster(Shift("08:00", "20:00", "an"), Shift("20:00", "08:00", "bo"));
        var noted = HandOver.Between([], roster, At("19:00")).Noted;
        var change = HandOver.Between(noted, roster, At("23:30"));
        Assert.Equal(["bo"], change.Came.Select(one => one.Person));
        Assert.Empty(HandOver.Between(change.Noted, roster, At("23:44")).Went);
        Assert.Equal(["an"], HandOver.Between(change.Noted, roster, At("23:45")).Went.Select(duty => duty.Person));
    }

    [Fact]
    public void An_edit_of_the_roster_is_a_hand_over_too_and_a_team_that_is_gone_leaves_nobody_behind()
    {
        var before = HandOver.Between([], Roster(Shift("00:00", "00:00", "an")), At("10:00")).Noted;
        var change = HandOver.Between(before, Roster(Shift("00:00", "00:00", "bo")), At("10:05"));
        Assert.Equal(["bo"], change.Came.Select(one => one.Person));
        Assert.Equal(At("10:05"), change.Noted.Single(duty => duty.Person == "an").LeftMs);
        var gone = HandOver.Between(change.Noted, new DutyRoster(Registry.PeopleOf([])), At("11:00"));
        Assert.Equal([("bo", At("11:00"))], gone.Noted.Select(duty => (duty.Person, duty.LeftMs!.Value)));
        Assert.Equal(["an"], gone.Went.Select(duty => duty.Person));
    }

    [Fact]
    public void What_somebody_holds_who_went_counts_no_more_unless_something_was_heard_since_or_somebody_stands_there()
    {
        var life = new Life(Priority.P1).Acknowledges("an");
        Assert.True(HandOver.Lapses(life.State, "an", life.NowMs + 1, life.NowMs));
        Assert.False(HandOver.Lapses(life.State, "an", life.NowMs, life.NowMs));
        Assert.False(HandOver.Lapses(life.State, "bo", life.NowMs + 1, 0));

        life.At(60);
        Assert.Null(life.Does("an", new ResponseCommand.Arrive()));
        Assert.False(HandOver.Lapses(life.State, "an", life.NowMs + 60_000, life.NowMs));

        var over = new Life(Priority.P1).Acknowledges("an").At(30).Rules(Condition.Cleared);
        Assert.False(HandOver.Lapses(over.State, "an", over.NowMs + 1, 0));
    }

    [Fact]
    public void Of_two_who_took_a_fire_the_one_who_stays_still_counts_and_a_second_is_called_again()
    {
        var life = new Life(Priority.P0).Acknowledges("an").Acknowledges("bo");
        Assert.True(life.State.IsAnswered);
        life.At(300).Add(new ResponseEvent.WentOffDuty("an", life.NowMs) { AtMs = life.NowMs });
        Assert.Equal(["bo"], life.State.Acknowledgements.Select(one => one.Person));
        Assert.Equal((false, true), (life.State.IsAnswered, life.State.IsCalling));
        Assert.True(ResponseLife.NextDueMs(life.State) <= life.NowMs);
    }

    private static long At(string time) => DutyRoster.Instant(Day + TimeOnly.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToTimeSpan());

    private static DutyRoster Roster(params Shift[] shifts) => new(Registry.PeopleOf([new Team { Id = "gate", Name = new LocalText("门岗", "Gate"), Tier = Tier.Guard, Shifts = shifts }]));

    private static Shift Shift(string from, string to, string person) => new()
    {
        From = TimeOnly.Parse(from, System.Globalization.CultureInfo.InvariantCulture),
        To = TimeOnly.Parse(to, System.Globalization.CultureInfo.InvariantCulture),
        Persons = [person],
    };

    private static class Registry
    {
        public static People PeopleOf(IReadOnlyList<Team> teams) => new()
        {
            Persons = [.. Everybody.Select(id => new Person { Id = id, Name = new LocalText(id, id), Contacts = [new PersonContact("sms", id, null)] })],
            Teams = teams,
            Holidays = HolidayCalendar.BuiltIn,
        };
    }
}
