using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/site?site=huaihai</c>: name, address and guard room of a site; without a site a new one.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsSiteModel(FacilitySource registry, RegistryDesk desk) : SettingsPage(registry, desk)
{
    /// <summary>The site; null: a new one.</summary>
    public Site? Site { get; private set; }

    public SiteFields Fields { get; private set; } = new();

    public IActionResult OnGet(string? site)
    {
        if (!Find(site))
            return new NotThere("no-site");
        if (Site is { } known)
        {
            Fields = new SiteFields
            {
                Name = known.Name.Zh,
                NameEn = English(known.Name),
                Address = known.Address?.Zh,
                AddressEn = English(known.Address),
                GuardPhone = known.GuardPhone,
                Public = known.IsPublic ? "true" : null,
            };
        }

        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? site, string? seen, [FromForm] SiteFields fields)
    {
        if (!Find(site))
            return new NotThere("no-site");
        Fields = fields;
        var id = Site?.Id ?? fields.Id?.Trim() ?? "";
        if (Site is null)
            Seen = Desk.Seen(null);
        else
            HttpContext.BelongsTo(id);
        return await WriteAsync(SiteEdit.Of(id, fields, Desk), seen) is { } refusal ? Refuse(refusal) : Redirect("/settings/sites?saved");
    }

    private bool Find(string? site)
    {
        if (string.IsNullOrEmpty(site))
        {
            Seen = Desk.Seen(null);
            return Visitor.Sites.IsAll;
        }

        Site = Sites.FirstOrDefault(known => known.Id == site);
        Seen = Desk.Seen(SiteEdit.Part(Desk.Written(), site));
        return Site is not null;
    }
}
