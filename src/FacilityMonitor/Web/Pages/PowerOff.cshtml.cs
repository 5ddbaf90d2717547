using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary>A circuit that is switched off for work.</summary>
/// <param name="Permit">Until when, why, by whom.</param>
/// <param name="Where">Site and circuit.</param>
internal sealed record PowerOffTag(Permit Permit, LocalText Where);

/// <summary><c>/settings/power-off</c>: 检修断电, a circuit is switched off for work. Nobody is called because what hangs on it falls silent; life safety is told as ever.</summary>
[Needs(Right.Permit)]
[WritesAudit]
internal sealed class PowerOffModel(FacilitySource registry, RegistryDesk desk, ResponseDesk responses, UserDesk audit, PersonNames names, TimeProvider time) : SettingsPage(registry, desk)
{
    private const long HourMs = 3_600_000;

    public PersonNames Names => names;

    public string? Asset { get; private set; }

    public string? Until { get; private set; }

    public string? Reason { get; private set; }

    public IReadOnlyList<PowerOffTag> Tags => [.. Hanging(responses, Visitor.Sites, NowMs).Select(permit => new PowerOffTag(permit, Where(permit.Asset)))];

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Tags of work that hang now or will.</summary>
    public static IEnumerable<Permit> Hanging(ResponseDesk responses, SiteScope sites, long nowMs) =>
        responses.Permits().Where(permit => permit.Kind == PermitKind.Maintenance && permit.EndedMs is null && permit.UntilMs > nowMs && sites.HasAsset(permit.Asset));

    /// <summary>The tag that hangs on a circuit or on one that feeds it, the nearest; null: none.</summary>
    /// <param name="permits">Permits that hold.</param>
    /// <param name="site">The site.</param>
    /// <param name="circuit">The circuit; null: none is registered.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    public static Permit? TagOn(IReadOnlyList<Permit> permits, Site site, string? circuit, long nowMs) => permits.Count == 0 ? null
        : ElectricalTree.Feeding(site.Circuits, site.Circuits.FirstOrDefault(one => one.Id == circuit))
            .Select(one => permits.FirstOrDefault(permit => permit.Kind == PermitKind.Maintenance && permit.Covers($"{site.Id}/{one.Id}", nowMs))).OfType<Permit>().FirstOrDefault();

    /// <summary>Circuits that can be chosen.</summary>
    public IEnumerable<(string Value, string Text)> Circuits(string language) =>
        Sites.SelectMany(site => site.Circuits.Select(circuit => ($"{site.Id}/{circuit.Id}", $"{site.Name.In(language)} · {circuit.Name.In(language)}")));

    public void OnGet(string? asset)
    {
        Asset = asset;
        // Whole hours: those of Shanghai are those of the world.
        Until = WallMinute.Of(NowMs - (NowMs % HourMs) + (2 * HourMs));
    }

    public async Task<IActionResult> OnPostAsync(string? asset, string? until, string? reason)
    {
        (Asset, Until, Reason) = (asset, until, reason);
        if (!Circuits("zh").Any(circuit => circuit.Value == asset))
            return Refuse(EditRefusal.At("asset", "请选一条回路", "choose a circuit"));
        if (!WallMinute.TryRead(until, out var untilMs))
            return Refuse(EditRefusal.At("until", "请写到什么时候，例如 2026-12-01 18:00", "say until when, such as 2026-12-01 18:00"));
        var permit = new Permit(Guid.NewGuid().ToString("n"), PermitKind.Maintenance, asset!, NowMs, untilMs, Visitor.Person, null, reason?.Trim() ?? "", null);
        var refusal = await TryAsync(async () =>
        {
            if (Permit.Judge(permit, NowMs) is { } wrong)
                return new EditRefusal([(wrong.Reason == "no-reason" || permit.Reason.Length > ResponseLife.TextMax ? "reason" : "until", wrong.Text)], []);
            return await responses.HangAsync(permit, connection => AuditLog.Add(connection, EntryOf("power-off", permit, $"→ {until}: {permit.Reason}"))) is { } refused ? EditRefusal.Of(refused.Text) : null;
        });
        return refusal is null ? Redirect("/settings/power-off?saved") : Refuse(refusal);
    }

    public async Task<IActionResult> OnPostEndAsync(string? tag)
    {
        if (Hanging(responses, Visitor.Sites, NowMs).FirstOrDefault(permit => permit.Id == tag) is not { } permit)
            return Refuse(EditRefusal.Of(new("这块牌已经摘下或到期", "this tag is off already, or its time is over")));
        var refusal = await TryAsync(async () =>
        {
            // First the line of the audit, as the registry's desk does it: where the disk refuses the line nothing was done.
            await audit.NoteAsync(EntryOf("power-off-end", permit, ""));
            if (await responses.EndAsync(permit.Id, Visitor.Person) is not { } refused)
                return null;
            await audit.NoteAsync(EntryOf("edit-failed", permit, refused.Text.Zh));
            return EditRefusal.Of(refused.Text);
        });
        return refusal is null ? Redirect("/settings/power-off?saved") : Refuse(refusal);
    }

    private AuditEntry EntryOf(string what, Permit permit, string detail) => new(NowMs, Visitor.Name, Visitor.Place, what, permit.Asset, permit.Asset.Split('/')[0], detail);

    private LocalText Where(string asset)
    {
        var (site, circuit) = (Index.FindSite(asset.Split('/')[0]), asset.Split('/')[^1]);
        return site is null ? new(asset, asset)
            : site.Circuits.FirstOrDefault(known => known.Id == circuit) is { } found ? new($"{site.Name.Zh} · {found.Name.Zh}", $"{site.Name.En} · {found.Name.En}") : new($"{site.Name.Zh} · {asset}", $"{site.Name.En} · {asset}");
    }
}
