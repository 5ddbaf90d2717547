using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/changes</c>: what was changed on the page and is in force; each can be taken back.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsChangesModel(FacilitySource registry, RegistryDesk desk) : SettingsPage(registry, desk)
{
    public IReadOnlyList<MadeEdit> Made => [.. Desk.Made().Where(edit => Visitor.Sites.MayUndo(edit.Name, Facility))];

    public async Task<IActionResult> OnPostAsync(string? file, string? seen)
    {
        if (EditName.Of(file ?? "") is not { } name || !Visitor.Sites.MayUndo(name, Facility))
            return Refuse(EditRefusal.Stale);
        var sites = RegistryNames.SitesOf(name, Facility) ?? SiteScope.All;
        return await TryAsync(() => Desk.UndoAsync(Visitor, name, seen, sites)) is { } refusal ? Refuse(refusal) : Redirect("/settings/changes?saved");
    }
}
