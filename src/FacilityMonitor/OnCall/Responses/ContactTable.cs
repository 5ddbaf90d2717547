using System.Security.Cryptography;
using System.Text;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Which ways to people were tried, and which of them the person confirmed. Bound to the address: a new number has to be confirmed anew.</summary>
internal static class ContactTable
{
    /// <summary>Begins the name under which a question goes out; alerts are named by hexadecimal digits alone.</summary>
    public const string Prefix = "verify-";

    /// <summary>Wrong codes that are heard for one question: one in 200,000 guesses right.</summary>
    public const int TriesMax = 5;

    /// <summary>How long a question can be answered.</summary>
    public static readonly TimeSpan ValidFor = ActLinks.ValidFor;

    /// <summary>When every contact was confirmed last, by <see cref="Key"/>.</summary>
    public static Dictionary<string, DateOnly> Confirmed(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select contact, max(confirmed_ms) from contact_check where confirmed_ms is not null group by contact");
        using var rows = command.ExecuteReader();
        var confirmed = new Dictionary<string, DateOnly>(StringComparer.Ordinal);
        while (rows.Read())
            confirmed[rows.GetString(0)] = DateOnly.FromDateTime(DutyRoster.Wall(rows.GetInt64(1)));
        return confirmed;
    }

    /// <summary>Names a contact without its address.</summary>
    public static string Key(string person, PersonContact contact) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{person}\n{contact.Channel}\n{contact.Address}")))[..32];

    /// <summary>Notes that a person is asked. What can be answered no more goes, but the last confirmation of a contact stays: so there are a few rows a contact.</summary>
    public static void Ask(SqliteConnection connection, string id, string person, PersonContact contact, string code, long nowMs)
    {
        var key = Key(person, contact);
        Database.Execute(
            connection, """
            delete from contact_check where contact = $contact and asked_ms <= $since
              and (confirmed_ms is null or confirmed_ms < (select max(confirmed_ms) from contact_check where contact = $contact))
            """,
            ("$contact", key), ("$since", nowMs - (long)ValidFor.TotalMilliseconds));
        Database.Execute(
            connection, "insert into contact_check (id, contact, person, channel, code, asked_ms) values ($id, $contact, $person, $channel, $code, $now)",
            ("$id", id), ("$contact", key), ("$person", person), ("$channel", contact.Channel), ("$code", code), ("$now", nowMs));
    }

    /// <summary>When a contact was asked last, ms; null: never.</summary>
    public static long? AskedMs(SqliteConnection connection, string contact)
    {
        using var command = Database.Command(connection, "select max(asked_ms) from contact_check where contact = $contact", ("$contact", contact));
        return command.ExecuteScalar() as long?;
    }

    /// <summary>Ways with a question that its code can still answer, by <see cref="Key"/>, each with when it was asked last, ms. What was confirmed since has none.</summary>
    public static Dictionary<string, long> Open(SqliteConnection connection, long nowMs)
    {
        using var command = Database.Command(
            connection, """
            select contact, max(asked_ms) as asked from contact_check as open where confirmed_ms is null and tries < $tries and asked_ms > $since group by contact
              having asked > coalesce((select max(confirmed_ms) from contact_check as done where done.contact = open.contact), 0)
            """,
            ("$tries", TriesMax), ("$since", nowMs - (long)ValidFor.TotalMilliseconds));
        using var rows = command.ExecuteReader();
        var asked = new Dictionary<string, long>(StringComparer.Ordinal);
        while (rows.Read())
            asked[rows.GetString(0)] = rows.GetInt64(1);
        return asked;
    }

    /// <summary>The channel that a question was sent by, and whether it was answered; null: there is no such question to this person, or its time is over.</summary>
    public static (string Channel, bool IsConfirmed)? Find(SqliteConnection connection, string id, string person, long nowMs)
    {
        using var command = Database.Command(
            connection, "select channel, confirmed_ms is not null from contact_check where id = $id and person = $person and asked_ms > $since",
            ("$id", id), ("$person", person), ("$since", nowMs - (long)ValidFor.TotalMilliseconds));
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetString(0), row.GetBoolean(1)) : null;
    }

    /// <summary>The person answered, by the link or a key.</summary>
    public static bool Confirm(SqliteConnection connection, string id, string person, string via, long nowMs) => Database.Execute(
        connection, "update contact_check set confirmed_ms = coalesce(confirmed_ms, $now), via = coalesce(via, $via) where id = $id and person = $person and asked_ms > $since",
        ("$id", id), ("$person", person), ("$via", via), ("$now", nowMs), ("$since", nowMs - (long)ValidFor.TotalMilliseconds)) > 0;

    /// <summary>The person told somebody the code.</summary>
    /// <returns>The channel that it confirms; null: none, and the attempt is counted.</returns>
    public static string? ConfirmByCode(SqliteConnection connection, string person, string code, long nowMs)
    {
        var since = nowMs - (long)ValidFor.TotalMilliseconds;
        string? id = null, channel = null;
        using (var command = Database.Command(
            connection, "select id, channel from contact_check where person = $person and code = $code and confirmed_ms is null and tries < $tries and asked_ms > $since",
            ("$person", person), ("$code", code), ("$tries", TriesMax), ("$since", since)))
        using (var row = command.ExecuteReader())
        {
            if (row.Read())
                (id, channel) = (row.GetString(0), row.GetString(1));
        }

        if (id is null)
            Database.Execute(connection, "update contact_check set tries = tries + 1 where person = $person and confirmed_ms is null and asked_ms > $since", ("$person", person), ("$since", since));
        else
            Confirm(connection, id, person, "code", nowMs);
        return channel;
    }
}
