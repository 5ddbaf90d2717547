using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.Antiforgery;

namespace FacilityMonitor.Web;

/// <summary>The shell of every page. The live page says what the server knows; the module in it then draws what the stream tells.</summary>
internal static class Page
{
    /// <summary>Chinese stays readable; what could be markup does not stay markup.</summary>
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static IResult Show(HttpContext context, IAntiforgery antiforgery, LiveFeed feed, FirstPicture picture)
    {
        // Without the installed modules the page says what to do, and what it says of the neighbourhood stands still.
        var ready = File.Exists(Path.Combine(AppContext.BaseDirectory, "web", "vendor", "htm-preact.js"));
        var head = ready
            ? "<link rel=\"modulepreload\" href=\"/web/vendor/htm-preact.js\"><link rel=\"modulepreload\" href=\"/web/texts.js\"><script type=\"module\" src=\"/web/live.js\"></script><noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>"
            : "<meta http-equiv=\"refresh\" content=\"30\">";
        return Write(context, head, $"""
            <header>
            <h1>{Encode(Texts.In(context, "product"))}</h1>
            <nav><a href="/fly-wire">{Encode(Texts.In(context, "cases"))}</a><a href="/on-call">{Encode(Texts.In(context, "on-call"))}</a>{LanguageLink(context, "/")}<form method="post" action="/sign-out">{Token(context, antiforgery)}<button class="plain">{Encode(Texts.In(context, "sign-out"))}</button></form></nav>
            </header>
            <div id="link"></div>
            {(ready ? $"<noscript><p class=\"empty\">{Encode(Texts.In(context, "no-script"))}</p></noscript>" : $"<p class=\"empty\">{Encode(Texts.In(context, "no-modules"))}</p>")}
            <div id="app">{feed.Draw((view, state, nowMs) => picture.Draw(view, state, nowMs, Texts.Language(context)))}</div>
            """);
    }

    /// <summary>A whole page.</summary>
    /// <param name="context">Who asked.</param>
    /// <param name="head">Markup of the head beside the common one.</param>
    /// <param name="body">Markup of the body.</param>
    /// <param name="status">HTTP status.</param>
    public static IResult Write(HttpContext context, string head, string body, int status = StatusCodes.Status200OK) => Results.Content($"""
        <!doctype html>
        <html lang="{(Texts.Language(context) == "en" ? "en" : "zh-CN")}" data-build="{LiveFeed.Build}">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Encode(Texts.In(context, "product"))}</title>
        <link rel="stylesheet" href="/web/style.css"><link rel="icon" href="data:,">
        {head}
        </head>
        <body>
        {body}
        </body>
        </html>
        """, "text/html; charset=utf-8", Encoding.UTF8, status);

    /// <summary>Words in a row, as the language writes it.</summary>
    public static string List(string language, IEnumerable<string> words) => string.Join(language == "en" ? ", " : "、", words);

    /// <summary>The way to the other language.</summary>
    public static string LanguageLink(HttpContext context, string path) => Texts.Language(context) == "en"
        ? $"<a href=\"{path}?lang=zh\" lang=\"zh-CN\" data-testid=\"language\">中文</a>"
        : $"<a href=\"{path}?lang=en\" lang=\"en\" data-testid=\"language\">English</a>";

    /// <summary>Proof that a form is ours.</summary>
    public static string Token(HttpContext context, IAntiforgery antiforgery)
    {
        var token = antiforgery.GetAndStoreTokens(context);
        return $"<input type=\"hidden\" name=\"{token.FormFieldName}\" value=\"{Encode(token.RequestToken!)}\">";
    }

    public static string Encode(string text) => Encoder.Encode(text);
}
