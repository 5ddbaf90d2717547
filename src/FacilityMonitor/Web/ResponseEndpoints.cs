using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary><c>/api</c>: everything that people do about alerts, for programs; described by <c>/api/openapi.json</c>.</summary>
/// <remarks>For whoever is signed in to the page, as far as role and sites go, and for this machine's command line with its <see cref="ControlKey"/>.</remarks>
internal static class ResponseEndpoints
{
    /// <summary>Where the description lies beside the executable.</summary>
    public const string DescriptionFile = "web-api/openapi.json";

    /// <summary>Longest reference of a photo of another program.</summary>
    private const int PhotoNameMax = 200;

    private const int AlertsMax = 500;
    private const int CasesMax = 1_000;
    private const int DaysMax = 400;

    private static readonly IReadOnlyList<(string, Priority)> Priorities = [.. Enum.GetValues<Priority>().Select(priority => (priority.ToString(), priority))];

    public static void MapResponseApi(this WebApplication app)
    {
        var api = app.MapGroup("/api").Needs(Right.See);
        api.MapGet("/openapi.json", () => Results.File(Path.Combine(AppContext.BaseDirectory, DescriptionFile), "application/json"));
        api.MapGet("/alerts", (HttpContext context, ResponseDesk desk) => Json(desk.Open(context.Visitor().Sites, AlertsMax).Select(Summary)));
        api.MapGet("/alerts/{alert}", (string alert, ResponseDesk desk) => desk.Find(alert) is { } dossier ? Json(Whole(dossier)) : Results.NotFound());
        api.MapPost("/alerts/{alert}/{command}", ActAsync).Needs(Right.Respond);
        api.MapGet("/fly-wire-cases", (HttpContext context, ResponseDesk desk, TimeProvider time) => Json(desk.Cases(context.Visitor().Sites, CasesMax).Select(entry => Of(entry, time.GetUtcNow().ToUnixTimeMilliseconds()))));
        api.MapGet("/on-duty", OnDuty);
        api.MapGet("/gaps", Gaps);
        api.MapGet("/contacts", (HttpContext context, ContactDesk contacts, FacilitySource registry) =>
            Json(contacts.States().Where(state => context.Visitor().Sites.Has(state.Person.Id, registry.Current.Facility.People)).Select(Of)));
        api.MapPost("/contacts/{person}/ask", AskContactAsync).Needs(Right.Contacts);
        api.MapPost("/contacts/{person}/confirm", ConfirmContactAsync).Needs(Right.Contacts);
        api.MapGet("/permits", (HttpContext context, ResponseDesk desk) => Json(desk.Permits().Where(permit => context.Visitor().Sites.HasAsset(permit.Asset)).Select(Of)));
        api.MapPost("/permits", AskAsync).Needs(Right.Permit);
        api.MapPost("/permits/{permit}/confirm", (HttpContext context, string permit, ResponseDesk desk, FacilitySource registry) => ChangeAsync(context, registry, person => desk.ConfirmAsync(permit, person))).Needs(Right.Permit);
        api.MapPost("/permits/{permit}/end", (HttpContext context, string permit, ResponseDesk desk, FacilitySource registry) => ChangeAsync(context, registry, person => desk.EndAsync(permit, person))).Needs(Right.Permit);
        api.MapPost("/drills", DrillAsync).Needs(Right.Drill);
        api.MapGet("/drills/{alert}", (string alert, ResponseDesk desk) => desk.Drill(alert) is { } report ? Json(Of(report)) : Results.NotFound());
        api.MapGet("/figures", Figures).Needs(Right.Figures);
        api.MapGet("/books", (ResponseWatch watch, PhotoStore photos, ContactDesk contacts) =>
            Json(new Dictionary<string, object?>(Of(watch.Books)) { ["photos"] = Of(photos.Counts), ["contacts"] = Of(contacts.Count()) })).Needs(Right.Figures);
    }

