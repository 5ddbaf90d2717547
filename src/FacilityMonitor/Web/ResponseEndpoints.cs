using System.Globalization;
using System.Text.Json;
using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using Microsoft.Data.Sqlite;

namespace FacilityMonitor.Web;

/// <summary><c>/api</c>: everything that people do about alerts, for programs; described by <c>/api/openapi.json</c>.</summary>
/// <remarks>For whoever is signed in to the page, and for this machine's command line with its <see cref="ControlKey"/>.</remarks>
internal static class ResponseEndpoints
{
    /// <summary>Where the description lies beside the executable.</summary>
    public const string DescriptionFile = "web-api/openapi.json";

    private const long BodyBytesMax = 16 * 1024;
    private const int AlertsMax = 500;
    private const int CasesMax = 1_000;
    private const int DaysMax = 400;

    public static void MapResponseApi(this WebApplication app)
    {
        var api = app.MapGroup("/api").AddEndpointFilter(async (call, next) =>
        {
            var context = call.HttpContext;
            var door = context.RequestServices.GetRequiredService<ControlDoor>();
            return context.User.Identity?.IsAuthenticated == true || door.IsKeyShown(context) ? await next(call) : Results.StatusCode(StatusCodes.Status401Unauthorized);
        });
        api.MapGet("/openapi.json", () => Results.File(Path.Combine(AppContext.BaseDirectory, DescriptionFile), "application/json"));
        api.MapGet("/alerts", (ResponseDesk desk) => Json(desk.Open(AlertsMax).Select(Summary)));
        api.MapGet("/alerts/{alert}", (string alert, ResponseDesk desk) => desk.Find(alert) is { } dossier ? Json(Whole(dossier)) : Results.NotFound());
        api.MapPost("/alerts/{alert}/{command}", ActAsync);
        api.MapGet("/fly-wire-cases", (ResponseDesk desk, TimeProvider time) => Json(desk.Cases(CasesMax).Select(entry => Of(entry, time.GetUtcNow().ToUnixTimeMilliseconds()))));
        api.MapGet("/on-duty", OnDuty);
        api.MapGet("/gaps", Gaps);
        api.MapGet("/contacts", (ContactDesk contacts) => Json(contacts.States().Select(Of)));
        api.MapPost("/contacts/{person}/ask", AskContactAsync);
        api.MapPost("/contacts/{person}/confirm", ConfirmContactAsync);
        api.MapGet("/permits", (ResponseDesk desk) => Json(desk.Permits().Select(Of)));
        api.MapPost("/permits", AskAsync);
        api.MapPost("/permits/{permit}/confirm", (HttpContext context, string permit, ResponseDesk desk) => ChangeAsync(context, person => desk.ConfirmAsync(permit, person)));
        api.MapPost("/permits/{permit}/end", (HttpContext context, string permit, ResponseDesk desk) => ChangeAsync(context, person => desk.EndAsync(permit, person)));
        api.MapPost("/drills", DrillAsync);
        api.MapGet("/drills/{alert}", (string alert, ResponseDesk desk) => desk.Drill(alert) is { } report ? Json(Of(report)) : Results.NotFound());
        api.MapGet("/figures", Figures);
        api.MapGet("/books", (ResponseWatch watch, PhotoStore photos) => Json(new Dictionary<string, object?>(Of(watch.Books)) { ["photos"] = Of(photos.Counts) }));
    }

