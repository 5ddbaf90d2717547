using System.Globalization;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using FacilityMonitor.Web.Pages;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary>Who acts on which alert, and where the page of it is.</summary>
/// <param name="Path">The page.</param>
/// <param name="Alert">The alert.</param>
/// <param name="By">Who.</param>
internal sealed record ActDoor(string Path, string Alert, Actor By)
{
    /// <summary>The user who signed in; null: whoever came by a link, which is for one alert and lets do what its buttons do.</summary>
    public Visitor? Visitor { get; init; }

    /// <summary>Whether every form has to prove that it is ours: whoever came by a link holds the proof in the link.</summary>
    public bool IsSignedIn => Visitor is not null;

    public bool MayRespond => Visitor?.May(Right.Respond) != false;

    public bool MayShelve => Visitor?.May(Right.Shelve) == true;
}

/// <summary><c>/a/…</c>: what a phone opens from a message. No login, no app, no script; the link is the pass. To open it changes nothing; every button is a plain form.</summary>
/// <remarks>Whoever is signed in to the page gets the same at <c>/alert/…</c>, as the person that the user is, and with the buttons of the user's role.</remarks>
internal static class ActPage
{
    /// <summary>Who acted, where nobody said more.</summary>
    public const string Manager = Visitor.Manager;

    /// <summary>Longest shelving that a form asks for, h: of the least urgent.</summary>
    private const int ShelveHoursMax = 168;

    public static void MapAct(this WebApplication app)
    {
        app.MapGet("/a/{token}", ShowByLink).AllowAnonymous();
        // A tab that comes back asks for the address of the form that was sent from it.
        app.MapGet("/a/{token}/{what}", (string token, string what) => Results.Redirect("/a/" + Uri.EscapeDataString(token))).AllowAnonymous();
        app.MapGet("/alert/{alert}/{what}", (string alert, string what) => Results.Redirect("/alert/" + Uri.EscapeDataString(alert))).Needs(Right.See);
        app.MapPost("/a/{token}/{what}", PostByLinkAsync).AllowAnonymous().DisableAntiforgery().WithMetadata(new WritesAuditAttribute());
        app.MapGet("/a/{token}/photo/{name}", (string token, string name, ActLinks links, ResponseDesk desk, PhotoStore photos, FacilitySource registry, TimeProvider time) =>
            Pass(links, registry, token, NowMs(time)) is { } pass ? Photo(pass.Alert, name, desk, photos) : Results.NotFound()).AllowAnonymous();
        app.MapGet("/alert/{alert}", ShowBySignIn).Needs(Right.See);
        app.MapPost("/alert/{alert}/take-all", TakeAllBySignInAsync).Needs(Right.Respond).DisableAntiforgery().WithMetadata(new WritesAuditAttribute());
        app.MapPost("/alert/{alert}/{what}", PostBySignInAsync).Needs(Right.Respond).DisableAntiforgery();
        app.MapGet("/alert/{alert}/photo/{name}", (string alert, string name, ResponseDesk desk, PhotoStore photos) => Photo(alert, name, desk, photos)).Needs(Right.See);
    }

    /// <summary>Whose link it is. Whoever was taken off people.yaml, or is with us no more, has nothing to say any more: their press would stop the calls to those who still come.</summary>
    private static ActPass? Pass(ActLinks links, FacilitySource registry, string token, long nowMs) =>
        links.Read(token, nowMs) is { } pass && registry.Current.Facility.People.Find(pass.Person, DutyRoster.Wall(nowMs)) is not null ? pass : null;

