using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/</c>: the live page, of one site with <c>/?site=huaihai</c>. It says what the server knows; the module in it then draws what the stream tells. <c>/?wall=1</c> is the same for a wall: nothing to press, and every
/// site has its turn.</summary>
internal sealed class IndexModel(FacilitySource registry, LiveFeed feed, FirstPicture picture, WallPainter painter, PersonNames names) : PageModel
{
    /// <summary>Without the installed modules the page says what to do, and what it says of the neighbourhood stands still.</summary>
    public bool HasModules { get; } = System.IO.File.Exists(Path.Combine(AppContext.BaseDirectory, "web", "vendor", "htm-preact.js"));

    public PersonNames Names => names;

    /// <summary>What hangs on the wall; null: somebody sits in front of it.</summary>
    public WallView? Wall { get; private set; }

    /// <summary>The sites there are to choose from.</summary>
    public IReadOnlyList<Site> Sites { get; private set; } = [];

    /// <summary>The one that is shown; null: all.</summary>
    public Site? Only { get; private set; }

    private SiteScope _shown = SiteScope.All;

    public void OnGet()
    {
        Sites = HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;
        _shown = OnlySite.Of(HttpContext, registry.Current);
        Only = Sites.Count > 1 && _shown.Sites is [var only] ? Sites.FirstOrDefault(site => site.Id == only) : null;
        if (Request.Query["wall"] == "1")
            Wall = painter.Take(HttpContext.Visitor().Sites, int.TryParse(Request.Query["turn"], NumberStyles.None, CultureInfo.InvariantCulture, out var turn) ? turn : 0);
    }

    /// <summary>The neighbourhood as it is now.</summary>
    public Picture First(string language) => feed.Look((view, state, nowMs) => picture.Take(view, state, _shown, nowMs, language)) with { IsPart = Only is not null };
}
