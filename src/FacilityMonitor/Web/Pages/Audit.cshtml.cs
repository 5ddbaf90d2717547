using System.Globalization;
using FacilityMonitor.Journal;
using FacilityMonitor.Reports;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/audit</c>: who did what, when and from where. What belongs to no site is for who sees all of them.</summary>
[Needs(Right.Audit)]
internal sealed class AuditModel(Database database, TimeProvider time) : PageModel
{
    /// <summary>Entries on the page; the command <c>audit</c> writes all.</summary>
    private const int EntriesMax = 500;

    public IReadOnlyList<AuditEntry> Entries { get; private set; } = [];

    /// <summary>The first row that is not what was written; null: all are.</summary>
    public long? FirstBroken { get; private set; }

    public IActionResult OnGet()
    {
        using var reader = database.OpenReader();
        Entries = AuditLog.Newest(reader, HttpContext.Visitor().Sites, 0, null, ListFile.Most(this, EntriesMax));
        FirstBroken = AuditLog.FirstBroken(reader);
        return ListFile.Of(this, language => ListFile.Document("audit", time.GetUtcNow().ToUnixTimeMilliseconds(), language, Table(language))) ?? Page();
    }

    private ReportTable Table(string language)
    {
        string Say(string key) => Texts.In(language, key);
        List<string> notes = [.. ListFile.Note(Entries.Count, language)];
        if (FirstBroken is { } number)
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{Say("audit-broken")} {number}"));
        return new ReportTable(
            "audit", Say("audit"), [new(Say("audit-when"), ColumnKind.Moment), new(Say("audit-who")), new(Say("audit-place")), new(Say("audit-what")), new(Say("user-sites"))],
            Entries.Take(ListFile.RowsMax).Select(entry => (IReadOnlyList<ReportCell>)
            [
                new ReportCell.Moment(entry.AtMs), new ReportCell.Text(AuditText.Who(entry).In(language)), ListFile.Words(entry.Place), new ReportCell.Text(AuditText.Of(entry).In(language)), ListFile.Words(entry.Site),
            ]), notes)
        { Empty = Say("audit-none") };
    }
}
