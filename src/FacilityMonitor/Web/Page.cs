using System.Text;
using System.Text.Encodings.Web;
using FacilityMonitor.Configuration;
using Microsoft.AspNetCore.Antiforgery;

namespace FacilityMonitor.Web;

/// <summary>The live page's shell; the module in it draws what the stream tells.</summary>
internal static class Page
{
    public static IResult Show(HttpContext context, IAntiforgery antiforgery, LiveFeed feed, FacilitySource registry)
    {
        var language = Texts.Language(context);
        if (context.Request.Query.ContainsKey("lang"))
            context.Response.Cookies.Append("lang", language, new CookieOptions { SameSite = SameSiteMode.Strict, MaxAge = TimeSpan.FromDays(365), HttpOnly = true });
        var encode = HtmlEncoder.Default;
        var token = antiforgery.GetAndStoreTokens(context);
        // Without the installed modules the page says what to do instead of staying empty.
        var ready = File.Exists(Path.Combine(AppContext.BaseDirectory, "web", "vendor", "htm-preact.js"));
        var other = language == "en" ? "zh" : "en";
        var html = $"""
            <!doctype html>
            <html lang="{language}">
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{encode.Encode(Texts.In(context, "product"))}</title>
            <link rel="stylesheet" href="/web/style.css">
            <link rel="icon" href="data:,">
            {(ready ? "<link rel=\"modulepreload\" href=\"/web/vendor/htm-preact.js\"><script type=\"module\" src=\"/web/live.js\"></script>" : "")}
            <header>
            <h1>{encode.Encode(Texts.In(context, "product"))}</h1>
            <nav><a href="/?lang={other}" lang="{other}" data-testid="language">{(other == "en" ? "English" : "中文")}</a>
            <form method="post" action="/sign-out"><input type="hidden" name="{token.FormFieldName}" value="{encode.Encode(token.RequestToken!)}"><button class="plain">{encode.Encode(Texts.In(context, "sign-out"))}</button></form></nav>
            </header>
            <div id="app"><p class="empty">{encode.Encode(Texts.In(context, ready ? "loading" : "no-modules"))}</p>{feed.Draw((view, state, now) => FirstPicture.Draw(registry.Current.Facility, view, state, now, language))}</div>
            <noscript><p class="empty">{encode.Encode(Texts.In(context, "no-script"))}</p></noscript>
            </html>
            """;
        return Results.Content(html, "text/html; charset=utf-8", Encoding.UTF8);
    }
}
