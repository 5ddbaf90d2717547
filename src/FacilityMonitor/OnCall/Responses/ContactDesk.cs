using System.Globalization;
using System.Security.Cryptography;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Notices;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>How well a way to a person is known to work.</summary>
/// <param name="Person">Who.</param>
/// <param name="Contact">The way.</param>
/// <param name="IsVerified">Whether the person confirmed it within <see cref="People.VerifiedForDays"/> days.</param>
internal sealed record ContactState(Person Person, PersonContact Contact, bool IsVerified);

/// <summary>How the contacts do.</summary>
/// <param name="Ways">Ways to people.</param>
/// <param name="Confirmed">Of these, confirmed lately enough.</param>
/// <param name="Ending">Of those, soon to be confirmed anew.</param>
/// <param name="AskedByItself">Questions that went out by themselves, since the start.</param>
internal sealed record ContactCounts(int Ways, int Confirmed, int Ending, long AskedByItself);

/// <summary>Asks people whether what we send reaches them, and hears what they answer.</summary>
/// <param name="database">Where questions and answers stand.</param>
/// <param name="registry">The people.</param>
/// <param name="log">Hears what becomes of the messages.</param>
/// <param name="sounds">The channels.</param>
/// <param name="time">The clock.</param>
/// <param name="verifiedForDays">For how many days an answer counts.</param>
internal sealed class ContactDesk(Database database, FacilitySource registry, ResponseLog log, ChannelSounds sounds, TimeProvider time, int verifiedForDays = Person.VerifiedForDays)
{
    /// <summary>So many days before an answer counts no more the person is asked again: with two days for each question, three times.</summary>
    public const int LeadDays = 5;

    /// <summary>Nobody is asked by itself before this hour of Shanghai; a telephone that rings for a test is answered by day.</summary>
    public const int AskFromHour = 10;

    /// <summary>And nobody from this one on.</summary>
    public const int AskToHour = 18;

    /// <summary>Somebody who is asked twice a minute answers neither.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromMinutes(1);

    private long _asked;

    /// <summary>For how many days an answer counts.</summary>
    public int VerifiedForDays => verifiedForDays;

    /// <summary>The people as they are registered, each contact with the day it was confirmed last, here or in the file.</summary>
    /// <param name="people">As registered.</param>
    /// <param name="confirmed">What was confirmed here: <see cref="ContactTable.Confirmed"/>.</param>
    /// <param name="sounds">The channels: our own log needs nobody's word.</param>
    /// <param name="today">The day in Shanghai.</param>
    /// <param name="verifiedForDays">For how many days an answer counts.</param>
    public static People With(People people, IReadOnlyDictionary<string, DateOnly> confirmed, ChannelSounds sounds, DateOnly today, int verifiedForDays = Person.VerifiedForDays)
    {
        return people with
        {
            VerifiedForDays = verifiedForDays,
            Persons = [.. people.Persons.Select(person => person with { Contacts = [.. person.Contacts.Select(contact => contact with { Verified = Latest(person, contact) })] })],
        };

        DateOnly? Latest(Person person, PersonContact contact)
        {
            if (sounds.Logs.Contains(contact.Channel))
                return today;
            var here = confirmed.TryGetValue(ContactTable.Key(person.Id, contact), out var day) ? day : default(DateOnly?);
            // A year that was mistyped must not count for ever.
            var written = contact.Verified <= today ? contact.Verified : null;
            return here > written || written is null ? here : written;
        }
    }

    /// <summary>Every way to everybody who is with us, and whether it was confirmed lately.</summary>
    /// <param name="people">The people, as <see cref="With"/> gives them.</param>
    /// <param name="today">The day in Shanghai.</param>
    public static IEnumerable<ContactState> States(People people, DateOnly today) => people.At(today.ToDateTime(TimeOnly.MinValue)).SelectMany(person => person.Contacts.Select(contact =>
        new ContactState(person, contact, contact.Verified is { } verified && verified.AddDays(people.VerifiedForDays) >= today)));

