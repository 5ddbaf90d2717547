using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
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
/// <param name="Persons">Whom it can be in people.yaml.</param>
internal sealed record UserForm(
    string? Name, string? Display, string? Note, string Role, SiteScope Sites, string? Person, IReadOnlyList<Site> Known, bool MayGiveAll, IReadOnlyList<Person> Persons);

/// <summary>Sites of users, in words and in forms.</summary>
internal static class UserSites
{
    public static string Names(SiteScope sites, FacilityIndex index, string language) => sites.IsAll
        ? Texts.In(language, "on-call-all-sites")
        : string.Join(language == "en" ? ", " : "、", sites.Sites.Select(site => index.FindSite(site)?.Name.In(language) ?? site));

    /// <summary>Whom somebody can make a user, in people.yaml: those who look after one of his sites, and who the user is now.</summary>
    public static IReadOnlyList<Person> Persons(Visitor visitor, FacilitySource registry, TimeProvider time, string? now)
    {
        var people = registry.Current.Facility.People;
        return [.. people.Persons.Where(person => person.Id == now || (!person.HasLeft(DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())) && visitor.Sites.Has(person.Id, people)))];
    }

    /// <summary>The page with what was typed, where the disk did not take it.</summary>
    public static PageResult NotSaved(PageModel page, Action<LocalText> say)
    {
        var (zh, en) = Texts.All["act-not-saved"];
        say(new LocalText(zh, en));
        page.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return page.Page();
    }

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
internal sealed class UsersModel(UserDirectory directory, UserDesk desk, OneTimeLinks links, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    public PersonNames Names => names;

    /// <summary>A link that was made just now: it is shown once.</summary>
    public string? Link { get; private set; }

    /// <summary>Who was added by a form that was sent twice: the link went with the first answer, which the browser has thrown away.</summary>
    public string? Added { get; private set; }

    public LocalText? Refusal { get; private set; }

    public UserForm Form { get; private set; } = null!;

    /// <summary>Names the form, so that one that is sent twice adds one user.</summary>
    public string Drawn { get; private set; } = NewDrawn();

    public IReadOnlyList<User> All => [.. directory.All.Where(user => HttpContext.Visitor().Sites.Covers(user.Sites))];

    /// <summary>Whether the user's last day is over, so that the account opens nothing.</summary>
    public bool HasLeft(User user) => Web.SignIn.HasLeft(user, registry, time);

    public string SiteNames(User user, string language) => UserSites.Names(user.Sites, registry.Current, language);

    public void OnGet() => Form = FormOf(HttpContext.Visitor(), registry, time, new UserFields());

    public async Task<IActionResult> OnPostAsync([FromForm] UserFields fields)
    {
        var visitor = HttpContext.Visitor();
        var name = fields.Name?.Trim() ?? "";
        Form = FormOf(visitor, registry, time, fields);
        if (fields.Drawn is { Length: > 0 } drawn)
            Drawn = drawn;
        try
        {
            Refusal = await AddAsync(visitor, name, fields);
        }
        catch (DatabaseUnavailableException)
        {
            // Also where the user is there and the link is not: pressed again it says so.
            return UserSites.NotSaved(this, refusal => Refusal = refusal);
        }

        if (Refusal is not null)
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        else
            (Form, Drawn) = (FormOf(visitor, registry, time, new UserFields()), NewDrawn());
        return Page();
    }

    internal static UserForm FormOf(Visitor visitor, FacilitySource registry, TimeProvider time, UserFields fields)
    {
        return new UserForm(
            fields.Name, fields.Display, fields.Note, fields.Role ?? Words.Of(UserRole.OnCall), UserSites.Read(fields.Sites ?? []), UserWords.Person(fields.Person),
            visitor.Sites.Of(registry.Current.Facility).Sites, visitor.Sites.IsAll, UserSites.Persons(visitor, registry, time, null));
    }

    private static string NewDrawn() => UserDesk.NewStamp();

    private async Task<LocalText?> AddAsync(Visitor visitor, string name, UserFields fields)
    {
        if (UserWords.Role(fields.Role ?? "", out var refusal) is not { } role)
            return refusal;
        if (await desk.AddAsync(visitor, name, fields.Display ?? "", fields.Note ?? "", role, Form.Sites, UserWords.Person(fields.Person), Drawn) is { } refused)
        {
            if (!desk.IsMadeBy(visitor, name, Drawn))
                return refused;
            Added = name;
            return null;
        }

        (var secret, refusal) = await desk.LinkAsync(visitor, name);
        Link = secret is null ? null : links.Of(secret);
        return refusal;
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

    /// <summary>What the form was drawn from.</summary>
    public string? Seen { get; init; }

    /// <summary>Names a form that makes somebody.</summary>
    public string? Drawn { get; init; }
}
