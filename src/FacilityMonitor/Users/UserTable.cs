using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Users;

/// <summary>Users, their sessions and one-time links in the database.</summary>
internal static class UserTable
{
    public static IEnumerable<User> Users(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select name, display, note, role, sites, person, language, password, settings_password, disabled, stamp, created_ms from user order by name");
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return new User
            {
                Name = rows.GetString(0),
                DisplayName = rows.GetString(1),
                Note = rows.GetString(2),
                Role = Words.All<UserRole>().First(role => role.Word == rows.GetString(3)).Kind,
                Sites = Text(rows, 4) is { } sites ? SiteScope.Of(sites.Split(',', StringSplitOptions.RemoveEmptyEntries)) : SiteScope.All,
                Person = Text(rows, 5),
                Language = Text(rows, 6),
                PasswordHash = Text(rows, 7),
                SettingsHash = Text(rows, 8),
                IsDisabled = rows.GetBoolean(9),
                Stamp = rows.GetString(10),
                CreatedMs = rows.GetInt64(11),
            };
        }
    }

    public static void Write(SqliteConnection connection, User user) => Database.Execute(
        connection, """
        insert into user (name, display, note, role, sites, person, language, password, settings_password, disabled, stamp, created_ms)
        values ($name, $display, $note, $role, $sites, $person, $language, $password, $settings, $disabled, $stamp, $created)
        on conflict (name) do update set display = excluded.display, note = excluded.note, role = excluded.role, sites = excluded.sites, person = excluded.person, language = excluded.language,
          password = excluded.password, settings_password = excluded.settings_password, disabled = excluded.disabled, stamp = excluded.stamp
        """,
        ("$name", user.Name), ("$display", user.DisplayName), ("$note", user.Note), ("$role", Words.Of(user.Role)), ("$sites", user.Sites.IsAll ? null : user.Sites.ToString()), ("$person", user.Person),
        ("$language", user.Language), ("$password", user.PasswordHash), ("$settings", user.SettingsHash), ("$disabled", user.IsDisabled ? 1 : 0), ("$stamp", user.Stamp), ("$created", user.CreatedMs));

    /// <summary>Sessions that nobody ended.</summary>
    public static IEnumerable<UserSession> Sessions(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select id, user, stamp, opened_ms, seen_ms, place, agent from user_session order by opened_ms");
        using var rows = command.ExecuteReader();
        while (rows.Read())
            yield return new UserSession(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetString(5), rows.GetString(6));
    }

    public static void Open(SqliteConnection connection, UserSession session) => Database.Execute(
        connection, "insert into user_session (id, user, stamp, opened_ms, seen_ms, place, agent) values ($id, $user, $stamp, $opened, $seen, $place, $agent)",
        ("$id", session.Id), ("$user", session.User), ("$stamp", session.Stamp), ("$opened", session.OpenedMs), ("$seen", session.SeenMs), ("$place", session.Place), ("$agent", session.Agent));

    public static void Saw(SqliteConnection connection, string session, long nowMs) =>
        Database.Execute(connection, "update user_session set seen_ms = $now where id = $id", ("$now", nowMs), ("$id", session));

    public static void End(SqliteConnection connection, string session) => Database.Execute(connection, "delete from user_session where id = $id", ("$id", session));

    /// <summary>From where somebody signed in lately: a place that is known is not shut because somebody guesses elsewhere.</summary>
    public static void Know(SqliteConnection connection, string user, string place, long nowMs)
    {
        Database.Execute(
            connection, "insert into user_place (user, place, seen_ms) values ($user, $place, $now) on conflict (user, place) do update set seen_ms = excluded.seen_ms",
            ("$user", user), ("$place", place), ("$now", nowMs));
        Database.Execute(connection, "delete from user_place where seen_ms < $old", ("$old", nowMs - (long)UserDirectory.PlaceKnownFor.TotalMilliseconds));
    }

    public static IEnumerable<(string User, string Place, long SeenMs)> Places(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select user, place, seen_ms from user_place");
        using var rows = command.ExecuteReader();
        while (rows.Read())
            yield return (rows.GetString(0), rows.GetString(1), rows.GetInt64(2));
    }

    /// <summary>Notes a link; those that the user had are void, and old ones go.</summary>
    /// <param name="connection">The writer.</param>
    /// <param name="hash">Hash of what the link holds.</param>
    /// <param name="user">Whose; null: the first administrator's, who has no name yet.</param>
    /// <param name="nowMs">Now.</param>
    public static void AddLink(SqliteConnection connection, string hash, string? user, long nowMs)
    {
        VoidLinks(connection, user);
        Database.Execute(connection, "delete from user_link where until_ms <= $now", ("$now", nowMs));
        Database.Execute(
            connection, "insert into user_link (hash, user, created_ms, until_ms) values ($hash, $user, $now, $until)",
            ("$hash", hash), ("$user", user), ("$now", nowMs), ("$until", nowMs + (long)UserDesk.LinkValidFor.TotalMilliseconds));
    }

    public static void VoidLinks(SqliteConnection connection, string? user) => Database.Execute(connection, "delete from user_link where user is $user", ("$user", user));

    /// <summary>Whose link it is (null within: the first administrator's); null: nobody's, used, or too old.</summary>
    public static LinkOwner? FindLink(SqliteConnection connection, string hash, long nowMs)
    {
        using var command = Database.Command(connection, "select user from user_link where hash = $hash and until_ms > $now", ("$hash", hash), ("$now", nowMs));
        using var row = command.ExecuteReader();
        return row.Read() ? new LinkOwner(Text(row, 0)) : null;
    }

    /// <summary>Until when the first administrator's link can be used; null: there is none.</summary>
    public static long? FirstLinkUntilMs(SqliteConnection connection, long nowMs)
    {
        using var command = Database.Command(connection, "select max(until_ms) from user_link where user is null and until_ms > $now", ("$now", nowMs));
        return command.ExecuteScalar() as long?;
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>Whose a one-time link is.</summary>
/// <param name="User">Name of the user; null: the first administrator, who has no name yet.</param>
internal sealed record LinkOwner(string? User);
