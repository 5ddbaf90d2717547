using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>An extinguisher or hydrant with the day it is checked next.</summary>
internal sealed record FireEquipmentRow(Site Site, FireEquipment Thing, DueDay Due)
{
    public Place? Place => Site.Places.FirstOrDefault(place => place.Id == Thing.Place);
}

/// <summary><c>/fire-equipment</c>: extinguishers and hydrants by the day they are due, what is overdue first.</summary>
internal sealed class FireEquipmentModel(FacilitySource registry, TimeProvider time) : PageModel
{
    public IReadOnlyList<FireEquipmentRow> Rows { get; private set; } = [];

    /// <summary>The sites that the visitor sees.</summary>
    public IReadOnlyList<Site> Sites => HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;

    public bool IsSaved => Request.Query.ContainsKey("saved");

    public long NowMs { get; private set; }

    public IActionResult OnGet()
    {
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var today = DateOnly.FromDateTime(DutyRoster.Wall(NowMs));
        Rows =
        [
            .. Sites.SelectMany(site => site.FireEquipment.Select(thing => new FireEquipmentRow(site, thing, DueDay.Of(thing.Due, today))))
                .OrderBy(row => row.Thing.Due),
        ];
        return ListFile.Of(this, language => ListFile.Document("fire-equipment", NowMs, language, Table(language))) ?? Page();
    }

    private ReportTable Table(string language)
    {
        string Say(string key) => Texts.In(language, key);
        return new ReportTable(
            "fire-equipment", Say("fire-equipment"), [new(Say("what")), new(Say("user-sites")), new(Say("place")), new(Say("fire-equipment-next")), new(Say("fire-equipment-days"), ColumnKind.Number), new(Say("id"))],
            [.. Rows.Select(row => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(row.Thing.Name.In(language)), new ReportCell.Text(row.Site.Name.In(language)), ListFile.Words(row.Place?.Name.In(language)), ListFile.Day(row.Thing.Due), new ReportCell.Number(row.Due.Days),
                new ReportCell.Text($"{row.Site.Id}/{row.Thing.Id}"),
            ])], [])
        { Empty = Say("fire-equipment-none") };
    }
}
