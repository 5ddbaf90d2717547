using FacilityMonitor.Journal;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Who was on duty when it was looked at last: what a hand-over is found by, also one that fell into a restart.</summary>
internal static class DutyTable
{
    /// <summary>In the order of <see cref="HandOver.Noted"/>.</summary>
    public static List<Duty> Read(SqliteConnection connection)
    {
        using var command = Database.Command(connection, "select team, person, since_ms, left_ms from on_duty order by team, person");
        using var rows = command.ExecuteReader();
        var duties = new List<Duty>();
        while (rows.Read())
            duties.Add(new Duty(rows.GetString(0), rows.GetString(1), rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetInt64(3)));
        return duties;
    }

    public static void Write(SqliteConnection connection, IReadOnlyList<Duty> duties)
    {
        Database.Execute(connection, "delete from on_duty");
        foreach (var duty in duties)
        {
            Database.Execute(
                connection, "insert into on_duty (team, person, since_ms, left_ms) values ($team, $person, $since, $left)",
                ("$team", duty.Team), ("$person", duty.Person), ("$since", duty.SinceMs), ("$left", duty.LeftMs));
        }
    }
}
