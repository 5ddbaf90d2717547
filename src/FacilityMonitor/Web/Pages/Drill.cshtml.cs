using FacilityMonitor.Alerts;
using FacilityMonitor.Configuration;
using FacilityMonitor.Journal;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace FacilityMonitor.Web.Pages;

/// <summary>A step of an exercise before it begins.</summary>
/// <param name="AfterS">Seconds from its begin.</param>
/// <param name="HasSiren">Whether the siren sounds.</param>
/// <param name="Tiers">Who is on duty now of each tier that it calls; nobody is a gap.</param>
internal sealed record DrillStep(int AfterS, bool HasSiren, IReadOnlyList<(Tier Tier, IReadOnlyList<LocalText> People)> Tiers)
{
    /// <summary>The steps of a chain.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="roster">Who is on duty when.</param>
    /// <param name="sites">The sites that it is for.</param>
    /// <param name="priority">Of what it tells: about lives those are called as well who just went, or are about to come.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static IReadOnlyList<DrillStep> Of(EscalationChain chain, DutyRoster roster, IReadOnlyList<string> sites, Priority priority, long nowMs) =>
    [
        .. chain.Steps.Select(step => new DrillStep(step.AfterS, step.Siren, [.. step.Tiers.Select(tier =>
            (tier, (IReadOnlyList<LocalText>)[.. sites.SelectMany(site => roster.OnDuty(tier, site, nowMs, overlap: priority == Priority.P0)).DistinctBy(person => person.Id).Select(person => person.Name)]))])),
    ];
}

/// <summary><c>/on-call/drill</c>: an exercise: who would be called, a button that calls them, and who answered after how many minutes.</summary>
[Needs(Right.Drill)]
[WritesAudit]
internal sealed class DrillModel(FacilitySource registry, ResponseDesk desk, ResponseLog log, PersonNames names, TimeProvider time) : PageModel
{
    /// <summary>Whose chains are exercised: nobody is called for the others.</summary>
    public static IReadOnlyList<Priority> Priorities { get; } = [Priority.P0, Priority.P1, Priority.P2];

    public PersonNames Names => names;

    public IReadOnlyList<Site> Sites => HttpContext.Visitor().Sites.Of(registry.Current.Facility).Sites;

    /// <summary>The site of the exercise; null: it has to be chosen.</summary>
    public Site? Site { get; private set; }

    public Priority Priority { get; private set; } = Priority.P0;

    public bool WithSiren { get; private set; }

    /// <summary>Who would be called; empty before a site is chosen.</summary>
    public IReadOnlyList<DrillStep> Steps { get; private set; } = [];

    /// <summary>Who answered; null: none was begun here.</summary>
    public DrillReport? Report { get; private set; }

    public LocalText? Refusal { get; private set; }

    /// <summary>Whether the report is of an exercise that was on already when somebody wanted another.</summary>
    public bool IsOther => Request.Query.ContainsKey(Other);

    /// <summary>Says in the address that what was pressed began nothing.</summary>
    private const string Other = "other";

    public IActionResult OnGet(string? site, string? priority, string? siren, string? alert)
    {
        if (alert is { Length: > 0 } && (Report = desk.Drill(alert)) is null)
            return new NotThere("no-drill");
        Choose(site, priority, siren);
        return Page();
    }

    /// <summary>Begins it. Pressed twice it is begun once: both answers lead to its report. Whoever comes while another one is on is told that his did not begin.</summary>
    public async Task<IActionResult> OnPostAsync([FromForm] string? site, [FromForm] string? priority, [FromForm] string? siren)
    {
        Choose(site, priority, siren);
        if (Site is not { } where)
            return Refuse(StatusCodes.Status422UnprocessableEntity, new("请选点位", "choose a site"));
        var visitor = HttpContext.Visitor();
        try
        {
            var detail = WithSiren ? $"{Priority} + siren" : Priority.ToString();
            var entry = new AuditEntry(time.GetUtcNow().ToUnixTimeMilliseconds(), visitor.Name, visitor.Place, "drill", where.Id, where.Id, detail);
            if (await desk.DrillAsync(where.Id, Priority, WithSiren, visitor.Actor, connection => AuditLog.Add(connection, entry)) is { } begun)
                return Redirect("/on-call/drill?alert=" + begun);
            if (desk.DrillOn(where.Id) is not { } on || desk.Drill(on) is not { } report)
                return Refuse(StatusCodes.Status422UnprocessableEntity, new("没有开始，请再试一次", "it did not begin; try again"));
            return Redirect($"/on-call/drill?alert={on}{(report.By == visitor.Actor.Person && report.Priority == Priority ? "" : "&" + Other)}");
        }
        catch (DatabaseUnavailableException)
        {
            var (zh, en) = Texts.All["act-not-saved"];
            return Refuse(StatusCodes.Status503ServiceUnavailable, new(zh, en));
        }
    }

    /// <summary>What the report is of: the site, whose chain, and who began it.</summary>
    public string HeadingOf(DrillReport report, string language) => string.Join(
        " · ", new[] { registry.Current.FindSite(report.Site)?.Name.In(language) ?? report.Site, report.Priority.ToString(), report.By is { } by ? $"{Texts.In(language, "drill-by")} {names.Of(by, language)}" : null }.OfType<string>());

    /// <summary>Steps that found nobody, in words.</summary>
    public IEnumerable<string> Skipped(string language) => Report!.Skipped.SelectMany(why => TimelineText.Missing(why, language, person => names.Of(person, language))).Distinct();

    private void Choose(string? site, string? priority, string? siren)
    {
        Site = Sites.FirstOrDefault(known => known.Id == site);
        Priority = Priorities.FirstOrDefault(known => known.ToString() == priority, Priority.P0);
        WithSiren = siren is "true";
        if (Site is not { } where)
            return;
        Steps = DrillStep.Of(desk.DrillChain(where.Id, Priority, WithSiren), log.Board.Roster, [where.Id], Priority, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private PageResult Refuse(int status, LocalText why)
    {
        (Response.StatusCode, Refusal) = (status, why);
        return Page();
    }
}
