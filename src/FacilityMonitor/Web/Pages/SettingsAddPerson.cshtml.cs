using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/add-person</c>: somebody new who can be called.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsAddPersonModel(FacilitySource registry, RegistryDesk desk, ChannelSource channels) : PersonPage(registry, desk, channels)
{
    public void OnGet()
    {
        Seen = Desk.Seen(null);
        Fields = new PersonFields { Channels = [Channels.Count == 1 ? Channels[0].Id : null], From = "00:00", To = "00:00" };
    }

    public async Task<IActionResult> OnPostAsync(string? seen, string? drawn, [FromForm] PersonFields fields)
    {
        (Fields, Seen, Drawn) = (fields, Desk.Seen(null), DrawnId.Of(drawn));
        // One whom nobody of these sites calls, the visitor would not see again; nor does he put anybody into a team of others.
        if (!Teams.Any(team => team.Id == fields.Team) && !(Visitor.Sites.IsAll && string.IsNullOrEmpty(fields.Team)))
            return Refuse(EditRefusal.At("team", "请选一个你管的班组；没有的话先在“值班表”里新增", "choose a team of yours; if there is none add one under rosters first"));
        return await SaveAsync(PersonEdit.IdOf(Drawn), seen) is { } refusal ? Refuse(refusal) : Redirect("/settings/people?saved");
    }
}
