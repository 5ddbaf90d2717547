using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Configuration;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace FacilityMonitor.Web;

/// <summary>Who may see the page: one name and password of the settings, for now.</summary>
internal sealed class SignIn(ServiceSettings settings, SignInAttempts attempts)
{
    /// <summary>Names the password a session was opened with: a new password ends the sessions of the old one.</summary>
    private const string StampClaim = "stamp";

    private const int UserLengthMax = 100;

    private readonly string _stamp = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{settings.Web.User}\n{settings.Web.Password}")))[..16];

    public static IResult Form(HttpContext context, IAntiforgery antiforgery) => Html(context, antiforgery, "", "", StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext context, IAntiforgery antiforgery, SignIn signIn)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Html(context, antiforgery, Texts.In(context, "sign-in-again"), "", StatusCodes.Status400BadRequest);
        var form = await context.Request.ReadFormAsync();
        return await signIn.EnterAsync(context, antiforgery, form["user"].ToString(), form["password"].ToString());
    }

    public static async Task<IResult> LeaveAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.StatusCode(StatusCodes.Status400BadRequest);
        await context.SignOutAsync();
        return Results.Redirect("/sign-in");
    }

    /// <summary>Ends a session that another password opened.</summary>
    public static async Task CheckSessionAsync(CookieValidatePrincipalContext context)
    {
        var signIn = context.HttpContext.RequestServices.GetRequiredService<SignIn>();
        if (context.Principal?.FindFirstValue(StampClaim) == signIn._stamp)
            return;
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync();
    }

    private async Task<IResult> EnterAsync(HttpContext context, IAntiforgery antiforgery, string user, string password)
    {
        var from = context.Connection.RemoteIpAddress;
        if (attempts.MustWait(from))
            return Html(context, antiforgery, Texts.In(context, "sign-in-wait"), user, StatusCodes.Status429TooManyRequests);
        if (!IsRight(user, password))
        {
            attempts.WasWrong(from);
            return Html(context, antiforgery, Texts.In(context, "sign-in-wrong"), user, StatusCodes.Status401Unauthorized);
        }

        attempts.WasRight(from);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, user), new Claim(StampClaim, _stamp)], "password");
        await context.SignInAsync(new ClaimsPrincipal(identity));
        return Results.Redirect("/");
    }

    /// <summary>Compares in constant time. Without a password in the settings nobody gets in: an empty one would open the page to everybody.</summary>
    private bool IsRight(string user, string password) =>
        settings.Web.Password is { Length: > 0 } & Same(user, settings.Web.User) & Same(password, settings.Web.Password ?? "");

    private static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(left)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private static IResult Html(HttpContext context, IAntiforgery antiforgery, string notice, string user, int status)
    {
        // Whoever mistyped the password goes on there. A name longer than any real one is not sent back.
        var isKept = user.Length is > 0 and <= UserLengthMax;
        var (name, focusName, focusPassword) = isKept ? ($" value=\"{Page.Encode(user)}\"", "", " autofocus") : ("", " autofocus", "");
        string T(string key) => Page.Encode(Texts.In(context, key));
        return Page.Write(context, "", $"""
            <header><h1>{T("product")}</h1><nav>{Page.LanguageLink(context, "/sign-in")}</nav></header>
            <main class="sign-in">
            <p role="alert">{Page.Encode(notice)}</p>
            <form method="post" action="/sign-in">
            {Page.Token(context, antiforgery)}
            <label>{T("user")} <input name="user" autocomplete="username"{name} required{focusName}></label>
            <label>{T("password")} <input name="password" type="password" autocomplete="current-password" required{focusPassword}></label>
            <button>{T("sign-in")}</button>
            </form>
            </main>
            """, status);
    }
}
