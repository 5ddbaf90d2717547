using System.Security.Claims;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace FacilityMonitor.Web;

/// <summary>How somebody gets in and out: by name and password, or by a one-time link. The cookie holds the name of a session and nothing else; who it is and what he may is looked up at
/// every request.</summary>
internal sealed class SignIn(UserDirectory directory, UserDesk desk, PasswordCheck passwords, SignInAttempts attempts, FacilitySource registry, TimeProvider time)
{
    /// <summary>Where the page was that somebody asked for before signing in. Not in the address: what a person opened is nobody's business in a log.</summary>
    public const string BackCookie = "back";

    /// <summary>Claim that names the session.</summary>
    private const string SessionClaim = "session";

    private const int UserLengthMax = 100;
    private const int BackLengthMax = 200;

    private static readonly TimeSpan BackFor = TimeSpan.FromMinutes(10);

    public static IResult Form() => Ask("", "", StatusCodes.Status200OK);

    public static async Task<IResult> PostAsync(HttpContext context, IAntiforgery antiforgery, SignIn signIn)
    {
        if (!await antiforgery.IsOursAsync(context))
            return Ask(Texts.In(context, "sign-in-again"), "", StatusCodes.Status400BadRequest);
        var form = await context.Request.ReadFormAsync();
        return await signIn.EnterAsync(context, form["user"].ToString(), form["password"].ToString());
    }

    public static async Task<IResult> LeaveAsync(HttpContext context, UserDesk desk)
    {
        var visitor = context.Visitor();
        await desk.EndSessionsAsync(visitor, visitor.Name, visitor.Session);
        await context.SignOutAsync();
        return Results.Redirect("/sign-in");
    }

    /// <summary>Looks up whose session a cookie names. A session that is over takes its cookie with it.</summary>
    public static async Task CheckSessionAsync(CookieValidatePrincipalContext context)
    {
        var http = context.HttpContext;
        var directory = http.RequestServices.GetRequiredService<UserDirectory>();
        if (context.Principal?.FindFirstValue(SessionClaim) is { } secret && directory.Admit(UserDirectory.IdOf(secret)) is var (user, session)
            && !HasLeft(user, http.RequestServices.GetRequiredService<FacilitySource>(), http.RequestServices.GetRequiredService<TimeProvider>()))
        {
            http.Features.Set(Visitor.Of(user, session.Id, PlaceOf(http)));
            return;
        }

        context.RejectPrincipal();
        await http.SignOutAsync();
    }

