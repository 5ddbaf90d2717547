using FacilityMonitor.Climbers;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/climbers</c>: every stair-climber: where it is, who has it, its battery, what is wrong, when it is inspected next.</summary>
internal sealed class ClimbersModel(LiveFeed feed, Database database, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    public IReadOnlyList<ClimberNow> Climbers { get; private set; } = [];

    public DateOnly Today { get; private set; }

    public long NowMs { get; private set; }

    public PersonNames Names => names;

    public IActionResult OnGet()
    {
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        Today = DateOnly.FromDateTime(DutyRoster.Wall(NowMs));
        using var reader = database.OpenReader();
        Climbers = ClimberNow.All(HttpContext.Visitor().Sites.Of(registry.Current.Facility), feed, reader);
        return ListFile.Of(this, language => ListFile.Document("climbers", NowMs, language, Units(language), Trips(reader, language), Faults(reader, language))) ?? Page();
    }

    private ReportTable Units(string language)
    {
        string Say(string key) => Texts.In(language, key);
        return new ReportTable(
            "units", Say("climbers"), [new(Say("what")), new(Say("user-sites")), new(Say("climber-battery") + " (%)", ColumnKind.Number), new(Say("climber-last-trip"), ColumnKind.Moment), new(Say("inspection-due")), new(Say("climber-faults-open"), ColumnKind.Number)],
            [.. Climbers.Select(one => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(one.At.Entry.Name.In(language)), new ReportCell.Text(one.At.Site.Name.In(language)), one.Word.Charge is { } charge ? new ReportCell.Number(charge) : new ReportCell.Nothing(),
                ListFile.Moment(one.LastTripMs), ListFile.Day(one.At.Entry.InspectionDue), new ReportCell.Number(one.Open.Count()),
            ])], [])
        { Empty = Say("climbers-none") };
    }

    private ReportTable Trips(SqliteConnection reader, string language)
    {
        string Say(string key) => Texts.In(language, key);
        return new ReportTable(
            "trips", Say("climber-trips-all"), [new(Say("what")), new(Say("climber-taken-at"), ColumnKind.Moment), new(Say("climber-operator")), new(Say("climber-where-to")), new(Say("climber-returned-at"), ColumnKind.Moment)],
            [.. Climbers.SelectMany(one => ClimberTable.Trips(reader, one.At.Site.Id, one.At.Entry.Id, ListFile.RowsMax).Select(trip => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(one.At.Entry.Name.In(language)), new ReportCell.Moment(trip.TakenMs), new ReportCell.Text(names.Of(trip.Operator, language)), ListFile.Words(trip.Destination), ListFile.Moment(trip.ReturnedMs),
            ]))], [])
        { Empty = "—" };
    }

    private ReportTable Faults(SqliteConnection reader, string language)
    {
        string Say(string key) => Texts.In(language, key);
        return new ReportTable(
            "faults", Say("climber-faults"), [new(Say("what")), new(Say("audit-when"), ColumnKind.Moment), new(Say("climber-fault-what")), new(Say("audit-who")), new(Say("climber-mended-at"), ColumnKind.Moment), new(Say("climber-mended-how"))],
            [.. Climbers.SelectMany(one => ClimberTable.Faults(reader, one.At.Site.Id, one.At.Entry.Id, ListFile.RowsMax).Select(fault => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Text(one.At.Entry.Name.In(language)), new ReportCell.Moment(fault.NotedMs), new ReportCell.Text(fault.Text), new ReportCell.Text(names.Of(fault.NotedBy, language)), ListFile.Moment(fault.MendedMs), ListFile.Words(fault.MendedText),
            ]))], [])
        { Empty = "—" };
    }
}
