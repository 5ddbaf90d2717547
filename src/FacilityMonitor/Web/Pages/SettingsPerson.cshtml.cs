using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/people/wang</c>: name and telephone numbers of somebody, and whether what we send by them arrives. What a number is, is never shown again.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsPersonModel(FacilitySource registry, RegistryDesk desk, ChannelSource channels, ContactDesk contacts, ContactChecks checks) : PersonPage(registry, desk, channels)
{
    private (string? Person, string? Code) _typed;

    /// <summary>The channels to the person.</summary>
    public ContactRows Contacts => new(checks.Rows(contacts.States().Where(state => state.Person.Id == Known!.Id)), "/settings/people/" + Known!.Id, Visitor.May(Right.Contacts))
    { Typed = _typed };

    /// <summary>What became of a press: <c>asked</c> or <c>confirmed</c>.</summary>
    public string? Done => Refusal is null ? ContactChecks.Done(Request) : null;

    public IActionResult OnGet(string person)
    {
        if (!Find(person))
            return new NotThere("person-gone");
        Fields = Written();
        return Page();
    }

    /// <summary>Asks the person whether what we send arrives.</summary>
    public Task<IActionResult> OnPostAskAsync(string person, [FromForm] string? channel) => PressAsync(person, "asked", () => checks.AskAsync(Visitor, person, channel));

    /// <summary>Takes the code that the person said.</summary>
    public Task<IActionResult> OnPostConfirmAsync(string person, [FromForm] string? code)
    {
        _typed = (person, code);
        return PressAsync(person, "confirmed", () => checks.ConfirmAsync(Visitor, person, code));
    }

    public async Task<IActionResult> OnPostAsync(string person, string? seen, [FromForm] PersonFields fields)
    {
        if (!Find(person))
            return new NotThere("person-gone");
        // Who is somebody is not changed here, and a team neither.
        Fields = fields with { Team = null };
        if (Known!.Contacts.Count > PersonFields.WaysMax)
            return Refuse(EditRefusal.Of(new($"这个人有 {Known.Contacts.Count} 种联系方式，网页上最多改 {PersonFields.WaysMax} 种；请在 people.yaml 里改", $"this person has {Known.Contacts.Count} ways, and the page changes {PersonFields.WaysMax} at most; change them in people.yaml")));
        return await SaveAsync(person, seen) is { } refusal ? Refuse(refusal) : Redirect("/settings/people?saved");
    }

    private async Task<IActionResult> PressAsync(string person, string done, Func<Task<LocalText?>> press)
    {
        if (!Visitor.May(Right.Contacts))
            return Forbid();
        if (!Find(person))
            return new NotThere("person-gone");
        if (await TryAsync(async () => await press() is { } refused ? EditRefusal.Of(refused) : null) is not { } refusal)
            return Redirect($"/settings/people/{person}?done={done}#contacts");
        Fields = Written();
        return Refuse(refusal);
    }

    /// <summary>What the form says before anybody writes.</summary>
    private PersonFields Written() => new()
    {
        Name = Known!.Name.Zh,
        NameEn = English(Known.Name),
        Channels = [.. Known.Contacts.Select(contact => contact.Channel)],
        NightCalls = Known.NightCalls ? "true" : null,
        Until = Known.Until?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    private bool Find(string person)
    {
        if (Facility.People.Find(person) is not { } known || !Visitor.Sites.MayChange(known, Facility.People))
            return false;
        Known = known;
        Seen = Desk.Seen(PersonEdit.Part(Desk.Written(), person));
        return true;
    }
}
