using System.Diagnostics;
using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/duty/stand-in</c>, <c>swap</c>, <c>absence</c>, <c>shift</c>, <c>team</c>: one change of who is on duty.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsDutyFormModel(FacilitySource registry, RegistryDesk desk, TimeProvider time) : SettingsPage(registry, desk)
{
    /// <summary>What can be changed: part of the address, and keys of title and help.</summary>
    public static IReadOnlyList<(string What, string Title, string Help)> Ways { get; } =
    [
        (Words.Of(EditKind.StandIn), "duty-stand-in", "duty-stand-in-help"), (Words.Of(EditKind.Swap), "duty-swap", "duty-swap-help"),
        (Words.Of(EditKind.Absence), "duty-absence", "duty-absence-help"),
        (Words.Of(EditKind.Shift), "duty-shift", "duty-shift-help"), (Words.Of(EditKind.Team), "duty-team", "duty-team-help"),
    ];

    public EditKind Kind { get; private set; }

    public string Title { get; private set; } = "";

    public string Help { get; private set; } = "";

    public DutyFields Fields { get; private set; } = new();

    public IReadOnlyList<(string Value, string Text)> TeamChoices(string language) => [("", Texts.In(language, "choose")), .. Teams.Select(team => (team.Id, team.Name.In(language)))];

    /// <param name="language">The language.</param>
    /// <param name="none">Key of what no choice is called.</param>
    public IReadOnlyList<(string Value, string Text)> PersonChoices(string language, string none) =>
        [("", Texts.In(language, none)), .. Facility.People.At(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())).Where(person => Kind == EditKind.Absence ? Visitor.Sites.MayChange(person, Facility.People) : IsSeen(person.Id)).Select(person => (person.Id, person.Name.In(language)))];

    public IActionResult OnGet(string what, string? team)
    {
        if (!Find(what))
            return new NotThere("duty-gone");
        Fields = new DutyFields { Team = team, Tier = Words.Of(Tier.StairLeader) };
        if (Kind == EditKind.Shift)
            Fields = Fields with { From = "00:00", To = "00:00", Since = DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string what, string? seen, string? drawn, [FromForm] DutyFields fields)
    {
        if (!Find(what))
            return new NotThere("duty-gone");
        (Fields, Drawn) = (fields, DrawnId.Of(drawn));
        return await WriteAsync(Make(fields), seen) is { } refusal ? Refuse(refusal) : Redirect("/settings/duty?saved");
    }

    /// <summary>Only what the visitor sees can be named: what is said of others must not tell that they are there.</summary>
    private (RegistryEdit? Edit, EditRefusal? Refusal) Make(DutyFields fields)
    {
        if (Kind == EditKind.Team)
            return Sites.FirstOrDefault(site => site.Id == fields.Site) is { } site ? DutyEdit.Team(site, fields, Drawn) : (null, EditRefusal.At("site", "请选一个点位", "choose a site"));
        if (Kind == EditKind.Absence)
            return Facility.People.Find(fields.Person ?? "") is { } absent && Visitor.Sites.MayChange(absent, Facility.People) ? DutyEdit.Absence(absent.Id, Facility.People, fields, Drawn) : (null, EditRefusal.At("person", "请选一个人", "choose a person"));
        if (Teams.FirstOrDefault(known => known.Id == fields.Team) is not { } team)
            return (null, EditRefusal.At("team", "请选一个班组", "choose a team"));
        foreach (var (field, person) in (ReadOnlySpan<(string, string?)>)[("person", fields.Person), ("other", fields.Other), ("second", fields.Second), ("third", fields.Third), ("fourth", fields.Fourth)])
        {
            if (!string.IsNullOrEmpty(person) && !IsSeen(person))
                return (null, EditRefusal.At(field, "请选一个人", "choose a person"));
        }

        return Kind switch
        {
            EditKind.StandIn => DutyEdit.StandIn(team, fields, Drawn),
            EditKind.Swap => DutyEdit.Swap(team, fields, Drawn),
            EditKind.Shift => DutyEdit.Shift(team, fields, Drawn),
            EditKind.Team or EditKind.Absence or EditKind.Device or EditKind.Person or EditKind.Limits or EditKind.Site or EditKind.Circuit or EditKind.Equipment or EditKind.FireEquipment or EditKind.Holidays => throw new UnreachableException(),
        };
    }

    private bool IsSeen(string person) => Facility.People.Find(person) is not null && Visitor.Sites.Has(person, Facility.People);

    private bool Find(string what)
    {
        if (Ways.FirstOrDefault(way => way.What == what) is not { What: not null } found)
            return false;
        (Kind, Title, Help) = (Words.All<EditKind>().First(kind => kind.Word == what).Kind, found.Title, found.Help);
        Seen = Desk.Seen(DutyEdit.Part(Desk.Written(), Kind));
        return true;
    }
}
