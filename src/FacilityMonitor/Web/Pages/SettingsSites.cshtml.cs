using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/sites</c>: every site with its circuits, their ratings and meters.</summary>
[Needs(Right.Registry)]
internal sealed class SettingsSitesModel(FacilitySource registry, RegistryDesk desk) : SettingsPage(registry, desk)
{
    /// <summary>Whether the visitor may add sites: one that nobody else sees would be his alone.</summary>
    public bool MayAdd => Visitor.Sites.IsAll;

    /// <summary>Breaker and meter in a line: <c>额定 63 A · C · 三相 · 总表</c>.</summary>
    public static string Facts(Site site, Circuit circuit, string language)
    {
        var parts = new List<string> { circuit.RatedA is { } rated ? $"{Texts.In(language, "rated")} {ViewTexts.Number(rated, "0.#")} A" : Texts.In(language, "not-rated") };
        if (circuit.Curve is { } curve)
            parts.Add(curve);
        parts.Add(Texts.In(language, circuit.Phases == 3 ? "circuit-three" : "circuit-one"));
        parts.Add(circuit.Meter is { } meter ? site.Devices.FirstOrDefault(device => device.Id == meter)?.Name.In(language) ?? meter : Texts.In(language, "circuit-no-meter"));
        return string.Join(" · ", parts);
    }
}
