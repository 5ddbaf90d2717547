using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/adopt?key=huaihai/shed-02</c>: a device that was heard becomes a registered one.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsAdoptModel(FacilitySource registry, RegistryDesk desk, LiveFeed feed) : SettingsPage(registry, desk)
{
    /// <summary>How the device calls itself.</summary>
    public string Key { get; private set; } = "";

    public NewDevice New { get; private set; } = null!;

    /// <summary>What it measures now.</summary>
    public string Said { get; private set; } = "";

    /// <summary>Where it will be; null: that has to be chosen first.</summary>
    public Site? Site { get; private set; }

    public DeviceFields Fields { get; private set; } = new();

    public IActionResult OnGet(string? key, string? site)
    {
        if (!Find(key, site))
            return new NotThere("adopt-gone");
        Fields = new DeviceFields
        {
            Kind = Words.Of(New.Kind),
            Sockets = New.Sockets > 0 ? New.Sockets.ToString(CultureInfo.InvariantCulture) : "",
            // Where there is one place and one only, most things are there.
            Place = Site is { Places: [{ Id: var only }] } ? only : "",
        };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? key, string? site, string? seen, [FromForm] DeviceFields fields)
    {
        if (!Find(key, site))
        {
            // Pressed twice: by the second time it is registered, and as the form says it leads where the first one did.
            return Registered(key) is var (where, entry) && DeviceEdit.Says(entry, where, fields) ? Redirect($"/settings/devices?adopted={where.Id}/{entry.Id}") : new NotThere("adopt-gone");
        }

        Fields = fields;
        if (Site is not { } there)
            return Page();
        HttpContext.BelongsTo(there.Id);
        return await WriteAsync(DeviceEdit.Of(New, there, fields), seen) is { } refusal ? Refuse(refusal) : Redirect($"/settings/devices?adopted={there.Id}/{New.Id}");
    }

    /// <summary>Where a device that was heard is registered by now, on one of the visitor's sites; null: it is not.</summary>
    private RegisteredDevice? Registered(string? key)
    {
        var sites = Visitor.Sites;
        return feed.Look((view, _, _) => view.All.FirstOrDefault(device => device.Id.ToString() == key && sites.Has(view, device)) is { } device ? view.Find(device.Id) : null);
    }

    /// <summary>Looks the device up among those of the visitor's sites.</summary>
    private bool Find(string? key, string? site)
    {
        var sites = Visitor.Sites;
        var (found, values) = feed.Look((view, _, _) =>
            view.All.FirstOrDefault(device => device.Id.ToString() == key && sites.Has(view, device)) is { } device ? (view.Guess(device), SettingsDevicesModel.ValuesOf(device)) : (null, []));
        if (found is null)
            return false;
        (Key, New, Said) = (key!, found, SettingsDevicesModel.Said(values, Texts.Language(HttpContext)));
        Site = Sites.FirstOrDefault(known => known.Id == (found.Device.Site ?? site)) ?? (found.Device.Site is null && Sites.Count == 1 ? Sites[0] : null);
        Seen = Site is null ? "" : Desk.Seen(DeviceEdit.Part(Desk.Written(), Site.Id, found.Id));
        return true;
    }
}
