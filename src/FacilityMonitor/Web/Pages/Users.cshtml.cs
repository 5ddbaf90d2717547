using FacilityMonitor.Configuration;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>What a form says of a user, and what can be chosen.</summary>
/// <param name="Name">The name.</param>
/// <param name="Display">How the person is called.</param>
/// <param name="Note">Whatever helps.</param>
/// <param name="Role">Word of the role.</param>
/// <param name="Sites">Which sites.</param>
/// <param name="Person">Who it is in people.yaml; null: whoever has the same name.</param>
/// <param name="Known">Sites that can be given.</param>
/// <param name="MayGiveAll">Whether all sites can be given.</param>
/// <param name="Persons">Who there is in people.yaml.</param>
internal sealed record UserForm(
    string? Name, string? Display, string? Note, string Role, SiteScope Sites, string? Person, IReadOnlyList<Site> Known, bool MayGiveAll, IReadOnlyList<Person> Persons);

/// <summary>Sites of users, in words and in forms.</summary>
internal static class UserSites
{
    public static string Names(SiteScope sites, FacilityIndex index, string language) => sites.IsAll
        ? Texts.In(language, "on-call-all-sites")
        : string.Join(language == "en" ? ", " : "、", sites.Sites.Select(site => index.FindSite(site)?.Name.In(language) ?? site));

    /// <summary>What was ticked; all of them beats each.</summary>
    public static SiteScope Read(IEnumerable<string?> ticked)
    {
        var sites = ticked.OfType<string>().ToList();
        return sites.Contains(SiteScope.AllWord) ? SiteScope.All : SiteScope.Of(sites);
    }
}

/// <summary><c>/users</c>: who may sign in. Whoever administers some sites sees those whose sites are among them.</summary>
[Needs(Right.Users)]
[WritesAudit]
internal sealed class UsersModel(UserDirectory directory, UserDesk desk, OneTimeLinks links, FacilitySource registry, PersonNames names) : PageModel
{
    public PersonNames Names => names;

    /// <summary>A link that was made just now: it is shown once.</summary>
    public string? Link { get; private set; }

    public LocalText? Refusal { get; private set; }

    public UserForm Form { get; private set; } = null!;

    public IReadOnlyList<User> All => [.. directory.All.Where(user => HttpContext.Visitor().Sites.Covers(user.Sites))];

    public string SiteNames(User user, string language) => UserSites.Names(user.Sites, registry.Current, language);

    public void OnGet() => Form = FormOf(HttpContext.Visitor(), registry, new UserFields());

    public async Task<IActionResult> OnPostAsync([FromForm] UserFields fields)
    {
        var visitor = HttpContext.Visitor();
        var name = fields.Name?.Trim() ?? "";
        Form = FormOf(visitor, registry, fields);
        if (UserWords.Role(fields.Role ?? "", out var refusal) is { } role)
        {
            refusal = await desk.AddAsync(visitor, name, fields.Display ?? "", fields.Note ?? "", role, Form.Sites, UserWords.Person(fields.Person));
            if (refusal is null)
            {
                (var secret, refusal) = await desk.LinkAsync(visitor, name);
                Link = secret is null ? null : links.Of(secret);
                Form = FormOf(visitor, registry, new UserFields());
            }
        }

        if ((Refusal = refusal) is not null)
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    internal static UserForm FormOf(Visitor visitor, FacilitySource registry, UserFields fields)
    {
        var facility = registry.Current.Facility;
        return new UserForm(
            fields.Name, fields.Display, fields.Note, fields.Role ?? Words.Of(UserRole.OnCall), UserSites.Read(fields.Sites ?? []), UserWords.Person(fields.Person),
            visitor.Sites.Of(facility).Sites, visitor.Sites.IsAll, facility.People.Persons);
    }
}

/// <summary>The fields of a form about a user.</summary>
internal sealed record UserFields
{
    public string? Name { get; init; }

    public string? Display { get; init; }

    public string? Note { get; init; }

    public string? Role { get; init; }

    public IReadOnlyList<string>? Sites { get; init; }

    public string? Person { get; init; }
}
