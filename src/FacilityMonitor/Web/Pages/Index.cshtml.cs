using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/</c>: the live page. It says what the server knows; the module in it then draws what the stream tells.</summary>
internal sealed class IndexModel(LiveFeed feed, FirstPicture picture) : PageModel
{
    /// <summary>Without the installed modules the page says what to do, and what it says of the neighbourhood stands still.</summary>
    public bool HasModules { get; } = System.IO.File.Exists(Path.Combine(AppContext.BaseDirectory, "web", "vendor", "htm-preact.js"));

    /// <summary>The neighbourhood as it is now.</summary>
    public Picture First(string language) => feed.Look((view, state, nowMs) => picture.Take(view, state, HttpContext.Visitor().Sites, nowMs, language));
}
