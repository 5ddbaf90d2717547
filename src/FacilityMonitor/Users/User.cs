using FacilityMonitor.Configuration;

namespace FacilityMonitor.Users;

/// <summary>Somebody who can sign in to the page. Not a device's account at the broker (<c>Accounts/</c>), and not whoever is called at night (people.yaml): with the
/// latter a user has the name in common, or names the person.</summary>
internal sealed record User
{
    /// <summary>Users there can be: a district has some hundreds.</summary>
    public const int CountMax = 1_000;

    /// <summary>Characters of how a user is called.</summary>
    public const int DisplayNameMax = 60;

    /// <summary>Characters of a note.</summary>
    public const int NoteMax = 200;

    /// <summary>What is typed to sign in: an id as everywhere, <c>[a-z0-9-]{1,48}</c>; the one of the settings may be any text.</summary>
    public required string Name { get; init; }

    /// <summary>How we address the person; empty: as the person of people.yaml, or by the name.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Whatever helps to tell who it is.</summary>
    public string Note { get; init; } = "";

    public required UserRole Role { get; init; }

    public required SiteScope Sites { get; init; }

    /// <summary>Who it is in people.yaml, where the name is another one there; null: the name is the same, or the user is not called.</summary>
    public string? Person { get; init; }

    /// <summary><c>zh</c>, <c>en</c>, or null: as the browser prefers.</summary>
    public string? Language { get; init; }

    /// <summary>As the framework's hasher writes it; null: nobody can sign in with a password until a one-time link set one.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>The hash of the password that the settings had when they were last read; null: the user is not the one of the settings.</summary>
    public string? SettingsHash { get; init; }

    public bool IsDisabled { get; init; }

    /// <summary>Changes with password, role, sites and disabling: sessions of another stamp are over.</summary>
    public required string Stamp { get; init; }

    public required long CreatedMs { get; init; }

    /// <summary>Who acts when this user does.</summary>
    public string Actor => Person ?? (MappingReader.IsId(Name) ? Name : Visitor.Manager);

    /// <summary>Without the hashes: records print themselves into logs.</summary>
    public override string ToString() => $"User {Name} ({Role}, {Sites}{(IsDisabled ? ", disabled" : "")})";
}

/// <summary>One browser in which a user signed in.</summary>
/// <param name="Id">Hash of what the cookie holds: who reads the database cannot use it.</param>
/// <param name="User">Whose.</param>
/// <param name="Stamp">The user's stamp when it began.</param>
/// <param name="OpenedMs">When it began.</param>
/// <param name="SeenMs">When it was last used, within some minutes.</param>
/// <param name="Place">The address it began from.</param>
/// <param name="Agent">What the browser calls itself, shortened.</param>
internal sealed record UserSession(string Id, string User, string Stamp, long OpenedMs, long SeenMs, string Place, string Agent);
