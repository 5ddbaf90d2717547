using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/status</c>: how the monitor itself is, what is wrong with it first, and a file of it for whoever helps.</summary>
internal sealed class StatusModel(StatusDesk desk) : PageModel
{
    public SystemStatus Status { get; private set; } = null!;

    public void OnGet() => Status = desk.Look(HttpContext.Visitor().Sites);
}
