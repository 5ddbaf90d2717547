using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Reports;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>A stretch of a device's past, told by what is stored: the hour books say whether a message came, the log of alerts and the permits say the rest.</summary>
/// <param name="FromMs">Its begin, ms since 1970-01-01 UTC.</param>
/// <param name="UntilMs">Its end.</param>
/// <param name="Heard">Hours of it in which the device was there.</param>
/// <param name="Silent">Hours in which it should have been, and nothing came though others were heard.</param>
/// <param name="Unknown">Hours of which nothing is known: before its first word, or while the monitor heard nobody.</param>
/// <param name="Alerts">Alerts on it or on what belongs to it.</param>
/// <param name="Permit">What was allowed to be done to it; null: nothing.</param>
internal sealed record PastPart(long FromMs, long UntilMs, int Heard, int Silent, int Unknown, IReadOnlyList<ChartAlert> Alerts, PermitKind? Permit)
{
    private const long HourMs = HourBook.HourMs;

    /// <summary>Hours in a part of the week.</summary>
    private const int LongHours = 6;

    private const int Days = 7;

    /// <summary>Days begin in Shanghai.</summary>
    private const long ShanghaiMs = 8 * HourMs;

    /// <summary>What is drawn where several things are true: the word below names all of them. Each has a sign, a pattern and a word of its own.</summary>
    public string State => Alerts.Any(IsUrgent) ? "urgent" : Permit is not null ? "permit" : Silent > 0 ? "silent" : Alerts.Count > 0 ? "alert" : Heard > 0 ? "heard" : Unknown > 0 ? "unknown" : "quiet";

    /// <summary>Its sign; what is as it should be has none.</summary>
    public string Sign => State switch { "urgent" => "▲", "alert" => "!", "permit" => "⚒", "silent" => "×", "unknown" => "?", _ => "" };

    private static bool IsUrgent(ChartAlert alert) => alert.Priority is "P0" or "P1";

    /// <summary>The last day hour by hour, and the last week in parts of six hours. Asks for each hour by its key: some three hundred look-ups, however many devices there are.</summary>
    /// <param name="connection">Where from.</param>
    /// <param name="entry">The device.</param>
    /// <param name="device">Its number; null: it never spoke.</param>
    /// <param name="asset">Its path.</param>
    /// <param name="alerts">Alerts on it.</param>
    /// <param name="heardMs">When it was heard last, for the hour that is not in the books yet; null: never.</param>
    /// <param name="nowMs">Now.</param>
    public static (IReadOnlyList<PastPart> Day, IReadOnlyList<PastPart> Week) Of(
        SqliteConnection connection, DeviceEntry entry, int? device, string asset, IReadOnlyList<ChartAlert> alerts, long? heardMs, long nowMs)
    {
        const long LongMs = LongHours * HourMs;
        var from = ((nowMs + ShanghaiMs) / LongMs * LongMs) - ShanghaiMs - ((((Days * 24) / LongHours) - 1) * LongMs);
        var (first, last) = (from / HourMs, nowMs / HourMs);
        var hours = Hours(connection, entry, device, first, last, heardMs);
        var permits = PermitTable.Standing(connection, from).Where(permit => permit.Covers(asset, permit.FromMs)).ToList();
        var day = Enumerable.Range(0, 24).Select(part => Part((last - 23 + part) * HourMs, HourMs));
        var week = Enumerable.Range(0, Days * 24 / LongHours).Select(part => Part(from + (part * LongMs), LongMs));
        return ([.. day], [.. week]);

        PastPart Part(long begin, long length)
        {
            var (end, of) = (Math.Min(begin + length, nowMs + 1), hours.Where(hour => hour.Hour * HourMs >= begin && hour.Hour * HourMs < begin + length).ToList());
            return new PastPart(
                begin, begin + length, of.Count(hour => hour.Is == HourIs.Heard), of.Count(hour => hour.Is == HourIs.Silent), of.Count(hour => hour.Is == HourIs.Unknown),
                [.. alerts.Where(alert => alert.From < end && (alert.To ?? nowMs + 1) > begin)],
                permits.Find(permit => permit.FromMs < end && (permit.EndedMs ?? permit.UntilMs) > begin)?.Kind);
        }
    }

    private static List<(long Hour, HourIs Is)> Hours(SqliteConnection connection, DeviceEntry entry, int? device, long from, long to, long? heardMs)
    {
        using var command = Database.Command(
            connection, """
            with recursive hours(hour) as (select $from union all select hour + 1 from hours where hour < $to)
            select hour, exists(select 1 from book where book.hour = hours.hour and device = $device and (received > duplicates + dead_letters or stored > 0)),
              exists(select 1 from book where book.hour = hours.hour and (received > 0 or stored > 0)),
              (select min(hour) from block where block.device = $device)
            from hours
            """,
            ("$from", from), ("$to", to), ("$device", device ?? -1));
        using var rows = command.ExecuteReader();
        var (told, covered, lastHeard) = (new List<(long Hour, HourIs Is)>(), DeviceFigures.HoursCovered(entry), (long?)null);
        while (rows.Read())
        {
            var hour = rows.GetInt64(0);
            if (rows.GetInt64(1) != 0 || heardMs / HourMs == hour)
                lastHeard = hour;
            // Whoever spoke before this week was there already.
            var hasSpoken = lastHeard is not null || (!rows.IsDBNull(3) && rows.GetInt64(3) < hour);
            told.Add((hour, lastHeard is { } heard && hour - heard < covered ? HourIs.Heard
                : entry.SpeaksOnOccasion ? HourIs.Quiet
                // The hour that runs is not over: it may still speak.
                : !hasSpoken || rows.GetInt64(2) == 0 || hour == to ? HourIs.Unknown : HourIs.Silent));
        }

        return told;
    }

    private enum HourIs
    {
        Heard,
        Silent,
        Unknown,
        Quiet,
    }
}
