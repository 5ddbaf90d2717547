using System.Globalization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/</c>: the live page. It says what the server knows; the module in it then draws what the stream tells. <c>/?wall=1</c> is the same for a wall: nothing to press, and every
/// site has its turn.</summary>
internal sealed class IndexModel(LiveFeed feed, FirstPicture picture, WallPainter painter, PersonNames names) : PageModel
{
    /// <summary>Without the installed modules the page says what to do, and what it says of the neighbourhood stands still.</summary>
    public bool HasModules { get; } = System.IO.File.Exists(Path.Combine(AppContext.BaseDirectory, "web", "vendor", "htm-preact.js"));

    public PersonNames Names => names;

    /// <summary>What hangs on the wall; null: somebody sits in front of it.</summary>
    public WallView? Wall { get; private set; }

    public void OnGet()
    {
        if (Request.Query["wall"] == "1")
            Wall = painter.Take(HttpContext.Visitor().Sites, int.TryParse(Request.Query["turn"], NumberStyles.None, CultureInfo.InvariantCulture, out var turn) ? turn : 0);
    }

    /// <summary>The neighbourhood as it is now.</summary>
    public Picture First(string language) => feed.Look((view, state, nowMs) => picture.Take(view, state, HttpContext.Visitor().Sites, nowMs, language));
}
