using FacilityMonitor.Configuration;
using FacilityMonitor.Edits;
using FacilityMonitor.OnCall.Responses;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Users;
using Microsoft.AspNetCore.Mvc;

namespace FacilityMonitor.Web.Pages;

/// <summary>What a form asks a permit for.</summary>
internal sealed record PermitFields
{
    /// <summary>Word of the kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Registry path.</summary>
    public string? Asset { get; init; }

    /// <summary>Until when, on the wall clock of Shanghai.</summary>
    public string? Until { get; init; }

    public string? Reason { get; init; }

    /// <summary>Who walks there meanwhile.</summary>
    public string? Patrol { get; init; }
}

/// <summary><c>/settings/permits</c>: 测试 and 停用. One person tests a device for a quarter of an hour; two take a thing out of service, and the second one agrees here.</summary>
[Needs(Right.Permit)]
[WritesAudit]
internal sealed class PermitsModel(FacilitySource registry, RegistryDesk desk, ResponseDesk responses, ResponseLog log, PersonNames names, TimeProvider time) : SettingsPage(registry, desk)
{
    /// <summary>What a test takes that nobody said more of, ms: within what is allowed, though the minute it began in is not whole.</summary>
    private const long UsualMs = 14 * 60_000;

    public PersonNames Names => names;

    public PermitFields Fields { get; private set; } = new();

    /// <summary>The site that something is asked for; null: it has to be chosen first.</summary>
    public Site? Site { get; private set; }

    /// <summary>Permits of the visitor's sites that hold or wait.</summary>
    public IReadOnlyList<Permit> Permits => [.. Standing(responses, Visitor.Sites, NowMs)];

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Permits for tests and out of service that hold, or will, or wait for a second person.</summary>
    public static IEnumerable<Permit> Standing(ResponseDesk responses, SiteScope sites, long nowMs) =>
        responses.Permits().Where(permit => permit.Kind != PermitKind.Maintenance && permit.EndedMs is null && permit.UntilMs > nowMs && sites.HasAsset(permit.Asset));

    /// <summary>Whether a permit waits for a second person.</summary>
    public static bool IsWaiting(Permit permit) => permit is { Kind: PermitKind.OutOfService, Confirmed: null };

    /// <summary>What a kind is called.</summary>
    public static string KindKey(PermitKind kind) => kind switch
    {
        PermitKind.Test => "permit-test",
        PermitKind.OutOfService => "permit-out-of-service",
        PermitKind.Maintenance => "permit-maintenance",
    };

    /// <summary>Whether the visitor can be the second person.</summary>
    public bool MayAgree(Permit permit) => IsWaiting(permit) && Permit.JudgeSecond(permit, Visitor.Person) is null;

    public string NameOf(Permit permit, string language) => RegistryNames.OfAsset(Index, permit.Asset).In(language);

    /// <summary>What of the site can be chosen: all of it, a place, a device or circuit.</summary>
    public IEnumerable<(string Value, string Text)> Assets(string language)
    {
        if (Site is not { } site)
            return [];
        var below = site.Places.Select(place => $"{site.Id}/{place.Id}").Concat(log.Tree.Assets.Where(asset => asset.StartsWith(site.Id + "/", StringComparison.Ordinal))).Distinct();
        return [(site.Id, Texts.In(language, "permit-whole-site")), .. below.Select(asset => (asset, RegistryNames.OfAsset(Index, asset).In(language))).OrderBy(one => one.Item2, StringComparer.Ordinal)];
    }

    public void OnGet(string? site, string? asset)
    {
        Choose(site ?? asset?.Split('/')[0]);
        Fields = new PermitFields { Kind = Words.Of(PermitKind.Test), Asset = asset, Until = WallMinute.Of(NowMs + UsualMs) };
    }

