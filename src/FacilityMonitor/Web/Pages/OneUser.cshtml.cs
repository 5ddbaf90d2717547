using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/users/NAME</c>: one user: what he is, which sites, a link for a new password, out at once.</summary>
[Needs(Right.Users)]
[WritesAudit]
internal sealed class OneUserModel(UserDirectory directory, UserDesk desk, OneTimeLinks links, FacilitySource registry, PersonNames names) : PageModel
{
    public PersonNames Names => names;

    public string? Link { get; private set; }

    public LocalText? Refusal { get; private set; }

    public bool IsSaved => Request.Query.ContainsKey("saved");

    public User Who { get; private set; } = null!;

    public UserForm Form { get; private set; } = null!;

    public IReadOnlyList<UserSession> Sessions => directory.SessionsOf(Who.Name);

    public IActionResult OnGet(string name) => Show(name);

    /// <summary>Role, sites and names at once; each that differs is a change of its own in the audit. What is refused ends it.</summary>
    public async Task<IActionResult> OnPostSaveAsync(string name, [FromForm] UserFields fields)
    {
        if (UserWords.Role(fields.Role ?? "", out var refusal) is not { } role)
            return Show(name, refusal);
        UserChange[] changes =
        [
            new UserChange.Role(role), new UserChange.Sites(UserSites.Read(fields.Sites ?? [])),
            new UserChange.Names((fields.Display ?? "").Trim(), (fields.Note ?? "").Trim(), UserWords.Person(fields.Person)),
        ];
        foreach (var change in changes)
        {
            if (await desk.DoAsync(HttpContext.Visitor(), name, change) is { } refused)
                return Show(name, refused);
        }

        return Saved(name);
    }

    public Task<IActionResult> OnPostDisableAsync(string name) => DoAsync(name, new UserChange.Disable());

    public Task<IActionResult> OnPostEnableAsync(string name) => DoAsync(name, new UserChange.Enable());

    public async Task<IActionResult> OnPostEndAsync(string name) =>
        await desk.EndSessionsAsync(HttpContext.Visitor(), name) is { } refusal ? Show(name, refusal) : Saved(name);

    /// <summary>Shown as the answer itself: an address that holds it would stay in the browser's list.</summary>
    public async Task<IActionResult> OnPostLinkAsync(string name)
    {
        var (secret, refusal) = await desk.LinkAsync(HttpContext.Visitor(), name);
        Link = secret is null ? null : links.Of(secret);
        return Show(name, refusal);
    }

    private async Task<IActionResult> DoAsync(string name, UserChange change) =>
        await desk.DoAsync(HttpContext.Visitor(), name, change) is { } refusal ? Show(name, refusal) : Saved(name);

    private RedirectResult Saved(string name) => Redirect($"/users/{Uri.EscapeDataString(name)}?saved");

    private IActionResult Show(string name, LocalText? refusal = null)
    {
        var visitor = HttpContext.Visitor();
        if (directory.Find(name) is not { } user || !visitor.Sites.Covers(user.Sites))
            return new NotThere("no-user");
        (Who, Refusal) = (user, refusal);
        var facility = registry.Current.Facility;
        Form = new UserForm(
            user.Name, user.DisplayName, user.Note, Words.Of(user.Role), user.Sites, user.Person, visitor.Sites.Of(facility).Sites, visitor.Sites.IsAll, facility.People.Persons);
        if (refusal is not null)
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
