using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/fire-equipment?site=huaihai&amp;thing=ext-1</c>: where an extinguisher or hydrant is and when it is checked next; without one a new one.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsFireEquipmentModel(FacilitySource registry, RegistryDesk desk) : SettingsPage(registry, desk)
{
    public Site Site { get; private set; } = null!;

    /// <summary>The extinguisher or hydrant; null: a new one.</summary>
    public FireEquipment? Thing { get; private set; }

    public FireEquipmentFields Fields { get; private set; } = new();

    public IActionResult OnGet(string? site, string? thing)
    {
        if (!Find(site, thing))
            return new NotThere("fire-equipment-gone");
        if (Thing is { } known)
            Fields = new FireEquipmentFields { Name = known.Name.Zh, NameEn = English(known.Name), Place = known.Place, Due = known.Due.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? site, string? thing, string? seen, string? drawn, [FromForm] FireEquipmentFields fields)
    {
        if (!Find(site, thing))
            return new NotThere("fire-equipment-gone");
        (Fields, Drawn) = (fields, DrawnId.Of(drawn));
        HttpContext.BelongsTo(Site.Id);
        return await WriteAsync(FireEquipmentEdit.Of(Site.Id, Thing?.Id ?? FireEquipmentEdit.IdOf(Drawn), fields, Desk), seen) is { } refusal ? Refuse(refusal) : Redirect("/fire-equipment?saved");
    }

    private bool Find(string? site, string? thing)
    {
        if (Sites.FirstOrDefault(known => known.Id == site) is not { } there)
            return false;
        Site = there;
        if (string.IsNullOrEmpty(thing))
        {
            Seen = Desk.Seen(null);
            return true;
        }

        Thing = there.FireEquipment.FirstOrDefault(known => known.Id == thing);
        Seen = Desk.Seen(FireEquipmentEdit.Part(Desk.Written(), there.Id, thing));
        return Thing is not null;
    }
}
