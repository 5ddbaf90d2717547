using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>The overview of one site: <c>?site=huaihai</c> in the address of the page and of its stream.</summary>
internal static class OnlySite
{
    /// <summary>The name in the address.</summary>
    public const string Key = "site";

    /// <summary>What of all that the visitor sees is asked for: one of the sites, or all where none of them is named.</summary>
    public static SiteScope Of(HttpContext context, FacilityIndex index)
    {
        var (sites, site) = (context.Visitor().Sites, context.Request.Query[Key].ToString());
        return sites.Has(site) && index.FindSite(site) is not null ? SiteScope.Of([site]) : sites;
    }
}