    private static IResult ShowByLink(
        HttpContext context, string token, ActLinks links, ResponseDesk desk, ContactDesk contacts, FacilitySource registry, PersonNames names, TimeProvider time)
    {
        var now = NowMs(time);
        if (Pass(links, registry, token, now) is not { } pass)
            return Message(context, "act-expired", StatusCodes.Status404NotFound);
        var (path, people) = ("/a/" + token, registry.Current.Facility.People);
        var name = people.Find(pass.Person)!.Name;
        if (pass.Alert == ActLinks.HandOver)
        {
            var (open, list) = Open();
            return new ViewAnswer<HandOverView>("HandOver", new HandOverView(path, name, open.Count(one => one.IsLeftBehind), list));
        }

        if (pass.Alert.StartsWith(ContactTable.Prefix, StringComparison.Ordinal))
        {
            return contacts.Find(pass) is { } question
                ? new ViewAnswer<ContactView>("Contact", new ContactView(path, name, question.Channel, question.IsConfirmed ? DateOnly.FromDateTime(DutyRoster.Wall(now)).AddDays(contacts.VerifiedForDays) : null))
                : Message(context, "act-expired", StatusCodes.Status404NotFound);
        }

        return desk.Find(pass.Alert) is { } dossier
            ? new ViewAnswer<AlertView>("Act", View(context, new ActDoor(path, pass.Alert, new Actor(pass.Person, "link")), dossier, desk, registry, names, now) with { Link = Link })
            // We signed it, so we told it: from memory, while the disk refused. A restart before it was written may have come to another onset, and so to another name.
            : new ViewAnswer<HandOverView>("Unwritten", new HandOverView(path, name, 0, Open().List));

        (IReadOnlyList<OpenAlert> Open, OpenAlertsView List) Open()
        {
            var open = desk.OpenFor(pass.Person);
            return (open, new OpenAlertsView(open, people, Link));
        }

        string Link(string alert) => "/a/" + links.TokenUntil(alert, pass.Person, pass.UntilMs);
    }

    private static IResult ShowBySignIn(HttpContext context, string alert, ResponseDesk desk, FacilitySource registry, PersonNames names, TimeProvider time)
    {
        if (desk.Find(alert) is not { } dossier)
            return Message(context, "act-calls-nobody", StatusCodes.Status404NotFound);
        var (step, now) = (dossier.Step, NowMs(time));
        var chart = AlertChart.Of(step, registry.Current, step.Condition == Condition.Cleared ? step.AtMs : null, now);
        return new ViewAnswer<AlertView>("Alert", View(context, SignedIn(context, alert), dossier, desk, registry, names, now) with { Chart = chart });
    }

