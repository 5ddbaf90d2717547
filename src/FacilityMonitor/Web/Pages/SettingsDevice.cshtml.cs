using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/device?site=huaihai&amp;device=pile-01</c>: what is registered of a device, corrected; of a climber who is trained and when it is inspected next.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsDeviceModel(FacilitySource registry, RegistryDesk desk, TimeProvider time) : SettingsPage(registry, desk)
{
    public Site Site { get; private set; } = null!;

    public DeviceEntry Device { get; private set; } = null!;

    public DeviceFields Fields { get; private set; } = new();

    /// <summary>Whether it has sockets or slots, or is registered so. What is registered and not shown would be taken out by whoever saves the form.</summary>
    public bool HasSockets => Device.Kind is DeviceKind.Pile or DeviceKind.Cabinet || Device.Sockets > 0 || Device.Reserved.Count > 0;

    /// <summary>Whether it is inspected.</summary>
    public bool HasInspection => Device.Kind == DeviceKind.Climber || Device.InspectionDue is not null;

    /// <summary>Whether people are trained on it.</summary>
    public bool HasOperators => Device.Kind == DeviceKind.Climber || Device.Operators.Count > 0;

    /// <summary>Who can be trained: those whom the visitor sees and who are with us, and who is.</summary>
    public IEnumerable<Person> People => Facility.People.Persons.Where(person => IsSeen(person) && (Device.Operators.Contains(person.Id) || !person.HasLeft(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()))));

    public IActionResult OnGet(string? site, string? device)
    {
        if (!Find(site, device))
            return new NotThere("no-device");
        Fields = new DeviceFields
        {
            Name = Device.Name.Zh,
            NameEn = English(Device.Name),
            Place = Device.Place,
            Circuit = Device.Circuit,
            Sockets = Device.Sockets > 0 ? Device.Sockets.ToString(CultureInfo.InvariantCulture) : null,
            Reserved = string.Join(", ", Device.Reserved),
            InspectionDue = Device.InspectionDue?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Operators = Device.Operators,
        };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? site, string? device, string? seen, [FromForm] DeviceFields fields)
    {
        if (!Find(site, device))
            return new NotThere("no-device");
        // Whom the visitor does not see he neither names nor takes out.
        var chosen = (fields.Operators ?? []).ToHashSet(StringComparer.Ordinal);
        Fields = fields with
        {
            Operators = [.. Device.Operators.Where(id => chosen.Contains(id) || Facility.People.Find(id) is not { } person || !IsSeen(person)), .. People.Select(person => person.Id).Where(id => chosen.Contains(id) && !Device.Operators.Contains(id))],
        };
        HttpContext.BelongsTo(Site.Id);
        return await WriteAsync(DeviceEdit.Of(Site, Device, Fields, Desk), seen) is { } refusal ? Refuse(refusal) : Redirect($"/settings/device?site={Site.Id}&device={Device.Id}&saved");
    }

    private bool IsSeen(Person person) => Visitor.Sites.Has(person.Id, Facility.People);

    private bool Find(string? site, string? device)
    {
        if (Sites.FirstOrDefault(known => known.Id == site) is not { } there || there.Devices.FirstOrDefault(known => known.Id == device) is not { } entry)
            return false;
        (Site, Device) = (there, entry);
        Seen = Desk.Seen(DeviceEdit.PartOfForm(Desk.Written(), there.Id, entry.Id));
        return true;
    }
}
