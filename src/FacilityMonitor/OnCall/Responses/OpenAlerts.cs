using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.OnCall.Responses;

/// <summary>An open alert as whoever comes on duty hears of it.</summary>
/// <param name="State">The alert.</param>
/// <param name="Text">What it says.</param>
/// <param name="Holders">Who has acknowledged, and whether that person is on duty for it now.</param>
internal sealed record OpenAlert(AlertResponse State, LocalText Text, IReadOnlyList<(string Person, bool IsOnDuty)> Holders)
{
    /// <summary>Whether everybody who took it has gone: somebody else has to.</summary>
    public bool IsLeftBehind => Holders.Count > 0 && Holders.All(holder => !holder.IsOnDuty);
}

/// <summary>What is open for a team: for its sites, and of a kind whose chain calls its tier.</summary>
internal static class OpenAlerts
{
    /// <summary>Most that are found; the most urgent come first.</summary>
    public const int Max = 500;

    /// <summary>Of the teams and sites given. Exercises, information, and what another alert explains are left out.</summary>
    public static List<OpenAlert> Of(SqliteConnection connection, DutyRoster roster, IReadOnlyList<Team> teams, SiteScope sites, long nowMs)
    {
        var found = new List<OpenAlert>();
        if (teams.Count == 0)
            return found;
        var alerts = new List<string>();
        using (var command = Database.Command(
            connection, $"select alert from response where stage < 4 and suppressed_by is null and priority <= $least and exercise = 0 and {SiteScope.Sql} order by priority, raised_ms, alert",
            ("$least", (int)Priority.P2), ("$sites", sites.Json)))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                alerts.Add(rows.GetString(0));
        }

        foreach (var alert in alerts)
        {
            // What is left out by its team takes nobody's place.
            if (found.Count == Max)
                break;
            var state = ResponseTable.Load(connection, alert)!;
            if (teams.Any(team => team.Covers(state.Site) && Calls(state, team)))
                found.Add(new OpenAlert(state, ResponseTable.TextOf(connection, alert), [.. state.Acknowledgements.Select(one => (one.Person, IsOnDuty(roster, state, one.Person, nowMs)))]));
        }

        return found;
    }

    /// <summary>Whether somebody is on duty now for any team that an alert calls.</summary>
    public static bool IsOnDuty(DutyRoster roster, AlertResponse state, string person, long nowMs) => roster.People.Teams
        .Any(team => team.Covers(state.Site) && Calls(state, team) && roster.OnDuty(team, DutyRoster.Wall(nowMs)).Any(one => one.Id == person));

    /// <summary>The one message of a hand-over: what is open, and who has it.</summary>
    public static (LocalText Brief, LocalText Text) HandOverText(IReadOnlyList<OpenAlert> open, IReadOnlyList<Team> teams, People people, long nowMs)
    {
        var since = AlertText.Clocks(nowMs);
        var zh = string.Create(CultureInfo.InvariantCulture, $"交班：自 {since.Zh} 起你值班（{string.Join("、", teams.Select(team => team.Name.Zh))}），有 {open.Count} 条告警没有结束。");
        var en = string.Create(CultureInfo.InvariantCulture, $"Hand-over: you are on duty since {since.En} ({string.Join(", ", teams.Select(team => team.Name.En))}), and {open.Count} alerts are open.");
        foreach (var one in open.Take(ResponseLog.NamedMax))
        {
            var brief = PageText.Brief(one.Text);
            var (holdersZh, holdersEn) = Holders(one, people);
            zh += $"\n· {one.State.Priority} {brief.Zh}：{holdersZh}";
            en += $"\n· {one.State.Priority} {brief.En}: {holdersEn}";
        }

        if (open.Count > ResponseLog.NamedMax)
        {
            zh += string.Create(CultureInfo.InvariantCulture, $"\n另有 {open.Count - ResponseLog.NamedMax} 条，请看页面。");
            en += string.Create(CultureInfo.InvariantCulture, $"\nAnd {open.Count - ResponseLog.NamedMax} more, see the page.");
        }

        var minutes = (int)Team.HandOver.TotalMinutes;
        if (open.Any(one => one.IsLeftBehind))
        {
            zh += string.Create(CultureInfo.InvariantCulture, $"\n已下班的人接下的，{minutes} 分钟内没有人接手就重新逐级通知。请做：1. 问清上一班；2. 打开链接，按「接手」。");
            en += string.Create(CultureInfo.InvariantCulture, $"\nWhat somebody holds who went off duty is called again step by step unless it is taken over within {minutes} minutes. Do: 1. Ask the shift before; 2. Open the link and take over.");
        }
        else
        {
            zh += "\n请做：1. 问清上一班；2. 打开链接，逐条查看。";
            en += "\nDo: 1. Ask the shift before; 2. Open the link and look at each.";
        }

        return (
            new LocalText(string.Create(CultureInfo.InvariantCulture, $"交班：{open.Count} 条告警没有结束"), string.Create(CultureInfo.InvariantCulture, $"Hand-over: {open.Count} alerts are open")),
            new LocalText(zh, en));
    }

    /// <summary>Who has it, in words.</summary>
    public static LocalText Holders(OpenAlert one, People people)
    {
        if (one.Holders.Count == 0)
            return new LocalText("还没有人处理", "nobody has taken it");
        var (zh, en) = (new List<string>(), new List<string>());
        foreach (var (person, isOnDuty) in one.Holders)
        {
            var name = people.Find(person)?.Name ?? new LocalText(person, person);
            zh.Add(isOnDuty ? name.Zh : name.Zh + "（已下班）");
            en.Add(isOnDuty ? name.En : name.En + " (off duty)");
        }

        return new LocalText(string.Join("、", zh) + " 在处理", "taken by " + string.Join(", ", en));
    }

    /// <summary>Whether the chain of an alert calls a team.</summary>
    public static bool Calls(AlertResponse state, Team team) => state.Chain.Steps.Any(step => step.Tiers.Contains(team.Tier));
}
