using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary><c>/a/…</c>: what a phone opens from a message. No login, no app, no script; the link is the pass. To open it changes nothing; every button is a plain form.</summary>
internal static class ActPage
{
    /// <summary>Longest form: a comment in Chinese, encoded three times over.</summary>
    private const long BodyBytesMax = 64 * 1024;

    /// <summary>Lines of the timeline that are shown, the newest first.</summary>
    private const int LinesMax = 12;

    public static void MapAct(this WebApplication app)
    {
        app.MapGet("/a/{token}", Show);
        app.MapPost("/a/{token}/{what}", PostAsync).DisableAntiforgery();
    }

    private static IResult Show(HttpContext context, string token, ActLinks links, ResponseDesk desk, FacilitySource registry, TimeProvider time)
    {
        if (links.Read(token, time.GetUtcNow().ToUnixTimeMilliseconds()) is not { } pass || desk.Find(pass.Alert) is not { } dossier)
            return Message(context, "act-expired", StatusCodes.Status404NotFound);
        return Page.Write(context, "<link rel=\"stylesheet\" href=\"/web/act.css\">", Body(context, token, pass, dossier, registry, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private static async Task<IResult> PostAsync(HttpContext context, string token, string what, ActLinks links, ResponseDesk desk, TimeProvider time)
    {
        if (links.Read(token, time.GetUtcNow().ToUnixTimeMilliseconds()) is not { } pass)
            return Message(context, "act-expired", StatusCodes.Status404NotFound);
        if (context.Request.ContentLength is > BodyBytesMax || !context.Request.HasFormContentType)
            return Message(context, "act-bad", StatusCodes.Status400BadRequest);
        var form = await context.Request.ReadFormAsync();
        ResponseCommand? command = what switch
        {
            "acknowledge" => new ResponseCommand.Acknowledge(),
            "set-out" => new ResponseCommand.SetOut(),
            "arrive" => new ResponseCommand.Arrive(),
            "false-alarm" => new ResponseCommand.FalseAlarm(),
            "extinguished" => new ResponseCommand.Extinguished(),
            "comment" => new ResponseCommand.Comment(form["text"].ToString(), null),
            "assign" => new ResponseCommand.Assign(form["to"].ToString()),
            "unacknowledge" => new ResponseCommand.Unacknowledge(),
            _ => null,
        };
        if (command is null)
            return Message(context, "act-bad", StatusCodes.Status400BadRequest);
        try
        {
            return await desk.DoAsync(pass.Alert, command, new Actor(pass.Person, "link")) switch
            {
                // See other: to reload the page that follows does not press the button again.
                ResponseOutcome.Done => See(context, token),
                ResponseOutcome.Refused refused => Message(context, refused.Refusal.Text.In(Texts.Language(context)), token, StatusCodes.Status422UnprocessableEntity),
                ResponseOutcome.Unknown => Message(context, "act-expired", StatusCodes.Status404NotFound),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (DatabaseUnavailableException)
        {
            return Message(context, Texts.In(context, "act-not-saved"), token, StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult See(HttpContext context, string token)
    {
        context.Response.Headers.Location = "/a/" + token;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static IResult Message(HttpContext context, string key, int status) => Page.Write(
        context, "<link rel=\"stylesheet\" href=\"/web/act.css\">", $"<main class=\"act\"><p class=\"said\">{Page.Encode(Texts.In(context, key))}</p><p><a href=\"tel:119\">119</a></p></main>", status);

    private static IResult Message(HttpContext context, string text, string token, int status) => Page.Write(
        context, "<link rel=\"stylesheet\" href=\"/web/act.css\">",
        $"<main class=\"act\"><p class=\"said\" role=\"alert\">{Page.Encode(text)}</p><p><a href=\"/a/{token}\">{Page.Encode(Texts.In(context, "act-back"))}</a></p></main>", status);

    private static string Body(HttpContext context, string token, ActPass pass, AlertDossier dossier, FacilitySource registry, long nowMs)
    {
        var language = Texts.Language(context);
        var (state, people) = (dossier.State, registry.Current.Facility.People);
        var mark = state.Exercise == Exercise.None ? "" : $"<p class=\"exercise\">{T(state.Exercise == Exercise.Drill ? "act-drill" : "act-test")}</p>";
        var site = state.Site is { } id ? registry.Current.FindSite(id) : null;
        var where = string.Join(" · ", ((string?[])[site?.Name.In(language), site?.Address?.In(language)]).Where(part => part is not null).Select(part => Page.Encode(part!)));
        var told = state.People.Where(pair => pair.Value.IsAccepted).Select(pair => Name(pair.Key)).ToList();
        var takers = state.Acknowledgements.Select(one => $"{Name(one.Person)} {Clock(one.AtMs)}").ToList();
        var others = people.Persons.Where(person => person.Id != pass.Person && person.Contacts.Count > 0).ToList();
        var isMine = state.Acknowledgements.Any(one => one.Person == pass.Person);
        var hand = others.Count == 0 ? "" : $"<form method=\"post\" action=\"/a/{token}/assign\"><label for=\"to\">{T("act-hand")}</label><select id=\"to\" name=\"to\">{string.Concat(others.Select(person => $"<option value=\"{person.Id}\">{Page.Encode(person.Name.In(language))}</option>"))}</select><button>{T("act-hand-do")}</button></form>";
        return $"""
            <header><h1>{state.Priority} {T(StageKey(state.Stage))}</h1><nav>{Page.LanguageLink(context, "/a/" + token)}</nav></header>
            <main class="act">
            {mark}<section><p class="what">{Page.Encode(dossier.Step.Text.In(language))}</p>
            <p>{where}</p>
            <p>{T("act-since")} {Clock(state.OnsetMs)} · {Minutes(nowMs - state.OnsetMs)} {T("minutes")}{(state.IsOn ? "" : " · " + T("act-over"))}</p>
            <p>{T("act-takers")} {(takers.Count == 0 ? T("act-nobody") : string.Join("、", takers))}{(state.IsAnswered || state.Stage == ResponseStage.Closed ? "" : $" · {T("act-wanted")} {Math.Max(1, state.Required) - state.Acknowledgements.Count}")}</p>
            <p>{T("act-told")} {(told.Count == 0 ? T("act-nobody") : string.Join("、", told))}</p></section>
            {(state.Stage == ResponseStage.Closed ? "" : Buttons(isMine))}
            <section><form method="post" action="/a/{token}/comment"><label for="text">{T("act-say")}</label><textarea id="text" name="text" maxlength="{ResponseLife.TextMax}" required></textarea><button>{T("act-say-do")}</button></form>
            {hand}<p><a class="call" href="tel:119">{T("act-119")}</a></p></section>
            <section><h2>{T("act-timeline")}</h2><ol>{string.Concat(dossier.Timeline.Reverse().Take(LinesMax).Select(entry => $"<li>{Clock(entry.Fact.AtMs)} {Line(entry.Fact)}</li>"))}</ol></section>
            </main>
            """;

        string T(string key) => Page.Encode(Texts.In(language, key));

        string Name(string person) => Page.Encode(people.Find(person)?.Name.In(language) ?? person);

        string Button(string what, string key, string css) => $"<form method=\"post\" action=\"/a/{token}/{what}\"><button class=\"{css}\" data-testid=\"{what}\">{T(key)}</button></form>";

        string Buttons(bool mine)
        {
            var shown = new List<string>();
            if (!mine)
                shown.Add(Button("acknowledge", "act-acknowledge", "first"));
            if (mine && state.Stage < ResponseStage.EnRoute)
                shown.Add(Button("set-out", "act-set-out", "second"));
            if (state.Stage < ResponseStage.OnScene)
                shown.Add(Button("arrive", "act-arrive", mine ? "first" : "second"));
            if (state.Priority == Priority.P0)
                shown.Add(Button("extinguished", "act-extinguished", "second"));
            shown.Add(Button("false-alarm", "act-false-alarm", "second"));
            if (mine)
                shown.Add(Button("unacknowledge", "act-unacknowledge", "second"));
            return $"<div class=\"buttons\">{string.Concat(shown)}</div>";
        }

        string Line(ResponseEvent fact) => TimelineText.Of(fact, language, Name);
    }

    private static string StageKey(ResponseStage stage) => stage switch
    {
        ResponseStage.Open => "act-stage-open",
        ResponseStage.Acked => "act-stage-acked",
        ResponseStage.EnRoute => "act-stage-en-route",
        ResponseStage.OnScene => "act-stage-on-scene",
        ResponseStage.Closed => "act-stage-closed",
    };

    private static string Clock(long ms) => AlertText.Clock(ms)[6..];

    private static string Minutes(long ms) => Math.Max(0, ms / 60_000).ToString(CultureInfo.InvariantCulture);
}
