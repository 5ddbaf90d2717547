using FacilityMonitor.Alerts;

namespace FacilityMonitor.Response;

/// <summary>A page as the figures count it.</summary>
/// <param name="Person">Who was told.</param>
/// <param name="AtMs">When.</param>
internal sealed record PageFact(string Person, long AtMs);

/// <summary>An alert as the figures count it.</summary>
/// <param name="Source">Rule and asset.</param>
/// <param name="Priority">The priority it has.</param>
/// <param name="RaisedMs">When it was raised.</param>
/// <param name="RecoveredMs">When it was over; null: it is on.</param>
/// <param name="Chattered">Whether it came and went too often.</param>
internal sealed record AlertFact(string Source, Priority Priority, long RaisedMs, long? RecoveredMs, bool Chattered);

/// <summary>The load on one person.</summary>
/// <param name="Person">Who.</param>
/// <param name="AnHour">Pages an hour on average; about 6 are acceptable, 12 the most that can be managed.</param>
/// <param name="PeakIn10Min">Most pages in any ten minutes; above 10 is a flood.</param>
/// <param name="CrowdedShare">Share of ten-minute periods with more than 10 pages; below 1 % is the target.</param>
/// <param name="FloodShare">Share of the time in flood: from more than 10 pages in ten minutes until fewer than 5; below 1 % is the target.</param>
internal sealed record PersonLoad(string Person, double AnHour, int PeakIn10Min, double CrowdedShare, double FloodShare);

/// <summary>How well the alarms do, by the figures of ISA-18.2 (as restated in the reference: alerting §3).</summary>
/// <param name="People">The load on each person.</param>
/// <param name="Top10Share">Share of all alerts that come from the ten busiest sources; 1–5 % is the target, above 15 % needs a plan.</param>
/// <param name="Top10">Those sources, with how many alerts.</param>
/// <param name="Standing">Alerts that have been on for more than 24 h; fewer than 5.</param>
/// <param name="Chattering">Alerts that came and went too often; none.</param>
/// <param name="Fleeting">Alerts that were over in less than 10 s; none.</param>
/// <param name="ByPriority">Alerts of each priority, P0 first.</param>
internal sealed record AlarmFigures(
    IReadOnlyList<PersonLoad> People, double Top10Share, IReadOnlyList<(string Source, int Alerts)> Top10, int Standing, int Chattering, int Fleeting, IReadOnlyList<int> ByPriority)
{
    private const long TenMinutesMs = 600_000;
    private const int FloodOn = 10;
    private const int FloodOff = 5;
    private const long StandingMs = 24 * 3_600_000;
    private const long FleetingMs = 10_000;

    /// <summary>The figures of a period.</summary>
    public static AlarmFigures Of(IReadOnlyList<PageFact> pages, IReadOnlyList<AlertFact> alerts, long fromMs, long toMs)
    {
        var sources = alerts.GroupBy(alert => alert.Source).Select(group => (Source: group.Key, Alerts: group.Count()))
            .OrderByDescending(source => source.Alerts).ThenBy(source => source.Source, StringComparer.Ordinal).Take(10).ToList();
        return new AlarmFigures(
            [.. pages.GroupBy(page => page.Person).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => Load(group.Key, [.. group.Select(page => page.AtMs).Order()], fromMs, toMs))],
            alerts.Count == 0 ? 0 : (double)sources.Sum(source => source.Alerts) / alerts.Count,
            sources,
            alerts.Count(alert => alert.RecoveredMs is null && toMs - alert.RaisedMs > StandingMs),
            alerts.Count(alert => alert.Chattered),
            alerts.Count(alert => alert.RecoveredMs - alert.RaisedMs < FleetingMs),
            [.. Enum.GetValues<Priority>().Select(priority => alerts.Count(alert => alert.Priority == priority))]);
    }

    private static PersonLoad Load(string person, long[] atMs, long fromMs, long toMs)
    {
        var (peak, first, floodMs, floodSince) = (0, 0, 0L, default(long?));
        var crowded = new HashSet<long>();
        foreach (var group in atMs.GroupBy(at => (at - fromMs) / TenMinutesMs).Where(group => group.Count() > FloodOn))
            crowded.Add(group.Key);
        // Edges at which the number of pages in the last ten minutes changes: a page comes, or ten minutes later goes.
        var edges = atMs.Select(at => (At: at, Change: 1)).Concat(atMs.Select(at => (At: at + TenMinutesMs, Change: -1))).OrderBy(edge => edge.At).ThenBy(edge => edge.Change).ToList();
        foreach (var (at, change) in edges)
        {
            first += change;
            peak = Math.Max(peak, first);
            if (floodSince is null && first > FloodOn)
            {
                floodSince = at;
            }
            else if (floodSince is { } since && first < FloodOff)
            {
                floodMs += Math.Min(at, toMs) - since;
                floodSince = null;
            }
        }

        var periods = Math.Max(1, (toMs - fromMs + TenMinutesMs - 1) / TenMinutesMs);
        return new PersonLoad(person, atMs.Length / Math.Max(1.0 / 3_600, (toMs - fromMs) / 3_600_000.0), peak, (double)crowded.Count / periods, (double)floodMs / Math.Max(1, toMs - fromMs));
    }
}
