using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>Asks a person whether a message arrived: one button.</summary>
internal static class ContactView
{
    /// <summary>The body of the page.</summary>
    public static string Body(HttpContext context, string token, string person, string channel, bool isConfirmed, Facility facility)
    {
        var name = facility.People.Find(person)?.Name.In(Texts.Language(context)) ?? person;
        return $"""
            <header><h1>{T("contact-check")}</h1><nav>{Page.LanguageLink(context, "/a/" + token)}</nav></header>
            <main class="act">
            <section><p class="what">{Page.Encode(name)} · {Page.Encode(channel)}</p><p>{T(isConfirmed ? "contact-thanks" : "contact-why")}</p></section>
            {(isConfirmed ? "" : $"<div class=\"buttons\"><form method=\"post\" action=\"/a/{token}/confirm\"><button class=\"first\" data-testid=\"confirm\">{T("contact-got-it")}</button></form></div>")}
            </main>
            """;

        string T(string key) => Page.Encode(Texts.In(context, key));
    }
}
