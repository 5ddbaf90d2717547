using System.Text.Json;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary><c>/control/users</c>: what <c>facility-monitor user</c> asks of the running service.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this RouteGroupBuilder control)
    {
        var users = control.MapGroup("/users").WithMetadata(new WritesAuditAttribute());
        users.MapGet("/", (UserDirectory directory) => ControlEndpoints.Json(StatusCodes.Status200OK, new() { ["users"] = directory.All.Select(user => Of(user, directory)) }));
        users.MapPost("/", AddAsync);
        users.MapPost("/first", (HttpContext context, UserDesk desk, OneTimeLinks links) => TryAsync(async () =>
            await desk.FirstLinkAsync(context.Visitor()) is { } secret ? Link(links, secret) : Refused(new("已经有用户；请用 user add 或 user password", "there are users already; use user add or user password"))));
        users.MapPost("/{name}/role", (HttpContext context, string name, UserDesk desk) => ChangeAsync(context, name, desk, body =>
            UserWords.Role(ControlEndpoints.Text(body, "role") ?? "", out var refusal) is { } role ? (new UserChange.Role(role), null) : (null, refusal)));
        users.MapPost("/{name}/sites", (HttpContext context, string name, UserDesk desk) => ChangeAsync(context, name, desk, body =>
            (new UserChange.Sites(SiteScope.Parse(ControlEndpoints.Text(body, "sites") ?? "")), null)));
        users.MapPost("/{name}/names", (HttpContext context, string name, UserDesk desk, UserDirectory directory) => ChangeAsync(context, name, desk, body => (directory.Find(name) is { } user
            ? new UserChange.Names(ControlEndpoints.Text(body, "display") ?? user.DisplayName, ControlEndpoints.Text(body, "note") ?? user.Note, UserWords.Person(ControlEndpoints.Text(body, "person") ?? user.Person))
            : null, UserDesk.Unknown(name))));
        users.MapPost("/{name}/disable", (HttpContext context, string name, UserDesk desk) => ChangeAsync(context, name, desk, _ => (new UserChange.Disable(), null)));
        users.MapPost("/{name}/enable", (HttpContext context, string name, UserDesk desk) => ChangeAsync(context, name, desk, _ => (new UserChange.Enable(), null)));
        users.MapPost("/{name}/password", (HttpContext context, string name, UserDesk desk) => TryAsync(async () =>
            await ControlEndpoints.ReadAsync(context) is { } body && ControlEndpoints.Text(body, "password") is { } password
                ? Answer(await desk.SetPasswordAsync(context.Visitor(), name, password)) : ControlEndpoints.NotUnderstood));
        users.MapPost("/{name}/link", (HttpContext context, string name, UserDesk desk, OneTimeLinks links) => TryAsync(async () =>
            await desk.LinkAsync(context.Visitor(), name) is var (secret, refusal) && secret is not null ? Link(links, secret) : Refused(refusal!)));
        users.MapGet("/{name}/sessions", (string name, UserDirectory directory) => directory.Find(name) is null ? Refused(UserDesk.Unknown(name))
            : ControlEndpoints.Json(StatusCodes.Status200OK, new() { ["sessions"] = directory.SessionsOf(name).Select(Of) }));
        users.MapPost("/{name}/sessions/end", (HttpContext context, string name, UserDesk desk) => TryAsync(async () => Answer(await desk.EndSessionsAsync(context.Visitor(), name))));
    }

    private static Task<IResult> AddAsync(HttpContext context, UserDesk desk) => TryAsync(async () =>
    {
        if (await ControlEndpoints.ReadAsync(context) is not { } body || ControlEndpoints.Text(body, "name") is not { } name)
            return ControlEndpoints.NotUnderstood;
        if (UserWords.Role(ControlEndpoints.Text(body, "role") ?? "", out var refusal) is not { } role)
            return Refused(refusal!);
        return Answer(await desk.AddAsync(
            context.Visitor(), name, ControlEndpoints.Text(body, "display") ?? "", ControlEndpoints.Text(body, "note") ?? "", role, SiteScope.Parse(ControlEndpoints.Text(body, "sites") ?? ""),
            UserWords.Person(ControlEndpoints.Text(body, "person"))));
    });

    private static Task<IResult> ChangeAsync(HttpContext context, string name, UserDesk desk, Func<JsonElement, (UserChange? Change, LocalText? Refusal)> read) => TryAsync(async () =>
    {
        if (await ControlEndpoints.ReadAsync(context) is not { } body)
            return ControlEndpoints.NotUnderstood;
        var (change, refusal) = read(body);
        return change is null ? Refused(refusal!) : Answer(await desk.DoAsync(context.Visitor(), name, change));
    });

    private static async Task<IResult> TryAsync(Func<Task<IResult>> act)
    {
        try
        {
            return await act();
        }
        catch (DatabaseUnavailableException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult Answer(LocalText? refusal) => refusal is null ? Results.NoContent() : Refused(refusal);

    private static IResult Link(OneTimeLinks links, string secret) => ControlEndpoints.Json(StatusCodes.Status200OK, new() { ["link"] = links.Of(secret) });

    private static IResult Refused(LocalText text) => ControlEndpoints.Refused("user", text.Zh, text.En);

    private static Dictionary<string, object?> Of(User user, UserDirectory directory) => new()
    {
        ["name"] = user.Name,
        ["display"] = user.DisplayName,
        ["note"] = user.Note,
        ["role"] = Words.Of(user.Role),
        ["sites"] = user.Sites.ToString(),
        ["person"] = user.Person,
        ["disabled"] = user.IsDisabled,
        ["password"] = user.PasswordHash is not null,
        ["sessions"] = directory.SessionsOf(user.Name).Count,
    };

    private static Dictionary<string, object?> Of(UserSession session) => new()
    {
        ["opened"] = session.OpenedMs,
        ["seen"] = session.SeenMs,
        ["place"] = session.Place,
        ["agent"] = session.Agent,
    };
}

/// <summary>How forms and the command line write what users are.</summary>
internal static class UserWords
{
    /// <summary>The role of a word; null: there is none, and why.</summary>
    public static UserRole? Role(string word, out LocalText? refusal)
    {
        var known = Words.All<UserRole>();
        foreach (var (name, kind) in known)
        {
            if (name != word)
                continue;
            refusal = null;
            return kind;
        }

        var all = string.Join(", ", known.Select(role => role.Word));
        refusal = new($"没有角色 '{word}'；有的是：{all}", $"there is no role '{word}'; there are: {all}");
        return null;
    }

    /// <summary>Nothing written is nobody.</summary>
    public static string? Person(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
