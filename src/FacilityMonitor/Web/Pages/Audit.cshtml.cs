using FacilityMonitor.Journal;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/audit</c>: who did what, when and from where. What belongs to no site is for who sees all of them.</summary>
[Needs(Right.Audit)]
internal sealed class AuditModel(Database database) : PageModel
{
    /// <summary>Entries on the page; the command <c>audit</c> writes all.</summary>
    private const int EntriesMax = 500;

    public IReadOnlyList<AuditEntry> Entries { get; private set; } = [];

    /// <summary>The first row that is not what was written; null: all are.</summary>
    public long? FirstBroken { get; private set; }

    public void OnGet()
    {
        using var reader = database.OpenReader();
        Entries = AuditLog.Newest(reader, HttpContext.Visitor().Sites, 0, null, EntriesMax);
        FirstBroken = AuditLog.FirstBroken(reader);
    }
}
