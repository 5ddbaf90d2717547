using FacilityMonitor.Climbers;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.Registry;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary><c>/climbers/{site}/{device}</c>: one stair-climber: book it, take it out after the check, bring it back, note a fault, say that it is mended. Each is a plain form with its line in the audit.</summary>
[WritesAudit]
internal sealed class ClimberModel(ClimberDesk desk, LiveFeed feed, Database database, FacilitySource registry, PersonNames names, TimeProvider time) : PageModel
{
    /// <summary>Before somebody else's booking whoever takes it out is told of it, ms.</summary>
    private const long SoonMs = 60 * 60_000;

    private const long HalfHourMs = 30 * 60_000;

    /// <summary>For how long one can be booked, min.</summary>
    public static readonly IReadOnlyList<int> Lengths = [30, 60, 90, 120, 180, 240];

    private bool _isBooking;

    public ClimberNow Climber { get; private set; } = null!;

    public DateOnly Today { get; private set; }

    public long NowMs { get; private set; }

    public LocalText? Refusal { get; private set; }

    /// <summary>What was typed and not kept.</summary>
    public ClimberFields Typed { get; private set; } = new();

    /// <summary>What of it belongs into the form that takes it out: a booking that was refused does not.</summary>
    public ClimberFields Taking => _isBooking ? new() : Typed;

    /// <summary>What of it belongs into the form that books it.</summary>
    public ClimberFields Booking => _isBooking ? Typed : new();

    public PersonNames Names => names;

    public bool MayAct => HttpContext.Visitor().May(Right.Respond);

    public bool MayMend => HttpContext.Visitor().May(Right.Permit);

    /// <summary>Who can operate it, where nobody is registered as trained whoever is signed in.</summary>
    public IReadOnlyList<string> Operators => Climber.At.Entry.Operators is { Count: > 0 } trained ? [.. trained.Where(desk.IsHere)] : [HttpContext.Visitor().Person];

    /// <summary>What is booked now or within an hour.</summary>
    public ClimberBooking? Soon => Climber.Bookings is [var next, ..] && next.FromMs < NowMs + SoonMs ? next : null;

    /// <summary>What stands in the form: what was typed, or the next half hour.</summary>
    public string From => Typed.From ?? WallMinute.Of(NowMs - (NowMs % HalfHourMs) + HalfHourMs);

    public string Name(string person, string language) => names.Of(person, language);

    public IActionResult OnGet(string site, string device) => Show(site, device);

    public Task<IActionResult> OnPostOutAsync(string site, string device, [FromForm] ClimberFields fields) => DoAsync(Right.Respond, site, device, fields, (by, at) => desk.TakeAsync(
        by, at, fields.Operator ?? "", (fields.Destination ?? "").Trim(), Words.All<PreTripCheck>().Where(check => fields.Checked?.Contains(check.Word) == true).Select(check => check.Kind).ToHashSet()));

    public Task<IActionResult> OnPostBookAsync(string site, string device, [FromForm] ClimberFields fields) => DoAsync(Right.Respond, site, device, fields, (by, at) =>
    {
        _isBooking = true;
        if (!WallMinute.TryRead(fields.From, out var fromMs))
            return Task.FromResult<LocalText?>(new LocalText("请写从几点，例如 2026-12-01 09:00", "say from when, such as 2026-12-01 09:00"));
        return desk.BookAsync(by, at, fields.Operator ?? "", (fields.Destination ?? "").Trim(), fromMs, fromMs + (fields.Minutes * 60_000L));
    });

    public Task<IActionResult> OnPostGiveUpAsync(string site, string device, [FromForm] ClimberFields fields) => DoAsync(Right.Respond, site, device, new(), async (by, at) =>
    {
        await desk.GiveUpAsync(by, at, fields.Booking ?? "");
        return null;
    });

    public Task<IActionResult> OnPostInAsync(string site, string device) => DoAsync(Right.Respond, site, device, new(), desk.ReturnAsync);

    public Task<IActionResult> OnPostFaultAsync(string site, string device, [FromForm] ClimberFields fields) => DoAsync(Right.Respond, site, device, fields, (by, at) => desk.NoteAsync(by, at, (fields.Text ?? "").Trim()));

    public Task<IActionResult> OnPostMendedAsync(string site, string device, [FromForm] ClimberFields fields) =>
        DoAsync(Right.Permit, site, device, fields, (by, at) => desk.MendAsync(by, at, fields.Fault ?? "", (fields.Text ?? "").Trim()));

    private async Task<IActionResult> DoAsync(Right right, string site, string device, ClimberFields fields, Func<Visitor, RegisteredDevice, Task<LocalText?>> act)
    {
        var visitor = HttpContext.Visitor();
        if (!visitor.May(right))
            return Forbid();
        if (Find(site, device) is not { } at)
            return new NotThere("no-climber");
        try
        {
            Refusal = await act(visitor, at);
        }
        catch (DatabaseUnavailableException)
        {
            (Refusal, Response.StatusCode) = (new LocalText(Texts.In("zh", "act-not-saved"), Texts.In("en", "act-not-saved")), StatusCodes.Status503ServiceUnavailable);
        }

        if (Refusal is null)
            return Redirect(Links.Climber(site, device));
        Typed = fields;
        if (Response.StatusCode == StatusCodes.Status200OK)
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Show(site, device);
    }

    private RegisteredDevice? Find(string site, string device) => registry.Current.FindSite(site) is { } known
        && known.Devices.FirstOrDefault(one => one.Id == device && one.Kind == DeviceKind.Climber) is { } entry ? new RegisteredDevice(known, entry) : null;

    private IActionResult Show(string site, string device)
    {
        if (Find(site, device) is not { } at)
            return new NotThere("no-climber");
        NowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        Today = DateOnly.FromDateTime(DutyRoster.Wall(NowMs));
        using var reader = database.OpenReader();
        Climber = ClimberNow.All(registry.Current.Facility, feed, reader, one => one == at)[0];
        return Page();
    }

    /// <summary>The key of what a check asks.</summary>
    public static string KeyOf(PreTripCheck check) => check switch
    {
        PreTripCheck.Battery => "check-battery",
        PreTripCheck.Brake => "check-brake",
        PreTripCheck.Belt => "check-belt",
        PreTripCheck.EmergencyStop => "check-emergency-stop",
        PreTripCheck.Tracks => "check-tracks",
        PreTripCheck.Stairs => "check-stairs",
    };
}

/// <summary>The fields of a form about a stair-climber.</summary>
internal sealed record ClimberFields
{
    public string? Operator { get; init; }

    public string? Destination { get; init; }

    public IReadOnlyList<string>? Checked { get; init; }

    public string? Text { get; init; }

    public string? Fault { get; init; }

    /// <summary>From when it is booked, on the wall clock of Shanghai.</summary>
    public string? From { get; init; }

    /// <summary>For how long it is booked, min.</summary>
    public int Minutes { get; init; } = 60;

    public string? Booking { get; init; }
}