    /// <summary>The people with what is known of their contacts now.</summary>
    public People Known()
    {
        using var reader = database.OpenReader();
        return With(registry.Current.Facility.People, ContactTable.Confirmed(reader), sounds, Today(), verifiedForDays);
    }

    /// <summary>Every way to everybody now.</summary>
    public IReadOnlyList<ContactState> States() => [.. States(Known(), Today())];

    /// <summary>Questions that can still be answered by their code: when each way was asked last, ms since 1970-01-01 UTC, by <see cref="ContactTable.Key"/>.</summary>
    public IReadOnlyDictionary<string, long> Asked()
    {
        using var reader = database.OpenReader();
        return ContactTable.Open(reader, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Whether a channel ends in our own log: nobody is at its other end who could confirm anything.</summary>
    public bool IsOurs(string channel) => sounds.Logs.Contains(channel);

    /// <summary>Sends a person a message by one channel, or by each, that asks for an answer.</summary>
    /// <param name="person">Whom.</param>
    /// <param name="channel">By which; null: by each.</param>
    /// <param name="with">What is written in the same commit; null: nothing.</param>
    /// <returns>Null: it is on its way; else why not.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was sent.</exception>
    public async Task<LocalText?> AskAsync(string person, string? channel, Action<SqliteConnection>? with = null)
    {
        if (registry.Current.Facility.People.Find(person, DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())) is not { } known)
            return new LocalText($"people.yaml 里没有 '{person}'，或已过他登记的最后一天", $"people.yaml names no '{person}', or says that the last day (until) is over");
        var contacts = known.Contacts.Where(contact => (channel is null || contact.Channel == channel) && sounds.Of(contact.Channel) is not null).ToList();
        if (contacts.Count == 0)
            return new LocalText($"{person} 没有可用的联系方式 {channel}；请核对 people.yaml 的 reach 和 channels.yaml", $"{person} has no way {channel} that can be used; check reach in people.yaml, and channels.yaml");
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        using (var reader = database.OpenReader())
            contacts.RemoveAll(contact => ContactTable.AskedMs(reader, ContactTable.Key(person, contact)) is { } asked && now - asked < (long)AskEvery.TotalMilliseconds);
        if (contacts.Count == 0)
            return new LocalText("刚刚发过，请等一分钟", "it was asked just now, wait a minute");
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            contacts.ForEach(contact => Ask(connection, known, contact, now));
            with?.Invoke(connection);
        });
        log.Announce();
        return null;
    }

    /// <summary>How the contacts do now.</summary>
    public ContactCounts Count()
    {
        var (states, today) = (States(), Today());
        return new ContactCounts(states.Count, states.Count(state => state.IsVerified), states.Count(state => IsEnding(state, today)), Interlocked.Read(ref _asked));
    }

    /// <summary>Asks those whose answer counts no more in some days, by day, and each once in the time that a question can be answered.</summary>
    /// <returns>How many questions went out.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it: nothing was sent.</exception>
    public async Task<int> AskEndingAsync()
    {
        var (now, today) = (time.GetUtcNow().ToUnixTimeMilliseconds(), Today());
        if (DutyRoster.Wall(now).Hour is < AskFromHour or >= AskToHour)
            return 0;
        var ending = States().Where(state => IsEnding(state, today) && sounds.Of(state.Contact.Channel) is not null).ToList();
        using (var reader = database.OpenReader())
            ending.RemoveAll(state => ContactTable.AskedMs(reader, ContactTable.Key(state.Person.Id, state.Contact)) is { } asked && now - asked < (long)ContactTable.ValidFor.TotalMilliseconds);
        if (ending.Count == 0)
            return 0;
        await database.CommitAsync(CommitPriority.Alerts, connection => ending.ForEach(state => Ask(connection, state.Person, state.Contact, now)));
        Interlocked.Add(ref _asked, ending.Count);
        log.Announce();
        return ending.Count;
    }

    /// <summary>What is said where a code does not fit.</summary>
    public static LocalText WrongCode { get; } = new(
        $"确认码不对，或已过期，或错了 {ContactTable.TriesMax} 次；请再发一次", $"the code is wrong, too old, or was wrong {ContactTable.TriesMax} times; ask again");

    /// <summary>The person said the code.</summary>
    /// <param name="person">Who.</param>
    /// <param name="code">What was said.</param>
    /// <param name="with">What is written in the same commit where it fits, told the channel; null: nothing.</param>
    /// <returns>The channel that works; null: no such code.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it.</exception>
    public async Task<string?> ConfirmAsync(string person, string code, Action<SqliteConnection, string>? with = null)
    {
        string? channel = null;
        await database.CommitAsync(CommitPriority.Alerts, connection =>
        {
            channel = ContactTable.ConfirmByCode(connection, person, code, time.GetUtcNow().ToUnixTimeMilliseconds());
            if (channel is not null)
                with?.Invoke(connection, channel);
        });
        return channel;
    }

    /// <summary>The person pressed the button behind the link.</summary>
    /// <returns>False: there is no such question, or its time is over.</returns>
    /// <exception cref="DatabaseUnavailableException">The disk did not take it.</exception>
    public async Task<bool> ConfirmAsync(ActPass pass)
    {
        var done = false;
        await database.CommitAsync(CommitPriority.Alerts, connection => done = ContactTable.Confirm(connection, pass.Alert, pass.Person, "link", time.GetUtcNow().ToUnixTimeMilliseconds()));
        return done;
    }

    /// <summary>What a link of a question is about.</summary>
    public (string Channel, bool IsConfirmed)? Find(ActPass pass)
    {
        using var reader = database.OpenReader();
        return ContactTable.Find(reader, pass.Alert, pass.Person, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private void Ask(SqliteConnection connection, Person person, PersonContact contact, long now)
    {
        var id = ContactTable.Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("000000", CultureInfo.InvariantCulture);
        ContactTable.Ask(connection, id, person.Id, contact, code, now);
        var hours = (int)ContactTable.ValidFor.TotalHours;
        var since = AlertText.Clocks(now);
        NoticeBook.Enqueue(
            connection, new Notice
            {
                Alert = id,
                Step = 0,
                Person = person.Id,
                Priority = Priority.P2,
                Reaches = [new Reach(contact.Channel, contact.Address)],
                // What fits into the variable of a template: the code alone answers it.
                Brief = new LocalText($"联系方式确认，确认码 {code}", $"Contact check, code {code}"),
                Text = new LocalText(
                    string.Create(CultureInfo.InvariantCulture, $"联系方式确认，{person.Name.Zh}：{contact.Channel}，自 {since.Zh} 起 {hours} 小时内有效。告警会这样通知你；不确认，值班表会记为没有确认过。请做：打开链接按「我收到了」，或把确认码 {code} 告诉管理员。"),
                    string.Create(CultureInfo.InvariantCulture, $"Contact check, {person.Name.En}: {contact.Channel}, since {since.En}, for {hours} hours. Alerts reach you like this; without an answer the roster counts it as not confirmed. Do: open the link and press \"I got it\", or tell the code {code} to whoever runs this.")),
                Link = log.LinkOf(id, person.Id, [contact]),
            },
            now, [log]);
    }

    /// <summary>An answer of long ago is nobody's reminder any more: that is told as an alert, and somebody looks into it.</summary>
    private bool IsEnding(ContactState state, DateOnly today) =>
        state is { IsVerified: true, Contact.Verified: { } verified } && !sounds.Logs.Contains(state.Contact.Channel) && verified.AddDays(verifiedForDays - LeadDays) <= today;

    private DateOnly Today() => DateOnly.FromDateTime(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()));
}
