using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Web;

/// <summary>One alert with its buttons, as a phone shows it.</summary>
internal static class ActView
{
    /// <summary>Lines of the timeline that are shown, the newest first.</summary>
    private const int LinesMax = 12;

    private static readonly int[] ShelveHours = [1, 4, 8, 24, 168];

    /// <summary>The body of the page.</summary>
    public static string Body(HttpContext context, ActDoor door, AlertDossier dossier, FacilitySource registry, long nowMs)
    {
        var language = Texts.Language(context);
        var (state, people) = (dossier.State, registry.Current.Facility.People);
        var mark = state.Exercise == Exercise.None ? "" : $"<p class=\"exercise\">{T(state.Exercise == Exercise.Drill ? "act-drill" : "act-test")}</p>";
        var site = state.Site is { } id ? registry.Current.FindSite(id) : null;
        var where = string.Join(" · ", ((string?[])[site?.Name.In(language), site?.Address?.In(language)]).Where(part => part is not null).Select(part => Page.Encode(part!)));
        var told = state.People.Where(pair => pair.Value.IsAccepted).Select(pair => Name(pair.Key)).ToList();
        var takers = state.Acknowledgements.Select(one => $"{Name(one.Person)} {Clock(one.AtMs)}").ToList();
        var others = people.Persons.Where(person => person.Id != door.By.Person && person.Contacts.Count > 0).ToList();
        var isMine = state.Acknowledgements.Any(one => one.Person == door.By.Person);
        var isOpen = state.Stage != ResponseStage.Closed;
        var hand = others.Count == 0 || !isOpen ? "" : Form("assign", $"<label for=\"to\">{T("act-hand")}</label><select id=\"to\" name=\"to\">{string.Concat(others.Select(person => $"<option value=\"{person.Id}\">{Page.Encode(person.Name.In(language))}</option>"))}</select><button>{T("act-hand-do")}</button>");
        var photos = state.Photos.Where(PhotoStore.IsName).Select((name, number) => $"<a href=\"{door.Path}/photo/{name}\">{number + 1}</a>").ToList();
        return $"""
            <header><h1>{state.Priority} {T(StageKey(state.Stage))}</h1><nav>{(door.By.Via == "page" ? $"<a href=\"/\">{T("product")}</a>" : "")}{Page.LanguageLink(context, door.Path)}</nav></header>
            <main class="act">
            {mark}<section><p class="what">{Page.Encode(dossier.Step.Text.In(language))}</p>
            <p>{where}</p>
            <p>{T("act-since")} {Clock(state.OnsetMs)} · {Minutes(nowMs - state.OnsetMs)} {T("minutes")}{(state.IsOn ? "" : " · " + T("act-over"))}</p>
            <p>{T("act-takers")} {(takers.Count == 0 ? T("act-nobody") : Page.List(language, takers))}{(state.IsAnswered || !isOpen ? "" : $" · {T("act-wanted")} {Math.Max(1, state.Required) - state.Acknowledgements.Count}")}</p>
            <p>{T("act-told")} {(told.Count == 0 ? T("act-nobody") : Page.List(language, told))}</p>{(photos.Count == 0 ? "" : $"<p>{T("act-photos")} {string.Join(" ", photos)}</p>")}</section>
            {(isOpen ? Buttons() : "")}
            {(dossier.Case is { } at ? $"<section id=\"case\"><h2>{T("case")}</h2>{FlyWireView.Show(at, language, nowMs)}{(at.IsOver ? "" : Form("case", FlyWireView.Fields(at, language)))}</section>" : "")}
            <section>{FileForm("comment", $"<label for=\"text\">{T("act-say")}</label><textarea id=\"text\" name=\"text\" maxlength=\"{ResponseLife.TextMax}\"></textarea>{PhotoField("photo")}<button>{T("act-say-do")}</button>")}
            {hand}<p><a class="call" href="tel:119">{T("act-119")}</a></p></section>
            {(isOpen ? $"<section>{Closing()}</section>" : "")}
            {(isOpen && door.By.Via == "page" ? Shelving() : "")}
            <section><h2>{T("act-timeline")}</h2><ol>{string.Concat(dossier.Timeline.Reverse().Take(LinesMax).Select(entry => $"<li>{Clock(entry.Fact.AtMs)} {TimelineText.Of(entry.Fact, language, Name)}</li>"))}</ol></section>
            </main>
            """;

        string T(string key) => Page.Encode(Texts.In(language, key));

        string Name(string person) => Page.Encode(people.Find(person)?.Name.In(language) ?? (person == ActPage.Manager ? Texts.In(language, "act-manager") : person));

        string Form(string what, string content) => $"<form method=\"post\" action=\"{door.Path}/{what}\">{door.Proof}{content}</form>";

        string FileForm(string what, string content) => $"<form method=\"post\" enctype=\"multipart/form-data\" action=\"{door.Path}/{what}\">{door.Proof}{content}</form>";

        string PhotoField(string field) => $"<label for=\"{field}\">{T("act-photo")}</label><input id=\"{field}\" name=\"photo\" type=\"file\" accept=\"image/jpeg,image/png\">";

        string Button(string what, string key, string css) => Form(what, $"<button class=\"{css}\" data-testid=\"{what}\">{T(key)}</button>");

        string Buttons()
        {
            var shown = new List<string>();
            if (!isMine)
                shown.Add(Button("acknowledge", "act-acknowledge", "first"));
            if (isMine && state.Stage < ResponseStage.EnRoute)
                shown.Add(Button("set-out", "act-set-out", "second"));
            if (state.Stage < ResponseStage.OnScene)
                shown.Add(Button("arrive", "act-arrive", isMine ? "first" : "second"));
            if (state.Priority == Priority.P0)
                shown.Add(Button("extinguished", "act-extinguished", "second"));
            // Whoever dismisses a suspicion says what it was: its form is below.
            if (dossier.Case is null)
                shown.Add(Button("false-alarm", "act-false-alarm", "second"));
            if (isMine)
                shown.Add(Button("unacknowledge", "act-unacknowledge", "second"));
            return $"<div class=\"buttons\">{string.Concat(shown)}</div>";
        }

        string Closing()
        {
            var causes = string.Concat(Words.All<CauseCode>().Select(cause => $"<option value=\"{cause.Word}\">{T(CauseKey(cause.Kind))}</option>"));
            var without = state.HighestPriority <= Priority.P1 ? $"<label for=\"without\">{T("act-without")}</label><input id=\"without\" name=\"without-photo\">" : "";
            return $"<details><summary>{T("act-close")}</summary>{FileForm("close", $"<label for=\"cause\">{T("act-cause")}</label><select id=\"cause\" name=\"cause\">{causes}</select><label for=\"done\">{T("act-done")}</label><textarea id=\"done\" name=\"text\" maxlength=\"{ResponseLife.TextMax}\"></textarea>{PhotoField("proof")}{without}<button data-testid=\"close\">{T("act-close-do")}</button>")}</details>";
        }

        string Shelving()
        {
            if (state.ShelvedUntilMs is { } until)
                return $"<section><p>{T("act-shelved")} {Clock(until)}</p>{Button("unshelve", "act-unshelve", "second")}</section>";
            if (ResponseTiming.ShelveMaxMs(state.Priority) is not { } most)
                return "";
            var hours = string.Concat(ShelveHours.Where(hour => hour * 3_600_000L <= most).Select(hour => string.Create(CultureInfo.InvariantCulture, $"<option value=\"{hour}\">{hour} h</option>")));
            return $"<section><details><summary>{T("act-shelve")}</summary>{Form("shelve", $"<label for=\"hours\">{T("act-shelve-for")}</label><select id=\"hours\" name=\"hours\">{hours}</select><label for=\"reason\">{T("act-shelve-why")}</label><input id=\"reason\" name=\"reason\" required><button data-testid=\"shelve\">{T("act-shelve-do")}</button>")}</details></section>";
        }
    }

    /// <summary>Day-less time of an instant.</summary>
    public static string Clock(long ms) => AlertText.Clock(ms)[6..];

    /// <summary>The text of a stage.</summary>
    public static string StageKey(ResponseStage stage) => stage switch
    {
        ResponseStage.Open => "act-stage-open",
        ResponseStage.Acked => "act-stage-acked",
        ResponseStage.EnRoute => "act-stage-en-route",
        ResponseStage.OnScene => "act-stage-on-scene",
        ResponseStage.Closed => "act-stage-closed",
    };

    private static string CauseKey(CauseCode cause) => cause switch
    {
        CauseCode.Fire => "cause-fire",
        CauseCode.OverheatedBattery => "cause-overheated-battery",
        CauseCode.Overload => "cause-overload",
        CauseCode.FlyWire => "cause-fly-wire",
        CauseCode.SensorFault => "cause-sensor-fault",
        CauseCode.Test => "cause-test",
        CauseCode.Maintenance => "cause-maintenance",
        CauseCode.ResidentDispute => "cause-resident-dispute",
        CauseCode.Network => "cause-network",
        CauseCode.FalseAlarm => "cause-false-alarm",
        CauseCode.Unknown => "cause-unknown",
    };

    private static string Minutes(long ms) => Math.Max(0, ms / 60_000).ToString(CultureInfo.InvariantCulture);
}