    private static async Task<IResult> ActAsync(HttpContext context, string alert, string command, ResponseDesk desk)
    {
        if (await ReadAsync(context) is not { } body || Read(command, body) is not { } wanted)
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        return await TryAsync(async () => await desk.DoAsync(alert, wanted, Who(context, body)) switch
        {
            ResponseOutcome.Done done => Json(Summary(done.State)),
            ResponseOutcome.Refused refused => Refused(refused.Refusal.Reason, refused.Refusal.Text),
            ResponseOutcome.Unknown => Results.NotFound(),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
    }

    private static ResponseCommand? Read(string command, JsonElement body) => command switch
    {
        "acknowledge" => new ResponseCommand.Acknowledge(),
        "unacknowledge" => new ResponseCommand.Unacknowledge(),
        "assign" when Text(body, "to") is { } to => new ResponseCommand.Assign(to),
        "comment" => new ResponseCommand.Comment(Text(body, "text") ?? "", Text(body, "photo")),
        "set-out" => new ResponseCommand.SetOut(),
        "arrive" => new ResponseCommand.Arrive(),
        "extinguished" => new ResponseCommand.Extinguished(),
        "false-alarm" => new ResponseCommand.FalseAlarm(),
        "close" when Words.All<CauseCode>().FirstOrDefault(cause => cause.Word == Text(body, "cause")) is { Word: not null } cause =>
            new ResponseCommand.Close(cause.Kind, Text(body, "text") ?? "", Texts(body, "photos"), Text(body, "withoutPhoto")),
        "shelve" when Moment(body, "until") is { } until => new ResponseCommand.Shelve(until, Text(body, "reason") ?? ""),
        "unshelve" => new ResponseCommand.Unshelve(),
        "case" => FlyWireView.Read(Text(body, "stage"), Text(body, "text")),
        _ => null,
    };

    private static IResult OnDuty(string site, string? tier, DateTimeOffset? at, ResponseLog log, FacilitySource registry, TimeProvider time)
    {
        if (registry.Current.FindSite(site) is null)
            return Results.NotFound();
        var ms = (at ?? time.GetUtcNow()).ToUnixTimeMilliseconds();
        return Json(Words.All<Tier>().Where(one => tier is null || one.Word == tier).Select(one => new Dictionary<string, object?>
        {
            ["tier"] = one.Word,
            ["people"] = log.Board.Roster.OnDuty(one.Kind, site, ms, overlap: false).Select(person => new Dictionary<string, object?> { ["id"] = person.Id, ["zh"] = person.Name.Zh, ["en"] = person.Name.En, ["ways"] = person.Contacts.Select(contact => contact.Channel) }),
        }));
    }

    private static IResult Gaps(int? days, FacilitySource registry, ContactDesk contacts, ChannelSounds sounds, TimeProvider time)
    {
        if (days is < 1 or > DaysMax)
            return Refused("days", new LocalText($"days 请写 1 到 {DaysMax}", $"days is 1 to {DaysMax}"));
        var from = DutyRoster.Wall(time.GetUtcNow().ToUnixTimeMilliseconds());
        return Json(DutyGaps.Find(registry.Current.Facility, contacts.Known(), sounds, from, days ?? DutyGaps.DaysAhead).Select(gap => new Dictionary<string, object?>
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
        if (await ReadAsync(context) is not { } body)
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        return await TryAsync(async () => await contacts.AskAsync(person, Text(body, "channel")) is { } refusal ? Refused("no-contact", refusal) : Results.NoContent());
    }

    private static async Task<IResult> ConfirmContactAsync(HttpContext context, string person, ContactDesk contacts)
    {
        if (await ReadAsync(context) is not { } body || Text(body, "code") is not { } code)
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        return await TryAsync(async () => await contacts.ConfirmAsync(person, code) is { } channel
            ? Json(new Dictionary<string, object?> { ["person"] = person, ["channel"] = channel })
            : Refused("wrong-code", new LocalText($"确认码不对，或已过期，或错了 {ContactTable.TriesMax} 次；请再发一次", $"the code is wrong, too old, or was wrong {ContactTable.TriesMax} times; ask again")));
    }

    private static async Task<IResult> AskAsync(HttpContext context, ResponseDesk desk, TimeProvider time)
    {
        if (await ReadAsync(context) is not { } body || Words.All<PermitKind>().FirstOrDefault(kind => kind.Word == Text(body, "kind")) is not { Word: not null } kind
            || Text(body, "asset") is not { } asset || Moment(body, "until") is not { } until)
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        var permit = new Permit(
            Guid.NewGuid().ToString("n"), kind.Kind, asset, Moment(body, "from") ?? time.GetUtcNow().ToUnixTimeMilliseconds(), until, Who(context, body).Person, null, Text(body, "reason") ?? "", Text(body, "patrol"));
        return await TryAsync(async () => await desk.AskAsync(permit) is { } refusal ? Refused(refusal.Reason, refusal.Text) : Json(Of(permit)));
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, Func<string, Task<ResponseRefusal?>> change)
    {
        if (await ReadAsync(context) is not { } body)
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        return await TryAsync(async () => await change(Who(context, body).Person) is { } refusal ? Refused(refusal.Reason, refusal.Text) : Results.NoContent());
    }

    private static async Task<IResult> DrillAsync(HttpContext context, ResponseDesk desk)
    {
        if (await ReadAsync(context) is not { } body || Text(body, "site") is not { } site || !Enum.TryParse<Priority>(Text(body, "priority") ?? "P0", out var priority) || !Enum.IsDefined(priority))
            return Refused("body", new LocalText("看不懂这个请求；说明见 /api/openapi.json", "this is not understood; see /api/openapi.json"));
        var withSiren = body.TryGetProperty("siren", out var siren) && siren.ValueKind == JsonValueKind.True;
        return await TryAsync(async () => await desk.DrillAsync(site, priority, withSiren, Who(context, body)) is { } alert
            ? Json(new Dictionary<string, object?> { ["alert"] = alert })
            : Refused("no-drill", new LocalText("没有这个点位，或那里正在演练", "there is no such site, or an exercise is on there")));
    }

    private static IResult Figures(int? days, Database database, TimeProvider time)
    {
        if (days is < 1 or > DaysMax)
            return Refused("days", new LocalText($"days 请写 1 到 {DaysMax}", $"days is 1 to {DaysMax}"));
        var now = time.GetUtcNow();
        using var reader = database.OpenReader();
        var figures = FiguresReader.Read(reader, now.AddDays(-(days ?? 30)).ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
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

    /// <summary>A page's session is the manager; who writes for somebody else says so, and both are kept.</summary>
    private static Actor Who(HttpContext context, JsonElement body)
    {
        var isSignedIn = context.User.Identity?.IsAuthenticated == true;
        return new Actor(Text(body, "by") is { } by && MappingReader.IsId(by) ? by : "manager", isSignedIn ? "page" : "cli");
    }

    private static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is null or 0)
            return JsonDocument.Parse("{}").RootElement;
        // Only what is said to be JSON: a form of another page cannot say so without asking us first.
        if (context.Request.ContentLength > BodyBytesMax || !context.Request.HasJsonContentType())
            return null;
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
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

    private static Dictionary<string, object?> Of(PhotoCounts photos) => new()
    {
        ["stored"] = photos.Stored,
        ["tooLarge"] = photos.TooLarge,
        ["otherKind"] = photos.OtherKind,
        ["broken"] = photos.Broken,
        ["noRoom"] = photos.NoRoom,
        ["busy"] = photos.Busy,
    };

    private static string? Instant(long? ms) => ms is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture) : null;

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IReadOnlyList<string> Texts(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
        : [];

    private static long? Moment(JsonElement body, string name) =>
        Text(body, name) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUnixTimeMilliseconds() : null;

    private static IResult Refused(string reason, LocalText text) =>
        Results.Json(new Dictionary<string, object?> { ["refused"] = reason, ["zh"] = text.Zh, ["en"] = text.En }, CommandJson.Options, statusCode: StatusCodes.Status422UnprocessableEntity);

    private static IResult Json(object body) => Results.Json(body, CommandJson.Options);
}
