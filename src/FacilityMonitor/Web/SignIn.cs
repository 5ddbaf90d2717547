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

    public static IResult Form() => Ask("", "", StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext context, IAntiforgery antiforgery, SignIn signIn)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
            return Ask(Texts.In(context, "sign-in-again"), "", StatusCodes.Status400BadRequest);
        var form = await context.Request.ReadFormAsync();
        return await signIn.EnterAsync(context, form["user"].ToString(), form["password"].ToString());
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

    private async Task<IResult> EnterAsync(HttpContext context, string user, string password)
    {
        var from = context.Connection.RemoteIpAddress;
        if (attempts.MustWait(from))
            return Ask(Texts.In(context, "sign-in-wait"), user, StatusCodes.Status429TooManyRequests);
        if (!IsRight(user, password))
        {
            attempts.WasWrong(from);
            return Ask(Texts.In(context, "sign-in-wrong"), user, StatusCodes.Status401Unauthorized);
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

    /// <summary>Whoever mistyped the password goes on there. A name longer than any real one is not sent back.</summary>
    private static ViewAnswer<SignInForm> Ask(string notice, string user, int status) =>
        new("SignIn", new SignInForm(notice, user.Length is > 0 and <= UserLengthMax ? user : null), status);
}

/// <summary>What stands in the form of the door.</summary>
/// <param name="Notice">What was wrong before; empty: nothing.</param>
/// <param name="User">The name that was given; null: none.</param>
internal sealed record SignInForm(string Notice, string? User);
