using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary>Part of a day in which the same persons are on duty.</summary>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment after it.</param>
/// <param name="People">Who; empty: nobody.</param>
/// <param name="IsGap">Whether somebody should be.</param>
internal sealed record WeekSpan(DateTime From, DateTime To, IReadOnlyList<LocalText> People, bool IsGap);

/// <summary>A week of a team, day by day.</summary>
/// <param name="Team">The team.</param>
/// <param name="Days">Each day with its parts, in order.</param>
internal sealed record WeekView(Team Team, IReadOnlyList<(DateOnly Day, IReadOnlyList<WeekSpan> Spans)> Days)
{
    private const int DaysShown = 7;

    /// <summary>The week that begins on a day.</summary>
    public static WeekView Of(DutyRoster roster, Team team, DateOnly first) =>
        new(team, [.. Enumerable.Range(0, DaysShown).Select(first.AddDays).Select(day => (day, (IReadOnlyList<WeekSpan>)Day(roster, team, day)))]);

    private static List<WeekSpan> Day(DutyRoster roster, Team team, DateOnly day)
    {
        var spans = new List<WeekSpan>();
        IReadOnlyList<string>? before = null;
        var moments = roster.Moments(team, day.ToDateTime(TimeOnly.MinValue), day.AddDays(1).ToDateTime(TimeOnly.MinValue));
        for (var number = 0; number < moments.Count - 1; number++)
        {
            var there = roster.OnDuty(team, moments[number]);
            var ids = there.Select(person => person.Id).ToList();
            if (before is not null && before.SequenceEqual(ids))
                spans[^1] = spans[^1] with { To = moments[number + 1] };
            else
                spans.Add(new WeekSpan(moments[number], moments[number + 1], [.. there.Select(person => person.Name)], there.Count == 0 && team.AlwaysCovered));
            before = ids;
        }

        return spans;
    }
}
