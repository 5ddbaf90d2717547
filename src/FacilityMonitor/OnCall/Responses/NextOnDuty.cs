using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>Who gets what somebody leaves behind.</summary>
/// <param name="Person">Who.</param>
/// <param name="FromMs">When that person's duty begins, ms since 1970-01-01 UTC; null: he is on duty now.</param>
internal sealed record NextOnDuty(Person Person, long? FromMs)
{
    /// <summary>How far ahead it is looked: over a weekend and its make-up workday.</summary>
    private const int DaysMax = 4;

    /// <summary>The next in the teams that somebody is on duty in; where nobody follows, or he is in none, whoever is on duty now for the most urgent of his alerts, in the order in which they are called.
    /// Whoever it is, is on duty for every site that he hands over something of: nobody gets what he does not look after.</summary>
    /// <param name="board">Who is on duty, and can be reached.</param>
    /// <param name="person">Who hands over.</param>
    /// <param name="alerts">What he hands over, the most urgent first.</param>
    /// <param name="nowMs">Now.</param>
    /// <returns>Null: there is nobody.</returns>
    public static NextOnDuty? Find(DutyBoard board, string person, IReadOnlyList<AlertResponse> alerts, long nowMs)
    {
        var (roster, at) = (board.Roster, DutyRoster.Wall(nowMs));
        var sites = alerts.Select(alert => alert.Site).Distinct().ToList();
        var found = new List<(DateTime At, Person Person)>();
        foreach (var team in roster.People.Teams.Where(team => roster.OnDuty(team, at).Any(one => one.Id == person)))
        {
            if (roster.NextChange(team, at, at.AddDays(DaysMax)) is { } change && roster.OnDuty(team, change).FirstOrDefault(one => IsOther(one) && LooksAfterAll(one, change)) is { } next)
                found.Add((change, next));
        }

        if (found.Count > 0)
        {
            var (from, next) = found.MinBy(one => one.At);
            return new NextOnDuty(next, DutyRoster.Instant(from));
        }

        return alerts.Count > 0 && alerts[0].Chain.Steps.SelectMany(step => step.Tiers).Distinct().SelectMany(tier => roster.OnDuty(tier, alerts[0].Site, nowMs, overlap: false)).FirstOrDefault(one => IsOther(one) && LooksAfterAll(one, at)) is { } there
            ? new NextOnDuty(there, null)
            : null;

        bool IsOther(Person one) => one.Id != person && board.Find(one.Id, Priority.P2, nowMs) is not null;

        bool LooksAfterAll(Person one, DateTime when) => sites.TrueForAll(site => roster.People.Teams.Any(team =>
            team.Covers(site) && roster.OnDuty(team, when).Any(person => person.Id == one.Id)));
    }
}
