using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/users/NAME</c>: one user: what he is, which sites, a link for a new password, out at once.</summary>
[Needs(Right.Users)]
[WritesAudit]
internal sealed class OneUserModel(UserDirectory directory, UserDesk desk, OneTimeLinks links, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    public PersonNames Names => names;

    public FacilityIndex Index => registry.Current;

    public string? Link { get; private set; }

    public LocalText? Refusal { get; private set; }

    public bool IsSaved => Request.Query.ContainsKey("saved");

    public User Who { get; private set; } = null!;

    public UserForm Form { get; private set; } = null!;

    /// <summary>Names what the form was drawn from.</summary>
    public string Seen { get; private set; } = "";

    /// <summary>Whether somebody else changed the user meanwhile: what holds now is said beside what was typed.</summary>
    public bool IsStale => ReferenceEquals(Refusal, UserDesk.Stale);

    public IReadOnlyList<UserSession> Sessions => directory.SessionsOf(Who.Name);

    public IActionResult OnGet(string name) => Show(name);

    /// <summary>Role, sites and names at once, or none of them; each that differs is a change of its own in the audit.</summary>
    public Task<IActionResult> OnPostSaveAsync(string name, [FromForm] UserFields fields) => TryAsync(name, fields, async () =>
    {
        if (UserWords.Role(fields.Role ?? "", out var refusal) is not { } role)
            return refusal;
        UserChange[] changes =
        [
            new UserChange.Role(role), new UserChange.Sites(UserSites.Read(fields.Sites ?? [])),
            new UserChange.Names((fields.Display ?? "").Trim(), (fields.Note ?? "").Trim(), UserWords.Person(fields.Person)),
        ];
        return await desk.DoAsync(HttpContext.Visitor(), name, changes, fields.Seen ?? "");
    });

    public Task<IActionResult> OnPostDisableAsync(string name) => DoAsync(name, new UserChange.Disable());

    public Task<IActionResult> OnPostEnableAsync(string name) => DoAsync(name, new UserChange.Enable());

    public Task<IActionResult> OnPostEndAsync(string name) => TryAsync(name, null, () => desk.EndSessionsAsync(HttpContext.Visitor(), name));

    /// <summary>Shown as the answer itself: an address that holds it would stay in the browser's list.</summary>
    public async Task<IActionResult> OnPostLinkAsync(string name)
    {
        var answer = await TryAsync(name, null, async () =>
        {
            var (secret, refusal) = await desk.LinkAsync(HttpContext.Visitor(), name);
            Link = secret is null ? null : links.Of(secret);
            return refusal;
        });
        return Link is null ? answer : Show(name);
    }

    private Task<IActionResult> DoAsync(string name, UserChange change) => TryAsync(name, null, () => desk.DoAsync(HttpContext.Visitor(), name, change));

    private async Task<IActionResult> TryAsync(string name, UserFields? fields, Func<Task<LocalText?>> act)
    {
        try
        {
            return await act() is { } refusal ? Show(name, refusal, fields) : Redirect($"/users/{Uri.EscapeDataString(name)}?saved");
        }
        catch (DatabaseUnavailableException)
        {
            return Show(name, null, fields) is PageResult ? UserSites.NotSaved(this, refusal => Refusal = refusal) : new NotThere("no-user");
        }
    }

    /// <param name="name">The user.</param>
    /// <param name="refusal">What was refused; null: nothing.</param>
    /// <param name="fields">What was typed; null: as the user is.</param>
    private IActionResult Show(string name, LocalText? refusal = null, UserFields? fields = null)
    {
        var visitor = HttpContext.Visitor();
        if (directory.Find(name) is not { } user || !visitor.Sites.Covers(user.Sites))
            return new NotThere("no-user");
        (Who, Refusal) = (user, refusal);
        // Whoever was told that it is old has what holds now before his eyes; in all other cases it is as old as it was.
        Seen = fields is null || IsStale ? UserDesk.Seen(user) : fields.Seen ?? "";
        Form = UsersModel.FormOf(visitor, registry, time, fields ?? new UserFields
        {
            Display = user.DisplayName,
            Note = user.Note,
            Role = Words.Of(user.Role),
            Sites = user.Sites.IsAll ? [SiteScope.AllWord] : user.Sites.Sites,
            Person = user.Person,
        }) with
        { Name = user.Name, Persons = UserSites.Persons(visitor, registry, time, user.Person) };
        if (refusal is not null)
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
