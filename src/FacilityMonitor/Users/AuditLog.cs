using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Users;

/// <summary>Something that somebody did.</summary>
/// <param name="AtMs">When, ms since 1970-01-01 UTC.</param>
/// <param name="Who">Name of the user; or what is no name: the command line, the settings.</param>
/// <param name="Place">The address it came from; empty: this machine.</param>
/// <param name="What">A word.</param>
/// <param name="Subject">To whom or what it was done.</param>
/// <param name="Site">The site it belongs to, or several between commas; null: none, or all of them.</param>
/// <param name="Detail">More about it.</param>
internal sealed record AuditEntry(long AtMs, string Who, string Place, string What, string Subject, string? Site, string Detail);

/// <summary>Who did what, when and from where. Rows are only added, each with the hash of all before it; the database itself refuses to change or delete one.</summary>
internal static class AuditLog
{
    /// <summary>Rows that are kept: about 300 MB, twenty years of a hundred acts a day. The oldest go, and the database lets nobody delete a newer one.</summary>
    public const int RowsMax = 1_000_000;

    /// <summary>Characters of a subject or detail.</summary>
    private const int TextMax = 400;

    /// <summary>Adds one, on the writer's thread.</summary>
    public static void Add(SqliteConnection connection, AuditEntry entry)
    {
        var (number, hash) = Last(connection);
        var kept = entry with { Subject = Shortened(entry.Subject), Detail = Shortened(entry.Detail), Place = Shortened(entry.Place) };
        Database.Execute(
            connection, "insert into audit (at_ms, who, place, what, subject, site, detail, hash) values ($at, $who, $place, $what, $subject, $site, $detail, $hash)",
            ("$at", kept.AtMs), ("$who", kept.Who), ("$place", kept.Place), ("$what", kept.What), ("$subject", kept.Subject), ("$site", kept.Site), ("$detail", kept.Detail), ("$hash", Hash(hash, kept)));
        if (number >= RowsMax)
            Database.Execute(connection, "delete from audit where number <= $oldest", ("$oldest", number + 1 - RowsMax));
    }

    /// <summary>The newest first.</summary>
    /// <param name="connection">A reader.</param>
    /// <param name="sites">Entries of these sites; those without a site are for who sees all.</param>
    /// <param name="sinceMs">Not older.</param>
    /// <param name="who">Only of this one; null: of all.</param>
    /// <param name="most">Most entries.</param>
    public static List<AuditEntry> Newest(SqliteConnection connection, SiteScope sites, long sinceMs, string? who, int most)
    {
        using var command = Database.Command(
            connection, "select at_ms, who, place, what, subject, site, detail from audit where at_ms >= $since and ($who is null or who = $who) order by number desc",
            ("$since", sinceMs), ("$who", who));
        using var rows = command.ExecuteReader();
        var entries = new List<AuditEntry>();
        while (entries.Count < most && rows.Read())
        {
            var entry = Read(rows);
            if (sites.HasAudit(entry.Site))
                entries.Add(entry);
        }

        return entries;
    }

    /// <summary>The number of the first row that is not what was written; null: all are.</summary>
    public static long? FirstBroken(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select at_ms, who, place, what, subject, site, detail, hash, number from audit order by number");
        using var rows = command.ExecuteReader();
        var last = Last(connection).Number;
        string? before = null;
        var number = 0L;
        while (rows.Read())
        {
            var at = rows.GetInt64(8);
            // Of the oldest that is left nobody knows any more what came before it; but nothing goes before there are too many.
            if (before is null ? at != 1 && last - at + 1 < RowsMax : at != number + 1)
                return at;
            if ((before is not null || at == 1) && rows.GetString(7) != Hash(before ?? "", Read(rows)))
                return at;
            (before, number) = (rows.GetString(7), at);
        }

        return null;
    }

    private static (long Number, string Hash) Last(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select number, hash from audit order by number desc limit 1");
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetString(1)) : (0, "");
    }

    private static AuditEntry Read(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5), row.GetString(6));

    private static string Hash(string before, AuditEntry entry) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n', before, entry.AtMs.ToString(CultureInfo.InvariantCulture), entry.Who, entry.Place, entry.What, entry.Subject, entry.Site, entry.Detail))));

    /// <summary>One line, and no longer than what somebody reads.</summary>
    private static string Shortened(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= TextMax ? line : line[..TextMax] + "…";
    }
}
