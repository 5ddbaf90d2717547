using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Monitoring;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>What every page says below its heading.</summary>
/// <param name="IsBad">Whether nothing is received or judged, or nobody is where somebody always has to be.</param>
/// <param name="Text">It in words.</param>
internal sealed record DutyWords(bool IsBad, LocalText Text);

/// <summary>One line on every page of somebody who signed in: since when nothing is received, or how far the rules are behind, else who is on duty now. A page without alerts gives no comfort while none can come.</summary>
internal sealed class DutyLine(ResponseLog log, FacilitySource registry, RulesLag lag, TimeProvider time)
{
    /// <summary>People that are named; the page of rosters has all.</summary>
    public const int NamesMax = 3;

    /// <summary>In such steps it is said how late the rules are: nobody reads it faster, and each page is told of what changed.</summary>
    public const long LateStepMs = 10_000;

    /// <summary>The line as it is now. Any thread; but for the age of what waits for the rules from memory.</summary>
    /// <param name="link">The link to the broker.</param>
    /// <param name="sites">Whose sites.</param>
    public DutyWords Of(BrokerLink link, SiteScope sites)
    {
        if (!link.IsConnected)
        {
            var since = AlertText.Clocks(link.SinceMs);
            return new DutyWords(true, new LocalText($"× 从 {since.Zh} 起收不到任何消息", $"× Nothing is being received since {since.En}"));
        }

        if (lag.WaitsMs > RulesLag.LateMs)
        {
            var seconds = lag.WaitsMs / LateStepMs * LateStepMs / 1_000;
            return new DutyWords(true, new LocalText($"× 规则落后 {seconds} 秒：新的危险会晚报", $"× The rules are {seconds} s behind: a new danger is told late"));
        }

        var (roster, at) = (log.Board.Roster, DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds()));
        // Those who are always there first: whoever looks at night wants the guard.
        var teams = registry.Current.Facility.People.Teams.Where(sites.Has).OrderBy(team => !team.AlwaysCovered).Select(team => (Team: team, People: roster.OnDuty(team, at))).ToList();
        var people = teams.SelectMany(team => team.People).DistinctBy(person => person.Id).ToList();
        var isGap = teams.Exists(team => team.Team.AlwaysCovered && team.People.Count == 0);
        if (people.Count == 0)
            return new DutyWords(isGap, new("现在没有人值班", "nobody is on duty now"));
        var (more, names) = (people.Count - NamesMax, people.Take(NamesMax).Select(person => person.Name).ToList());
        return new DutyWords(isGap, new(
            $"{(isGap ? "! 有班组没有人 · " : "")}值班：{string.Join('、', names.Select(name => name.Zh))}{(more > 0 ? $" +{more}" : "")}",
            $"{(isGap ? "! a team has nobody · " : "")}On duty: {string.Join(", ", names.Select(name => name.En))}{(more > 0 ? $" +{more}" : "")}"));
    }
}
