using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/me</c>: who I am here; another password, another language, and where I am signed in.</summary>
[EnableRateLimiting(SignInLimits.Policy)]
[WritesAudit]
internal sealed class MeModel(UserDirectory directory, UserDesk desk, SignIn signIn, SignInAttempts attempts, FacilitySource registry, PersonNames names) : PageModel
{
    private LocalText? _refusal;

    public PersonNames Names => names;

    public User Who => directory.Find(HttpContext.Visitor().Name) ?? throw new InvalidOperationException("Whoever is signed in is a user.");

    public IReadOnlyList<UserSession> Sessions => directory.SessionsOf(Who.Name);

    public string? Own => HttpContext.Visitor().Session;

    /// <summary>What became of a form before.</summary>
    public string Notice(string language) => _refusal?.In(language) ?? (Request.Query.ContainsKey("saved") ? Texts.In(language, "saved") : "");

    public string SiteNames(string language) => UserSites.Names(Who.Sites, registry.Current, language);

    public Task<IActionResult> OnPostPasswordAsync(string? old, string? password, string? again) => TryAsync(async () =>
    {
        var (visitor, from) = (HttpContext.Visitor(), HttpContext.Connection.RemoteIpAddress);
        var isKnown = directory.IsKnownPlace(visitor.Name, visitor.Place);
        if (password != again)
            return Refuse(new(Texts.All["password-differ"].Zh, Texts.All["password-differ"].En));
        // Whoever found a page left open does not try out passwords on it either.
        if (attempts.MustWait(from, isKnown))
            return Refuse(new(Texts.All["sign-in-wait"].Zh, Texts.All["sign-in-wait"].En));
        var (refusal, isWrong) = await desk.ChangeOwnPasswordAsync(visitor, old ?? "", password ?? "");
        if (isWrong)
            attempts.WasWrong(from, isKnown);
        if (refusal is not null)
            return Refuse(refusal);
        await signIn.BeginAsync(HttpContext, Who);
        return Redirect("/me?saved");
    });

    public Task<IActionResult> OnPostLanguageAsync(string? language) => TryAsync(async () =>
    {
        if (language is not (null or "" or "zh" or "en"))
            return BadRequest();
        if (await desk.DoAsync(HttpContext.Visitor(), Who.Name, new UserChange.Language(string.IsNullOrEmpty(language) ? null : language)) is { } refusal)
            return Refuse(refusal);
        if (!string.IsNullOrEmpty(language))
            Texts.Choose(HttpContext, language);
        return Redirect("/me?saved");
    });

    public Task<IActionResult> OnPostEndAsync() => TryAsync(async () =>
    {
        var visitor = HttpContext.Visitor();
        await desk.EndSessionsAsync(visitor, visitor.Name);
        await HttpContext.SignOutAsync();
        return Redirect("/sign-in");
    });

    /// <summary>What the disk does not take is said on the page, where the form still is.</summary>
    private async Task<IActionResult> TryAsync(Func<Task<IActionResult>> act)
    {
        try
        {
            return await act();
        }
        catch (DatabaseUnavailableException)
        {
            return Refuse(new(Texts.All["act-not-saved"].Zh, Texts.All["act-not-saved"].En), StatusCodes.Status503ServiceUnavailable);
        }
    }

    private PageResult Refuse(LocalText refusal, int status = StatusCodes.Status422UnprocessableEntity)
    {
        (_refusal, Response.StatusCode) = (refusal, status);
        return Page();
    }
}
