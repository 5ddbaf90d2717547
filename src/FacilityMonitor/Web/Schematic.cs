using FacilityMonitor.Alerts;
using FacilityMonitor.Monitoring;
using FacilityMonitor.Readings;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;
using FacilityMonitor.Rules;
using FacilityMonitor.Users;

namespace FacilityMonitor.Web;

/// <summary>How something on the schematic stands. A sign and words say the same.</summary>
internal enum SchematicState
{
    /// <summary>Nobody has to do anything.</summary>
    Calm,

    /// <summary>Something of it is not heard, or nothing is received at all.</summary>
    Silent,

    /// <summary>It needs somebody, today.</summary>
    Warning,

    /// <summary>It needs somebody now.</summary>
    Danger,
}

/// <summary>How much of the registry there is room for.</summary>
internal enum SchematicDepth
{
    /// <summary>Sites, circuits, and what hangs on them.</summary>
    Things,

    /// <summary>Sites and circuits.</summary>
    Circuits,

    /// <summary>A line a site.</summary>
    Sites,
}

/// <summary>What a part of the schematic says.</summary>
internal sealed record SchematicWords(SchematicState State, string Text);

/// <summary>A circuit or a thing on the schematic.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Link">Its page.</param>
/// <param name="Asset">Its registry path; of several things that of the place where they stand, or nothing.</param>
/// <param name="Devices">Ids of the devices that it stands for; null: it is a circuit.</param>
/// <param name="Words">What it says now.</param>
/// <param name="Below">What hangs on it.</param>
internal sealed record SchematicNode(LocalText Name, string Link, string Asset, IReadOnlyList<string>? Devices, SchematicWords Words, IReadOnlyList<SchematicNode> Below);

/// <summary>A site on the schematic.</summary>
/// <param name="Site">The site.</param>
/// <param name="Words">What it says now.</param>
/// <param name="Circuits">Its circuits, as they feed each other.</param>
/// <param name="Loose">What stands there and is on no registered circuit.</param>
internal sealed record SchematicSite(Site Site, SchematicWords Words, IReadOnlyList<SchematicNode> Circuits, IReadOnlyList<SchematicNode> Loose);

/// <summary>What feeds what, in the order of the registry: supply, feeders, circuits, and the piles, sheds, lifts and climbers that hang on them, each with how it stands now. Where all of it would be more
/// than a page should hold, first what hangs on the circuits is left out, then the circuits.</summary>
/// <remarks>The page's own script (<c>schematic.js</c>) says the same words by the same rules from what the live stream tells; whoever changes one changes the other.</remarks>
internal sealed record Schematic(IReadOnlyList<SchematicSite> Sites, SchematicDepth Depth, int SitesMore)
{
    /// <summary>Parts on a page: about 50 KB before compression, and as much as somebody takes in.</summary>
    public const int PartsMax = 160;

    /// <summary>Draws it.</summary>
    /// <param name="view">The live picture.</param>
    /// <param name="all">What the rules say.</param>
    /// <param name="facility">The registry.</param>
    /// <param name="sites">Whose sites.</param>
    /// <param name="isDeaf">Whether no message can come.</param>
    /// <param name="nowMs">Now, ms since 1970-01-01 UTC.</param>
    /// <param name="language"><c>zh</c> or <c>en</c>.</param>
    public static Schematic Of(LiveView view, MonitoringState all, Facility facility, SiteScope sites, bool isDeaf, long nowMs, string language)
    {
        var known = sites.Of(facility).Sites;
        var circuits = known.Count + known.Sum(site => site.Circuits.Count);
        var depth = circuits > PartsMax ? SchematicDepth.Sites : circuits + known.Sum(site => Groups(site).Count()) > PartsMax ? SchematicDepth.Circuits : SchematicDepth.Things;
        var alerts = all.Alerts.ToLookup(alert => alert.Site);
        var judged = all.Circuits.ToDictionary(circuit => circuit.Path, StringComparer.Ordinal);
        return new Schematic(
            [.. known.Take(PartsMax).Select(site => new SchematicPainter(view, site, [.. alerts[site.Id]], all.NeedsSomebody, judged, all.Permits, isDeaf, nowMs, language).Draw(depth))], depth, Math.Max(0, known.Count - PartsMax));
    }

    /// <summary>Things that are shown as one: what charges in one place on one circuit, and sensors of one place; a climber and a lift stand for themselves.</summary>
    internal static IEnumerable<IGrouping<(string? Circuit, string? Place, string Kind), DeviceEntry>> Groups(Site site) => site.Devices.Where(device => device.Kind != DeviceKind.Meter).GroupBy(device =>
        (site.Circuits.Any(circuit => circuit.Id == device.Circuit) ? device.Circuit : null, device.Place,
            device.Sockets > 0 ? "charging" : device.Kind is DeviceKind.Climber or DeviceKind.LiftBlocker ? device.Id : "sensors"));
}

