using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Antiforgery;

namespace FacilityMonitor.Web;

/// <summary><c>/welcome/…</c>: a one-time link. Whoever holds it sets a password and is signed in; the first administrator chooses a name besides. To open it changes nothing.</summary>
internal static class SignInLinks
{
    public static void MapSignInLinks(this WebApplication app)
    {
        app.MapGet(OneTimeLinks.Path + "{secret}", (HttpContext context, string secret, UserDesk desk) =>
            desk.FindLink(secret) is { } owner ? Ask(context, owner, null, "", StatusCodes.Status200OK) : Expired(context)).AllowAnonymous().RequireRateLimiting(SignInLimits.Policy);
        app.MapPost(OneTimeLinks.Path + "{secret}", PostAsync).AllowAnonymous().DisableAntiforgery().RequireRateLimiting(SignInLimits.Policy);
    }

    private static async Task<IResult> PostAsync(HttpContext context, string secret, IAntiforgery antiforgery, UserDesk desk, SignIn signIn)
    {
        if (desk.FindLink(secret) is not { } owner)
            return Expired(context);
        if (!await antiforgery.IsOursAsync(context))
            return Ask(context, owner, null, Texts.In(context, "sign-in-again"), StatusCodes.Status400BadRequest);
        var form = await context.Request.ReadFormAsync();
        var (name, password) = (form["user"].ToString(), form["password"].ToString());
        LocalText? refusal = password == form["again"].ToString() ? PasswordRules.Refusal(password, owner.User ?? name) : new("两次输入的口令不一样", "the two passwords differ");
        if (refusal is not null)
            return Ask(context, owner, name, refusal.In(Texts.Language(context)), StatusCodes.Status422UnprocessableEntity);
        try
        {
            var (user, refused) = await desk.UseLinkAsync(secret, name, password, SignIn.PlaceOf(context));
            if (user is null)
                return Ask(context, owner, name, refused!.In(Texts.Language(context)), StatusCodes.Status422UnprocessableEntity);
            await signIn.BeginAsync(context, user);
            return Results.Redirect(SignIn.StartOf(user));
        }
        catch (DatabaseUnavailableException)
        {
            return Ask(context, owner, name, Texts.In(context, "sign-in-not-saved"), StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static ViewAnswer<WelcomeForm> Ask(HttpContext context, LinkOwner owner, string? name, string notice, int status) =>
        new("Welcome", new WelcomeForm(context.Request.Path, owner.User, name, notice), status);

    private static ViewAnswer<WelcomeForm> Expired(HttpContext context) =>
        new("Welcome", new WelcomeForm(null, null, null, Texts.In(context, "welcome-expired")), StatusCodes.Status404NotFound);
}

/// <summary>What stands on the page of a one-time link.</summary>
/// <param name="Path">Where the form goes; null: the link is used or too old.</param>
/// <param name="User">Whose link it is; null: the first administrator's.</param>
/// <param name="Name">The name that the first administrator gave before; null: none.</param>
/// <param name="Notice">What was wrong before; empty: nothing.</param>
internal sealed record WelcomeForm(string? Path, string? User, string? Name, string Notice);
