using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/circuit?site=huaihai&amp;circuit=c-shed</c>: name, breaker and meter of a circuit, and what another rating would have done in the last thirty days; without a circuit a new one.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsCircuitModel(FacilitySource registry, RegistryDesk desk, Rehearsal rehearsal) : SettingsPage(registry, desk)
{
    public Site Site { get; private set; } = null!;

    /// <summary>The circuit; null: a new one.</summary>
    public Circuit? Circuit { get; private set; }

    public CircuitFields Fields { get; private set; } = new() { Kind = Words.Of(CircuitKind.Charging), Phases = "1" };

    /// <summary>What the rating would have done; null: nobody asked.</summary>
    public RehearsalResult? Rehearsed { get; private set; }

    /// <summary>What may feed it.</summary>
    public IEnumerable<Circuit> Above => Site.Circuits.Where(other => other.Id != Circuit?.Id);

    /// <summary>What may measure it; what does now is among them, whatever it is.</summary>
    public IEnumerable<DeviceEntry> Meters => Site.Devices.Where(device => device.Kind is DeviceKind.Meter or DeviceKind.Plug || device.Id == Circuit?.Meter);

    public IActionResult OnGet(string? site, string? circuit)
    {
        if (!Find(site, circuit))
            return new NotThere("no-circuit");
        if (Circuit is { } known)
        {
            Fields = new CircuitFields
            {
                Name = known.Name.Zh,
                NameEn = English(known.Name),
                Kind = Words.Of(known.Kind),
                Parent = known.Parent,
                RatedA = known.RatedA?.ToString(CultureInfo.InvariantCulture),
                Curve = known.Curve,
                Phases = known.Phases.ToString(CultureInfo.InvariantCulture),
                Phase = known.Phase?.ToString(CultureInfo.InvariantCulture),
                Meter = known.Meter,
                Note = known.Note,
            };
        }

        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? site, string? circuit, string? seen, string? drawn, [FromForm] CircuitFields fields)
    {
        if (!Find(site, circuit))
            return new NotThere("no-circuit");
        (Fields, Drawn) = (fields, DrawnId.Of(drawn));
        HttpContext.BelongsTo(Site.Id);
        return await WriteAsync(EditOf(), seen) is { } refusal ? Refuse(refusal) : Redirect("/settings/sites?saved");
    }

    /// <summary>Changes nothing: reads what the rating would have done.</summary>
    public async Task<IActionResult> OnPostRehearseAsync(string? site, string? circuit, string? drawn, [FromForm] CircuitFields fields)
    {
        if (!Find(site, circuit) || Circuit is null)
            return new NotThere("no-circuit");
        (Fields, Drawn) = (fields, DrawnId.Of(drawn));
        (Rehearsed, var refusal) = await RehearseAsync(rehearsal, EditOf(), new LimitScope(Site, Circuit, null), CircuitOverload.Instance.Name);
        return refusal is null ? Page() : Refuse(refusal);
    }

    private (RegistryEdit? Edit, EditRefusal? Refusal) EditOf() => CircuitEdit.Of(Site.Id, Circuit?.Id ?? CircuitEdit.IdOf(Drawn), Fields, Desk);

    private bool Find(string? site, string? circuit)
    {
        if (Sites.FirstOrDefault(known => known.Id == site) is not { } there)
            return false;
        Site = there;
        if (string.IsNullOrEmpty(circuit))
        {
            Seen = Desk.Seen(null);
            return true;
        }

        Circuit = there.Circuits.FirstOrDefault(known => known.Id == circuit);
        Seen = Desk.Seen(CircuitEdit.Part(Desk.Written(), there.Id, circuit));
        return Circuit is not null;
    }
}
