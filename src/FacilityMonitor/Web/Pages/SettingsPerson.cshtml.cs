using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/people/wang</c>: name and telephone numbers of somebody. What a number is, is never shown again.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsPersonModel(FacilitySource registry, RegistryDesk desk, ChannelSource channels) : PersonPage(registry, desk, channels)
{
    public IActionResult OnGet(string person)
    {
        if (!Find(person))
            return new NotThere("person-gone");
        Fields = new PersonFields
        {
            Name = Known!.Name.Zh,
            NameEn = Known.Name.En == Known.Name.Zh ? "" : Known.Name.En,
            Channels = [.. Known.Contacts.Select(contact => contact.Channel)],
            NightCalls = Known.NightCalls ? "true" : null,
        };
        return Page();
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

    private bool Find(string person)
    {
        if (Facility.People.Find(person) is not { } known || !Visitor.Sites.MayChange(known, Facility.People))
            return false;
        Known = known;
        Seen = Desk.Seen(PersonEdit.Part(Desk.Written(), person));
        return true;
    }
}
