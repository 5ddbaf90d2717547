using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/settings/holidays?year=2027</c>: days off and make-up workdays of a year, as they are announced. They hold for every site, so who sees all of them writes them.</summary>
[Needs(Right.Registry)]
[WritesAudit]
internal sealed class SettingsHolidaysModel(FacilitySource registry, RegistryDesk desk, TimeProvider time) : SettingsPage(registry, desk)
{
    public HolidayFields Fields { get; private set; } = new();

    public int Year { get; private set; }

    /// <summary>This year and the next: others are of no use.</summary>
    public IReadOnlyList<int> Years { get; private set; } = [];

    /// <summary>What holds of a year; null: nobody wrote it.</summary>
    public HolidayYear? Of(int year) => Facility.People.Holidays.Find(year);

    public IActionResult OnGet(int? year)
    {
        if (!Find(year))
            return new NotThere("holidays-gone");
        var known = Of(Year);
        Fields = new HolidayFields { Off = HolidayEdit.Say(known?.Off ?? []), Work = HolidayEdit.Say(known?.Work ?? []) };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(int? year, string? seen, [FromForm] HolidayFields fields)
    {
        if (!Find(year))
            return new NotThere("holidays-gone");
        Fields = fields;
        return await WriteAsync(HolidayEdit.Of(Year, fields), seen) is { } refusal ? Refuse(refusal) : Redirect(string.Create(CultureInfo.InvariantCulture, $"/settings/holidays?year={Year}&saved"));
    }

    private bool Find(int? year)
    {
        var now = DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()).Year;
        Years = [now, now + 1];
        Year = year ?? (Facility.People.Holidays.Knows(now) ? now + 1 : now);
        Seen = Desk.Seen(HolidayEdit.Part(Desk.Written(), Year));
        return Visitor.Sites.IsAll && Years.Contains(Year);
    }
}