    public async Task<IActionResult> OnPostAsync([FromQuery] string? site, [FromForm] PermitFields fields)
    {
        Fields = fields;
        Choose(site);
        var kinds = Words.All<PermitKind>().Where(one => one.Word == fields.Kind && one.Kind != PermitKind.Maintenance).ToList();
        if (kinds.Count == 0)
            return Refuse(EditRefusal.At("kind", "请选测试或停用", "choose test or out of service"));
        if (Assets("zh").All(one => one.Value != fields.Asset))
            return Refuse(EditRefusal.At("asset", "请选一样东西", "choose what it is for"));
        if (!WallMinute.TryRead(fields.Until, out var untilMs))
            return Refuse(EditRefusal.At("until", "请写到什么时候，例如 2026-12-01 18:00", "say until when, such as 2026-12-01 18:00"));
        var patrol = fields.Patrol?.Trim() is { Length: > 0 } said ? said : null;
        if (patrol?.Length > MappingReader.TextLengthMax)
            return Refuse(EditRefusal.At("patrol", $"最多 {MappingReader.TextLengthMax} 个字符", $"{MappingReader.TextLengthMax} characters at most"));
        var permit = new Permit(Guid.NewGuid().ToString("n"), kinds[0].Kind, fields.Asset!, NowMs, untilMs, Visitor.Person, null, fields.Reason?.Trim() ?? "", patrol);
        return await DoAsync(permit, () => responses.AskAsync(permit, connection => AuditLog.Add(connection, EntryOf("permit-ask", permit, $"{fields.Kind} → {fields.Until}: {permit.Reason}"))));
    }

    /// <summary>The second person agrees. Pressed twice it was agreed to once.</summary>
    public Task<IActionResult> OnPostAgreeAsync([FromQuery] string? permit) => FindAsync(permit, found => IsWaiting(found)
        ? responses.ConfirmAsync(found.Id, Visitor.Person, connection => AuditLog.Add(connection, EntryOf("permit-agree", found, found.Reason))) : Task.FromResult<ResponseRefusal?>(null));

    public Task<IActionResult> OnPostEndAsync([FromQuery] string? permit) => FindAsync(permit, found =>
        responses.EndAsync(found.Id, Visitor.Person, connection => AuditLog.Add(connection, EntryOf("permit-end", found, ""))));

    private async Task<IActionResult> FindAsync(string? id, Func<Permit, Task<ResponseRefusal?>> act)
    {
        Choose(null);
        Fields = new PermitFields { Kind = Words.Of(PermitKind.Test), Until = WallMinute.Of(NowMs + UsualMs) };
        return Permits.FirstOrDefault(known => known.Id == id) is { } found
            ? await DoAsync(found, () => act(found))
            : Refuse(EditRefusal.Of(new("没有这张许可，或已经结束", "there is no such permit, or it is over")));
    }

    private async Task<IActionResult> DoAsync(Permit permit, Func<Task<ResponseRefusal?>> act)
    {
        var refusal = await TryAsync(async () => await act() is { } refused ? new EditRefusal(FieldOf(refused) is { } field ? [(field, refused.Text)] : [], FieldOf(refused) is null ? [refused.Text] : []) : null);
        return refusal is null ? Redirect($"/settings/permits?site={permit.Asset.Split('/')[0]}&saved") : Refuse(refusal);

        string? FieldOf(ResponseRefusal refused) => refused.Reason switch
        {
            "no-reason" => "reason",
            "too-long" => permit.Reason.Length > ResponseLife.TextMax ? "reason" : "until",
            "no-end" or "tested-enough" => "until",
            "too-wide" or "unknown-asset" => "asset",
            "no-patrol" => "patrol",
            _ => null,
        };
    }

    private void Choose(string? site) => Site = Sites.FirstOrDefault(known => known.Id == site) ?? (Sites.Count == 1 ? Sites[0] : null);

    private AuditEntry EntryOf(string what, Permit permit, string detail) => new(NowMs, Visitor.Name, Visitor.Place, what, permit.Asset, permit.Asset.Split('/')[0], detail);
}
