using FacilityMonitor.Response;

namespace FacilityMonitor.Users;

/// <summary>Who asks something of the service now: a user in a browser, or this machine's command line. Looked up anew for every request; nothing of it is believed from a cookie.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Role">What the user is.</param>
/// <param name="Sites">Which sites.</param>
/// <param name="Person">Who acts, by the name that people.yaml has for the person.</param>
/// <param name="Via">How: <c>page</c> or <c>cli</c>.</param>
/// <param name="Place">The address it comes from.</param>
/// <param name="Session">The session it belongs to; null: the command line.</param>
internal sealed record Visitor(string Name, UserRole Role, SiteScope Sites, string Person, string Via, string Place, string? Session)
{
    /// <summary>What the command line is called in the audit; no user can have a name with a blank.</summary>
    public const string CommandLine = "command line";

    /// <summary>What the settings are called there, where they change something.</summary>
    public const string Settings = "settings.yaml";

    /// <summary>Whoever edits files of the configuration.</summary>
    public const string Files = "configuration files";

    /// <summary>Whoever opens a one-time link.</summary>
    public const string OneTimeLink = "one-time link";

    /// <summary>Whose acts through the command line are, unless it says somebody else.</summary>
    public const string Manager = "manager";

    private const string ViaPage = "page";

    /// <summary>As an act in the log of an alert.</summary>
    public Actor Actor => new(Person, Via);

    /// <summary>Whether it is a user in a browser.</summary>
    public bool IsUser => Via == ViaPage;

    public bool May(Right right) => Role.May(right);

    /// <summary>A user in a browser.</summary>
    public static Visitor Of(User user, string session, string place) => new(user.Name, user.Role, user.Sites, user.Actor, ViaPage, place, session);

    /// <summary>Whoever may read the data directory of this machine may do everything: by the command line, or by editing what lies there.</summary>
    public static Visitor Machine(string name, string place) => new(name, UserRole.Administrator, SiteScope.All, Manager, "cli", place, null);
}
