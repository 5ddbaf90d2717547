using System.Globalization;
using System.Text;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary><c>/fly-wire</c>: suspected fly-wires that somebody follows up, by the day they are due, then those that have ended. What can be done about one is on the page of its alert.</summary>
internal static class FlyWirePage
{
    /// <summary>Cases that are shown: years of a neighbourhood.</summary>
    private const int CasesMax = 200;

    public static void MapFlyWire(this WebApplication app) => app.MapGet("/fly-wire", Show).RequireAuthorization();

    private static IResult Show(HttpContext context, ResponseDesk desk, FacilitySource registry, TimeProvider time)
    {
        var (language, now) = (Texts.Language(context), time.GetUtcNow().ToUnixTimeMilliseconds());
        var (open, ended) = (new StringBuilder(), new StringBuilder());
        foreach (var entry in desk.Cases(CasesMax))
        {
            (entry.Case.IsOver ? ended : open).Append(CultureInfo.InvariantCulture, $"""
                <section data-testid="case-{entry.Alert}"><h3><a href="/alert/{entry.Alert}#case">{Page.Encode(Where(entry, registry.Current).In(language))}</a></h3>
                <p>{T("act-since")} {AlertText.Clock(entry.Case.OpenedMs)}</p>{FlyWireView.Show(entry.Case, language, now)}</section>
                """);
        }

        return Page.Write(context, "<link rel=\"stylesheet\" href=\"/web/act.css\">", $"""
            <header><h1>{T("cases")}</h1><nav><a href="/">{T("product")}</a>{Page.LanguageLink(context, "/fly-wire")}</nav></header>
            <main class="act"><p>{T("cases-help")}</p>{(open.Length > 0 ? open.ToString() : $"<p>{T("cases-none")}</p>")}{(ended.Length > 0 ? $"<h2>{T("cases-ended")}</h2>" : "")}{ended}</main>
            """);

        string T(string key) => Page.Encode(Texts.In(language, key));
    }

    private static LocalText Where(FlyWireCaseEntry entry, FacilityIndex index)
    {
        if (entry.Site is not { } id || index.FindSite(id) is not { } site)
            return new LocalText(entry.Asset, entry.Asset);
        var last = entry.Asset[(entry.Asset.LastIndexOf('/') + 1)..];
        var name = site.Circuits.FirstOrDefault(circuit => circuit.Id == last)?.Name ?? site.Devices.FirstOrDefault(device => device.Id == last)?.Name ?? new LocalText(last, last);
        return AlertText.Join(site.Name, name);
    }
}
