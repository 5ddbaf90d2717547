using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>One channel to a person, as a page shows it.</summary>
/// <param name="Person">Who.</param>
/// <param name="Channel">By which channel.</param>
/// <param name="Verified">When the person confirmed it last; null: never.</param>
/// <param name="IsVerified">Whether that is lately enough.</param>
/// <param name="IsOurs">Whether it ends in our own log, so that there is nobody to confirm it.</param>
/// <param name="AskedMs">Since when a question waits for its code, ms since 1970-01-01 UTC; null: none does.</param>
internal sealed record ContactRow(Person Person, string Channel, DateOnly? Verified, bool IsVerified, bool IsOurs, long? AskedMs);

/// <summary>Channels to people as a list, with buttons for whoever may ask them.</summary>
/// <param name="Rows">The channels.</param>
/// <param name="Path">The page that takes the forms.</param>
/// <param name="MayAsk">Whether there are buttons.</param>
internal sealed record ContactRows(IReadOnlyList<ContactRow> Rows, string Path, bool MayAsk)
{
    /// <summary>A code that was typed for somebody and not taken: it stands there still. Null: none was.</summary>
    public (string? Person, string? Code) Typed { get; init; }
}

/// <summary>Asks people on a page whether what we send reaches them, and takes the code that they say: what <c>facility-monitor contact</c> does in a terminal.</summary>
internal sealed class ContactChecks(ContactDesk contacts, FacilitySource registry, TimeProvider time)
{
    /// <summary>What the address says became of a press: <c>asked</c> or <c>confirmed</c>; null: nothing was pressed.</summary>
    public static string? Done(HttpRequest request)
    {
        var done = request.Query["done"].ToString();
        return done is "asked" or "confirmed" ? done : null;
    }

    /// <summary>Channels to people, each person's in their order.</summary>
    /// <param name="states">Of the ways that are shown; two addresses of one channel are asked by one press.</param>
    public IReadOnlyList<ContactRow> Rows(IEnumerable<ContactState> states)
    {
        var asked = contacts.Asked();
        return
        [
            .. states.GroupBy(state => (state.Person.Id, state.Contact.Channel)).Select(ways => new ContactRow(
                ways.First().Person, ways.Key.Channel, ways.Min(way => way.Contact.Verified ?? DateOnly.MinValue) is var day && day > DateOnly.MinValue ? day : null, ways.All(way => way.IsVerified),
                contacts.IsOurs(ways.Key.Channel),
                ways.Select(way => asked.TryGetValue(ContactTable.Key(way.Person.Id, way.Contact), out var ms) ? ms : default(long?)).Max())),
        ];
    }

    /// <summary>Sends a question.</summary>
    /// <returns>Null: it is on its way; else why not.</returns>
    /// <exception cref="FacilityMonitor.Journal.DatabaseUnavailableException">The disk did not take it: nothing was sent.</exception>
    public Task<LocalText?> AskAsync(Visitor by, string person, string? channel) => string.IsNullOrEmpty(channel)
        ? Task.FromResult<LocalText?>(new("请选一个通道", "choose a channel"))
        : contacts.AskAsync(person, channel, connection => AuditLog.Add(connection, EntryOf(by, "contact-ask", person, channel)));

    /// <summary>Takes a code.</summary>
    /// <returns>Null: it fits; else why not.</returns>
    /// <exception cref="FacilityMonitor.Journal.DatabaseUnavailableException">The disk did not take it.</exception>
    public async Task<LocalText?> ConfirmAsync(Visitor by, string person, string? code) =>
        await contacts.ConfirmAsync(person, code?.Trim() ?? "", (connection, channel) => AuditLog.Add(connection, EntryOf(by, "contact-confirm", person, channel))) is null ? ContactDesk.WrongCode : null;

    private AuditEntry EntryOf(Visitor by, string what, string person, string channel)
    {
        var sites = PersonEdit.SitesOf(person, registry.Current.Facility.People);
        return new AuditEntry(time.GetUtcNow().ToUnixTimeMilliseconds(), by.Name, by.Place, what, person, sites.InAudit, channel);
    }
}
