using System.Globalization;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Channels;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;

namespace FacilityMonitor.Web;

/// <summary><c>/on-call</c>: who is on duty now and who comes next, what is open and who has it, where nobody would come, and which ways to people nobody confirmed.</summary>
internal static class OnCallPage
{
    /// <summary>Gaps and contacts that are listed.</summary>
    private const int ListedMax = 50;

    /// <summary>How far it looks for the next hand-over: past a weekly one.</summary>
    private const int DaysToNext = 8;

    public static void MapOnCall(this WebApplication app) => app.MapGet("/on-call", Show).RequireAuthorization();

    private static IResult Show(HttpContext context, Database database, FacilitySource registry, ResponseLog log, ContactDesk contacts, ChannelSource channels, ChannelSounds sounds, TimeProvider time)
    {
        var language = Texts.Language(context);
        var (now, facility, roster) = (time.GetUtcNow().ToUnixTimeMilliseconds(), registry.Current.Facility, log.Board.Roster);
        var at = DutyRoster.Wall(now);
        List<OpenAlert> open;
        using (var reader = database.OpenReader())
            open = OpenAlerts.Of(reader, roster, facility.People.Teams, now);
        var known = contacts.Known();
        var gaps = DutyGaps.Find(facility, known, sounds, at, DutyGaps.DaysAhead);
        var unverified = ContactDesk.States(known, DateOnly.FromDateTime(at)).Where(state => !state.IsVerified).ToList();
        return Page.Write(context, "<link rel=\"stylesheet\" href=\"/web/act.css\">", $"""
            <header><h1>{T("on-call")}</h1><nav><a href="/">{T("product")}</a>{Page.LanguageLink(context, "/on-call")}</nav></header>
            <main class="act">
            {(channels.LastErrors.Count == 0 ? "" : $"<section><h2>{T("configuration")}</h2><ul>{string.Concat(channels.LastErrors.Take(ListedMax).Select(error => $"<li class=\"attention\">{Page.Encode(error.In(language))}</li>"))}</ul></section>")}
            <section><h2>{T("on-call-now")}</h2>{(facility.People.Teams.Count == 0 ? $"<p class=\"attention\">{T("on-call-no-teams")}</p>" : $"<ul>{string.Concat(facility.People.Teams.Select(Team))}</ul>")}</section>
            <section><h2>{T("on-call-open")}</h2>{(open.Count == 0 ? $"<p>{T("no-alerts")}</p>" : HandOverView.List(context, open, facility.People, alert => "/alert/" + alert))}</section>
            <section><h2>{T("on-call-gaps")}</h2>{Listed([.. gaps.Select(gap => gap.Text.In(language))], "on-call-no-gaps")}</section>
            <section><h2>{T("on-call-unverified")}</h2>{Listed([.. unverified.Select(state => $"{state.Person.Name.In(language)} · {state.Contact.Channel} · {state.Contact.Verified?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? Texts.In(language, "never-confirmed")}")], "on-call-all-verified")}</section>
            </main>
            """);

        string T(string key) => Page.Encode(Texts.In(language, key));

        string Listed(IReadOnlyList<string> lines, string none) => lines.Count == 0
            ? $"<p>{T(none)}</p>"
            : $"<ul>{string.Concat(lines.Take(ListedMax).Select(line => $"<li class=\"attention\">{Page.Encode(line)}</li>"))}</ul>{(lines.Count > ListedMax ? $"<p>{T("more")} {lines.Count - ListedMax}</p>" : "")}";

        string Team(Team team)
        {
            var there = roster.OnDuty(team, at);
            var next = roster.NextChange(team, at, at.AddDays(DaysToNext));
            var who = there.Count == 0 ? $"<b class=\"attention\">{T("on-call-nobody")}</b>" : $"<b>{Page.List(language, there.Select(person => Page.Encode(person.Name.In(language))))}</b>";
            var then = next is not { } moment ? "" : string.Create(CultureInfo.InvariantCulture, $" · {T("hand-over")} {moment:MM-dd HH:mm} → {Names(roster.OnDuty(team, moment))}");
            var where = team.Sites.Count == 0 ? T("on-call-all-sites") : Page.List(language, team.Sites.Select(id => Page.Encode(registry.Current.FindSite(id)?.Name.In(language) ?? id)));
            return $"<li data-testid=\"team-{team.Id}\">{Page.Encode(team.Name.In(language))} ({where}) {who}{then}</li>";
        }

        string Names(IReadOnlyList<Person> persons) => persons.Count == 0 ? T("on-call-nobody") : Page.List(language, persons.Select(person => Page.Encode(person.Name.In(language))));
    }
}