    private static AlertView View(HttpContext context, ActDoor door, AlertDossier dossier, ResponseDesk desk, FacilitySource registry, PersonNames names, long nowMs)
    {
        var same = door.MayRespond && dossier.State.Stage != ResponseStage.Closed ? desk.SameCause(dossier.State, door.By.Person, onlyTold: !door.IsSignedIn) : [];
        return new AlertView(door, dossier, registry.Current, names, nowMs)
        {
            IsLate = context.Request.Query.ContainsKey(AlertView.Late),
            SameCount = same.Count,
            Same = desk.Rows(same.Take(AlertView.SameMax).Select(one => one.Alert)),
            Shown = ShownAlerts.Of(same),
            TookSome = NumberOf(AlertView.Left) is > 0 and var left ? (NumberOf(AlertView.Taken), left) : null,
        };

        int NumberOf(string field) => int.TryParse(context.Request.Query[field], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private static async Task<IResult> PostByLinkAsync(
        HttpContext context, string token, string what, ActLinks links, ResponseDesk desk, ContactDesk contacts, PhotoStore photos, FacilitySource registry, TimeProvider time)
    {
        if (Pass(links, registry, token, NowMs(time)) is not { } pass)
            return Message(context, "act-expired", StatusCodes.Status404NotFound);
        var door = new ActDoor("/a/" + token, pass.Alert, new Actor(pass.Person, "link"));
        try
        {
            if (pass.Alert == ActLinks.HandOver)
                return what == "take-over" ? await TakeOverAsync(context, door, desk) : Message(context, "act-bad", StatusCodes.Status400BadRequest);
            if (pass.Alert.StartsWith(ContactTable.Prefix, StringComparison.Ordinal))
            {
                if (what != "confirm")
                    return Message(context, "act-bad", StatusCodes.Status400BadRequest);
                return await contacts.ConfirmAsync(pass) ? See(context, door) : Message(context, "act-expired", StatusCodes.Status404NotFound);
            }
        }
        catch (DatabaseUnavailableException)
        {
            return NotSaved(context, door, new ActFormView(door, what));
        }

        if (what == "take-all")
            return await TakeAllAsync(context, door, desk, () => Task.FromResult(true), null);
        return await PostAsync(context, door, what, desk, photos, () => Task.FromResult(true), NowMs(time));
    }

    private static Task<IResult> PostBySignInAsync(HttpContext context, string alert, string what, IAntiforgery antiforgery, ResponseDesk desk, PhotoStore photos, TimeProvider time) =>
        PostAsync(context, SignedIn(context, alert), what, desk, photos, () => antiforgery.IsOursAsync(context), NowMs(time));

    private static Task<IResult> TakeAllBySignInAsync(HttpContext context, string alert, IAntiforgery antiforgery, ResponseDesk desk, AuditTrail audit) =>
        TakeAllAsync(context, SignedIn(context, alert), desk, () => antiforgery.IsOursAsync(context), audit.EachOf(context.Visitor(), "acknowledge"));

    /// <summary>Takes an alert and all others of its cause that stood on the page and are as they were. Whoever came by a link takes what he was told of; the facts say of each that he did, and by which way.</summary>
    private static async Task<IResult> TakeAllAsync(HttpContext context, ActDoor door, ResponseDesk desk, Func<Task<bool>> isOurs, Action<SqliteConnection, IReadOnlyList<ResponseOutcome>>? audit)
    {
        if (!context.Request.HasFormContentType)
            return Message(context, "act-bad", StatusCodes.Status400BadRequest);
        ActFormView? again = null;
        try
        {
            var form = await ActForm.ReadAsync(context, keepsPhoto: false);
            again = ActFormView.Again(door, "take-all", form.Fields, hadPhoto: false);
            if (!await isOurs())
                return Message(Texts.In(context, "act-again"), door, StatusCodes.Status400BadRequest, again);
            if (ShownAlerts.Parse(form.Fields["shown"]) is not { } shown || desk.Find(door.Alert) is not { State: var state })
                return Message(context, "act-bad", StatusCodes.Status400BadRequest);
            // What somebody closed meanwhile takes none of the others with it.
            var all = desk.Unchanged(state, shown.Priorities, door.By.Person, onlyTold: !door.IsSignedIn).Where(alert => alert != door.Alert).Prepend(door.Alert).ToList();
            var outcomes = await desk.DoAsync(all, new ResponseCommand.Acknowledge(), door.By, audit);
            var left = shown.Priorities.Count(one => one.Key != door.Alert) + 1 - outcomes.OfType<ResponseOutcome.Done>().Count(one => AlertList.IsOf(one.State, door.By.Person));
            return left == 0 ? See(context, door) : See(context, door, string.Create(CultureInfo.InvariantCulture, $"?{AlertView.Taken}={outcomes.OfType<ResponseOutcome.Done>().Count(one => one.IsNew)}&{AlertView.Left}={left}"));
        }
        catch (DatabaseUnavailableException)
        {
            return NotSaved(context, door, again);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            return Message(context, "act-bad", (error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest);
        }
    }

    private static ActDoor SignedIn(HttpContext context, string alert) =>
        new("/alert/" + Uri.EscapeDataString(alert), alert, context.Visitor().Actor) { Visitor = context.Visitor() };

    private static async Task<IResult> PostAsync(HttpContext context, ActDoor door, string what, ResponseDesk desk, PhotoStore photos, Func<Task<bool>> isOurs, long nowMs)
    {
        // Whoever answers a call may not silence it; no link has the button, and none does without it what the button would.
        if (what is "shelve" or "unshelve" && !door.MayShelve)
            return Message(Texts.In(context, "not-allowed"), door, StatusCodes.Status403Forbidden);
        if (!context.Request.HasFormContentType)
            return Message(context, "act-bad", StatusCodes.Status400BadRequest);
        var takesPhoto = ActForm.TakesPhoto(context.Request);
        using var place = takesPhoto ? photos.Enter() : null;
        try
        {
            var form = await ActForm.ReadAsync(context, keepsPhoto: place is not null);
            var again = ActFormView.Again(door, what, form.Fields, form.HadPhoto);
            if (!await isOurs())
                return Message(Texts.In(context, "act-again"), door, StatusCodes.Status400BadRequest, again);
            // What has no photo after all waits for nobody.
            if (place is null && form.HadPhoto)
                return Message(Texts.In(context, "act-busy"), door, StatusCodes.Status503ServiceUnavailable, again);
            if (form.IsPhotoTooLarge)
                return Refused(context, door, photos.RefuseTooLarge(), StatusCodes.Status413PayloadTooLarge, again);
            var (photo, refusal) = form.HadPhoto ? photos.Keep(form.Photo.Span) : (null, null);
            if (refusal is not null)
                return Refused(context, door, refusal, StatusCodes.Status422UnprocessableEntity, again);
            return Read(what, form.Fields, photo, nowMs) is { } command ? await DoAsync(context, door, command, desk, again) : Message(context, "act-bad", StatusCodes.Status400BadRequest);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            // No form, one that is longer than any of ours, or one that ends in the middle: a telephone that lost its network.
            return Message(context, "act-bad", (error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest);
        }
    }

    private static ResponseCommand? Read(string what, IFormCollection form, string? photo, long nowMs) => what switch
    {
        "acknowledge" => new ResponseCommand.Acknowledge(),
        "set-out" => new ResponseCommand.SetOut(),
        "arrive" => new ResponseCommand.Arrive(),
        "false-alarm" => new ResponseCommand.FalseAlarm(),
        "extinguished" => new ResponseCommand.Extinguished(),
        "comment" => new ResponseCommand.Comment(form["text"].ToString(), photo),
        "assign" => new ResponseCommand.Assign(form["to"].ToString()),
        "unacknowledge" => new ResponseCommand.Unacknowledge(),
        "close" when Words.All<CauseCode>().FirstOrDefault(cause => cause.Word == form["cause"].ToString()) is { Word: not null } cause =>
            new ResponseCommand.Close(cause.Kind, form["text"].ToString(), photo is null ? [] : [photo], form["without-photo"].ToString()),
        "shelve" when int.TryParse(form["hours"], NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours is > 0 and <= ShelveHoursMax =>
            new ResponseCommand.Shelve(nowMs + (hours * 3_600_000L), form["reason"].ToString()),
        "unshelve" => new ResponseCommand.Unshelve(),
        "case" => FlyWireView.Read(form["stage"], form["text"]),
        _ => null,
    };

    private static async Task<IResult> DoAsync(HttpContext context, ActDoor door, ResponseCommand command, ResponseDesk desk, ActFormView? again)
    {
        try
        {
            return await desk.DoAsync(door.Alert, command, door.By) switch
            {
                // Whoever closed it has the last word on the list; who came too late is told so, and finds what he wrote below.
                ResponseOutcome.Done { State.Reports: [var first, ..] } when command is ResponseCommand.Close && first.Person != door.By.Person => See(context, door, "?" + AlertView.Late),
                ResponseOutcome.Done => See(context, door),
                ResponseOutcome.Refused refused => Refused(context, door, refused.Refusal.Text, StatusCodes.Status422UnprocessableEntity, again),
                // What could be meant stands on the page.
                ResponseOutcome.Unknown => See(context, door),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (DatabaseUnavailableException)
        {
            return NotSaved(context, door, again);
        }
    }

    /// <summary>Takes over what those hold who went off duty. What nobody took is not taken by one press for all: that would stop the calls for things that nobody looked at.</summary>
    private static async Task<IResult> TakeOverAsync(HttpContext context, ActDoor door, ResponseDesk desk)
    {
        foreach (var open in desk.OpenFor(door.By.Person).Where(open => open.IsLeftBehind))
            await desk.DoAsync(open.State.Alert, new ResponseCommand.Acknowledge(), door.By);
        return See(context, door);
    }

    private static IResult Photo(string alert, string name, ResponseDesk desk, PhotoStore photos) =>
        desk.Find(alert) is { } dossier && dossier.State.Photos.Contains(name) && photos.Read(name) is { } bytes
            ? Results.Bytes(bytes, name.EndsWith(".png", StringComparison.Ordinal) ? "image/png" : "image/jpeg")
            : Results.NotFound();

    /// <summary>See other: to reload the page that follows does not press the button again.</summary>
    private static IResult See(HttpContext context, ActDoor door, string query = "")
    {
        context.Response.Headers.Location = door.Path + query;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>The same press stands there once more.</summary>
    private static ViewAnswer<SaidView> NotSaved(HttpContext context, ActDoor door, ActFormView? again) => Message(Texts.In(context, "act-not-saved"), door, StatusCodes.Status503ServiceUnavailable, again);

    /// <param name="context">Who asked.</param>
    /// <param name="door">Where they go back to.</param>
    /// <param name="why">Why not.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="again">The form as it was sent: what is refused does not cost a minute of typing. A button alone would be refused once more.</param>
    private static ViewAnswer<SaidView> Refused(HttpContext context, ActDoor door, LocalText why, int status, ActFormView? again) =>
        Message(why.In(Texts.Language(context)), door, status, again is { IsWritten: true } ? again : null);

    private static ViewAnswer<SaidView> Message(HttpContext context, string key, int status) => new ViewAnswer<SaidView>("Said", new SaidView(Texts.In(context, key), null), status);

    private static ViewAnswer<SaidView> Message(string text, ActDoor door, int status, ActFormView? again = null) => new ViewAnswer<SaidView>("Said", new SaidView(text, door.Path, again) { HasCall = true }, status);

    private static long NowMs(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();
}
