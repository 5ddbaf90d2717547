using FacilityMonitor.Registry;

namespace FacilityMonitor.Response;

/// <summary>That a person is on duty in a team, as it was noted last.</summary>
/// <param name="Team">Id of the team.</param>
/// <param name="Person">Id of the person.</param>
/// <param name="SinceMs">When that was first seen, ms since 1970-01-01 UTC.</param>
/// <param name="LeftMs">When it was first seen to be over, ms; null: it is not.</param>
internal sealed record Duty(string Team, string Person, long SinceMs, long? LeftMs);

/// <summary>What changed between what was noted and who is on duty now.</summary>
/// <param name="Noted">What is to be noted instead.</param>
/// <param name="Came">Who came on duty, with the teams.</param>
/// <param name="Went">Who went off duty so long ago that the overlap is over.</param>
internal sealed record HandOver(IReadOnlyList<Duty> Noted, IReadOnlyList<(string Person, IReadOnlyList<Team> Teams)> Came, IReadOnlyList<Duty> Went)
{
    /// <summary>Whether there is anything to write.</summary>
    public bool IsNews(IReadOnlyList<Duty> before) => Came.Count > 0 || Went.Count > 0 || !Noted.SequenceEqual(before);

    /// <summary>Compares what was noted with the rosters.</summary>
    /// <remarks>
    /// What is on disk is compared with what is true, not one shift with the next: so it holds for a hand-over by the clock, for an edit of the roster, and for
    /// one that fell into a time in which the service was away.
    /// </remarks>
    public static HandOver Between(IReadOnlyList<Duty> noted, DutyRoster roster, long nowMs)
    {
        var at = DutyRoster.Wall(nowMs);
        var overlapMs = (long)Team.HandOver.TotalMilliseconds;
        var (now, came) = (new List<Duty>(), new List<(string Person, Team Team)>());
        foreach (var team in roster.People.Teams)
        {
            foreach (var person in roster.OnDuty(team, at))
            {
                if (noted.FirstOrDefault(duty => duty.Team == team.Id && duty.Person == person.Id && duty.LeftMs is null) is { } duty)
                {
                    now.Add(duty);
                    continue;
                }

                now.Add(new Duty(team.Id, person.Id, nowMs, null));
                came.Add((person.Id, team));
            }
        }

        var left = noted.Where(duty => !now.Exists(one => one.Team == duty.Team && one.Person == duty.Person)).Select(duty => duty with { LeftMs = duty.LeftMs ?? nowMs }).ToList();
        return new HandOver(
            [.. now.Concat(left.Where(duty => duty.LeftMs + overlapMs > nowMs)).OrderBy(duty => duty.Team, StringComparer.Ordinal).ThenBy(duty => duty.Person, StringComparer.Ordinal)],
            [.. came.GroupBy(one => one.Person).Select(group => (group.Key, (IReadOnlyList<Team>)[.. group.Select(one => one.Team)]))],
            [.. left.Where(duty => duty.LeftMs + overlapMs <= nowMs)]);
    }

    /// <summary>Whether somebody's acknowledgement counts no more: they went off duty, were not heard since, and nobody stands in front of it.</summary>
    /// <param name="state">The alert.</param>
    /// <param name="person">Who went.</param>
    /// <param name="leftMs">When.</param>
    /// <param name="heardMs">When that person last did anything about it.</param>
    public static bool Lapses(AlertResponse state, string person, long leftMs, long heardMs) =>
        state is { IsOn: true, IsHeldBack: false, Stage: not (ResponseStage.Closed or ResponseStage.OnScene) } && heardMs < leftMs && state.Acknowledgements.Any(one => one.Person == person);
}
