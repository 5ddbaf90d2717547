using System.Globalization;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>What is open for whoever came on duty, and one button for what was left behind.</summary>
internal static class HandOverView
{
    /// <summary>The body of the page.</summary>
    /// <param name="context">Who asked.</param>
    /// <param name="token">What the link holds.</param>
    /// <param name="person">Whose it is.</param>
    /// <param name="open">What is open.</param>
    /// <param name="facility">The registry.</param>
    /// <param name="link">The page of an alert.</param>
    public static string Body(HttpContext context, string token, string person, IReadOnlyList<OpenAlert> open, Facility facility, Func<string, string> link)
    {
        var name = facility.People.Find(person)?.Name.In(Texts.Language(context)) ?? person;
        var left = open.Count(one => one.IsLeftBehind);
        var take = left == 0 ? "" : $"<div class=\"buttons\"><form method=\"post\" action=\"/a/{token}/take-over\"><button class=\"first\" data-testid=\"take-over\">{T("hand-over-take")} {left.ToString(CultureInfo.InvariantCulture)}</button></form></div>";
        return $"""
            <header><h1>{T("hand-over")}</h1><nav>{Page.LanguageLink(context, "/a/" + token)}</nav></header>
            <main class="act">
            <section><p class="what">{Page.Encode(name)} · {(open.Count == 0 ? T("hand-over-none") : T("hand-over-open") + " " + open.Count.ToString(CultureInfo.InvariantCulture))}</p></section>
            {take}
            {List(context, open, facility.People, link)}
            </main>
            """;

        string T(string key) => Page.Encode(Texts.In(context, key));
    }

    /// <summary>Open alerts with who has them, each with the way to it.</summary>
    public static string List(HttpContext context, IReadOnlyList<OpenAlert> open, People people, Func<string, string> link)
    {
        if (open.Count == 0)
            return "";
        var isEnglish = Texts.Language(context) == "en";
        return $"<section><ol>{string.Concat(open.Select(one =>
        {
            var (brief, holders) = (PageText.Brief(one.Text), OpenAlerts.Holders(one, people));
            return $"<li><a href=\"{link(one.State.Alert)}\">{one.State.Priority} {Page.Encode(isEnglish ? brief.En : brief.Zh)}</a> · {Page.Encode(Texts.In(context, ActView.StageKey(one.State.Stage)))} · {Page.Encode(isEnglish ? holders.En : holders.Zh)}</li>";
        }))}</ol></section>";
    }
}
