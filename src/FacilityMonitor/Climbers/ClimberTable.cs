using FacilityMonitor.Journal;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Climbers;

/// <summary>Trips, bookings and faults of stair-climbers on disk. Rows are never deleted: who carried people when is asked years later.</summary>
internal static class ClimberTable
{
    /// <summary>The trip that one is on, then the latest that ended: by their state and not by their time alone, for a clock may be set back between two of them.</summary>
    public static List<ClimberTrip> Trips(SqliteConnection connection, string site, string device, int most)
    {
        using var command = Database.Command(
            connection, "select id, taken_ms, taken_by, operator, destination, returned_ms, returned_by from climber_trip where site = $site and device = $device order by returned_ms is not null, taken_ms desc, id limit $most",
            ("$site", site), ("$device", device), ("$most", most));
        using var rows = command.ExecuteReader();
        var trips = new List<ClimberTrip>();
        while (rows.Read())
        {
            trips.Add(new ClimberTrip(
                rows.GetString(0), rows.GetInt64(1), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.IsDBNull(5) ? null : rows.GetInt64(5), rows.IsDBNull(6) ? null : rows.GetString(6)));
        }

        return trips;
    }

    /// <summary>The trip that one is on; null: it is there.</summary>
    public static ClimberTrip? Out(SqliteConnection connection, string site, string device) => Trips(connection, site, device, 1) is [{ ReturnedMs: null } trip] ? trip : null;

    /// <summary>Faults of one: those that are open, then the latest that were mended.</summary>
    public static List<ClimberFault> Faults(SqliteConnection connection, string site, string device, int most)
    {
        using var command = Database.Command(
            connection, """
            select id, noted_ms, noted_by, text, mended_ms, mended_by, mended_text from climber_fault where site = $site and device = $device
            order by mended_ms is not null, noted_ms desc, id limit $most
            """,
            ("$site", site), ("$device", device), ("$most", most));
        using var rows = command.ExecuteReader();
        var faults = new List<ClimberFault>();
        while (rows.Read())
        {
            faults.Add(new ClimberFault(
                rows.GetString(0), rows.GetInt64(1), rows.GetString(2), rows.GetString(3), rows.IsDBNull(4) ? null : rows.GetInt64(4), rows.IsDBNull(5) ? null : rows.GetString(5),
                rows.IsDBNull(6) ? null : rows.GetString(6)));
        }

        return faults;
    }

    public static int OpenFaults(SqliteConnection connection, string site, string device)
    {
        using var command = Database.Command(connection, "select count(*) from climber_fault where site = $site and device = $device and mended_ms is null", ("$site", site), ("$device", device));
        return (int)(long)command.ExecuteScalar()!;
    }

    /// <summary>Whether a fault that is open still was noted by the same person in the same words.</summary>
    public static bool IsNoted(SqliteConnection connection, string site, string device, string by, string text)
    {
        using var command = Database.Command(
            connection, "select exists (select 1 from climber_fault where site = $site and device = $device and mended_ms is null and noted_by = $by and text = $text)",
            ("$site", site), ("$device", device), ("$by", by), ("$text", text));
        return (long)command.ExecuteScalar()! == 1;
    }

    /// <summary>What is booked of one and not over or given up, the next first.</summary>
    public static List<ClimberBooking> Bookings(SqliteConnection connection, string site, string device, long nowMs)
    {
        using var command = Database.Command(
            connection, """
            select id, from_ms, to_ms, booked_by, operator, destination from climber_booking where site = $site and device = $device and to_ms > $now and given_up_ms is null order by from_ms, id
            """,
            ("$site", site), ("$device", device), ("$now", nowMs));
        using var rows = command.ExecuteReader();
        var bookings = new List<ClimberBooking>();
        while (rows.Read())
            bookings.Add(new ClimberBooking(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetString(3), rows.GetString(4), rows.GetString(5)));
        return bookings;
    }

    public static void Book(SqliteConnection connection, string site, string device, ClimberBooking booking, long nowMs) => Database.Execute(
        connection,
        """
        insert into climber_booking (id, site, device, from_ms, to_ms, booked_ms, booked_by, operator, destination) values ($id, $site, $device, $from, $to, $now, $by, $operator, $destination)
        """,
        ("$id", booking.Id), ("$site", site), ("$device", device), ("$from", booking.FromMs), ("$to", booking.ToMs), ("$now", nowMs), ("$by", booking.BookedBy), ("$operator", booking.Operator),
        ("$destination", booking.Destination));

    public static void GiveUp(SqliteConnection connection, string booking, string by, long nowMs) =>
        Database.Execute(connection, "update climber_booking set given_up_ms = $now, given_up_by = $by where id = $id", ("$now", nowMs), ("$by", by), ("$id", booking));

    public static void Take(SqliteConnection connection, string site, string device, ClimberTrip trip) => Database.Execute(
        connection, "insert into climber_trip (id, site, device, taken_ms, taken_by, operator, destination) values ($id, $site, $device, $taken, $by, $operator, $destination)",
        ("$id", trip.Id), ("$site", site), ("$device", device), ("$taken", trip.TakenMs), ("$by", trip.TakenBy), ("$operator", trip.Operator), ("$destination", trip.Destination));

    public static void Return(SqliteConnection connection, string trip, string by, long nowMs) =>
        Database.Execute(connection, "update climber_trip set returned_ms = $now, returned_by = $by where id = $id", ("$now", nowMs), ("$by", by), ("$id", trip));

    public static void Note(SqliteConnection connection, string site, string device, ClimberFault fault) => Database.Execute(
        connection, "insert into climber_fault (id, site, device, noted_ms, noted_by, text) values ($id, $site, $device, $noted, $by, $text)",
        ("$id", fault.Id), ("$site", site), ("$device", device), ("$noted", fault.NotedMs), ("$by", fault.NotedBy), ("$text", fault.Text));

    /// <summary>Ends a fault of this very climber.</summary>
    /// <returns>How many: none when it is not one of its open ones.</returns>
    public static int Mend(SqliteConnection connection, string site, string device, string fault, string by, string text, long nowMs) => Database.Execute(
        connection, "update climber_fault set mended_ms = $now, mended_by = $by, mended_text = $text where id = $id and site = $site and device = $device and mended_ms is null",
        ("$now", nowMs), ("$by", by), ("$text", text), ("$id", fault), ("$site", site), ("$device", device));
}