    /// <summary>Whether the user is somebody who is with us no more: their press would stop the calls to those who still come.</summary>
    internal static bool HasLeft(User user, FacilitySource registry, TimeProvider time) => registry.Current.Facility.People.HasLeft(user.Actor, DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()));

    /// <summary>Remembers what was asked for, so that whoever follows a link to an alert comes to it through the door.</summary>
    public static void RememberTheWay(HttpContext context)
    {
        var (request, path) = (context.Request, context.Request.Path + context.Request.QueryString.ToString());
        if (HttpMethods.IsGet(request.Method) && path != "/" && IsOurs(path))
            context.Response.Cookies.Append(BackCookie, path, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, MaxAge = BackFor, Path = "/sign-in", Secure = request.IsHttps });
    }

    /// <summary>Begins a session of a user; another one in the same browser ends. Always a new name: one that somebody planted there opens nothing.</summary>
    public async Task BeginAsync(HttpContext context, User user)
    {
        if (context.FindVisitor() is { Session: { } before } visitor)
            await desk.EndSessionsAsync(visitor, visitor.Name, before);
        var secret = await desk.OpenSessionAsync(user, PlaceOf(context), context.Request.Headers.UserAgent.ToString());
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, user.Name), new Claim(SessionClaim, secret)], "password");
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
        if (user.Language is { } language)
            Texts.Choose(context, language);
    }

    /// <summary>Where somebody's day begins: a property manager's with what the night was.</summary>
    public static string StartOf(User user) => user.Role == UserRole.PropertyManager ? "/today" : "/";

    /// <summary>The address that somebody comes from, as it is written down.</summary>
    public static string PlaceOf(HttpContext context) => SignInAttempts.PlaceOf(context.Connection.RemoteIpAddress).ToString();

    private async Task<IResult> EnterAsync(HttpContext context, string name, string password)
    {
        var from = context.Connection.RemoteIpAddress;
        var user = name.Length <= UserLengthMax ? directory.Find(name) : null;
        var isKnown = directory.IsKnownPlace(name, PlaceOf(context));
        // With the stamp: whoever was given another password begins anew. A name that nobody has is counted in the same way. At a place that the person comes from it has a count of its own:
        // strangers elsewhere do not shut it, and a neighbour there, who signs in himself between his guesses, does not begin anew.
        var counted = $"{name[..Math.Min(name.Length, UserLengthMax)]}\n{user?.Stamp}{(isKnown ? $"\n{PlaceOf(context)}" : "")}";
        if (attempts.MustWait(from, isKnown) || attempts.MustWait(counted, isKnown))
            return Ask(Texts.In(context, "sign-in-wait"), name, StatusCodes.Status429TooManyRequests);
        try
        {
            switch (await passwords.IsRightAsync(user is { IsDisabled: false } ? user.PasswordHash : null, password))
            {
                case null:
                    return Ask(Texts.In(context, "sign-in-busy"), name, StatusCodes.Status503ServiceUnavailable);
                case false:
                    await WrongAsync(context, user, counted, isKnown);
                    return Ask(Texts.In(context, "sign-in-wrong"), name, StatusCodes.Status401Unauthorized);
                case true:
                    break;
            }

            attempts.WasRight(from);
            attempts.WasRight(counted);
            if (passwords.IsWeak(user!.PasswordHash!))
                await desk.StrengthenAsync(name, password);
            if (HasLeft(user, registry, time))
                return Ask(Texts.In(context, "sign-in-left"), name, StatusCodes.Status403Forbidden);
            await BeginAsync(context, user);
        }
        catch (DatabaseUnavailableException)
        {
            return Ask(Texts.In(context, "sign-in-not-saved"), name, StatusCodes.Status503ServiceUnavailable);
        }

        var back = context.Request.Cookies[BackCookie];
        context.Response.Cookies.Delete(BackCookie, new CookieOptions { Path = "/sign-in" });
        return Results.Redirect(back is not null && IsOurs(back) ? back : StartOf(user));
    }

    private async Task WrongAsync(HttpContext context, User? user, string counted, bool isKnown)
    {
        var isPlaceShut = attempts.WasWrong(context.Connection.RemoteIpAddress, isKnown);
        // What is no name of ours may be a password in the wrong field: it is not written down.
        if (attempts.WasWrong(counted, isKnown) | isPlaceShut)
            await desk.NoteAsync(new AuditEntry(time.GetUtcNow().ToUnixTimeMilliseconds(), "", PlaceOf(context), "sign-in-shut", user?.Name ?? "", user?.Sites.InAudit, ""));
    }

    /// <summary>A path of this page. Two strokes begin an address of somebody else, and some browsers read a backslash as one.</summary>
    private static bool IsOurs(string path) =>
        path.Length is > 0 and <= BackLengthMax && path[0] == '/' && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(letter => char.IsControl(letter) || letter == '\\')
        && !path.StartsWith("/sign-", StringComparison.Ordinal);

    /// <summary>Whoever mistyped the password goes on there. A name longer than any real one is not sent back.</summary>
    private static ViewAnswer<SignInForm> Ask(string notice, string user, int status) =>
        new("SignIn", new SignInForm(notice, user.Length is > 0 and <= UserLengthMax ? user : null), status);
}

/// <summary>What stands in the form of the door.</summary>
/// <param name="Notice">What was wrong before; empty: nothing.</param>
/// <param name="User">The name that was given; null: none.</param>
internal sealed record SignInForm(string Notice, string? User);
