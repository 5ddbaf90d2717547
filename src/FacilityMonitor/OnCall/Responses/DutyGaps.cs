using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>A time in which nobody would come.</summary>
/// <param name="Team">Id of the team; null: it is a whole site.</param>
/// <param name="Site">Id of the site whose chain finds nobody at all; null: it is a team.</param>
/// <param name="Why">Why, in a word.</param>
/// <param name="From">First moment, wall clock of Shanghai.</param>
/// <param name="To">First moment after it.</param>
/// <param name="Text">The same for people.</param>
/// <param name="WakesUp">Whether somebody is told at once; a contact that was not confirmed for long wakes nobody.</param>
internal sealed record DutyGap(string? Team, string? Site, string Why, DateTime From, DateTime To, LocalText Text, bool WakesUp);

/// <summary>Looks ahead for times in which nobody would come: teams without anybody, and sites whose whole chain finds nobody.</summary>
internal static class DutyGaps
{
    /// <summary>How far ahead it is looked by itself.</summary>
    public const int DaysAhead = 14;

    /// <summary>Why of a site.</summary>
    public const string NobodyAtAll = "nobody-at-all";

    /// <summary>Every gap: a missing year first, for it makes all others guesses, then by how bad it is and when.</summary>
    /// <param name="facility">The registry.</param>
    /// <param name="known">Its people, with what is known of their contacts.</param>
    /// <param name="sounds">The channels.</param>
    /// <param name="from">First moment, wall clock of Shanghai.</param>
    /// <param name="days">How far to look.</param>
    public static List<DutyGap> Find(Facility facility, People known, ChannelSounds sounds, DateTime from, int days)
    {
        var roster = new DutyRoster(known);
        var to = from.AddDays(days);
        var teams = known.Teams.SelectMany(team => roster.Gaps(team, from, to, contact => sounds.Of(contact.Channel) is not null))
            .OrderByDescending(gap => gap.Kind == RosterGapKind.UnknownYear).ThenBy(gap => gap.Kind).ThenBy(gap => gap.From).Select(gap => Of(gap, known.VerifiedForDays));
        // Without teams nobody is called step by step; that is said in one line, not for each site.
        if (known.Teams.Count == 0)
            return [.. teams];
        var board = new DutyBoard(roster, sounds.Of, _ => []);
        return [.. facility.Sites.SelectMany(site => board.Nobody(known.ChainOf(Priority.P0, site.Id), site.Id, Priority.P0, from, to).Select(gap => Of(site, gap.From, gap.To))), .. teams];
    }

    private static DutyGap Of(Site site, DateTime from, DateTime to) => new(
        null, site.Id, NobodyAtAll, from, to,
        new LocalText($"{site.Name.Zh}，{Times(from, to, "MM-dd")}：起火时整条通知链没有一个人能叫到", $"{site.Name.En}, {Times(from, to, "d MMM")}: if it burned, the whole chain would reach nobody"), WakesUp: true);

    private static DutyGap Of(RosterGap gap, int verifiedForDays)
    {
        var (zh, en) = gap.Kind switch
        {
            RosterGapKind.Nobody => ("无人值班", "nobody on duty"),
            RosterGapKind.Unreachable => ("值班的人没有可用的联系方式", "nobody on duty can be reached"),
            RosterGapKind.Unverified => ($"值班的人 {verifiedForDays} 天内没有确认过联系方式", $"no contact was verified within {verifiedForDays} days"),
            RosterGapKind.UnknownYear => ($"缺少 {gap.From.Year} 年的节假日和调休，请在 people.yaml 的 holidays 里补上", $"the holidays of {gap.From.Year} are missing, add them under holidays in people.yaml"),
        };
        return new DutyGap(
            gap.Team.Id, null, Words.Of(gap.Kind), gap.From, gap.To, new LocalText($"{gap.Team.Name.Zh}，{Times(gap.From, gap.To, "MM-dd")}：{zh}", $"{gap.Team.Name.En}, {Times(gap.From, gap.To, "d MMM")}: {en}"), gap.Kind != RosterGapKind.Unverified);
    }

    private static string Times(DateTime from, DateTime to, string day) => string.Join(" – ", new[] { from, to }.Select(at => at.ToString(day + " HH:mm", CultureInfo.InvariantCulture)));
}