/// <summary>Draws one site.</summary>
internal sealed class SchematicPainter(
    LiveView view, Site site, IReadOnlyList<AlertTransition> alerts, Func<AlertTransition, bool> needsSomebody, IReadOnlyDictionary<string, CircuitState> judged, IReadOnlyList<Permit> permits, bool isDeaf, long nowMs, string language)
{
    private readonly ILookup<string?, IGrouping<(string? Circuit, string? Place, string Kind), DeviceEntry>> _groups = Schematic.Groups(site).ToLookup(group => group.Key.Circuit);
    private readonly HashSet<string> _ids = [.. site.Circuits.Select(circuit => circuit.Id)];

    public SchematicSite Draw(SchematicDepth depth) => new(
        site, alerts.Count > 0 ? Told(alerts) : isDeaf ? new(SchematicState.Silent, "× " + Say("wall-nothing")) : new(SchematicState.Calm, Say("no-alert")),
        depth == SchematicDepth.Sites ? [] : Circuits(null, depth), depth == SchematicDepth.Things ? [.. Things(null)] : []);

    private List<SchematicNode> Circuits(string? parent, SchematicDepth depth) =>
    [
        .. site.Circuits.Where(circuit => (circuit.Parent is { } above && _ids.Contains(above) ? above : null) == parent).Select(circuit => new SchematicNode(
            circuit.Name, Links.Circuit(site.Id, circuit.Id), $"{site.Id}/{circuit.Id}", null, Words(circuit),
            [.. Circuits(circuit.Id, depth), .. depth == SchematicDepth.Things ? Things(circuit.Id) : []])),
    ];

    private IEnumerable<SchematicNode> Things(string? circuit) => _groups[circuit].Select(group =>
    {
        var (entries, place) = (group.ToList(), site.Places.FirstOrDefault(place => place.Id == group.Key.Place));
        var asset = group.Key.Place is { } id ? $"{site.Id}/{id}" : "";
        return entries is [var only]
            ? new SchematicNode(only.Name, only.Kind == DeviceKind.Climber ? Links.Climber(site.Id, only.Id) : Links.Device(site.Id, only.Id), asset, [only.Id], Words(asset, entries), [])
            : new SchematicNode(Several(place?.Name ?? site.Name, group.Key.Kind, entries.Count), $"{Links.Site(site.Id)}{(place is null || group.Key.Kind != "charging" ? "" : "#place-" + place.Id)}", asset,
                [.. entries.Select(entry => entry.Id)], Words(asset, entries), []);
    });

    private static LocalText Several(LocalText place, string kind, int count) => kind == "charging"
        ? new($"{place.Zh} · 充电设备 {count} 台", $"{place.En}: {count} charging units") : new($"{place.Zh} · 其他设备 {count} 台", $"{place.En}: {count} other devices");

    private SchematicWords Words(Circuit circuit)
    {
        var path = $"{site.Id}/{circuit.Id}";
        if (alerts.Where(alert => alert.Asset == path).ToList() is { Count: > 0 } own)
            return Told(own);
        var load = CircuitLoad.Of(view, site.Id, circuit, judged.GetValueOrDefault(path), nowMs).Share;
        // Too much is too much, whoever works there.
        if (load is null or <= CircuitLoad.LastingShare && PermitText.On(permits, site, circuit, nowMs) is { } permit)
            return new(SchematicState.Calm, "⚒ " + PermitText.Of(permit).In(language));
        if (circuit.RatedA is null)
            return new(SchematicState.Calm, Say("not-rated"));
        if (load is not { } share)
            return new(SchematicState.Calm, "—");
        var percent = ViewTexts.Number(Math.Round(share * 100, MidpointRounding.AwayFromZero)) + " %";
        return share > 1 ? new(SchematicState.Danger, "▲ " + percent) : share > CircuitLoad.LastingShare ? new(SchematicState.Warning, "! " + percent) : new(SchematicState.Calm, percent);
    }

    private SchematicWords Words(string asset, List<DeviceEntry> entries)
    {
        var paths = entries.Select(entry => new RegisteredDevice(site, entry).AssetPath(ChannelId.Main)).ToList();
        if (alerts.Where(alert => alert.Asset == asset || paths.Exists(path => alert.Asset == path || alert.Asset.StartsWith(path + "/", StringComparison.Ordinal))).ToList() is { Count: > 0 } own)
            return Told(own);
        var devices = entries.Select(entry => (Entry: entry, Now: view.Find(site.Id, entry.Id), Permit: PermitText.On(permits, new RegisteredDevice(site, entry), nowMs))).ToList();
        if (devices.Count(one => one.Permit is null && SiteNow.IsSilent(view, one.Entry, one.Now, nowMs)) is > 0 and var silent)
            return new(SchematicState.Silent, $"× {silent} {Say("not-heard")}");
        if (devices.Select(one => one.Permit).OfType<Permit>().ToList() is [var first, ..] worked)
            return new(SchematicState.Calm, $"⚒ {(worked.Count < devices.Count ? $"{worked.Count} / {devices.Count} · " : "")}{PermitText.Of(first).In(language)}");
        return new(SchematicState.Calm, entries.Sum(entry => entry.Sockets) is > 0 and var sockets
            ? $"{Say("charging")} {devices.Sum(one => SiteNow.InUseOf(view, one.Entry, one.Now, nowMs))} / {sockets}" : Say("fine"));
    }

    /// <summary>Information, and what somebody has taken, are no reason to get up.</summary>
    private SchematicWords Told(IReadOnlyList<AlertTransition> own)
    {
        var count = language == "en" ? $"{own.Count} open" : $"{own.Count} 个告警";
        var waiting = own.Where(needsSomebody).Select(alert => alert.Priority).ToList();
        return waiting.Count == 0 ? new(SchematicState.Calm, "· " + count)
            : waiting.Min() <= Priority.P1 ? new(SchematicState.Danger, "▲ " + count)
            : new(SchematicState.Warning, "! " + count);
    }

    private string Say(string key) => Texts.In(language, key);
}