    private static async Task<IResult> ActAsync(HttpContext context, string alert, string command, ResponseDesk desk, FacilitySource registry)
    {
        if (command is "shelve" or "unshelve" && !context.Visitor().May(Right.Shelve))
            return Results.StatusCode(StatusCodes.Status403Forbidden);
        if (!Commands.TryGetValue(command, out var known))
        {
            var all = string.Join(", ", Commands.Keys);
            return Refused(new ResponseRefusal("command", new LocalText($"没有这个操作；可以写：{all}", $"there is no such command; write one of: {all}")));
        }

        var fields = await RequestFields.ReadAsync(context.Request, [.. known.Keys, "by"]);
        var (wanted, by) = (known.Read(fields), Who(context, fields, registry));
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        return await TryAsync(async () => await desk.DoAsync(alert, wanted, by) switch
        {
            ResponseOutcome.Done done => Json(Summary(done.State)),
            ResponseOutcome.Refused refused => Refused(refused.Refusal),
            ResponseOutcome.Unknown => Results.NotFound(),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
    }

    /// <summary>What can be done about an alert, with the fields that each of them has beside <c>by</c>.</summary>
    private static readonly Dictionary<string, (string[] Keys, Func<RequestFields, ResponseCommand> Read)> Commands = new(StringComparer.Ordinal)
    {
        ["acknowledge"] = ([], _ => new ResponseCommand.Acknowledge()),
        ["unacknowledge"] = ([], _ => new ResponseCommand.Unacknowledge()),
        ["assign"] = (["to"], fields => new ResponseCommand.Assign(fields.Required("to", "wang"))),
        ["comment"] = (["text", "photo"], fields => new ResponseCommand.Comment(fields.Text("text") ?? "", fields.Text("photo", PhotoNameMax))),
        ["set-out"] = ([], _ => new ResponseCommand.SetOut()),
        ["arrive"] = ([], _ => new ResponseCommand.Arrive()),
        ["extinguished"] = ([], _ => new ResponseCommand.Extinguished()),
        ["false-alarm"] = ([], _ => new ResponseCommand.FalseAlarm()),
        ["close"] = (["cause", "text", "photos", "withoutPhoto"], fields => new ResponseCommand.Close(
            fields.RequiredWord("cause", Words.All<CauseCode>()), fields.Text("text") ?? "", fields.Texts("photos", PhotoNameMax), fields.Text("withoutPhoto"))),
        ["shelve"] = (["until", "reason"], fields => new ResponseCommand.Shelve(fields.RequiredMoment("until"), fields.Text("reason") ?? "")),
        ["unshelve"] = ([], _ => new ResponseCommand.Unshelve()),
        ["case"] = (["stage", "text"], fields => new ResponseCommand.MoveCase(fields.RequiredWord("stage", Words.All<FlyWireStage>()), fields.Text("text") ?? "")),
    };

    private static IResult OnDuty(HttpContext context, ResponseLog log, FacilitySource registry, TimeProvider time)
    {
        var fields = RequestFields.Of(context.Request.Query, "site", "tier", "at");
        var (site, tier, ms) = (fields.Required("site", "jiugeng"), fields.Word("tier", Words.All<Tier>()), fields.Moment("at") ?? time.GetUtcNow().ToUnixTimeMilliseconds());
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        if (registry.Current.FindSite(site) is null)
            return Results.NotFound();
        return Json(Words.All<Tier>().Where(one => tier is null || one.Kind == tier).Select(one => new Dictionary<string, object?>
        {
            ["tier"] = one.Word,
            ["people"] = log.Board.Roster.OnDuty(one.Kind, site, ms, overlap: false).Select(person => new Dictionary<string, object?> { ["id"] = person.Id, ["zh"] = person.Name.Zh, ["en"] = person.Name.En, ["ways"] = person.Contacts.Select(contact => contact.Channel) }),
        }));
    }

    private static IResult Gaps(HttpContext context, FacilitySource registry, ContactDesk contacts, ChannelSounds sounds, TimeProvider time)
    {
        var fields = RequestFields.Of(context.Request.Query, "days");
        var days = fields.Number("days", 1, DaysMax) ?? DutyGaps.DaysAhead;
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        var from = DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds());
        return Json(DutyGaps.Find(registry.Current.Facility, contacts.Known(), sounds, from, days).Where(gap => context.Visitor().Sites.Has(gap, registry.Current.Facility.People)).Select(gap => new Dictionary<string, object?>
        {
            ["team"] = gap.Team,
            ["site"] = gap.Site,
            ["why"] = gap.Why,
            ["from"] = Instant(DutyRoster.Instant(gap.From)),
            ["to"] = Instant(DutyRoster.Instant(gap.To)),
        }));
    }

    private static async Task<IResult> AskContactAsync(HttpContext context, string person, ContactDesk contacts)
    {
        var fields = await RequestFields.ReadAsync(context.Request, "channel");
        var channel = fields.Text("channel");
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        return await TryAsync(async () => await contacts.AskAsync(person, channel) is { } refused ? Refused(new ResponseRefusal("no-contact", refused)) : Results.NoContent());
    }

    private static async Task<IResult> ConfirmContactAsync(HttpContext context, string person, ContactDesk contacts)
    {
        var fields = await RequestFields.ReadAsync(context.Request, "code");
        var code = fields.Required("code", "012345");
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        return await TryAsync(async () => await contacts.ConfirmAsync(person, code) is { } channel
            ? Json(new Dictionary<string, object?> { ["person"] = person, ["channel"] = channel })
            : Refused(new ResponseRefusal("wrong-code", ContactDesk.WrongCode)));
    }

    private static async Task<IResult> AskAsync(HttpContext context, ResponseDesk desk, FacilitySource registry, TimeProvider time)
    {
        var fields = await RequestFields.ReadAsync(context.Request, "kind", "asset", "from", "until", "reason", "patrol", "by");
        var permit = new Permit(
            Guid.NewGuid().ToString("n"), fields.RequiredWord("kind", Words.All<PermitKind>()), fields.Required("asset", "jiugeng/shed-1/pile-01"), fields.Moment("from") ?? time.GetUtcNow().ToUnixTimeMilliseconds(),
            fields.RequiredMoment("until"), Who(context, fields, registry).Person, null, fields.Text("reason") ?? "", fields.Text("patrol", MappingReader.TextLengthMax));
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        if (!context.Visitor().Sites.HasAsset(permit.Asset))
            return Results.NotFound();
        context.BelongsTo(permit.Asset.Split('/')[0]);
        return await TryAsync(async () => await desk.AskAsync(permit) is { } refused ? Refused(refused) : Json(Of(permit)));
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, FacilitySource registry, Func<string, Task<ResponseRefusal?>> change)
    {
        var fields = await RequestFields.ReadAsync(context.Request, "by");
        var by = Who(context, fields, registry);
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        return await TryAsync(async () => await change(by.Person) is { } refused ? Refused(refused) : Results.NoContent());
    }

    private static async Task<IResult> DrillAsync(HttpContext context, ResponseDesk desk, FacilitySource registry)
    {
        var fields = await RequestFields.ReadAsync(context.Request, "site", "priority", "siren", "by");
        var (site, priority, withSiren) = (fields.Required("site", "jiugeng"), fields.Word("priority", Priorities) ?? Priority.P0, fields.Flag("siren"));
        var by = Who(context, fields, registry);
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        if (!context.Visitor().Sites.Has(site))
            return Results.NotFound();
        context.BelongsTo(site);
        return await TryAsync(async () => await desk.DrillAsync(site, priority, withSiren, by) is { } alert
            ? Json(new Dictionary<string, object?> { ["alert"] = alert })
            : Refused(new ResponseRefusal("no-drill", new LocalText($"没有点位 {site}，或那里正在演练", $"there is no site {site}, or an exercise is on there"))));
    }

    private static IResult Figures(HttpContext context, Database database, TimeProvider time)
    {
        var fields = RequestFields.Of(context.Request.Query, "days");
        var days = fields.Number("days", 1, DaysMax) ?? 30;
        if (fields.Refusal is { } refusal)
            return Refused(refusal);
        var now = time.GetUtcNow();
        using var reader = database.OpenReader();
        var figures = FiguresReader.Read(reader, now.AddDays(-days).ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
        return Json(new Dictionary<string, object?>
        {
            ["people"] = figures.People.Select(load => new Dictionary<string, object?>
            {
                ["person"] = load.Person,
                ["pagesAnHour"] = load.AnHour,
                ["peakIn10Min"] = load.PeakIn10Min,
                ["crowdedShare"] = load.CrowdedShare,
                ["floodShare"] = load.FloodShare,
            }),
            ["top10Share"] = figures.Top10Share,
            ["top10"] = figures.Top10.Select(source => new Dictionary<string, object?> { ["source"] = source.Source, ["alerts"] = source.Alerts }),
            ["standing"] = figures.Standing,
            ["chattering"] = figures.Chattering,
            ["fleeting"] = figures.Fleeting,
            ["byPriority"] = figures.ByPriority,
        });
    }

    /// <summary>Who signed in acts as himself. The command line says for whom it writes, and that it was by it is kept too; somebody who is not registered has done nothing.</summary>
    private static Actor Who(HttpContext context, RequestFields fields, FacilitySource registry)
    {
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        var (visitor, given) = (context.Visitor(), fields.Text("by"));
        if (visitor.IsUser)
        {
            if (given is not null && given != visitor.Person)
                fields.Wrong("by", given, $"不写；登录的人只以自己（{visitor.Person}）的名义操作", $"nothing; whoever signed in acts as himself ({visitor.Person})");
            return visitor.Actor;
        }

        var by = given ?? ActPage.Manager;
        if (by != ActPage.Manager && registry.Current.Facility.People.Find(by, DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds())) is null)
            fields.Wrong("by", by, "people.yaml 里登记的人员编号，或不写（记为管理员）", "the id of a person of people.yaml, or nothing (it is the manager then)");
        return visitor.Actor with { Person = by };
    }

    private static async Task<IResult> TryAsync(Func<Task<IResult>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception error) when (error is DatabaseUnavailableException or SqliteException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static Dictionary<string, object?> Summary(AlertResponse state) => new()
    {
        ["alert"] = state.Alert,
        ["rule"] = state.Rule,
        ["asset"] = state.Asset,
        ["site"] = state.Site,
        ["priority"] = state.Priority.ToString(),
        ["condition"] = Words.Of(state.Condition),
        ["stage"] = Words.Of(state.Stage),
        ["exercise"] = state.Exercise == Exercise.None ? null : Words.Of(state.Exercise),
        ["onset"] = Instant(state.OnsetMs),
        ["raised"] = Instant(state.RaisedMs),
        ["recovered"] = Instant(state.RecoveredMs),
        ["flaps"] = state.FlapCount,
        ["chattering"] = state.IsChattering,
        ["acknowledged"] = state.Acknowledgements.Select(one => new Dictionary<string, object?> { ["person"] = one.Person, ["via"] = one.Via, ["at"] = Instant(one.AtMs) }),
        ["required"] = state.Required,
        ["assignee"] = state.Assignee,
        ["shelvedUntil"] = Instant(state.ShelvedUntilMs),
        ["shelvedBy"] = state.ShelvedBy,
        ["outOfServiceUntil"] = Instant(state.OutOfServiceUntilMs),
        ["suppressedBy"] = state.SuppressedBy,
        ["groupedInto"] = state.GroupedInto,
        ["told"] = state.People.Where(pair => pair.Value.IsAccepted).Select(pair => pair.Key),
        ["next"] = Instant(ResponseLife.NextDueMs(state)),
        ["case"] = state.Case is { } at ? Words.Of(at.Stage) : null,
        ["caseOf"] = state.CaseOf,
    };

    private static Dictionary<string, object?> Of(FlyWireCaseEntry entry, long nowMs) => new()
    {
        ["alert"] = entry.Alert,
        ["site"] = entry.Site,
        ["asset"] = entry.Asset,
        ["rule"] = entry.Rule,
        ["stage"] = Words.Of(entry.Case.Stage),
        ["opened"] = Instant(entry.Case.OpenedMs),
        ["since"] = Instant(entry.Case.SinceMs),
        ["due"] = Instant(entry.Case.DueMs),
        ["overdue"] = entry.Case.IsOverdue(nowMs),
        ["next"] = entry.Case.Next.Select(Words.Of),
        ["sights"] = entry.Case.Sights,
        ["seen"] = Instant(entry.Case.SeenMs),
        ["text"] = entry.Case.Text,
        ["evidence"] = entry.Case.Evidence,
    };

    private static Dictionary<string, object?> Whole(AlertDossier dossier) => new(Summary(dossier.State))
    {
        ["zh"] = dossier.Step.Text.Zh,
        ["en"] = dossier.Step.Text.En,
        ["intact"] = ResponseTable.IsIntact(dossier.Timeline),
        ["timeline"] = dossier.Timeline.Select(entry => JsonDocument.Parse(ResponseJson.Write(entry.Fact)).RootElement),
    };

    private static Dictionary<string, object?> Of(Permit permit) => new()
    {
        ["permit"] = permit.Id,
        ["kind"] = Words.Of(permit.Kind),
        ["asset"] = permit.Asset,
        ["from"] = Instant(permit.FromMs),
        ["until"] = Instant(permit.EndedMs ?? permit.UntilMs),
        ["by"] = permit.By,
        ["confirmed"] = permit.Confirmed,
        ["reason"] = permit.Reason,
        ["patrol"] = permit.Patrol,
    };

    private static Dictionary<string, object?> Of(ContactState state) => new()
    {
        ["person"] = state.Person.Id,
        ["channel"] = state.Contact.Channel,
        ["verified"] = state.IsVerified,
        ["last"] = state.Contact.Verified?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    private static Dictionary<string, object?> Of(DrillReport report) => new()
    {
        ["alert"] = report.Alert,
        ["site"] = report.Site,
        ["priority"] = report.Priority.ToString(),
        ["by"] = report.By,
        ["began"] = Instant(report.BeganMs),
        ["over"] = report.IsOver,
        ["called"] = report.Called.Select(call => new Dictionary<string, object?> { ["person"] = call.Person, ["at"] = Instant(call.CalledMs), ["answeredAfterMin"] = call.Answered?.TotalMinutes }),
        ["skipped"] = report.Skipped,
    };

    private static Dictionary<string, object?> Of(ResponseBooks books) => new()
    {
        ["raised"] = books.Raised,
        ["notified"] = books.Notified,
        ["grouped"] = books.Grouped,
        ["suppressed"] = books.Suppressed,
        ["shelved"] = books.Shelved,
        ["expired"] = books.Expired,
        ["inFlight"] = books.InFlight,
        ["handledUntold"] = books.HandledUntold,
        ["holes"] = books.Holes,
        ["balance"] = books.Balance,
    };

    private static Dictionary<string, object?> Of(ContactCounts contacts) => new()
    {
        ["ways"] = contacts.Ways,
        ["confirmed"] = contacts.Confirmed,
        ["ending"] = contacts.Ending,
        ["askedByItself"] = contacts.AskedByItself,
    };

    private static Dictionary<string, object?> Of(PhotoCounts photos) => new()
    {
        ["stored"] = photos.Stored,
        ["tooLarge"] = photos.TooLarge,
        ["heic"] = photos.Heic,
        ["otherKind"] = photos.OtherKind,
        ["broken"] = photos.Broken,
        ["noRoom"] = photos.NoRoom,
        ["busy"] = photos.Busy,
    };

    private static string? Instant(long? ms) => ms is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture) : null;

    /// <summary>What was not done, and why, in both languages.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="status">What a program reads.</param>
    /// <param name="id">The name of the failure in the log, where it is one of ours.</param>
    public static IResult Refused(ResponseRefusal refusal, int status = StatusCodes.Status422UnprocessableEntity, string? id = null)
    {
        var body = new Dictionary<string, object?> { ["refused"] = refusal.Reason, ["zh"] = refusal.Text.Zh, ["en"] = refusal.Text.En };
        if (id is not null)
            body["id"] = id;
        return Results.Json(body, CommandJson.Options, statusCode: status);
    }

    private static IResult Json(object body) => Results.Json(body, CommandJson.Options);
}
