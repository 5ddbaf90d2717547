using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Tests.OnCall;

public sealed class ContactDeskTests : IAsyncDisposable
{
    private readonly ResponseFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task A_way_counts_as_working_only_after_the_person_said_the_code()
    {
        var desk = Desk();
        Assert.All(desk.States(), state => Assert.False(state.IsVerified));
        Assert.Null(await desk.AskAsync("guard", "sms"));
        var (id, code) = Asked().Single();
        Assert.Equal([$"{id} 0 guard"], _fixture.Notices());
        Assert.Contains(code, _fixture.Rows("select text_zh from notice").Single(), StringComparison.Ordinal);
        Assert.Contains(code, _fixture.Rows("select brief_en from notice").Single(), StringComparison.Ordinal);
        Assert.Equal(["sms"], _fixture.Rows("select channel from notice_way"));

        Assert.Equal("sms", await desk.ConfirmAsync("guard", code));

        Assert.Equal([("guard", "sms")], desk.States().Where(state => state.IsVerified).Select(state => (state.Person.Id, state.Contact.Channel)));
        await _fixture.KillAsync();
        Assert.Single(Desk().States(), state => state.IsVerified);
    }

    [Fact]
    public async Task Five_wrong_codes_end_a_question_and_the_right_one_comes_too_late()
    {
        var desk = Desk();
        await desk.AskAsync("guard", "sms");
        var code = Asked().Single().Code;
        var wrong = code == "000000" ? "000001" : "000000";
        for (var attempt = 1; attempt < ContactTable.TriesMax; attempt++)
            Assert.Null(await desk.ConfirmAsync("guard", wrong));
        Assert.Null(await desk.ConfirmAsync("fire", code));
        Assert.Null(await desk.ConfirmAsync("guard", wrong));
        Assert.Null(await desk.ConfirmAsync("guard", code));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public async Task A_question_can_be_answered_for_two_days(int secondsBeyond, bool isHeard)
    {
        var desk = Desk();
        await desk.AskAsync("guard", "sms");
        var (id, code) = Asked().Single();
        _fixture.Time.Sleep(ContactTable.ValidFor + TimeSpan.FromSeconds(secondsBeyond));
        Assert.Equal(isHeard, await desk.ConfirmAsync(new ActPass(id, "guard")));
        Assert.Equal(isHeard, desk.Find(new ActPass(id, "guard")) is { IsConfirmed: true });
        Assert.Null(await desk.ConfirmAsync("guard", code));
    }

    [Fact]
    public async Task A_key_on_the_telephone_confirms_the_number_it_rang()
    {
        var desk = Desk();
        await desk.AskAsync("guard", "voice");
        await _fixture.ReportAsync(Asked().Single().Id, 0, "guard", DeliveryKind.Acknowledged, "1");
        Assert.Equal(["voice"], desk.States().Where(state => state.IsVerified).Select(state => state.Contact.Channel));
    }

    [Fact]
    public async Task A_new_number_has_to_be_confirmed_anew_and_an_old_confirmation_after_thirty_days()
    {
        var desk = Desk();
        await desk.AskAsync("guard", "sms");
        await desk.ConfirmAsync("guard", Asked().Single().Code);
        var confirmed = Confirmed();
        var (sounds, day) = (_fixture.Sounds, new DateOnly(2026, 11, 21));
        var people = _fixture.Facility.People;
        Assert.True(IsVerified(people, day.AddDays(30)));
        Assert.False(IsVerified(people, day.AddDays(31)));
        var moved = people with { Persons = [.. people.Persons.Select(person => person with { Contacts = [.. person.Contacts.Select(contact => contact with { Address = contact.Address + "9" })] })] };
        Assert.False(IsVerified(moved, day));
        var later = people with { Persons = [.. people.Persons.Select(person => person with { Contacts = [.. person.Contacts.Select(contact => contact with { Verified = day.AddDays(5) })] })] };
        Assert.True(IsVerified(later, day.AddDays(35)));

        bool IsVerified(People of, DateOnly today) => ContactDesk.States(ContactDesk.With(of, confirmed, sounds, today), today).Any(state => state is { IsVerified: true, Person.Id: "guard", Contact.Channel: "sms" });
    }

    [Fact]
    public async Task Nobody_is_asked_twice_within_a_minute_and_who_is_not_there_is_said()
    {
        var desk = Desk();
        Assert.Null(await desk.AskAsync("guard", null));
        Assert.Equal(3, Asked().Count);
        Assert.Contains("wait a minute", (await desk.AskAsync("guard", "sms"))!.En, StringComparison.Ordinal);
        _fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await desk.AskAsync("guard", "sms"));
        Assert.Contains("names no 'nobody'", (await desk.AskAsync("nobody", null))!.En, StringComparison.Ordinal);
        Assert.Contains("has no way pager", (await desk.AskAsync("guard", "pager"))!.En, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Questions_of_long_ago_are_forgotten_and_the_last_answer_is_not()
    {
        var desk = Desk();
        for (var month = 0; month < 6; month++)
        {
            await desk.AskAsync("guard", "sms");
            if (month is 1 or 2)
                await desk.ConfirmAsync(new ActPass(Asked()[^1].Id, "guard"));
            _fixture.Time.Sleep(TimeSpan.FromDays(20));
        }

        Assert.Equal(2, Asked().Count);
        Assert.Equal(new DateOnly(2026, 11, 21).AddDays(40), Confirmed().Values.Single());
    }

    /// <summary>Confirmed on 21 November for 30 days: asked on the days from 16 December on, each time once, three times, by day; then it is an alert's turn.</summary>
    [Fact]
    public async Task Before_a_confirmation_ends_the_person_is_asked_again_by_day_and_three_times_at_most()
    {
        await Desk().AskAsync("guard", "sms");
        await Desk().ConfirmAsync("guard", Asked().Single().Code);
        var asked = new List<string>();
        _fixture.Time.Sleep(TimeSpan.FromDays(20));
        for (var hour = 0; hour < 24 * 20; hour += 6)
        {
            _fixture.Time.Sleep(TimeSpan.FromHours(6));
            // A restart at any hour asks nobody twice.
            if (await Desk().AskEndingAsync() is > 0 and var contacts)
                asked.Add(FormattableString.Invariant($"{DutyRoster.Wall(_fixture.NowMs):MM-dd HH} {contacts}"));
        }

        Assert.Equal(["12-16 12 1", "12-18 12 1", "12-20 12 1"], asked);
        Assert.All(_fixture.Rows("select contact_check.channel || notice.person from contact_check join notice on notice.alert = contact_check.id"), row => Assert.Equal("smsguard", row));
    }

    [Fact]
    public async Task Who_answers_the_reminder_is_left_in_peace_for_another_month_and_counted()
    {
        var desk = Desk();
        await desk.AskAsync("guard", "sms");
        await desk.ConfirmAsync("guard", Asked().Single().Code);
        Assert.Equal(new ContactCounts(18, 1, 0, 0), desk.Count());
        _fixture.Time.Sleep(TimeSpan.FromDays(25));
        Assert.Equal(new ContactCounts(18, 1, 1, 0), desk.Count());
        Assert.Equal(1, await desk.AskEndingAsync());
        await desk.ConfirmAsync(new ActPass(Asked()[^1].Id, "guard"));
        Assert.Equal(new ContactCounts(18, 1, 0, 1), desk.Count());
        _fixture.Time.Sleep(TimeSpan.FromDays(24));
        Assert.Equal(0, await desk.AskEndingAsync());
        _fixture.Time.Sleep(TimeSpan.FromDays(1));
        Assert.Equal(1, await desk.AskEndingAsync());
    }

    [Theory]
    [InlineData(9, 0)]
    [InlineData(10, 1)]
    [InlineData(17, 1)]
    [InlineData(18, 0)]
    [InlineData(2, 0)]
    public async Task Nobody_is_asked_by_itself_at_night(int hour, int asked)
    {
        await Desk().AskAsync("guard", "voice");
        await Desk().ConfirmAsync(new ActPass(Asked().Single().Id, "guard"));
        // From noon on 21 November to an hour of 19 December.
        _fixture.Time.Sleep(TimeSpan.FromDays(27) + TimeSpan.FromHours(12 + hour));
        Assert.Equal(asked, await Desk().AskEndingAsync());
    }

    [Fact]
    public async Task How_long_a_confirmation_counts_can_be_set()
    {
        var desk = new ContactDesk(_fixture.Database, _fixture.Registry, _fixture.Log, _fixture.Sounds, _fixture.Time, verifiedForDays: 90);
        await desk.AskAsync("guard", "sms");
        await desk.ConfirmAsync("guard", Asked().Single().Code);
        _fixture.Time.Sleep(TimeSpan.FromDays(84));
        Assert.Equal(0, await desk.AskEndingAsync());
        Assert.Single(desk.States(), state => state.IsVerified);
        Assert.DoesNotContain(Desk().States(), state => state.IsVerified);
        _fixture.Time.Sleep(TimeSpan.FromDays(1));
        Assert.Equal(1, await desk.AskEndingAsync());
        Assert.Equal(90, desk.Known().VerifiedForDays);
    }

    [Fact]
    public async Task The_service_asks_by_itself_and_a_disk_that_refuses_ends_nothing()
    {
        var desk = Desk();
        await desk.AskAsync("guard", "sms");
        await desk.ConfirmAsync("guard", Asked().Single().Code);
        _fixture.Time.Sleep(TimeSpan.FromDays(25));
        using var reminder = new ContactReminder(desk, _fixture.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<ContactReminder>.Instance);
        await reminder.StartAsync(CancellationToken.None);
        await _fixture.CommitAsync(connection => FacilityMonitor.Journal.Database.Execute(connection, "alter table contact_check rename to gone"));
        _fixture.Time.Advance(TimeSpan.FromMinutes(10));
        await _fixture.CommitAsync(connection => FacilityMonitor.Journal.Database.Execute(connection, "alter table gone rename to contact_check"));
        await Mqtt.Until.TrueAsync(
            () =>
            {
                _fixture.Time.Advance(TimeSpan.FromMinutes(10));
                return Asked().Count == 2;
            },
            "the guard is asked again");
        Assert.False(reminder.ExecuteTask!.IsCompleted);
        await reminder.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(36_500, false)]
    public void A_day_to_come_in_the_file_confirms_nothing(int daysAhead, bool isVerified)
    {
        var (day, people) = (new DateOnly(2026, 11, 21), _fixture.Facility.People);
        var written = people with { Persons = [people.Persons[0] with { Contacts = [people.Persons[0].Contacts[0] with { Verified = day.AddDays(daysAhead) }] }] };
        Assert.Equal(isVerified, ContactDesk.States(ContactDesk.With(written, new Dictionary<string, DateOnly>(), _fixture.Sounds, day), day).Single().IsVerified);
    }

    [Fact]
    public void Our_own_log_needs_nobodys_word()
    {
        var sounds = new ChannelSounds(new Dictionary<string, FacilityMonitor.Response.Loudness>(), null, new HashSet<string> { "sms" });
        var day = new DateOnly(2026, 11, 21);
        Assert.Equal(
            ["sms"], ContactDesk.States(ContactDesk.With(_fixture.Facility.People, new Dictionary<string, DateOnly>(), sounds, day), day).Where(state => state.IsVerified).Select(state => state.Contact.Channel).Distinct());
    }

    private ContactDesk Desk() => new(_fixture.Database, _fixture.Registry, _fixture.Log, _fixture.Sounds, _fixture.Time);

    private Dictionary<string, DateOnly> Confirmed()
    {
        using var reader = _fixture.Database.OpenReader();
        return ContactTable.Confirmed(reader);
    }

    private List<(string Id, string Code)> Asked() => [.. _fixture.Rows("select id || ' ' || code from contact_check order by asked_ms").Select(row => (row.Split(' ')[0], row.Split(' ')[1]))];
}
