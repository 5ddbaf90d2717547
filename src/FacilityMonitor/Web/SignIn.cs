using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using FacilityMonitor.Configuration;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;

namespace FacilityMonitor.Web;

/// <summary>Who may see the page: one name and password of the settings, for now.</summary>
internal sealed class SignIn(ServiceSettings settings, TimeProvider time)
{
    /// <summary>Wrong attempts, from anywhere, before everybody has to wait.</summary>
    public const int AttemptsMax = 5;

    /// <summary>How long everybody has to wait then.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private int _wrong;
    private DateTimeOffset _lockedUntil;

    /// <summary>Whether attempts are refused now.</summary>
    public bool IsLocked
    {
        get
        {
            lock (_gate)
                return time.GetUtcNow() < _lockedUntil;
        }
    }

    public static IResult Form(HttpContext context, IAntiforgery antiforgery) => Html(context, antiforgery, "", StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext context, IAntiforgery antiforgery, SignIn signIn)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Html(context, antiforgery, Texts.In(context, "sign-in-again"), StatusCodes.Status400BadRequest);
        if (signIn.IsLocked)
            return Html(context, antiforgery, Texts.In(context, "sign-in-wait"), StatusCodes.Status429TooManyRequests);
        var form = await context.Request.ReadFormAsync();
        if (!signIn.IsRight(form["user"].ToString(), form["password"].ToString()))
            return Html(context, antiforgery, Texts.In(context, "sign-in-wrong"), StatusCodes.Status401Unauthorized);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, form["user"].ToString())], "password");
        await context.SignInAsync(new ClaimsPrincipal(identity));
        return Results.Redirect("/");
    }

    public static async Task<IResult> LeaveAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.StatusCode(StatusCodes.Status400BadRequest);
        await context.SignOutAsync();
        return Results.Redirect("/sign-in");
    }

    /// <summary>Compares in constant time, and counts what was wrong.</summary>
    internal bool IsRight(string user, string password)
    {
        // Without a password in the settings nobody gets in: an empty one would open the page to everybody.
        var right = settings.Web.Password is { Length: > 0 } expected & Same(user, settings.Web.User) & Same(password, settings.Web.Password ?? "");
        lock (_gate)
        {
            _wrong = right ? 0 : _wrong + 1;
            if (_wrong >= AttemptsMax)
            {
                _wrong = 0;
                _lockedUntil = time.GetUtcNow() + Wait;
            }
        }

        return right;
    }

    private static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(left)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private static IResult Html(HttpContext context, IAntiforgery antiforgery, string notice, int status)
    {
        var token = antiforgery.GetAndStoreTokens(context);
        var encode = HtmlEncoder.Default;
        var html = $"""
            <!doctype html>
            <html lang="{Texts.Language(context)}">
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{encode.Encode(Texts.In(context, "product"))}</title>
            <link rel="stylesheet" href="/web/style.css"><link rel="icon" href="data:,">
            <main class="sign-in">
            <h1>{encode.Encode(Texts.In(context, "product"))}</h1>
            <p role="alert">{encode.Encode(notice)}</p>
            <form method="post" action="/sign-in">
            <input type="hidden" name="{token.FormFieldName}" value="{encode.Encode(token.RequestToken!)}">
            <label>{encode.Encode(Texts.In(context, "user"))} <input name="user" autocomplete="username" required autofocus></label>
            <label>{encode.Encode(Texts.In(context, "password"))} <input name="password" type="password" autocomplete="current-password" required></label>
            <button>{encode.Encode(Texts.In(context, "sign-in"))}</button>
            </form>
            </main>
            </html>
            """;
        return Results.Content(html, "text/html; charset=utf-8", Encoding.UTF8, status);
    }
}
